import * as z from 'zod'
import { amountMinorMax } from './money.ts'

// What an auction is run by: data that each auction keeps from its opening on.

const positiveMinor = z.int().min(1).max(amountMinorMax)

/** The most rows of a table of increments. Every bid writes them again. */
export const incrementRowsMax = 8

export const incrementsSchema = z
  .union([
    z.strictObject({
      basisPoints: z.int().min(1).max(10_000).meta({ description: 'Of the price; rounded up to the minor unit' }),
    }),
    z.strictObject({
      rows: z
        .array(
          z.strictObject({
            belowMinor: positiveMinor.nullable().meta({ description: 'For prices below; null: for all others' }),
            stepMinor: positiveMinor,
          }),
        )
        .min(1)
        .max(incrementRowsMax),
    }),
  ])
  .meta({ id: 'Increments', description: 'By how much a bid must exceed the price: a share, or a table' })
export type Increments = Readonly<z.infer<typeof incrementsSchema>>

export const extensionMinutesSchema = z
  .int()
  .min(0)
  .max(1440)
  .meta({ description: 'A bid this close to the end moves the end to as long after the bid' })

export const paymentHoursSchema = z.int().min(1).max(336)

/** What an auction goes by where its operator says nothing else. */
export const auctionDefaultsSchema = z
  .strictObject({
    durationHours: z.int().min(1).max(8760),
    extensionMinutes: extensionMinutesSchema,
    increments: incrementsSchema,
    paymentHours: paymentHoursSchema.meta({ description: 'In which the winner pays' }),
    runnerUpHours: paymentHoursSchema.meta({ description: 'In which the runner-up pays, where the winner did not' }),
  })
  .meta({ id: 'AuctionDefaults' })
export type AuctionDefaults = Readonly<z.infer<typeof auctionDefaultsSchema>>

export const auctionStatusSchema = z
  .enum(['scheduled', 'open', 'awaiting_payment', 'offered_to_runner_up', 'sold', 'unsold', 'cancelled'])
  .meta({ id: 'AuctionStatus' })

export const unsoldReasonSchema = z
  .enum([
    'no_bids',
    'reserve_not_met',
    'handle_not_for_sale',
    'no_runner_up',
    'runner_up_declined',
    'runner_up_did_not_pay',
    'refunded',
  ])
  .meta({ id: 'UnsoldReason' })
