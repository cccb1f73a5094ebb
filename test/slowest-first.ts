import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * What takes a minute or more, the slowest first: begun last, one of these would run on by itself while the other core has
 * nothing left to do. The rest follows in vitest's own order.
 */
const slow = [
  'cases/settlement-crashes',
  'cases/trading-webhooks',
  'model/bank',
  'cases/hand-overs',
  'api/release-plans',
  'local/life',
  'cases/chargebacks',
  'cases/reconciliation',
  'api/runs',
  'cases/auction-races',
  'cases/trading-races',
  'cases/store-faults',
  'api/watches',
  'api/offers-accepted',
  'api/disputes',
  'cases/crashes',
  'cases/seller-payments',
  'api/auctions',
]

const rankOf = ({ moduleId }: TestSpecification): number => {
  const at = slow.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
  return at === -1 ? slow.length : at
}

export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rest = await super.sort(files)
    return rest.toSorted((a, b) => rankOf(a) - rankOf(b))
  }
}
