import * as z from 'zod'

/**
 * Every code a caller can meet, with its HTTP status. The record is exhaustive: a code that is used and not listed does
 * not compile. RFC 9457 `type` URIs are `https://handles.example/problems/<code>`.
 */
export const problemStatus = {
  validation_failed: 400,
  body_not_json: 400,
  body_too_large: 413,
  cursor_invalid: 400,
  handle_empty: 400,
  handle_too_long: 400,
  handle_character: 400,
  idempotency_key_missing: 400,
  signature_invalid: 400,
  policy_invalid: 400,
  keep_link_invalid: 400,
  token_invalid: 401,
  role_missing: 403,
  bid_own_listing: 403,
  route_unknown: 404,
  not_found: 404,
  handle_on_hold: 409,
  handle_not_for_sale: 409,
  handle_not_active: 409,
  handle_not_held_by_account: 409,
  handle_taken: 409,
  listing_not_open: 409,
  not_due: 409,
  price_changed: 409,
  policy_changed: 409,
  keep_link_used: 409,
  keep_link_expired: 410,
  transition_not_allowed: 409,
  checkout_closed: 409,
  request_in_progress: 409,
  payment_mismatch: 409,
  look_full: 409,
  protection_not_imported: 409,
  redrive_by_hand: 409,
  plan_not_ready: 409,
  schedule_sealed: 409,
  bid_too_low: 409,
  auction_ended: 409,
  auction_not_open: 409,
  auction_has_bids: 409,
  buy_now_not_offered: 409,
  idempotency_key_reused: 422,
  rate_limited: 429,
  internal_error: 500,
  service_unavailable: 503,
} as const satisfies Record<string, number>

export type ProblemCode = keyof typeof problemStatus

/** Short titles, one a code, constant as RFC 9457 asks; the `detail` tells the single case. */
const titles: Record<ProblemCode, string> = {
  validation_failed: 'The request does not fit the contract',
  body_not_json: 'The body is not JSON',
  body_too_large: 'The body is too large',
  cursor_invalid: 'The cursor is not one of ours',
  handle_empty: 'The handle is empty',
  handle_too_long: 'The handle is too long',
  handle_character: 'The handle has a character outside the grammar',
  idempotency_key_missing: 'The Idempotency-Key header is missing',
  signature_invalid: 'The signature is not valid',
  policy_invalid: 'The release policy contradicts itself',
  keep_link_invalid: 'The link is not one of ours',
  token_invalid: 'The token is missing or not valid',
  role_missing: 'Your role does not allow this',
  bid_own_listing: 'You cannot bid for what you sell',
  route_unknown: 'There is no such route',
  not_found: 'There is nothing here that you may see',
  handle_on_hold: 'The handle is on hold for another order',
  handle_not_for_sale: 'The handle is not for sale',
  handle_not_active: 'The handle is not active',
  handle_not_held_by_account: 'The account does not hold this handle',
  handle_taken: 'The handle is held by another account',
  listing_not_open: 'The handle cannot be bought yet',
  not_due: 'It is not due',
  price_changed: 'The price has changed',
  policy_changed: 'Somebody else published a policy meanwhile',
  keep_link_used: 'The link has done its work',
  keep_link_expired: 'The handle was released',
  transition_not_allowed: 'This is not possible in the present state',
  checkout_closed: 'The checkout is closed',
  request_in_progress: 'The same request is being answered',
  payment_mismatch: 'The payment does not match the order',
  look_full: 'Too many names with these looks are protected already',
  protection_not_imported: 'The protection was not imported and cannot be withdrawn',
  redrive_by_hand: 'These dead letters are sent back by hand',
  plan_not_ready: 'The plan is still being computed',
  schedule_sealed: 'The schedule is not shown yet',
  bid_too_low: 'The bid is below the minimum',
  auction_ended: 'The auction has ended',
  auction_not_open: 'The auction has not begun',
  auction_has_bids: 'The auction has bids',
  buy_now_not_offered: 'There is no buy-now price',
  idempotency_key_reused: 'The Idempotency-Key was used with another body',
  rate_limited: 'Too many requests',
  internal_error: 'Something went wrong on our side',
  service_unavailable: 'The service is busy; try again',
}

/** RFC 9457 problem details, as every refusal is answered (`application/problem+json`). */
export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'URI of the kind of problem' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    code: z.enum(Object.keys(problemStatus) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string().meta({ description: 'One sentence about this very case' }),
    field: z.string().optional().meta({ description: 'The field at fault, as a dotted path' }),
    requestId: z.string().optional(),
    facts: z.record(z.string(), z.unknown()).optional().meta({ description: 'What helps to go on' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details with a closed code' })

export type Problem = z.infer<typeof problemSchema>

export const problem = (
  code: ProblemCode,
  detail: string,
  more: { field?: string; requestId?: string; facts?: Readonly<Record<string, unknown>> } = {},
): Problem => ({
  type: `https://handles.example/problems/${code}`,
  title: titles[code],
  status: problemStatus[code],
  code,
  detail,
  ...more,
})
