import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, chainFaults, type Entry, nextEntry } from '../../shared/domain/journal.ts'

const chain = (length: number): Entry[] => {
  const entries: Entry[] = []
  for (let index = 0; index < length; index += 1) {
    entries.push(
      nextEntry('order:ord_1', entries.at(-1) ?? null, {
        at: new Date(index * 1000).toISOString(),
        by: 'system',
        events: [{ type: 'happened', index } as { type: string }],
        postings: [{ source: 'a', destination: 'b', amountMinor: index + 1, currency: 'USD' }],
      }),
    )
  }
  return entries
}

describe('a chain of entries', () => {
  it('is sound as it was made', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 12 }), (length) => chainFaults(chain(length)).length === 0))
  })

  it('shows any changed, missing, doubled or swapped entry', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 8 }),
        fc.nat(),
        fc.constantFrom('amount', 'actor', 'time', 'missing', 'doubled', 'swapped'),
        (length, seed, kind) => {
          const entries = chain(length)
          // The newest entry may be gone without a gap; its item tells, not the chain.
          const index = seed % (length - 1)
          const entry = entries[index] as Entry
          if (kind === 'amount') {
            entries[index] = {
              ...entry,
              postings: [{ source: 'a', destination: 'b', amountMinor: 999, currency: 'USD' }],
            }
          }
          if (kind === 'actor') entries[index] = { ...entry, by: 'buyer:acct_1' }
          if (kind === 'time') entries[index] = { ...entry, at: '2020-01-01T00:00:00.000Z' }
          if (kind === 'missing') entries.splice(index, 1)
          if (kind === 'doubled') entries.splice(index, 0, entry)
          if (kind === 'swapped') entries.splice(index, 2, entries[index + 1] as Entry, entry)
          return chainFaults(entries).length > 0
        },
      ),
    )
  })
})

describe('canonical JSON', () => {
  it('does not depend on the order of members, nor on undefined ones', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries([...Object.entries(value).toReversed(), ['zz_none', undefined]])
        return canonicalJson(turned) === canonicalJson(value)
      }),
    )
  })

  it('tells different values apart', () => {
    expect(canonicalJson({ a: 1, b: [2] })).not.toBe(canonicalJson({ a: 1, b: ['2'] }))
  })
})
