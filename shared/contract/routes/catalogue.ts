import * as z from 'zod'
import { amountMinorMax } from '../money.ts'
import { handleParams, handleProblems } from '../parameters.ts'
import { releasePolicySchema } from '../release-policy.ts'
import { csvPageSchema } from '../csv.ts'
import * as market from '../market-resources.ts'
import { handleSchema } from '../handle-resource.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'

const priceBound = z.coerce.number().int().min(0).max(amountMinorMax)
const versionParams = z.strictObject({ version: z.coerce.number().int().min(1).max(1_000_000) })

const searchQuery = {
  prefix: z.string().max(15).optional().meta({ description: 'First characters; sorted by name' }),
  word: z
    .string()
    .regex(/^[A-Za-z]{3,15}$/, 'a word of 3 to 15 letters')
    .optional()
    .meta({ description: 'A word that stands anywhere in the handle: `poem` finds `the_poem`, and not `poems`' }),
  length: z.coerce.number().int().min(1).max(15).optional(),
  tier: market.tierSchema.optional(),
  priceMin: priceBound.optional().meta({ description: 'Minor units, included' }),
  priceMax: priceBound.optional().meta({ description: 'Minor units, included' }),
  mode: z.enum(['fixed_price', 'dutch', 'auction', 'drop']).optional(),
  status: z.enum(['open', 'upcoming', 'held']).optional().meta({
    description: '`open`: anybody may buy it now. `upcoming`: its market opens later. `held`: on hold for an order',
  }),
  sort: z
    .enum(['name', 'price', '-price', 'ending'])
    .optional()
    .meta({
      description:
        'Default: `name` with a prefix or without any filter; `ending` for a mode that ends by the clock; else `price`. ' +
        '`-price` begins with the dearest. A Dutch sale stands where its floor would',
    }),
} as const

const salesQuery = {
  month: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month as YYYY-MM')
    .optional()
    .meta({ description: 'Default: the present month (UTC)' }),
  prefix: z.string().max(15).optional().meta({ description: 'First characters' }),
  length: searchQuery.length,
  tier: searchQuery.tier,
  priceMin: searchQuery.priceMin,
  priceMax: searchQuery.priceMax,
} as const

/** What anybody may see. */
export const catalogueRoutes = {
  searchListings: {
    operationId: 'searchListings',
    group: 'catalogue',
    method: 'GET',
    path: '/v1/listings',
    role: 'public',
    summary: 'Search the market by first characters, word, length, tier, price or selling mode',
    query: z.strictObject({ ...resource.pageQuery, ...searchQuery }),
    success: {
      status: 200,
      schema: resource.pageOf(market.listingCardSchema, 'ListingPage'),
      words: 'Handles for sale',
    },
    problems: ['validation_failed', 'cursor_invalid', 'search_not_served', ...handleProblems],
  },
  getHandle: {
    operationId: 'getHandle',
    group: 'catalogue',
    method: 'GET',
    path: '/v1/handles/{handle}',
    role: 'public',
    summary: 'One handle: its status, appraisal, listing, and who acts next',
    params: handleParams,
    success: { status: 200, schema: handleSchema, words: 'The handle' },
    problems: ['validation_failed', ...handleProblems, 'not_found'],
  },
  listSales: {
    operationId: 'listSales',
    group: 'catalogue',
    method: 'GET',
    path: '/v1/sales',
    role: 'public',
    summary: 'The public sales history of one month, newest first',
    query: z.strictObject({ ...resource.pageQuery, ...salesQuery }),
    success: { status: 200, schema: resource.pageOf(market.saleSchema, 'SalePage'), words: 'Sales' },
    problems: ['validation_failed', 'cursor_invalid', ...handleProblems],
  },
  exportSales: {
    operationId: 'exportSales',
    group: 'catalogue',
    method: 'GET',
    path: '/v1/sales.csv',
    role: 'public',
    summary: 'The same as a CSV file, up to 2,000 sales at once; follow its Link for those before them',
    query: z.strictObject({ cursor: resource.pageQuery.cursor, ...salesQuery }),
    success: { status: 200, schema: csvPageSchema, csv: true, words: 'Sales, with a head in the first page alone' },
    problems: ['validation_failed', 'cursor_invalid', ...handleProblems],
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
