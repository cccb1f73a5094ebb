import { type Money, usd } from '../contract/money.ts'
import type { YearTotals } from './seller.ts'

/**
 * From where on a platform reports what a seller made in a year to the seller's tax authority. `more_than`: the figure
 * itself is not reported yet. Amounts are minor units.
 */
export type ReportingThreshold = {
  readonly jurisdiction: 'US' | 'EU'
  readonly name: string
  readonly sales: { readonly is: 'at_least' | 'more_than'; readonly count: number }
  readonly amountMoreThan: { readonly amountMinor: number; readonly currency: 'USD' | 'EUR' }
  /** Whether both must be reached, or one is enough. */
  readonly needs: 'both' | 'either'
  /** ISO 3166: where the sellers are resident whom it concerns. */
  readonly countries: ReadonlySet<string>
  readonly source: string
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

export const reportingThresholds: readonly ReportingThreshold[] = [
  {
    jurisdiction: 'US',
    name: 'Form 1099-K',
    sales: { is: 'more_than', count: 200 },
    amountMoreThan: { amountMinor: 20_000_00, currency: 'USD' },
    needs: 'both',
    countries: words('US PR VI GU AS MP'),
    source: '26 U.S.C. § 6050W(e), restored by Public Law 119-21 § 70432 (4 July 2025)',
  },
  {
    jurisdiction: 'EU',
    name: 'DAC7',
    sales: { is: 'at_least', count: 30 },
    amountMoreThan: { amountMinor: 2_000_00, currency: 'EUR' },
    needs: 'either',
    countries: words('AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'),
    source: 'Directive 2011/16/EU, Annex V, Section I, A(4)(d), as inserted by Directive (EU) 2021/514',
  },
]

export type ReportingState = {
  readonly threshold: ReportingThreshold
  /** The seller is resident where it holds. */
  readonly concerns: boolean
  readonly salesReached: boolean
  readonly amountReached: boolean
  readonly reached: boolean
}

/**
 * How a year's sales stand to each threshold. An amount in another currency is compared figure for figure: while a euro
 * costs more than a dollar, dollars reach a threshold in euros early and never late.
 */
export const reportingStateOf = (totals: YearTotals, country: string | null): readonly ReportingState[] =>
  reportingThresholds.map((threshold) => {
    const { sales, amountMoreThan, needs, countries } = threshold
    const salesReached = sales.is === 'at_least' ? totals.sales >= sales.count : totals.sales > sales.count
    const amountReached = totals.grossMinor > amountMoreThan.amountMinor
    return {
      threshold,
      concerns: country !== null && countries.has(country),
      salesReached,
      amountReached,
      reached: needs === 'both' ? salesReached && amountReached : salesReached || amountReached,
    }
  })

/** What a seller made in a year, as reports count it: before commission. */
export const grossOf = ({ grossMinor }: YearTotals): Money => usd(Math.max(0, grossMinor))
