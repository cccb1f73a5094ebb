import { expect, it } from 'vitest'
import { releaseAtScale } from '../bench/release-at-scale.ts'

/** Costs are counted, so they are the same for a hundred handles and for a million: what grows with the size shows here. */
const costsOf = (accounts: number) =>
  releaseAtScale({ accounts, dueShare: 1, iam: true, raw: false, onPhase: () => {} })

it(
  'a released handle costs the same write units at every size, every due handle is released, and the bill stays below $5 for 1,500,000',
  { timeout: 200_000 },
  async () => {
    const small = await costsOf(400)
    const large = await costsOf(1_600)
    for (const { faults, planned, released } of [small, large]) {
      expect(faults).toEqual([])
      expect(released).toBe(planned)
    }
    expect(small.writeUnitsPerHandle).toBe(large.writeUnitsPerHandle)
    expect(large.writeUnitsPerHandle).toBeLessThanOrEqual(4)
    expect(large.sqsRequestsPerThousand).toBeLessThanOrEqual(10)
    // Without the functions' time, which depends on the machine, and without the search, whose rows have a budget of their own.
    const { total, functions, search } = large.dollarsByLine
    expect(((total - functions - search) / large.accounts) * 1_500_000).toBeLessThan(5)
    expect((search / large.accounts) * 1_500_000).toBeLessThan(2.5)
  },
)
