import type * as z from 'zod'
import { checkoutMaxMinor } from '../contract/money.ts'
import type { dutchPolicySchema } from '../contract/release-policy.ts'
import type { StoredAppraisal } from './appraisal/appraisal.ts'
import type { Decay } from './handle.ts'

// The price of a Dutch sale falls by the curve of the Ethereum Name Service's premium (ExponentialPremiumPriceOracle):
// premium(t) = S·2^(−t/H) − S·2^(−D/H), never below 0, and the floor is always added. Integers alone, so that every
// machine gives the same cent.

export type DutchPolicy = Readonly<z.infer<typeof dutchPolicySchema>>

/** Fractions are whole numbers of 10^18, as the source has them. */
const one = 10n ** 18n

/** The half-life is cut into 2^16 steps. */
const fractionBits = 16

const squareRoot = (square: bigint): bigint => {
  let root = BigInt(Math.floor(Math.sqrt(Number(square))))
  while (root * root > square) root -= 1n
  while ((root + 1n) * (root + 1n) <= square) root += 1n
  return root
}

/** 2^(−1/2), 2^(−1/4), … 2^(−1/65536): each the square root of the one before. */
const roots: readonly bigint[] = (() => {
  const found: bigint[] = []
  let power = one / 2n
  for (let bit = 0; bit < fractionBits; bit += 1) {
    power = squareRoot(power * one)
    found.push(power)
  }
  return found
})()

/** S·2^(−elapsed/halfLife) in units of 10^−18: whole half-lives shift, the binary digits of the rest multiply. */
const halved = (startMinor: number, elapsedMs: number, halfLifeMs: number): bigint => {
  const steps = (BigInt(elapsedMs) << BigInt(fractionBits)) / BigInt(halfLifeMs)
  let value = (BigInt(startMinor) * one) >> (steps >> BigInt(fractionBits))
  for (const [bit, root] of roots.entries()) {
    if (((steps >> BigInt(fractionBits - 1 - bit)) & 1n) === 1n) value = (value * root) / one
  }
  return value
}

const hourMs = 3_600_000

/** What is asked above the floor, in minor units, so long after the start. It never rises, and is 0 from the end on. */
export const premiumAfter = (decay: Decay, elapsedMs: number): number => {
  const durationMs = decay.days * 24 * hourMs
  const halfLifeMs = decay.halfLifeHours * hourMs
  if (elapsedMs >= durationMs) return 0
  const now = halved(decay.premiumMinor, Math.max(0, elapsedMs), halfLifeMs)
  const atEnd = halved(decay.premiumMinor, durationMs, halfLifeMs)
  return now <= atEnd ? 0 : Number((now - atEnd) / one)
}

/** When the price has come down to the floor. */
export const decayEndsAt = (decay: Decay, startsAt: string): string =>
  new Date(Date.parse(startsAt) + decay.days * 24 * hourMs).toISOString()

/** How a policy sells a handle that is hard to appraise; null: at a fixed price. One payment must be able to carry it. */
export const decayOf = (appraisal: StoredAppraisal, policy: DutchPolicy | null): Decay | null => {
  if (policy === null) return null
  const { low, expected, high } = appraisal
  if (high < low * policy.fromRatio || expected < policy.fromExpectedMinor) return null
  const premiumMinor = Math.min(policy.startTimesHigh * high, checkoutMaxMinor - low)
  return { floorMinor: low, premiumMinor, halfLifeHours: policy.halfLifeHours, days: policy.days }
}
