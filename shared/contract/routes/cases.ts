import * as z from 'zod'
import { accountIdSchema, caseIdSchema } from '../ids.ts'
import { reasonSchema } from '../parameters.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'
import { caseSchema, operatorStandingSchema } from '../standing.ts'

const accountParams = z.strictObject({ accountId: accountIdSchema })

/** What the handle team looks at: accounts that may play together, and how an account stands. */
export const caseRoutes = {
  listCases: {
    operationId: 'listCases',
    group: 'cases',
    method: 'GET',
    path: '/v1/operator/cases',
    role: 'operator',
    summary: 'Open cases, newest first',
    query: z.strictObject(resource.pageQuery),
    success: { status: 200, schema: resource.pageOf(caseSchema, 'CasePage'), words: 'Cases that wait for a decision' },
    problems: ['validation_failed', 'cursor_invalid', 'role_missing', 'service_unavailable'],
  },
  decideCase: {
    operationId: 'decideCase',
    group: 'cases',
    method: 'POST',
    path: '/v1/operator/cases/{caseId}',
    role: 'operator',
    summary: 'Dismiss a case, or uphold it and suspend accounts of it; the reason stands in the journal',
    params: z.strictObject({ caseId: caseIdSchema }),
    body: z.strictObject({
      decision: z.enum(['dismiss', 'uphold']),
      suspend: z.array(accountIdSchema).max(2).default([]).meta({ description: 'Accounts of the case, if upheld' }),
      reason: reasonSchema,
    }),
    success: { status: 200, schema: caseSchema, words: 'The case, decided (again: the same)' },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      'not_found',
      'transition_not_allowed',
      'role_missing',
      'service_unavailable',
    ],
  },
  getAccountStanding: {
    operationId: 'getAccountStanding',
    group: 'cases',
    method: 'GET',
    path: '/v1/operator/accounts/{accountId}/standing',
    role: 'operator',
    summary: 'How an account stands, and which others it is linked to',
    params: accountParams,
    success: { status: 200, schema: operatorStandingSchema, words: 'The standing' },
    problems: ['validation_failed', 'role_missing', 'service_unavailable'],
  },
  liftSuspension: {
    operationId: 'liftSuspension',
    group: 'cases',
    method: 'POST',
    path: '/v1/operator/accounts/{accountId}/lift-suspension',
    role: 'operator',
    summary: 'End a suspension before its time; the reason stands in the journal',
    params: accountParams,
    body: z.strictObject({ reason: reasonSchema }),
    success: { status: 200, schema: operatorStandingSchema, words: 'The standing' },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      'transition_not_allowed',
      'role_missing',
      'service_unavailable',
    ],
  },
} as const satisfies Record<string, Route>
