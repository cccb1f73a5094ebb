import * as z from 'zod'
import { eligibilityProblems } from '../eligibility-problems.ts'
import { authorisationIdSchema } from '../ids.ts'
import type { Route } from '../route.ts'
import { authorisationAmountSchema, authorisationPageSchema, standingSchema } from '../standing.ts'

/** What a bidder gives before large bids, and how an account stands. */
export const authorisationRoutes = {
  openAuthorisation: {
    operationId: 'openAuthorisation',
    group: 'authorisations',
    method: 'POST',
    path: '/v1/authorisations',
    role: 'user',
    summary: 'Have a card authorised before a large bid, on a hosted page; nothing is charged',
    body: z.strictObject({ amount: authorisationAmountSchema }),
    idempotent: true,
    success: { status: 201, schema: authorisationPageSchema, words: 'Where to give the card' },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      'idempotency_key_missing',
      'idempotency_key_reused',
      'request_in_progress',
      'checkout_closed',
      ...eligibilityProblems,
      'service_unavailable',
    ],
  },
  cancelAuthorisation: {
    operationId: 'cancelAuthorisation',
    group: 'authorisations',
    method: 'POST',
    path: '/v1/authorisations/{authorisationId}/cancel',
    role: 'user',
    summary: 'Have the card let go, once no sale needs it any more',
    params: z.strictObject({ authorisationId: authorisationIdSchema }),
    success: { status: 202, schema: standingSchema, words: 'Your standing; the bank hears of it in a moment' },
    problems: ['validation_failed', 'not_found', 'transition_not_allowed', 'service_unavailable'],
  },
  getStanding: {
    operationId: 'getStanding',
    group: 'authorisations',
    method: 'GET',
    path: '/v1/me/standing',
    role: 'user',
    summary: 'Your strikes, a suspension, and the card that is authorised',
    success: { status: 200, schema: standingSchema, words: 'Your standing' },
    problems: ['service_unavailable'],
  },
} as const satisfies Record<string, Route>
