import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { balances, posting, reverse } from '../../shared/domain/ledger.ts'

const account = fc.constantFrom('stripe', 'order:1', 'order:2', 'platform:sales')
const anyPosting = fc
  .tuple(account, account, fc.integer({ min: 1, max: 1_000_000_000 }))
  .filter(([source, destination]) => source !== destination)
  .map(([source, destination, amount]) => posting(source, destination, amount, 'USD'))

describe('the ledger', () => {
  it('sums to zero whatever is posted', () => {
    fc.assert(
      fc.property(fc.array(anyPosting), (postings) => {
        return [...balances(postings).values()].reduce((sum, balance) => sum + balance, 0) === 0
      }),
    )
  })

  it('is as before once everything is reversed', () => {
    fc.assert(
      fc.property(fc.array(anyPosting), (postings) => {
        return [...balances([...postings, ...reverse(postings)]).values()].every((balance) => balance === 0)
      }),
    )
  })

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53])('refuses to post %s', (amount) => {
    expect(() => posting('a', 'b', amount, 'USD')).toThrow(RangeError)
  })

  it('refuses to post within one account', () => {
    expect(() => posting('a', 'a', 1, 'USD')).toThrow(RangeError)
  })
})
