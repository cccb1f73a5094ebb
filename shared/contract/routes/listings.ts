import * as z from 'zod'
import { eligibilityProblems } from '../eligibility-problems.ts'
import { handleSchema } from '../handle-resource.ts'
import { salePriceSchema } from '../money.ts'
import { handleParams, handleProblems } from '../parameters.ts'
import type { Route } from '../route.ts'
import { taxedQuoteSchema } from '../trading.ts'

const hindrances = [
  'not_found',
  'handle_not_held_by_account',
  'handle_on_hold',
  'handle_in_sale',
  'service_unavailable',
] as const

/** Handles that their holders sell. */
export const listingRoutes = {
  openListing: {
    operationId: 'openListing',
    group: 'listings',
    method: 'POST',
    path: '/v1/me/handles/{handle}/listing',
    role: 'user',
    summary: 'Put a handle that you hold on sale at a fixed price, or change its price',
    params: handleParams,
    body: z.strictObject({ price: salePriceSchema }),
    success: {
      status: 200,
      schema: z.object({ handle: handleSchema, quote: taxedQuoteSchema }).meta({
        id: 'OpenedListing',
        description: 'The handle as everybody sees it, and what you get when it is sold',
      }),
      words: 'The handle on sale',
    },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      ...handleProblems,
      ...hindrances,
      'handle_not_active',
      'resale_cooling_off',
      'handle_not_offered',
      'price_too_low',
      'transition_not_allowed',
      ...eligibilityProblems,
    ],
  },
  closeListing: {
    operationId: 'closeListing',
    group: 'listings',
    method: 'POST',
    path: '/v1/me/handles/{handle}/listing/close',
    role: 'user',
    summary: 'Take a handle of yours off sale; one that is on hold for an order stays until that has ended',
    params: handleParams,
    success: { status: 200, schema: handleSchema, words: 'The handle (again: the same)' },
    problems: ['validation_failed', ...handleProblems, ...hindrances, 'transition_not_allowed'],
  },
  getQuote: {
    operationId: 'getQuote',
    group: 'listings',
    method: 'GET',
    path: '/v1/quotes',
    role: 'public',
    summary: 'What a seller gets of a price, by the commission schedule in force',
    query: z.strictObject({
      amountMinor: z.coerce
        .number()
        .int()
        .min(1)
        .max(999_999_99)
        .meta({ description: 'A price in minor units of US dollars' }),
    }),
    success: { status: 200, schema: taxedQuoteSchema, words: 'The quote' },
    problems: ['validation_failed'],
  },
} as const satisfies Record<string, Route>
