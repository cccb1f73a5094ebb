import { marshall } from '@aws-sdk/util-dynamodb'
import type { DynamoDBRecord } from 'aws-lambda'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { advanceHandle, type VersionedHandle } from '../../shared/domain/aggregate.ts'
import { wordsInForce } from '../../shared/domain/appraisal/words.ts'
import { systemActor } from '../../shared/domain/actors.ts'
import { canonicalJson } from '../../shared/domain/journal.ts'
import { shelfRows } from '../../shared/domain/shelf-rows.ts'
import { commit } from '../../shared/store/commit.ts'
import { handleItem } from '../../shared/store/items.ts'
import { scanTable } from '../../shared/store/scan.ts'
import { shelfItem, writeRows } from '../../shared/store/shelves.ts'
import { mendShelves } from '../../shared/workflows/mend-shelves.ts'
import { projectShelves } from '../../shared/workflows/project-shelves.ts'
import { searchListings } from '../../shared/workflows/search-listings.ts'
import { seededRandom } from '../scale/seeded-random.ts'
import { startStore, type TestStore } from './engine.ts'
import { at, context, handedOver, heldHandle, importedHandle, releasedHandle } from './samples.ts'

/** The rows of the search: how they follow the handles, whatever is repeated, and what a reader sees meanwhile. */

let store: TestStore
beforeAll(async () => {
  store = await startStore()
}, 60_000)
afterAll(() => store.stop())
afterEach(async () => {
  for await (const { pk, sk } of scanTable(store.db, store.shelvesTable)) {
    await writeRows(store, [], [{ pk: String(pk), sk: String(sk) }])
  }
})

const priced = (handle: VersionedHandle, priceMinor: number): VersionedHandle =>
  advanceHandle(handle.state.name, handle, [{ type: 'listing_changed', priceMinor, reason: 'a test' }], at(1500), {
    kind: 'operator',
    id: 'acct_operator',
  })

const lifted = (handle: VersionedHandle, orderId: string): VersionedHandle =>
  advanceHandle(handle.state.name, handle, [{ type: 'hold_lifted', orderId }], at(2500), systemActor)

const orderId = 'ord_ABCDEFGHJKMNPQRSTVWXYZ0123'

/** The states of a handle through a life on the market. */
const lifeOf = (name: string): readonly VersionedHandle[] => {
  const imported = importedHandle(name)
  const released = releasedHandle(imported)
  const cheaper = priced(released, 99_00)
  const held = heldHandle(cheaper, orderId)
  const open = lifted(held, orderId)
  const dearer = priced(open, 20_000_00)
  const heldAgain = heldHandle(dearer, orderId)
  return [imported, released, cheaper, held, open, dearer, heldAgain, handedOver(heldAgain, orderId, 'acct_b')]
}

let sequence = 0
const record = (before: VersionedHandle, after: VersionedHandle): DynamoDBRecord => {
  const image = (handle: VersionedHandle) =>
    marshall(handleItem(handle, undefined), { removeUndefinedValues: true }) as NonNullable<
      NonNullable<DynamoDBRecord['dynamodb']>['NewImage']
    >
  sequence += 1
  return {
    eventName: 'MODIFY',
    dynamodb: { SequenceNumber: String(sequence), OldImage: image(before), NewImage: image(after) },
  }
}

const recordsOf = (life: readonly VersionedHandle[]): DynamoDBRecord[] =>
  life.slice(1).map((after, index) => record(life[index] ?? after, after))

const project = (records: readonly DynamoDBRecord[]) => projectShelves({ store, wordsOf: wordsInForce }, records)

const rowsThere = async (): Promise<string[]> => {
  const found: string[] = []
  for await (const item of scanTable(store.db, store.shelvesTable)) found.push(canonicalJson(item))
  return found.toSorted()
}
const names = ['silver_fox', 'blueriver', 'qxzvw', 'thepoem']

it('rows are those of the last state, however batches are cut, repeated, or begun again', async () => {
  const random = seededRandom(7)
  const lives = names.map((name) => lifeOf(name))
  for (let state = 1; state < 8; state += 1) {
    const upTo = lives.map((life) => recordsOf(life.slice(0, state + 1)))
    // The records of one handle stay in their order; those of others come in between.
    const records = Array.from({ length: state }, (_, step) => upTo.map((one) => one[step])).flat()
    const all = records.filter((one) => one !== undefined)
    // A batch is done in part, then again in two halves, as a stream does that bisects what failed.
    for (let start = 0; start < all.length;) {
      const size = 1 + Math.floor(random() * 5)
      const batch = all.slice(start, start + size)
      if (random() < 0.5) await project(batch)
      const middle = Math.floor(random() * batch.length)
      expect(await project(batch.slice(0, middle))).toBeNull()
      expect(await project(batch.slice(middle))).toBeNull()
      start += size
    }
    const wanted = lives.flatMap((life) => {
      const last = life[state]
      return last === undefined ? [] : shelfRows(last.state, wordsInForce)
    })
    expect(await rowsThere()).toEqual(wanted.map((row) => canonicalJson(shelfItem(row))).toSorted())
  }
  // Every handle was sold in the end.
  expect(await rowsThere()).toEqual([])
}, 60_000)

