import * as z from 'zod'
import { csvPageSchema } from '../csv.ts'
import { eligibilityProblems } from '../eligibility-problems.ts'
import { accountIdSchema } from '../ids.ts'
import { pageQuery } from '../resources.ts'
import type { Route } from '../route.ts'
import {
  onboardingRequestSchema,
  onboardingSchema,
  operatorSellerSchema,
  reportingSchema,
  sellerSchema,
  yearSchema,
} from '../seller.ts'

/** How users who sell are paid. */
export const sellerRoutes = {
  beginOnboarding: {
    operationId: 'beginOnboarding',
    group: 'sellers',
    method: 'POST',
    path: '/v1/me/seller/onboarding',
    role: 'user',
    summary: "Go on with the payment provider's onboarding: where to tell who you are and which bank is paid",
    body: onboardingRequestSchema,
    success: {
      status: 200,
      schema: onboardingSchema,
      words: 'A link to the hosted page; your account there is made once',
    },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      'country_not_served',
      'request_in_progress',
      'transition_not_allowed',
      ...eligibilityProblems,
      'act_refused',
      'service_unavailable',
    ],
  },
  getSeller: {
    operationId: 'getSeller',
    group: 'sellers',
    method: 'GET',
    path: '/v1/me/seller',
    role: 'user',
    summary: 'Whether you can be paid, what the provider still asks for, your payouts and debts',
    success: { status: 200, schema: sellerSchema, words: 'You as a seller; status `none` where you never began' },
    problems: ['service_unavailable'],
  },
  getSellerStatement: {
    operationId: 'getSellerStatement',
    group: 'sellers',
    method: 'GET',
    path: '/v1/me/seller/statement',
    role: 'user',
    summary:
      'A year of payments for your sales as CSV, oldest first, with running totals; follow its Link for what came later',
    query: z.strictObject({ year: yearSchema.optional(), cursor: pageQuery.cursor }),
    success: { status: 200, schema: csvPageSchema, csv: true, words: 'Movements, with a head in the first page alone' },
    problems: ['validation_failed', 'cursor_invalid', 'service_unavailable'],
  },
  getSellerYear: {
    operationId: 'getSellerYear',
    group: 'sellers',
    method: 'GET',
    path: '/v1/me/seller/reporting',
    role: 'user',
    summary: 'What you made in a year, and whether it is reported to a tax authority',
    query: z.strictObject({ year: yearSchema.optional() }),
    success: { status: 200, schema: reportingSchema, words: 'The year (this one where none is named)' },
    problems: ['validation_failed', 'service_unavailable'],
  },
  getSellerOf: {
    operationId: 'getSellerOf',
    group: 'sellers',
    method: 'GET',
    path: '/v1/operator/sellers/{accountId}',
    role: 'operator',
    summary: 'How an account stands as a seller, and which payments to it are under way',
    params: z.strictObject({ accountId: accountIdSchema }),
    success: { status: 200, schema: operatorSellerSchema, words: 'The seller' },
    problems: ['validation_failed', 'role_missing', 'service_unavailable'],
  },
} as const satisfies Record<string, Route>
