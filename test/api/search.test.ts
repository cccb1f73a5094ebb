import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type * as z from 'zod'
import { marketLines } from '../../local/stock.ts'
import type { Client } from '../../shared/contract/client.ts'
import type { listingCardSchema } from '../../shared/contract/market-resources.ts'
import { wordsInForce } from '../../shared/domain/appraisal/words.ts'
import type { Search } from '../../shared/domain/search.ts'
import { mendShelves } from '../../shared/workflows/mend-shelves.ts'
import { checkRefused, type Market, startMarket, value } from './market.ts'

type Card = z.infer<typeof listingCardSchema>
type Query = Search & { readonly limit?: number }

let market: Market
let alice: Client
/** Everything that is for sale, by name. */
let all: readonly Card[]
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed(await marketLines(1_000))
  await market.sweep()
  alice = await market.client('alice')
  all = await pagesOf({})
}, 120_000)
afterAll(() => market.stop())

/** All pages of a question, one after another. */
const pagesOf = async (query: Query): Promise<Card[]> => {
  const found: Card[] = []
  let cursor: string | undefined
  do {
    const page = value(await alice.searchListings({ query: { limit: 100, ...query, ...(cursor && { cursor }) } }))
    found.push(...page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return found
}

/** What a card stands by where prices are sorted: a Dutch sale by its floor, which is the low end of its appraisal. */
const sortedPrice = ({ mode, price, low }: Card): number => (mode === 'dutch' ? low : price).amountMinor

const byPrice = (a: Card, b: Card): number =>
  sortedPrice(a) - sortedPrice(b) || (a.handle < b.handle ? -1 : Number(a.handle > b.handle))

/** What the answer must be, by looking at everything. */
const expected = (query: Query): string[] => {
  const { prefix = '', word, length, tier, priceMin = 0, priceMax = Number.POSITIVE_INFINITY, status, sort } = query
  const fitting = all.filter(
    (card) =>
      card.handle.startsWith(prefix) &&
      (word === undefined || wordsInForce(card.handle, card.display).includes(word)) &&
      (length === undefined || card.handle.length === length) &&
      (tier === undefined || card.tier === tier) &&
      sortedPrice(card) >= priceMin &&
      sortedPrice(card) <= priceMax &&
      (query.mode === undefined || card.mode === query.mode) &&
      (status === undefined ||
        status === (card.opensAt > new Date(market.system.clock.now()).toISOString() ? 'upcoming' : 'open')),
  )
  const byName =
    sort === 'name' ||
    (sort === undefined && Object.keys(query).every((key) => ['prefix', 'limit', 'status', 'mode'].includes(key)))
  const sorted = byName || query.prefix !== undefined ? fitting : fitting.toSorted(byPrice)
  return (sort === '-price' ? sorted.toReversed() : sorted).map(({ handle }) => handle)
}

const questions: readonly Query[] = [
  { sort: 'price' },
  { sort: '-price' },
  { sort: 'price', limit: 7 },
  { sort: '-price', limit: 7 },
  { length: 6 },
  { length: 6, limit: 3 },
  { length: 11, sort: '-price', limit: 5 },
  { length: 15 },
  { length: 1 },
  { tier: 'common', limit: 50 },
  { tier: 'notable' },
  { tier: 'rare', sort: '-price', limit: 2 },
  { tier: 'priority' },
  { tier: 'rare', length: 6 },
  { priceMin: 100_00, priceMax: 1_000_00 },
  { priceMin: 100_00, priceMax: 1_000_00, sort: '-price', limit: 9 },
  { priceMax: 15_00, limit: 30 },
  { priceMin: 20_000_00 },
  { tier: 'notable', priceMin: 400_00, length: 8 },
  { status: 'upcoming' },
  { status: 'upcoming', sort: 'price' },
  { status: 'open', sort: 'price' },
  { mode: 'fixed_price', sort: 'price' },
  { mode: 'fixed_price' },
  { prefix: 's', mode: 'dutch' },
  { prefix: 's' },
  { prefix: 's', limit: 2 },
  { prefix: 'se', length: 6 },
  { prefix: 's', tier: 'notable', limit: 2 },
  { prefix: 'c', priceMin: 50_00 },
]

describe('a search finds what looking at everything finds, page by page', () => {
  test.each(questions)('%j', async (query) => {
    expect((await pagesOf(query)).map(({ handle }) => handle)).toEqual(expected(query))
  })

  test('every word of every handle', async () => {
    const words = new Set(all.flatMap(({ handle, display }) => wordsInForce(handle, display)))
    expect(words.size).toBeGreaterThan(100)
    const common = [...words].toSorted((a, b) => expected({ word: b }).length - expected({ word: a }).length)
    for (const word of [...common.slice(0, 10), ...common.slice(-20)]) {
      for (const query of [{ word }, { word, sort: '-price', limit: 1 }, { word, length: 9 }] as const) {
        expect((await pagesOf(query)).map(({ handle }) => handle)).toEqual(expected(query))
      }
    }
  })

  test('the market has handles enough for that to say something', () => {
    expect(all.length).toBeGreaterThan(250)
    expect(expected({ tier: 'rare' }).length).toBeGreaterThan(2)
    expect(expected({ priceMin: 100_00, priceMax: 1_000_00 }).length).toBeGreaterThan(10)
    expect(expected({ status: 'open' })).toHaveLength(all.length)
  })
})

test('sales that end by the clock, those that end first in front', async () => {
  const dutch = all.filter(({ mode }) => mode === 'dutch')
  expect(dutch.length).toBeGreaterThan(5)
  const ends = dutch.map(({ endsAt, handle }) => `${endsAt} ${handle}`).toSorted()
  const found = async (query: Query) => (await pagesOf(query)).map(({ endsAt, handle }) => `${endsAt} ${handle}`)
  expect(await found({ mode: 'dutch' })).toEqual(ends)
  expect(await found({ sort: 'ending', limit: 3 })).toEqual(ends)
  expect(await found({ mode: 'auction' })).toEqual([])
})

test('a card is the same whichever index it is read from', async () => {
  // A Dutch price falls from read to read.
  const still = (card: Card | undefined) => ({ ...card, price: card?.mode === 'dutch' ? null : card?.price })
  const byName = new Map(all.map((card) => [card.handle, still(card)]))
  for (const query of [{ sort: 'price' }, { tier: 'notable' }, { sort: 'ending' }] as const) {
    for (const card of await pagesOf(query)) expect(still(card)).toEqual(byName.get(card.handle))
  }
})

describe('a question that no index answers is refused, with the field', () => {
  test.each([
    ['sort=name&length=3', 'search_not_served', 'sort'],
    ['sort=name&tier=rare', 'search_not_served', 'sort'],
    ['sort=name&word=poem', 'search_not_served', 'word'],
    ['prefix=po&word=poem', 'search_not_served', 'word'],
    ['prefix=po&sort=price', 'search_not_served', 'prefix'],
    ['sort=ending&word=poem', 'search_not_served', 'word'],
    ['sort=ending&prefix=po', 'search_not_served', 'prefix'],
    ['sort=ending&mode=fixed_price', 'search_not_served', 'mode'],
    ['sort=price&mode=auction', 'search_not_served', 'sort'],
    ['sort=name&mode=auction', 'search_not_served', 'sort'],
    ['mode=private_offer', 'validation_failed', 'mode'],
    ['priceMin=2&priceMax=1', 'validation_failed', 'priceMax'],
    ['priceMin=-1', 'validation_failed', 'priceMin'],
    ['priceMax=1.5', 'validation_failed', 'priceMax'],
    ['length=16', 'validation_failed', 'length'],
    ['tier=best', 'validation_failed', 'tier'],
    ['word=ab', 'validation_failed', 'word'],
    ['word=p%C3%B6em', 'validation_failed', 'word'],
    ['sort=newest', 'validation_failed', 'sort'],
    ['offset=20', 'validation_failed', 'offset'],
  ] as const)('%s', async (query, code, field) => {
    expect(await checkRefused(market, code, 'GET', `/v1/listings?${query}`)).toMatchObject({ field })
  })
})

test('a cursor belongs to its question', async () => {
  const page = value(await alice.searchListings({ query: { sort: 'price', limit: 5 } }))
  const cursor = page.nextCursor ?? ''
  for (const query of ['sort=-price', 'tier=common', 'length=5', 'sort=price&status=open', '']) {
    await checkRefused(market, 'cursor_invalid', 'GET', `/v1/listings?${query}&cursor=${cursor}`)
  }
})

test('the rows are those that the handles have, and no others', async () => {
  const report = await mendShelves({ store: market.store, wordsOf: wordsInForce, mend: false })
  expect(report).toMatchObject({ missing: 0, stale: 0, names: [] })
  expect(report.rows).toBeGreaterThan(all.length * 1.5)
})
