import { isSalesShelf, type ShelfRow, shelfRows, sameRow, type WordsOf } from '../domain/shelf-rows.ts'
import type { HandlesStore, ShelvesStore } from '../store/client.ts'
import { loadHandle, loadHandles } from '../store/handles.ts'
import { readHandle } from '../store/items.ts'
import { scanTable } from '../store/scan.ts'
import { loadRows, readRow, writeRows } from '../store/shelves.ts'

export type MendDeps = {
  readonly store: HandlesStore & ShelvesStore
  readonly wordsOf: WordsOf
  /** Writes what is wrong; otherwise it is only counted. */
  readonly mend: boolean
}

/** `missing` are rows that were not there or said something else, `stale` rows that no handle has. */
export type ShelvesReport = {
  readonly handles: number
  readonly rows: number
  readonly missing: number
  readonly stale: number
  /** Some names that were wrong. */
  readonly names: readonly string[]
}

const handlesAtOnce = 40
const namesToldMax = 20

/**
 * Compares the rows of the search with the handles, and mends them where it is asked to: after the first deployment, a new
 * lexicon, new bands, or a record that the stream gave up. Reads both tables whole, in bounded memory, and may run beside
 * everything else: each handle that looks wrong is read again before its rows are written. What the stream has not told yet
 * looks wrong too, so on a market in motion a few rows are counted that mend themselves.
 */
export const mendShelves = async ({ store, wordsOf, mend }: MendDeps): Promise<ShelvesReport> => {
  const report = { handles: 0, rows: 0, missing: 0, stale: 0 }
  const names = new Set<string>()
  const note = (name: string): void => {
    if (names.size < namesToldMax) names.add(name)
  }
  const rowsNow = async (name: string): Promise<readonly ShelfRow[]> => {
    const handle = await loadHandle(store, name)
    return handle === null ? [] : shelfRows(handle.state, wordsOf)
  }

  const checkWanted = async (wanted: readonly ShelfRow[]): Promise<void> => {
    const found = await loadRows(store, wanted)
    const missing = wanted.filter((row) => {
      const there = found.get(keyOf(row))
      return there === undefined || !sameRow(there, row)
    })
    report.missing += missing.length
    for (const name of new Set(missing.map(({ card }) => card.name))) {
      note(name)
      if (mend) await writeRows(store, await rowsNow(name), [])
    }
  }
  for await (const handles of batches(scanTable(store.db, store.handlesTable), handlesAtOnce)) {
    const states = handles.flatMap((item) => (item['sk'] === 'handle' ? [readHandle(item).state] : []))
    report.handles += states.length
    await checkWanted(states.flatMap((state) => shelfRows(state, wordsOf)))
  }

  for await (const items of batches(scanTable(store.db, store.shelvesTable), handlesAtOnce)) {
    report.rows += items.length
    // Auctions and drops write theirs themselves, and a search leaves out one that no longer has its handle.
    const rows = items.filter(({ pk }) => !isSalesShelf(String(pk))).map(readRow)
    const { handles } = await loadHandles(
      store,
      rows.map(({ card }) => card.name),
    )
    for (const row of rows) {
      const state = handles.get(row.card.name)?.state
      const wanted = state === undefined ? [] : shelfRows(state, wordsOf)
      if (wanted.some((other) => keyOf(other) === keyOf(row))) continue
      report.stale += 1
      note(row.card.name)
      if (mend && !(await rowsNow(row.card.name)).some((other) => keyOf(other) === keyOf(row))) {
        await writeRows(store, [], [row])
      }
    }
  }
  return { ...report, names: [...names] }
}

const keyOf = ({ pk, sk }: Pick<ShelfRow, 'pk' | 'sk'>): string => `${pk} ${sk}`

async function* batches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
