import * as z from 'zod'
import { extensionMinutesSchema, incrementsSchema, paymentHoursSchema } from '../auction.ts'
import { auctionSchema, ownBidSchema, placedBidSchema, visibleBidSchema } from '../auction-resources.ts'
import { eligibilityProblems } from '../eligibility-problems.ts'
import { auctionIdSchema } from '../ids.ts'
import { salePriceSchema } from '../money.ts'
import { handleProblems, reasonSchema } from '../parameters.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'

const auctionParams = z.strictObject({ auctionId: auctionIdSchema })

const bodyProblems = ['validation_failed', 'body_not_json', 'body_too_large'] as const

const bidProblems = [
  ...bodyProblems,
  'idempotency_key_missing',
  'idempotency_key_reused',
  'not_found',
  ...eligibilityProblems,
  'bid_own_listing',
  'linked_account',
  'authorisation_required',
  'auction_not_open',
  'auction_ended',
  'handle_not_for_sale',
  'handle_on_hold',
  'service_unavailable',
] as const

/** English auctions. */
export const auctionRoutes = {
  openAuction: {
    operationId: 'openAuction',
    group: 'auctions',
    method: 'POST',
    path: '/v1/operator/auctions',
    role: 'operator',
    summary: 'Open an auction of a released handle; until it ends, nobody can buy the handle otherwise',
    body: z.strictObject({
      handle: resource.handleInputSchema,
      start: salePriceSchema.meta({ description: 'The lowest first bid' }),
      reserve: salePriceSchema
        .optional()
        .meta({ description: 'Not sold below; bidders are told only whether it is met' }),
      buyNow: salePriceSchema.optional().meta({ description: 'A bid at or above it ends the auction at this price' }),
      startsAt: resource.instantSchema.optional().meta({ description: 'Absent: now' }),
      endsAt: resource.instantSchema.optional().meta({ description: 'Absent: by the policy' }),
      extensionMinutes: extensionMinutesSchema.optional(),
      increments: incrementsSchema.optional(),
      paymentHours: paymentHoursSchema.optional(),
      runnerUpHours: paymentHoursSchema.optional(),
    }),
    idempotent: true,
    success: { status: 201, schema: auctionSchema, words: 'The auction (again: as it stands now)' },
    problems: [
      ...bodyProblems,
      ...handleProblems,
      'idempotency_key_missing',
      'idempotency_key_reused',
      'role_missing',
      'not_found',
      'handle_not_for_sale',
      'handle_on_hold',
      'handle_in_sale',
      'listing_not_open',
      'service_unavailable',
    ],
  },
  cancelAuction: {
    operationId: 'cancelAuction',
    group: 'auctions',
    method: 'POST',
    path: '/v1/operator/auctions/{auctionId}/cancel',
    role: 'operator',
    summary: 'Call an auction off, as long as nobody has bid; the handle goes back on sale',
    params: auctionParams,
    body: z.strictObject({ reason: reasonSchema }),
    success: { status: 200, schema: auctionSchema, words: 'The auction, cancelled (again: the same)' },
    problems: [
      ...bodyProblems,
      'role_missing',
      'not_found',
      'auction_has_bids',
      'auction_ended',
      'service_unavailable',
    ],
  },
  getAuction: {
    operationId: 'getAuction',
    group: 'auctions',
    method: 'GET',
    path: '/v1/auctions/{auctionId}',
    role: 'public',
    summary: 'An auction as everybody sees it: price, minimum, end, and who acts next',
    params: auctionParams,
    success: { status: 200, schema: auctionSchema, words: 'The auction' },
    problems: ['validation_failed', 'not_found'],
  },
  listBids: {
    operationId: 'listBids',
    group: 'auctions',
    method: 'GET',
    path: '/v1/auctions/{auctionId}/bids',
    role: 'public',
    summary: 'The visible bids of an auction, newest first; a page may hold fewer than asked for',
    params: auctionParams,
    query: z.strictObject(resource.pageQuery),
    success: { status: 200, schema: resource.pageOf(visibleBidSchema, 'VisibleBidPage'), words: 'Bids' },
    problems: ['validation_failed', 'cursor_invalid', 'not_found'],
  },
  listMyBids: {
    operationId: 'listMyBids',
    group: 'auctions',
    method: 'GET',
    path: '/v1/me/bids',
    role: 'user',
    summary: 'The auctions you have bid in, open and ended, those opened last first; a bid is listed within seconds',
    query: z.strictObject(resource.pageQuery),
    success: { status: 200, schema: resource.pageOf(ownBidSchema, 'OwnBidPage'), words: 'Where you stand in each' },
    problems: ['validation_failed', 'cursor_invalid'],
  },
  placeBid: {
    operationId: 'placeBid',
    group: 'auctions',
    method: 'POST',
    path: '/v1/auctions/{auctionId}/bids',
    role: 'user',
    summary: 'Bid up to a maximum: the price rises only as far as it must for you to lead',
    params: auctionParams,
    body: z.strictObject({
      maximum: salePriceSchema.meta({ description: 'Up to which you go; at or above buy-now it buys at once' }),
    }),
    idempotent: true,
    success: { status: 201, schema: placedBidSchema, words: 'Your bid, and whether you lead' },
    problems: [...bidProblems, 'bid_too_low'],
  },
  buyNow: {
    operationId: 'buyNow',
    group: 'auctions',
    method: 'POST',
    path: '/v1/auctions/{auctionId}/buy-now',
    role: 'user',
    summary: 'Take it at the buy-now price: the auction ends, and an order waits for your payment',
    params: auctionParams,
    body: z.strictObject({ price: salePriceSchema.meta({ description: 'The buy-now price you saw' }) }),
    idempotent: true,
    success: { status: 201, schema: placedBidSchema, words: 'Your bid, which won' },
    problems: [...bidProblems, 'buy_now_not_offered', 'price_changed'],
  },
  declineAuctionOffer: {
    operationId: 'declineAuctionOffer',
    group: 'auctions',
    method: 'POST',
    path: '/v1/auctions/{auctionId}/decline',
    role: 'user',
    summary: 'Decline what you were offered as the runner-up; you owe nothing',
    params: auctionParams,
    success: { status: 200, schema: auctionSchema, words: 'The auction (again: the same)' },
    problems: ['validation_failed', 'not_found', 'transition_not_allowed', 'service_unavailable'],
  },
} as const satisfies Record<string, Route>
