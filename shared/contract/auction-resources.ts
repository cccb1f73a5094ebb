import * as z from 'zod'
import {
  auctionStatusSchema,
  extensionMinutesSchema,
  incrementsSchema,
  paymentHoursSchema,
  unsoldReasonSchema,
} from './auction.ts'
import { auctionIdSchema, orderIdSchema } from './ids.ts'
import { moneySchema } from './money.ts'
import { instantSchema, nextStepSchema } from './resources.ts'

/** A bidder under a name that is the same in one auction and tells no account. */
const aliasSchema = z.string().meta({ id: 'BidderAlias', description: 'A bidder: the same name in one auction only' })

export const auctionSchema = z
  .object({
    id: auctionIdSchema,
    handle: z.string(),
    display: z.string(),
    tier: z.string(),
    status: auctionStatusSchema,
    seller: z.enum(['platform', 'account']),
    start: moneySchema.meta({ description: 'The lowest first bid' }),
    reserve: z.enum(['none', 'not_met', 'met']).meta({ description: 'The amount is not told before it is met' }),
    buyNow: moneySchema.nullable().meta({ description: 'A bid at or above it ends the auction at this price' }),
    startsAt: instantSchema,
    endsAt: instantSchema.meta({ description: 'As the last bids moved it' }),
    endedAt: instantSchema.nullable(),
    extensionMinutes: extensionMinutesSchema,
    increments: incrementsSchema,
    paymentHours: paymentHoursSchema,
    runnerUpHours: paymentHoursSchema,
    price: moneySchema.nullable().meta({ description: 'What the leader would pay now; null: nobody has bid' }),
    bids: z.int().min(0),
    leader: aliasSchema.nullable(),
    minimumNext: moneySchema.nullable().meta({ description: 'The least a bid must offer; null: none is taken now' }),
    sale: z
      .object({ bidder: aliasSchema, price: moneySchema, to: z.enum(['winner', 'runner_up']), payBy: instantSchema })
      .nullable()
      .meta({ description: 'Who is to pay, or has paid' }),
    unsold: unsoldReasonSchema.nullable(),
    next: nextStepSchema.nullable(),
  })
  .meta({ id: 'Auction' })

export const placedBidSchema = z
  .object({
    auctionId: auctionIdSchema,
    number: z.int().min(1),
    bidder: aliasSchema.meta({ description: 'The name under which others see you' }),
    maximum: moneySchema.meta({ description: 'Up to which you go; nobody else is told' }),
    outcome: z.enum(['leading', 'outbid', 'won']),
    price: moneySchema.meta({ description: 'The visible price after your bid' }),
    minimumNext: moneySchema.nullable().meta({ description: 'The least that others must offer now' }),
    endsAt: instantSchema,
    placedAt: instantSchema,
    orderId: orderIdSchema.nullable().meta({ description: 'Where you won by it: pay this order' }),
  })
  .meta({ id: 'PlacedBid', description: 'What your bid did, at the instant when it was placed' })

/** Where an account stands that has bid. */
export const bidOutcomeSchema = z
  .enum(['leading', 'outbid', 'won', 'lost', 'passed_over', 'unsold', 'cancelled'])
  .meta({
    id: 'BidOutcome',
    description:
      'won: yours to pay, or paid. passed_over: it was yours and was not paid, or you declined it. unsold: nobody met the ' +
      'reserve. cancelled: the handle could not be sold, and nobody owes anything',
  })

export const ownBidSchema = z
  .object({
    auctionId: auctionIdSchema,
    handle: z.string(),
    display: z.string(),
    status: auctionStatusSchema,
    bidder: aliasSchema.meta({ description: 'The name under which others see you' }),
    outcome: bidOutcomeSchema,
    price: moneySchema.meta({ description: 'What the leader would pay now, or what it ended at' }),
    maximum: moneySchema.meta({ description: 'Up to which you go; nobody else is told' }),
    minimumNext: moneySchema
      .nullable()
      .meta({ description: 'The least that you must offer now, to lead or to go higher; null: no bid is taken now' }),
    bidAt: instantSchema.meta({ description: 'When you last bid' }),
    endsAt: instantSchema.meta({ description: 'As the last bids moved it' }),
    endedAt: instantSchema.nullable(),
    payBy: instantSchema.nullable().meta({ description: 'Where you are to pay: until when' }),
    orderId: orderIdSchema.nullable().meta({ description: 'Where you won: your order' }),
  })
  .meta({ id: 'OwnBid', description: 'An auction that you have bid in' })

export const visibleBidSchema = z
  .object({
    number: z.int().min(1),
    bidder: aliasSchema,
    amount: moneySchema.meta({ description: 'All of a maximum that was outbid at once, else the price it led to' }),
    price: moneySchema.meta({ description: 'After it; above `amount` where the leader was bid up by proxy' }),
    leader: aliasSchema,
    endsAt: instantSchema,
    at: instantSchema,
  })
  .meta({ id: 'VisibleBid' })
