import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * What takes the better part of a minute or more, the slowest first: begun last, one of these would run on by itself while the other core has
 * nothing left to do. The rest follows in vitest's own order.
 */
const slow = [
  'cases/settlement-crashes',
  'model/bank',
  'api/release-plans',
  'cases/trading-webhooks',
  'costs/search',
  'scale/killed',
  'api/auctions',
  'cases/seller-payments',
  'cases/hand-overs',
  'api/private-offers',
  'api/limits',
  'model/market',
  'notices/notices',
  'cases/chargebacks',
  'cases/stripe-faults',
  'scale/soak',
  'api/drops',
  'api/runs',
  'api/offers',
  'local/life',
  'cases/store-faults',
  'api/dead-letters',
  'cases/auction-races',
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
