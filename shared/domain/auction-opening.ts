import type { AuctionDefaults } from '../contract/auction.ts'
import {
  announcedDaysMax,
  type AuctionEvent,
  auctionMinutesMin,
  latestEnd,
  type Opening,
  platformSeller,
  plusHours,
} from './auction.ts'
import { checkIncrements } from './increments.ts'
import { plusDays } from './release-policy.ts'
import { ok, refuse, type Refusal, type Result } from './result.ts'

/** What an operator asks for; what is not said goes by the policy's defaults. Amounts are minor units. */
export type AuctionWanted = Pick<Opening, 'handle' | 'currency' | 'startMinor' | 'reserveMinor' | 'buyNowMinor'> & {
  /** Absent: now. */
  readonly startsAt?: string | undefined
  readonly endsAt?: string | undefined
} & { readonly [K in Exclude<keyof AuctionDefaults, 'durationHours'>]?: AuctionDefaults[K] | undefined }

/** Who opens it and how it is told apart; `aliasKey` is random. */
export type OpenedBy = Pick<Opening, 'openedBy' | 'aliasKey' | 'requestHash'>

/** Opens an auction of a handle that the platform released. One that starts at once is open from its first entry on. */
export const decideOpen = (
  wanted: AuctionWanted,
  defaults: AuctionDefaults,
  handle: Pick<Opening, 'display' | 'tier'>,
  by: OpenedBy,
  now: string,
): Result<readonly AuctionEvent[]> => {
  const startsAt = wanted.startsAt === undefined ? now : toMilliseconds(wanted.startsAt)
  const opening: Opening = {
    handle: wanted.handle,
    display: handle.display,
    tier: handle.tier,
    sellerId: platformSeller,
    openedBy: by.openedBy,
    currency: wanted.currency,
    startMinor: wanted.startMinor,
    reserveMinor: wanted.reserveMinor,
    buyNowMinor: wanted.buyNowMinor,
    startsAt,
    endsAt: wanted.endsAt === undefined ? plusHours(startsAt, defaults.durationHours) : toMilliseconds(wanted.endsAt),
    extensionMinutes: wanted.extensionMinutes ?? defaults.extensionMinutes,
    increments: wanted.increments ?? defaults.increments,
    paymentHours: wanted.paymentHours ?? defaults.paymentHours,
    runnerUpHours: wanted.runnerUpHours ?? defaults.runnerUpHours,
    aliasKey: by.aliasKey,
    requestHash: by.requestHash,
  }
  const refusal = checkTimes(opening, now) ?? checkPrices(opening) ?? checkIncrements(opening.increments)
  if (refusal !== null) return { ok: false, refusal }
  const opened: AuctionEvent = { type: 'auction_opened', ...opening }
  return ok(startsAt <= now ? [opened, { type: 'auction_started' }] : [opened])
}

/** Instants are compared as text, so all are written with milliseconds. */
const toMilliseconds = (instant: string): string => new Date(instant).toISOString()

const checkTimes = (opening: Opening, now: string): Refusal | null => {
  const { startsAt, endsAt } = opening
  if (startsAt < now) return refuse('validation_failed', 'An auction cannot start in the past', 'startsAt').refusal
  if (startsAt > plusDays(now, announcedDaysMax)) {
    const words = `An auction is announced ${announcedDaysMax} days ahead at most`
    return refuse('validation_failed', words, 'startsAt').refusal
  }
  if (endsAt < plusHours(startsAt, auctionMinutesMin / 60)) {
    return refuse('validation_failed', `An auction lasts ${auctionMinutesMin} minutes at least`, 'endsAt').refusal
  }
  if (endsAt > latestEnd(opening)) {
    return refuse('validation_failed', `An auction ends at ${latestEnd(opening)} at the latest`, 'endsAt').refusal
  }
  return null
}

const checkPrices = ({ startMinor, reserveMinor, buyNowMinor }: Opening): Refusal | null => {
  if (reserveMinor !== undefined && reserveMinor < startMinor) {
    return refuse('validation_failed', 'The reserve price must not be below the first bid', 'reserve').refusal
  }
  if (buyNowMinor !== undefined && buyNowMinor <= Math.max(startMinor, reserveMinor ?? 0)) {
    const words = 'The buy-now price must be above the first bid and the reserve price'
    return refuse('validation_failed', words, 'buyNow').refusal
  }
  return null
}
