import * as z from 'zod'
import { eligibilityProblems } from '../eligibility-problems.ts'
import { negotiationIdSchema } from '../ids.ts'
import {
  acceptBodySchema,
  counterBodySchema,
  offerBodySchema,
  offerSchema,
  offerSettingsBodySchema,
  offerSettingsSchema,
  reportBodySchema,
  seenBodySchema,
} from '../offers.ts'
import { handleParams, handleProblems } from '../parameters.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'

const params = z.strictObject({ offerId: negotiationIdSchema })

const bodyProblems = ['validation_failed', 'body_not_json', 'body_too_large'] as const

/** What can stand against a handle that somebody holds. */
const hindrances = [
  'handle_not_held',
  'handle_locked',
  'handle_not_active',
  'handle_not_for_sale',
  'handle_on_hold',
  'handle_in_sale',
] as const

/** What every answer to an offer can be refused for. */
const turnProblems = [...bodyProblems, 'not_found', 'offer_changed', 'offer_ended', 'service_unavailable'] as const

/** What placing the order of an accepted offer can be refused for. */
const orderProblems = [
  'handle_not_held_by_account',
  'resale_cooling_off',
  'act_refused',
  'price_changed',
  'transition_not_allowed',
] as const

/** Offers of users for handles that somebody holds, with the holder's consent. */
export const offerRoutes = {
  makeOffer: {
    operationId: 'makeOffer',
    group: 'offers',
    method: 'POST',
    path: '/v1/offers',
    role: 'user',
    summary:
      'Offer an amount for a handle that somebody holds and takes offers for; neither of you is told who the other is',
    body: offerBodySchema,
    idempotent: true,
    success: { status: 201, schema: offerSchema, words: 'The offer (again: as it stands now)' },
    problems: [
      ...bodyProblems,
      ...handleProblems,
      'idempotency_key_missing',
      'idempotency_key_reused',
      'not_found',
      ...eligibilityProblems,
      'own_handle',
      'price_too_low',
      'linked_account',
      ...hindrances,
      ...orderProblems,
      'offers_closed',
      'offers_full',
      'offer_open',
      'offer_cooling',
      'offer_tries_used',
      'counter_out_of_range',
      'service_unavailable',
    ],
  },
  listNegotiations: {
    operationId: 'listNegotiations',
    group: 'offers',
    method: 'GET',
    path: '/v1/offers',
    role: 'user',
    summary: 'Offers you made, newest first, or received: open ones with funded offers first, then the highest',
    query: z.strictObject({
      side: z.enum(['made', 'received']),
      status: z.enum(['open', 'accepted', 'ended']).default('open'),
      ...resource.pageQuery,
    }),
    success: { status: 200, schema: resource.pageOf(offerSchema, 'OfferPage'), words: 'Offers' },
    problems: ['validation_failed', 'cursor_invalid'],
  },
  getNegotiation: {
    operationId: 'getNegotiation',
    group: 'offers',
    method: 'GET',
    path: '/v1/offers/{offerId}',
    role: 'user',
    summary: 'One of your offers: its amounts, who acts next and by when, and what the newest amount comes to',
    params,
    success: { status: 200, schema: offerSchema, words: 'The offer' },
    problems: ['validation_failed', 'not_found'],
  },
  counterNegotiation: {
    operationId: 'counterNegotiation',
    group: 'offers',
    method: 'POST',
    path: '/v1/offers/{offerId}/counter',
    role: 'user',
    summary:
      'Name another amount, strictly between the newest two and at most the asking price; the one before is void',
    params,
    body: counterBodySchema,
    success: { status: 200, schema: offerSchema, words: 'The offer with your amount (again: the same)' },
    problems: [
      ...turnProblems,
      ...eligibilityProblems,
      ...hindrances,
      ...orderProblems,
      'not_your_turn',
      'counter_out_of_range',
      'counter_rounds_used',
    ],
  },
  acceptNegotiation: {
    operationId: 'acceptNegotiation',
    group: 'offers',
    method: 'POST',
    path: '/v1/offers/{offerId}/accept',
    role: 'user',
    summary: 'Accept the newest amount of the other side: the handle is on hold and the buyer has an order to pay',
    params,
    body: acceptBodySchema,
    success: { status: 200, schema: offerSchema, words: 'The offer with its order (again: the same)' },
    problems: [
      ...turnProblems,
      ...handleProblems,
      ...eligibilityProblems,
      ...hindrances,
      ...orderProblems,
      'not_your_turn',
      'handle_taken',
      'handle_not_offered',
    ],
  },
  declineNegotiation: {
    operationId: 'declineNegotiation',
    group: 'offers',
    method: 'POST',
    path: '/v1/offers/{offerId}/decline',
    role: 'user',
    summary: 'The holder declines, whoever’s turn it is; the buyer has to wait before another offer',
    params,
    body: seenBodySchema,
    success: { status: 200, schema: offerSchema, words: 'The offer, declined (again: the same)' },
    problems: turnProblems,
  },
  withdrawNegotiation: {
    operationId: 'withdrawNegotiation',
    group: 'offers',
    method: 'POST',
    path: '/v1/offers/{offerId}/withdraw',
    role: 'user',
    summary: 'The buyer takes the offer back, whoever’s turn it is',
    params,
    body: seenBodySchema,
    success: { status: 200, schema: offerSchema, words: 'The offer, withdrawn (again: the same)' },
    problems: turnProblems,
  },
  reportNegotiation: {
    operationId: 'reportNegotiation',
    group: 'offers',
    method: 'POST',
    path: '/v1/offers/{offerId}/report',
    role: 'user',
    summary: 'The holder reports an offer: a person of the handle team looks into it. The offer itself stays as it is',
    params,
    body: reportBodySchema,
    success: { status: 200, schema: offerSchema, words: 'The offer, reported (again: the same)' },
    problems: [...bodyProblems, 'not_found', 'service_unavailable'],
  },
  blockBuyer: {
    operationId: 'blockBuyer',
    group: 'offers',
    method: 'POST',
    path: '/v1/offers/{offerId}/block',
    role: 'user',
    summary: 'The holder takes no more offers of this buyer for the handle; an open one is declined',
    params,
    success: { status: 200, schema: offerSchema, words: 'The offer, its buyer blocked (again: the same)' },
    problems: ['validation_failed', 'not_found', 'cap_reached', 'service_unavailable'],
  },
  getOfferSettings: {
    operationId: 'getOfferSettings',
    group: 'offers',
    method: 'GET',
    path: '/v1/me/handles/{handle}/offer-settings',
    role: 'user',
    summary: 'How you take offers for a handle that you hold',
    params: handleParams,
    success: { status: 200, schema: offerSettingsSchema, words: 'Your settings' },
    problems: ['validation_failed', ...handleProblems, 'not_found'],
  },
  changeOfferSettings: {
    operationId: 'changeOfferSettings',
    group: 'offers',
    method: 'POST',
    path: '/v1/me/handles/{handle}/offer-settings',
    role: 'user',
    summary: 'Say how you take offers for a handle that you hold: all of it anew, except whom you blocked',
    params: handleParams,
    body: offerSettingsBodySchema,
    success: { status: 200, schema: offerSettingsSchema, words: 'Your settings (again: the same)' },
    problems: [...bodyProblems, ...handleProblems, 'not_found', ...eligibilityProblems, 'service_unavailable'],
  },
} as const satisfies Record<string, Route>
