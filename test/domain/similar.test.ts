import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Card } from '../../shared/domain/card.ts'
import { isHandle } from '../../shared/domain/handle-name.ts'
import { beginningOf, editsMax, editsOf, rankSimilar } from '../../shared/domain/similar.ts'

const nameOf = fc.stringMatching(/^[a-z0-9_]{1,15}$/)

it('every small change of a name is a handle, another one, and there are not too many', () => {
  fc.assert(
    fc.property(nameOf, (name) => {
      const edits = [...editsOf(name).keys()]
      expect(edits.length).toBeLessThanOrEqual(editsMax)
      for (const edit of edits) {
        expect(isHandle(edit)).toBe(true)
        expect(edit).not.toBe(name)
      }
      expect(name.startsWith(beginningOf(name))).toBe(true)
    }),
  )
})

it.each([
  ['flicker', 'flickr', 'dropped_letter'],
  ['poem', 'poem_', 'underscore'],
  ['_poem_', 'poem', 'underscore'],
  ['poem', 'poems', 'plural'],
  ['poems', 'poem', 'plural'],
  ['poem', 'poem1', 'number'],
  ['poem', 'thepoem', 'affix'],
  ['poem', 'poemhq', 'affix'],
  ['digg', 'dig', 'doubled_letter'],
  ['dig', 'digg', 'doubled_letter'],
])('%s: %s is near by %s', (name, near, code) => {
  expect(editsOf(name).get(near)).toBe(code)
})

const card = (name: string, more: Partial<Card> = {}): Card => ({
  name,
  display: name,
  status: 'open',
  priceMinor: 10_00,
  currency: 'USD',
  tier: 'common',
  lowMinor: 5_00,
  highMinor: 20_00,
  confidence: 50,
  opensAt: '2026-11-23T12:00:00.000Z',
  ...more,
})

it('a name is told once with all its reasons, the strongest first; what is held, and the name itself, are left out', () => {
  const found = [
    { card: card('poetry'), code: 'same_beginning' },
    { card: card('poem_'), code: 'same_beginning' },
    { card: card('cheap', { priceMinor: 5_00 }), code: 'same_kind' },
    { card: card('dear'), code: 'same_kind' },
    { card: card('poem_'), code: 'underscore' },
    { card: card('poem'), code: 'same_word' },
    { card: card('poem1', { status: 'held' }), code: 'number' },
  ] as const
  const told = rankSimilar('poem', found, 10).map((one) => [one.card.name, ...one.why])
  expect(told).toEqual([
    ['poem_', 'underscore', 'same_beginning'],
    ['poetry', 'same_beginning'],
    ['cheap', 'same_kind'],
    ['dear', 'same_kind'],
  ])
  expect(rankSimilar('poem', found, 2)).toHaveLength(2)
})
