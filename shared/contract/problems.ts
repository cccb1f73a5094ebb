import * as z from 'zod'

/**
 * Every code a caller can meet, with its HTTP status and its title: short, constant as RFC 9457 asks; the `detail` tells the
 * single case. A code that is used and not listed does not compile. `type` URIs are
 * `https://handles.example/problems/<code>`.
 */
export const problemKinds = {
  validation_failed: [400, 'The request does not fit the contract'],
  body_not_json: [400, 'The body is not JSON'],
  body_too_large: [413, 'The body is too large'],
  cursor_invalid: [400, 'The cursor is not one of ours'],
  handle_empty: [400, 'The handle is empty'],
  handle_too_long: [400, 'The handle is too long'],
  handle_character: [400, 'The handle has a character outside the grammar'],
  idempotency_key_missing: [400, 'The Idempotency-Key header is missing'],
  signature_invalid: [400, 'The signature is not valid'],
  policy_invalid: [400, 'The release policy contradicts itself'],
  search_not_served: [400, 'No index answers this combination'],
  drop_invalid: [400, 'The drop contradicts itself'],
  answers_missing: [400, 'A question is not answered'],
  keep_link_invalid: [400, 'The link is not one of ours'],
  offer_link_invalid: [400, 'The link is not one of ours, or not for you'],
  template_invalid: [400, 'The template cannot be filled in'],
  csv_invalid: [400, 'The file is no list of prospects'],
  consent_missing: [400, 'The person has not agreed'],
  country_not_served: [400, 'Nobody can be paid in this country'],
  token_invalid: [401, 'The token is missing or not valid'],
  role_missing: [403, 'Your role does not allow this'],
  bid_own_listing: [403, 'You cannot bid for what you sell'],
  handle_not_offered: [409, 'The name is kept from the market'],
  own_handle: [403, 'It is your own handle'],
  account_too_young: [403, 'The account is too young'],
  verification_required: [403, 'The account must be verified'],
  step_up_required: [403, 'Sign in again'],
  second_factor_required: [403, 'Sign in with a second factor'],
  cooling_off: [403, 'The credentials were changed lately'],
  account_suspended: [403, 'The account is suspended from this'],
  humanity_required: [403, 'A proof of humanity is asked for'],
  linked_account: [403, 'The accounts are linked'],
  act_refused: [403, 'This cannot be done'],
  authorisation_required: [403, 'A card must be authorised first'],
  operator_conflict: [403, 'An operator’s own account cannot buy'],
  route_unknown: [404, 'There is no such route'],
  not_found: [404, 'There is nothing here that you may see'],
  handle_on_hold: [409, 'The handle is on hold for another order'],
  handle_in_sale: [409, 'The handle is sold by an auction, a drop or a private offer now'],
  rights_full: [409, 'No more accounts can have a right in this name'],
  handle_not_for_sale: [409, 'The handle is not for sale'],
  handle_not_active: [409, 'The handle is not active'],
  handle_not_held_by_account: [409, 'The account does not hold this handle'],
  handle_taken: [409, 'The handle is held by another account'],
  resale_cooling_off: [409, 'The handle was bought lately'],
  listing_not_open: [409, 'The handle cannot be bought yet'],
  not_due: [409, 'It is not due'],
  price_changed: [409, 'The price has changed'],
  price_too_low: [409, 'The price is too low'],
  policy_changed: [409, 'Somebody else published a policy meanwhile'],
  keep_link_used: [409, 'The link has done its work'],
  keep_link_expired: [410, 'The handle was released'],
  offer_link_used: [409, 'The link has done its work'],
  offer_link_expired: [410, 'The offer has ended'],
  counter_out_of_range: [409, 'The amount is outside of what is possible'],
  counter_rounds_used: [409, 'There are no counter-offers left'],
  price_reason_missing: [409, 'Another price than others were asked needs a reason'],
  campaign_empty: [409, 'The campaign has nobody to write to, or nothing to offer'],
  campaign_full: [409, 'The campaign takes no more prospects'],
  transition_not_allowed: [409, 'This is not possible in the present state'],
  checkout_closed: [409, 'The checkout is closed'],
  request_in_progress: [409, 'The same request is being answered'],
  payment_mismatch: [409, 'The payment does not match the order'],
  look_full: [409, 'Too many names with these looks are protected already'],
  drop_not_open: [409, 'The drop is not open'],
  drop_ended: [409, 'The drop has ended'],
  drop_not_drawn: [409, 'The drop is not drawn yet'],
  entry_limit: [409, 'Your account has entered for as many handles as it may'],
  shortlist_full: [409, 'As many applications are accepted as can be served'],
  watch_limit: [409, 'Your account watches as many handles as it may'],
  address_not_verified: [409, 'There is no verified address to write to'],
  protection_not_imported: [409, 'The protection was not imported and cannot be withdrawn'],
  redrive_by_hand: [409, 'These dead letters are sent back by hand'],
  plan_not_ready: [409, 'The plan is still being computed'],
  schedule_sealed: [409, 'The schedule is not shown yet'],
  journal_sealed: [409, 'The journal is not shown before its sealed round has ended'],
  bid_too_low: [409, 'The bid is below the minimum'],
  auction_ended: [409, 'The auction has ended'],
  auction_not_open: [409, 'The auction has not begun'],
  auction_has_bids: [409, 'The auction has bids'],
  buy_now_not_offered: [409, 'There is no buy-now price'],
  cap_reached: [409, 'You have as many as you may have'],
  idempotency_key_reused: [422, 'The Idempotency-Key was used with another body'],
  rate_limited: [429, 'Too many requests'],
  internal_error: [500, 'Something went wrong on our side'],
  service_unavailable: [503, 'The service is busy; try again'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemCode = keyof typeof problemKinds

/** The HTTP status of a code. */
export const statusOf = (code: ProblemCode): number => problemKinds[code][0]

/** RFC 9457 problem details, as every refusal is answered (`application/problem+json`). */
export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'URI of the kind of problem' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    code: z.enum(Object.keys(problemKinds) as [ProblemCode, ...ProblemCode[]]),
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
  title: problemKinds[code][1],
  status: statusOf(code),
  code,
  detail,
  ...more,
})
