import * as z from 'zod'
import { acceptedOfferSchema, doneSchema, offerViewSchema } from '../campaign.ts'
import { eligibilityProblems } from '../eligibility-problems.ts'
import { salePriceSchema } from '../money.ts'
import type { Page, Route } from '../route.ts'

const params = z.strictObject({ token: z.string().min(1).max(200) })
const linkProblems = ['validation_failed', 'offer_link_invalid', 'offer_link_used', 'offer_link_expired'] as const
const bodyProblems = ['body_not_json', 'body_too_large'] as const

/** What a prospect can do by the link of an offer. Public, for the token is the right; to accept, one signs in. */
export const privateOfferRoutes = {
  getPrivateOffer: {
    operationId: 'getPrivateOffer',
    group: 'private-offers',
    method: 'GET',
    path: '/v1/private-offers/{token}',
    role: 'public',
    summary: 'The offer of a link; changes nothing but that the link was opened',
    params,
    success: { status: 200, schema: offerViewSchema, words: 'The offer' },
    problems: linkProblems,
  },
  askForTerms: {
    operationId: 'askForTerms',
    group: 'private-offers',
    method: 'POST',
    path: '/v1/private-offers/{token}/terms',
    role: 'public',
    summary: 'Ask for the terms: they are in the answer, and the operator sees that you asked',
    params,
    success: { status: 200, schema: offerViewSchema, words: 'The offer with its terms' },
    problems: linkProblems,
  },
  counterOffer: {
    operationId: 'counterOffer',
    group: 'private-offers',
    method: 'POST',
    path: '/v1/private-offers/{token}/counter',
    role: 'public',
    summary: 'Name another price, at most what is asked; the price that is asked stands until you are answered',
    params,
    body: z.strictObject({ price: salePriceSchema }),
    success: { status: 200, schema: offerViewSchema, words: 'The offer with your counter-offer' },
    problems: [
      ...linkProblems,
      ...bodyProblems,
      'counter_out_of_range',
      'counter_rounds_used',
      'transition_not_allowed',
    ],
  },
  declineOffer: {
    operationId: 'declineOffer',
    group: 'private-offers',
    method: 'POST',
    path: '/v1/private-offers/{token}/decline',
    role: 'public',
    summary: 'Decline the offer; its link has then done its work',
    params,
    success: { status: 200, schema: doneSchema, words: 'Declined (again: the same)' },
    problems: [...linkProblems, 'transition_not_allowed'],
  },
  unsubscribe: {
    operationId: 'unsubscribe',
    group: 'private-offers',
    method: 'POST',
    path: '/v1/private-offers/{token}/unsubscribe',
    role: 'public',
    summary: 'No more offers to this address, from any campaign; works however the offer ended',
    params,
    success: { status: 200, schema: doneSchema, words: 'Unsubscribed (again: the same)' },
    problems: ['validation_failed', 'offer_link_invalid'],
  },
  acceptOffer: {
    operationId: 'acceptOffer',
    group: 'private-offers',
    method: 'POST',
    path: '/v1/private-offers/{token}/accept',
    role: 'user',
    summary: 'Accept the price that is asked, or in a sealed round name your amount; the first account binds the offer',
    params,
    body: z.strictObject({ price: salePriceSchema }),
    success: { status: 200, schema: acceptedOfferSchema, words: 'The offer and its order (again: the same)' },
    problems: [
      ...linkProblems,
      ...bodyProblems,
      'operator_conflict',
      ...eligibilityProblems,
      'price_changed',
      'counter_out_of_range',
      'handle_not_for_sale',
      'handle_on_hold',
      'handle_in_sale',
      'listing_not_open',
      'transition_not_allowed',
    ],
  },
} as const satisfies Record<string, Route>

/** The page that a mail's link opens, and that of unsubscribing, which the mail's own header names too (RFC 8058). */
export const privateOfferPages = {
  showOffer: {
    operationId: 'showOffer',
    group: 'private-offers',
    method: 'GET',
    path: '/offers/{token}',
    role: 'public',
  },
  answerOfferPage: {
    operationId: 'answerOfferPage',
    group: 'private-offers',
    method: 'POST',
    path: '/offers/{token}',
    role: 'public',
  },
  showUnsubscribe: {
    operationId: 'showUnsubscribe',
    group: 'private-offers',
    method: 'GET',
    path: '/offers/{token}/unsubscribe',
    role: 'public',
  },
  unsubscribePage: {
    operationId: 'unsubscribePage',
    group: 'private-offers',
    method: 'POST',
    path: '/offers/{token}/unsubscribe',
    role: 'public',
  },
} as const satisfies Record<string, Page>
