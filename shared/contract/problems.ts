import * as z from 'zod'

/**
 * Every code a caller can meet, with its HTTP status. A code that is used and not listed does not compile. RFC 9457 `type`
 * URIs are `https://handles.example/problems/<code>`.
 */
const otherStatus = {
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
  keep_link_expired: 410,
  offer_link_expired: 410,
  idempotency_key_reused: 422,
  rate_limited: 429,
  internal_error: 500,
  service_unavailable: 503,
} as const satisfies Record<string, number>

/** Codes of what the present state of things forbids: 409. A door needs none of their names, since all other statuses are told. */
const conflicts = [
  'handle_not_offered',
  'handle_on_hold',
  'handle_in_sale',
  'rights_full',
  'handle_not_for_sale',
  'handle_not_active',
  'handle_not_held_by_account',
  'handle_taken',
  'handle_not_held',
  'handle_locked',
  'resale_cooling_off',
  'listing_not_open',
  'not_due',
  'price_changed',
  'price_too_low',
  'policy_changed',
  'keep_link_used',
  'offer_link_used',
  'offers_closed',
  'offers_full',
  'offer_open',
  'offer_cooling',
  'offer_tries_used',
  'offer_changed',
  'offer_ended',
  'not_your_turn',
  'counter_out_of_range',
  'counter_rounds_used',
  'price_reason_missing',
  'campaign_empty',
  'campaign_full',
  'transition_not_allowed',
  'checkout_closed',
  'request_in_progress',
  'payment_mismatch',
  'look_full',
  'drop_not_open',
  'drop_ended',
  'drop_not_drawn',
  'entry_limit',
  'shortlist_full',
  'watch_limit',
  'address_not_verified',
  'protection_not_imported',
  'redrive_by_hand',
  'plan_not_ready',
  'schedule_sealed',
  'journal_sealed',
  'bid_too_low',
  'auction_ended',
  'auction_not_open',
  'auction_has_bids',
  'buy_now_not_offered',
  'cap_reached',
  'dispute_exists',
  'dispute_full',
  'dispute_changed',
  'refund_too_large',
] as const

export type ProblemCode = keyof typeof otherStatus | (typeof conflicts)[number]

/** The HTTP status of a code. */
export const statusOf = (code: ProblemCode): number =>
  Object.hasOwn(otherStatus, code) ? otherStatus[code as keyof typeof otherStatus] : 409

const everyCode = (): readonly ProblemCode[] => [
  ...(Object.keys(otherStatus) as (keyof typeof otherStatus)[]),
  ...conflicts,
]

/** Pure, as the schema below: a door that only refuses holds neither. */
export const problemCodes = /* @__PURE__ */ everyCode()

/** RFC 9457 asks for a short title that is constant for a code: the code itself in words. The `detail` tells the single case. */
const titleOf = (code: ProblemCode): string => code.charAt(0).toUpperCase() + code.slice(1).replaceAll('_', ' ')

const newProblemSchema = () =>
  z
    .object({
      type: z.string().meta({ description: 'URI of the kind of problem' }),
      title: z.string(),
      status: z.int().min(400).max(599),
      code: z.enum(everyCode() as [ProblemCode, ...ProblemCode[]]),
      detail: z.string().meta({ description: 'One sentence about this very case' }),
      field: z.string().optional().meta({ description: 'The field at fault, as a dotted path' }),
      requestId: z.string().optional(),
      facts: z.record(z.string(), z.unknown()).optional().meta({ description: 'What helps to go on' }),
    })
    .meta({ id: 'Problem', description: 'RFC 9457 problem details with a closed code' })

/** RFC 9457 problem details, as every refusal is answered (`application/problem+json`). */
export const problemSchema = /* @__PURE__ */ newProblemSchema()

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
