import * as z from 'zod'

/**
 * Every code a caller can meet, with its HTTP status. A code that is used and not listed does not compile. RFC 9457 `type`
 * URIs are `https://handles.example/problems/<code>`.
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
  search_not_served: 400,
  drop_invalid: 400,
  answers_missing: 400,
  keep_link_invalid: 400,
  offer_link_invalid: 400,
  template_invalid: 400,
  csv_invalid: 400,
  consent_missing: 400,
  country_not_served: 400,
  token_invalid: 401,
  role_missing: 403,
  bid_own_listing: 403,
  handle_not_offered: 409,
  own_handle: 403,
  account_too_young: 403,
  verification_required: 403,
  step_up_required: 403,
  second_factor_required: 403,
  cooling_off: 403,
  account_suspended: 403,
  humanity_required: 403,
  linked_account: 403,
  act_refused: 403,
  authorisation_required: 403,
  operator_conflict: 403,
  own_case: 403,
  second_operator_wanted: 403,
  route_unknown: 404,
  not_found: 404,
  handle_on_hold: 409,
  handle_in_sale: 409,
  rights_full: 409,
  handle_not_for_sale: 409,
  handle_not_active: 409,
  handle_not_held_by_account: 409,
  handle_taken: 409,
  resale_cooling_off: 409,
  listing_not_open: 409,
  not_due: 409,
  price_changed: 409,
  price_too_low: 409,
  policy_changed: 409,
  keep_link_used: 409,
  keep_link_expired: 410,
  offer_link_used: 409,
  offer_link_expired: 410,
  counter_out_of_range: 409,
  counter_rounds_used: 409,
  price_reason_missing: 409,
  campaign_empty: 409,
  campaign_full: 409,
  transition_not_allowed: 409,
  checkout_closed: 409,
  request_in_progress: 409,
  payment_mismatch: 409,
  look_full: 409,
  drop_not_open: 409,
  drop_ended: 409,
  drop_not_drawn: 409,
  entry_limit: 409,
  shortlist_full: 409,
  watch_limit: 409,
  address_not_verified: 409,
  protection_not_imported: 409,
  redrive_by_hand: 409,
  plan_not_ready: 409,
  schedule_sealed: 409,
  journal_sealed: 409,
  bid_too_low: 409,
  auction_ended: 409,
  auction_not_open: 409,
  auction_has_bids: 409,
  buy_now_not_offered: 409,
  cap_reached: 409,
  dispute_exists: 409,
  dispute_full: 409,
  dispute_changed: 409,
  refund_too_large: 409,
  idempotency_key_reused: 422,
  rate_limited: 429,
  internal_error: 500,
  service_unavailable: 503,
} as const satisfies Record<string, number>

export type ProblemCode = keyof typeof problemStatus

/** The HTTP status of a code. */
export const statusOf = (code: ProblemCode): number => problemStatus[code]

/** RFC 9457 asks for a short title that is constant for a code: the code itself in words. The `detail` tells the single case. */
const titleOf = (code: ProblemCode): string => code.charAt(0).toUpperCase() + code.slice(1).replaceAll('_', ' ')

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
  title: titleOf(code),
  status: statusOf(code),
  code,
  detail,
  ...more,
})
