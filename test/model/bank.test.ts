import { expect, test } from 'vitest'
import { auditTables } from '../../shared/workflows/audit-tables.ts'
import type { OrderEvent } from '../../shared/domain/order.ts'
import { seededRandom } from '../scale/seeded-random.ts'
import { openBank } from './bank.ts'
import { compareDebts, compareWithProvider, readTrialBalance } from './bank-book.ts'
import { checkBooks, trade } from './bank-trade.ts'

/** More by name: `npm run soak:bank`. */
const postingsWanted = Number(process.env['BANK_POSTINGS'] ?? 50_000)
const firstSeed = Number(process.env['BANK_SEED'] ?? 20_261_124)

/** What the people and the bank of this model do to an order that was paid. Whatever did not come about was not tested. */
const wanted = [
  'payment_started',
  'inspection_accepted',
  'inspection_ended',
  'dispute_opened',
  'dispute_withdrawn',
  'dispute_settled',
  'dispute_refunded',
  'dispute_split',
  'part_refund_completed',
  'refund_completed',
  'goodwill_wanted',
  'goodwill_refunded',
  'transfer_blocked',
  'order_settled',
  'chargeback_opened',
  'chargeback_won_unpaid',
  'chargeback_lost',
  'clawback_completed',
  'clawback_failed',
] as const satisfies readonly OrderEvent['type'][]

test(
  'whatever fails, in whatever order: at every read the books balance, and in the end the provider agrees to the cent',
  { timeout: 3_600_000 },
  async () => {
    let postings = 0
    const happened = new Map<string, number>()
    for (let seed = firstSeed; postings < postingsWanted; seed += 1) {
      const random = seededRandom(seed)
      const bank = openBank(random)
      try {
        await trade(bank, random)
        await bank.comeToRest()
        const orders = await bank.orders()
        checkBooks(bank, readTrialBalance(orders, bank.live))
        expect(orders.filter(({ status }) => ['settling', 'refunding', 'chargeback'].includes(status))).toEqual([])
        expect(compareWithProvider(orders, bank.provider.movements)).toEqual([])
        expect(compareDebts(await bank.items(), bank.live)).toEqual([])
        const { faults, ledgerSumMinor } = await auditTables(bank.store)
        expect([faults, ledgerSumMinor]).toEqual([[], 0])
      } catch (error) {
        throw new Error(`with BANK_SEED=${seed}`, { cause: error })
      }
      postings += bank.live.postings()
      for (const [type, times] of bank.live.happened) happened.set(type, (happened.get(type) ?? 0) + times)
    }
    expect(wanted.filter((type) => !happened.has(type))).toEqual([])
    // The others were made in the provider's dashboard.
    expect(happened.get('goodwill_refunded')).toBeGreaterThan(happened.get('goodwill_wanted') ?? 0)
    expect(postings).toBeGreaterThanOrEqual(postingsWanted)
  },
)
