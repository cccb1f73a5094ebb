import { checkoutMaxMinor } from '../contract/money.ts'
import { toStored } from './appraisal/appraisal.ts'
import { conclude, estimate } from './appraisal/appraise.ts'
import { comparablesOf, measureSales, noSales, type Sale, type SaleBook } from './appraisal/comparables.ts'
import { appraisalModel } from './appraisal/model.ts'
import { gate, type GateFacts } from './release-gate.ts'
import type { Assessment } from './release.ts'
import { demandOf, type WithDemand } from './watch.ts'

/** Gate, then appraisal; the asking price is the expected one. Loads the word lists: only what releases imports this. */
export const assess = (
  name: string,
  display: string,
  facts: GateFacts & WithDemand,
  sales: SaleBook = noSales,
): Assessment => {
  const verdict = gate(name, facts)
  if (!verdict.pass) return verdict
  const demand = demandOf(facts.demand)
  const own = estimate({ name, display, ...(demand === undefined ? {} : { demand }) }, appraisalModel)
  const appraisal = conclude(own, comparablesOf(own, sales), appraisalModel)
  const { expectedMinor: priceMinor, currency } = appraisal
  if (priceMinor > checkoutMaxMinor) {
    return { pass: false, code: 'above_checkout', reason: 'It is worth more than one online payment can be.' }
  }
  return { pass: true, appraisal: toStored(appraisal), priceMinor, currency }
}

/** Recent sales made ready for `assess`, by the model in force. */
export const saleBook = (sales: readonly Sale[]): SaleBook => measureSales(sales, appraisalModel)