it('a batch writes the difference alone: what is held and freed within it costs nothing', async () => {
  const [imported, released, cheaper, held, open] = lifeOf('silver_fox')
  if (!imported || !released || !cheaper || !held || !open) throw new Error('a short life')
  await project([record(imported, released), record(released, cheaper)])
  const before = await rowsThere()
  expect(before.length).toBeGreaterThan(2)
  await writeRows(store, [], [{ pk: 'W#silver', sk: '0000009900#silver_fox' }])
  await project([record(cheaper, held), record(held, open)])
  // Nothing was written, not even the row that is missing: that is what mending is for.
  expect(await rowsThere()).toHaveLength(before.length - 1)
})

it('a record that is no handle stops the batch there, and what came before it is done', async () => {
  const [imported, released] = lifeOf('silver_fox')
  if (!imported || !released) throw new Error('a short life')
  const poison = { dynamodb: { SequenceNumber: '999', NewImage: { pk: { S: 'H#x' }, sk: { S: 'handle' } } } }
  const failure = await project([record(imported, released), poison, record(released, imported)])
  expect(failure?.failedAt).toBe('999')
  expect((await rowsThere()).length).toBeGreaterThan(1)
})

it('mending writes what is missing or wrong, takes away what is stale, and then finds nothing', async () => {
  const imported = importedHandle('silver_fox')
  const released = releasedHandle(imported)
  await commit(store, context, [{ kind: 'handle', before: null, after: imported }])
  await commit(store, context, [{ kind: 'handle', before: imported, after: released }])
  const mend = (doIt: boolean) => mendShelves({ store, wordsOf: wordsInForce, mend: doIt })
  const rows = shelfRows(released.state, wordsInForce)
  expect(await mend(false)).toMatchObject({ rows: 0, missing: rows.length, stale: 0, names: ['silver_fox'] })
  expect(await rowsThere()).toEqual([])
  await mend(true)
  expect(await mend(false)).toMatchObject({ rows: rows.length, missing: 0, stale: 0 })
  // A row that says something else, and one of a handle that is not for sale.
  const [first] = rows
  if (first === undefined) throw new Error('no rows')
  await writeRows(store, [{ ...first, card: { ...first.card, status: 'held' } }], [])
  await writeRows(store, [{ pk: 'W#fox', sk: '0000000100#gone_fox', card: { ...first.card, name: 'gone_fox' } }], [])
  expect(await mend(true)).toMatchObject({ missing: 1, stale: 1 })
  expect(await mend(false)).toMatchObject({ missing: 0, stale: 0, names: [] })
})

it('a reader who goes from page to page sees every handle that stays, once, whatever comes and goes meanwhile', async () => {
  const random = seededRandom(3)
  const make = (name: string, priceMinor: number) => priced(releasedHandle(importedHandle(name)), priceMinor)
  const priceOf = () => 5_00 + Math.floor(random() * 3_000_00)
  const stays = Array.from({ length: 120 }, (_, index) => make(`stay${index}`, priceOf()))
  await writeRows(
    store,
    stays.flatMap(({ state }) => shelfRows(state, wordsInForce)),
    [],
  )
  for (const sort of ['price', '-price'] as const) {
    const seen: string[] = []
    let cursor: string | undefined
    let round = 0
    const passing: VersionedHandle[] = []
    do {
      const page = await searchListings({ store, now: () => Date.parse(at(0)) }, { sort, limit: 7, cursor })
      if (!page.ok) throw new Error(page.refusal.message)
      seen.push(...page.value.items.map(({ handle }) => handle))
      cursor = page.value.nextCursor ?? undefined
      // Something is listed and something sold before every page, also what the cursor stands on.
      round += 1
      const comes = make(`comes${round}`, priceOf())
      passing.push(comes)
      await writeRows(store, shelfRows(comes.state, wordsInForce), [])
      const goes = round % 2 === 0 ? passing.splice(Math.floor(random() * passing.length), 1) : []
      await writeRows(
        store,
        [],
        goes.flatMap(({ state }) => shelfRows(state, wordsInForce)),
      )
    } while (cursor !== undefined)
    expect(round).toBeGreaterThan(15)
    const stayed = seen.filter((name) => name.startsWith('stay'))
    expect(stayed.toSorted()).toEqual(stays.map(({ state }) => state.name).toSorted())
  }
}, 60_000)
