import { expect, test } from 'vitest'
import { auditTables } from '../../shared/workflows/audit-tables.ts'
import { seededRandom } from '../scale/seeded-random.ts'
import { openBank } from './bank.ts'
import { compareDebts, compareWithProvider, readTrialBalance } from './bank-book.ts'
import { checkBooks, trade } from './bank-trade.ts'

/** More by name: `npm run soak:bank`. */
const postingsWanted = Number(process.env['BANK_POSTINGS'] ?? 50_000)
const firstSeed = Number(process.env['BANK_SEED'] ?? 20_261_124)

test(
  'whatever fails, in whatever order: at every read the books balance, and in the end the provider agrees to the cent',
  { timeout: 3_600_000 },
  async () => {
    let postings = 0
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
    }
    expect(postings).toBeGreaterThanOrEqual(postingsWanted)
  },
)
