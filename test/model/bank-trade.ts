import assert from 'node:assert/strict'
import type { ActName, Bank } from './bank.ts'
import { readTrialBalance } from './bank-book.ts'

const salesPerBank = 120
/** So many things happen at the same time. */
const lanes = 4
const stepsBetweenReads = 400

/** How often each act is chosen beside the others. */
const weights: Record<ActName, number> = {
  sell: 8,
  pay: 20,
  cancel: 1,
  accept: 6,
  dispute: 6,
  withdraw: 1,
  decideDispute: 5,
  goodwill: 2,
  refundFromDashboard: 1,
  settleRefunds: 2,
  chargeBack: 4,
  closeChargeback: 3,
  restrict: 1,
  payOut: 2,
  timePasses: 6,
  sweep: 4,
}
const drawn = (Object.entries(weights) as [ActName, number][]).flatMap(([name, weight]) =>
  Array.from({ length: weight }, () => name),
)
/** Messages are delivered so often beside one act. */
const deliveriesPerAct = 3

/** Users trade, several things at once; after each stretch the books are read. */
export const trade = async (bank: Bank, random: () => number): Promise<void> => {
  await bank.begin()
  let sold = 0
  while (sold < salesPerBank) {
    const lane = async (): Promise<void> => {
      for (let step = 0; step < stepsBetweenReads / lanes; step += 1) {
        const name = drawn[Math.floor(random() * drawn.length)] ?? 'sell'
        if (random() < deliveriesPerAct / (1 + deliveriesPerAct)) await bank.deliver()
        else if (name === 'sell') {
          sold += 1
          await bank.act(name)
        } else await bank.act(name)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    checkBooks(bank, readTrialBalance(await bank.orders(), bank.live))
  }
}

/** Nothing is wrong with the books: neither what was seen at any write, nor what this read found. */
export const checkBooks = ({ live }: Bank, faults: readonly string[]): void => {
  assert.deepEqual([...live.faults, ...faults], [])
}
