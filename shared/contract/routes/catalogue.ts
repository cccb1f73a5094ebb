import * as z from 'zod'
import { handleParams, handleProblems } from '../parameters.ts'
import { releasePolicySchema } from '../release-policy.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'

const versionParams = z.strictObject({ version: z.coerce.number().int().min(1).max(1_000_000) })

/** What anybody may see. */
export const catalogueRoutes = {
  searchListings: {
    operationId: 'searchListings',
    group: 'catalogue',
    method: 'GET',
    path: '/v1/listings',
    role: 'public',
    summary: 'Search the open market by the first characters of a handle, in alphabetical order',
    query: z.strictObject({ ...resource.pageQuery, prefix: z.string().max(15).optional() }),
    success: {
      status: 200,
      schema: resource.pageOf(resource.listingCardSchema, 'ListingPage'),
      words: 'Handles for sale',
    },
    problems: ['validation_failed', 'cursor_invalid', ...handleProblems],
  },
  getHandle: {
    operationId: 'getHandle',
    group: 'catalogue',
    method: 'GET',
    path: '/v1/handles/{handle}',
    role: 'public',
    summary: 'One handle: its status, appraisal, listing, and who acts next',
    params: handleParams,
    success: { status: 200, schema: resource.handleSchema, words: 'The handle' },
    problems: ['validation_failed', ...handleProblems, 'not_found'],
  },
  listSales: {
    operationId: 'listSales',
    group: 'catalogue',
    method: 'GET',
    path: '/v1/sales',
    role: 'public',
    summary: 'The public sales history of one month, newest first',
    query: z.strictObject({
      ...resource.pageQuery,
      month: z
        .string()
        .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month as YYYY-MM')
        .optional()
        .meta({ description: 'Default: the present month (UTC)' }),
    }),
    success: { status: 200, schema: resource.pageOf(resource.saleSchema, 'SalePage'), words: 'Sales' },
    problems: ['validation_failed', 'cursor_invalid'],
  },
  listPolicies: {
    operationId: 'listPolicies',
    group: 'catalogue',
    method: 'GET',
    path: '/v1/policies',
    role: 'public',
    summary: 'Every version of the release policy, newest first: the first is in force',
    success: {
      status: 200,
      schema: z.object({ policies: z.array(releasePolicySchema) }).meta({ id: 'ReleasePolicies' }),
      words: 'The policies',
    },
    problems: [],
  },
  getPolicy: {
    operationId: 'getPolicy',
    group: 'catalogue',
    method: 'GET',
    path: '/v1/policies/{version}',
    role: 'public',
    summary: 'One version of the release policy',
    params: versionParams,
    success: { status: 200, schema: releasePolicySchema, words: 'The policy' },
    problems: ['validation_failed', 'not_found'],
  },
} as const satisfies Record<string, Route>
