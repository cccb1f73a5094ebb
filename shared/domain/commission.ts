/**
 * A schedule of marginal bands: each part of a price pays the rate of the band it falls into, in basis points, and a sale
 * pays `minimumMinor` at least. Amounts are minor units.
 */
export type CommissionSchedule = {
  readonly version: string
  readonly minimumMinor: number
  /** In rising order; the last has no end. */
  readonly bands: readonly { readonly upToMinor: number | null; readonly basisPoints: number }[]
}

/** What a seller is told before agreeing, frozen with the sale. Price = commission + net. */
export type Quote = { readonly scheduleVersion: string; readonly commissionMinor: number; readonly netMinor: number }

/** The rates of an established auction house for domain names: 20 % to $5,000, 15 % to $25,000, 10 % above, at least $15. */
const first: CommissionSchedule = {
  version: '2026-11-1',
  minimumMinor: 15_00,
  bands: [
    { upToMinor: 5_000_00, basisPoints: 2_000 },
    { upToMinor: 25_000_00, basisPoints: 1_500 },
    { upToMinor: null, basisPoints: 1_000 },
  ],
}

/** Every schedule there was: a sale keeps the one it was quoted by. */
const schedules: readonly CommissionSchedule[] = [first]

export const scheduleInForce = first

/** @throws where there was never such a schedule */
export const scheduleOf = (version: string): CommissionSchedule => {
  const found = schedules.find((schedule) => schedule.version === version)
  if (found === undefined) throw new Error(`there is no commission schedule ${version}`)
  return found
}

/** The commission on a price, in minor units, rounded half up once; never more than the price. */
export const commissionOf = (priceMinor: number, { bands, minimumMinor }: CommissionSchedule): number => {
  let from = 0
  let weighted = 0
  for (const { upToMinor, basisPoints } of bands) {
    const upTo = Math.min(priceMinor, upToMinor ?? priceMinor)
    if (upTo <= from) break
    weighted += (upTo - from) * basisPoints
    from = upTo
  }
  return Math.min(priceMinor, Math.max(minimumMinor, Math.floor((weighted + 5_000) / 10_000)))
}

export const quoteOf = (priceMinor: number, schedule: CommissionSchedule = scheduleInForce): Quote => {
  const commissionMinor = commissionOf(priceMinor, schedule)
  return { scheduleVersion: schedule.version, commissionMinor, netMinor: priceMinor - commissionMinor }
}

/** The least price at which the seller gets anything, in minor units. */
export const leastPriceMinor = ({ minimumMinor }: CommissionSchedule = scheduleInForce): number => minimumMinor + 1
