import type { Demand } from './appraisal/appraisal.ts'

/** The most handles that one account may watch, backorders among them. */
export const watchesPerAccountMax = 100

/**
 * An account's wish to be told of a handle, held or not, known to us or not. With a price it is a backorder: told before
 * plain watches when the handle comes to market. Neither gives a right to the handle.
 */
export type Watch = {
  /** Canonical. */
  readonly handle: string
  readonly accountId: string
  readonly createdAt: string
  readonly updatedAt: string
  /** The most that the account would pay, in minor units; present on a backorder alone. */
  readonly maxPriceMinor?: number | undefined
  /** Where alerts go by mail: there only where the account asked for it, and gone with the watch. */
  readonly email?: string | undefined
  /** Causes that the account was told of, since the handle last came to market. */
  readonly told: ReadonlySet<string>
}

/** More are not told of one time on the market: a price that is changed again and again must not fill anybody's inbox. */
export const alertsPerWatchMax = 40

export const isBackorder = ({ maxPriceMinor }: Pick<Watch, 'maxPriceMinor'>): boolean => maxPriceMinor !== undefined

/** How many accounts wait for a name; counted when a watch is made, changed or ended. */
export type DemandCounts = { readonly watches: number; readonly backorders: number; readonly offers: number }

/** What an assessment is told beside what the gate asks; absent where nobody ever watched the name. */
export type WithDemand = { readonly demand?: DemandCounts | undefined }

/** What the appraisal is told; undefined: nobody asked for the name, which by itself says nothing against it. */
export const demandOf = (counts: DemandCounts | undefined): Demand | undefined =>
  counts === undefined || counts.watches + counts.backorders + counts.offers <= 0
    ? undefined
    : { watches: counts.watches, backorders: counts.backorders, offers: counts.offers }
