import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { feedDay } from '../../local/stock.ts'
import type { VersionedHandle } from '../../shared/domain/aggregate.ts'
import { wordsInForce } from '../../shared/domain/appraisal/words.ts'
import type { Search } from '../../shared/domain/search.ts'
import { searchListings } from '../../shared/workflows/search-listings.ts'
import { plannedTables } from '../scale/load.ts'
import { seededRandom } from '../scale/seeded-random.ts'
import { printTable, withBar } from './bench.ts'
import { loadMarket, type SearchMarket } from './search-market.ts'
import { percentile, rounded } from './statistics.ts'

/** The market that the large one is compared with; its handles are the first of the large one's. */
const comparedWith = 1_000
const pageSize = 20
/** Rounds that are not measured: code is compiled, connections are opened, the engine has its tables in memory. */
const warmRounds = 20

export type SearchBenchOptions = {
  readonly handles: number
  /** Each round asks one question of every kind. */
  readonly rounds: number
  readonly onPhase: (name: string) => void
}

type Measured = {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly unitsPerPage: number
  readonly unitsMax: number
}

export type SearchResult = {
  readonly handles: number
  readonly p99Ms: number
  readonly p99MsAtThousand: number
  readonly ratio: number
  readonly readUnitsPerPage: number
  readonly readUnitsPerPageAtThousand: number
  readonly readUnitsPerPageMax: number
  readonly p50Ms: number
  readonly p50MsAtThousand: number
  readonly questions: number
  readonly byKind: Readonly<Record<string, { readonly large: Measured; readonly thousand: Measured }>>
}

/**
 * The same questions to a market of `handles` and to one of a thousand, in turns, by the search's own workflow on an engine
 * each.
 */
export const searchBench = async ({ handles, rounds, onPhase }: SearchBenchOptions): Promise<SearchResult> => {
  const folder = mkdtempSync(join(tmpdir(), 'handle-search-'))
  const markets: SearchMarket[] = []
  try {
    onPhase('load')
    const tables = await plannedTables()
    const sample: VersionedHandle[] = []
    markets.push(await loadMarket(folder, tables, comparedWith, (handle) => sample.push(handle)))
    await withBar('handles', handles, async (advance) => {
      markets.push(await loadMarket(folder, tables, handles, () => advance()))
    })
    onPhase('ask')
    const [thousand, large] = markets
    if (thousand === undefined || large === undefined) throw new Error('a market is missing')
    return await compare(large, thousand, sample, { handles, rounds })
  } finally {
    await Promise.all(markets.map(({ stop }) => stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

const nextPage = ', next page'

/** One question of each kind, about a handle that both markets have. */
const questionsAbout = ({ state }: VersionedHandle, random: () => number): Readonly<Record<string, Search>> => {
  const { name, display, appraisal } = state
  if (appraisal === undefined) throw new Error(`${name} is not appraised`)
  const [word] = wordsInForce(name, display)
  const { tier, expected } = appraisal
  return {
    'first letters': { prefix: name.slice(0, 1 + Math.floor(random() * 3)) },
    'the whole name': { prefix: name },
    'all, by price': { sort: 'price' },
    'all, the dearest': { sort: '-price' },
    [`by price${nextPage}`]: { sort: 'price' },
    length: { length: name.length, sort: random() < 0.5 ? 'price' : '-price' },
    [`length${nextPage}`]: { length: name.length },
    tier: { tier, sort: random() < 0.5 ? 'price' : '-price' },
    'tier and length': { tier, length: name.length },
    'a price range': { priceMin: Math.floor(expected * 0.8), priceMax: Math.ceil(expected * 1.5) },
    'open now, by price': { status: 'open', sort: 'price' },
    ...(word === undefined ? {} : { word: { word, sort: random() < 0.5 ? 'price' : '-price' } }),
  }
}

/** Makes a question ready to be asked: a page behind the first needs its cursor, which is not measured. */
const prepared = async ({ store }: SearchMarket, search: Search, page: 1 | 2): Promise<() => Promise<unknown>> => {
  const deps = { store, now: () => feedDay }
  const ask = async (cursor?: string) => {
    const answer = await searchListings(deps, { ...search, limit: pageSize, cursor })
    if (!answer.ok) throw new Error(answer.refusal.message)
    return answer.value
  }
  const cursor = page === 1 ? undefined : ((await ask()).nextCursor ?? undefined)
  return () => ask(cursor)
}

type Samples = { readonly ms: number[]; readonly units: number[] }

const compare = async (
  large: SearchMarket,
  thousand: SearchMarket,
  sample: readonly VersionedHandle[],
  { handles, rounds }: Pick<SearchBenchOptions, 'handles' | 'rounds'>,
): Promise<SearchResult> => {
  const random = seededRandom(1)
  const byKind = new Map<string, { readonly large: Samples; readonly thousand: Samples }>()
  const newSamples = (): Samples => ({ ms: [], units: [] })
  await withBar('rounds', rounds, async (advance) => {
    for (let round = -warmRounds; round < rounds; round += 1) {
      const about = sample[Math.floor(random() * sample.length)]
      if (about === undefined) throw new Error('the sample is empty')
      for (const [kind, search] of Object.entries(questionsAbout(about, random))) {
        const page = kind.endsWith(nextPage) ? 2 : 1
        const samples = byKind.get(kind) ?? { large: newSamples(), thousand: newSamples() }
        byKind.set(kind, samples)
        const turns = [
          [large, samples.large],
          [thousand, samples.thousand],
        ] as const
        // Whoever comes second finds the processor warm.
        for (const [market, into] of round % 2 === 0 ? turns : turns.toReversed()) {
          const ask = await prepared(market, search, page)
          const begun = performance.now()
          const { read, indexRead } = await market.unitsOf(ask)
          const ms = performance.now() - begun
          if (round < 0) continue
          into.ms.push(ms)
          into.units.push(read + indexRead)
        }
      }
      if (round >= 0) advance()
    }
  })
  return resultOf(handles, byKind)
}

const measuredOf = ({ ms, units }: Samples): Measured => ({
  p50Ms: rounded(percentile(ms, 50)),
  p99Ms: rounded(percentile(ms, 99)),
  unitsPerPage: rounded(units.reduce((sum, one) => sum + one, 0) / units.length),
  unitsMax: Math.max(...units),
})

const resultOf = (
  handles: number,
  byKind: ReadonlyMap<string, { readonly large: Samples; readonly thousand: Samples }>,
): SearchResult => {
  const all = (which: 'large' | 'thousand'): Samples => ({
    ms: [...byKind.values()].flatMap((samples) => samples[which].ms),
    units: [...byKind.values()].flatMap((samples) => samples[which].units),
  })
  const samples = all('large')
  const large = measuredOf(samples)
  const thousand = measuredOf(all('thousand'))
  return {
    handles,
    p99Ms: large.p99Ms,
    p99MsAtThousand: thousand.p99Ms,
    ratio: rounded(large.p99Ms / thousand.p99Ms),
    readUnitsPerPage: large.unitsPerPage,
    readUnitsPerPageAtThousand: thousand.unitsPerPage,
    readUnitsPerPageMax: large.unitsMax,
    p50Ms: large.p50Ms,
    p50MsAtThousand: thousand.p50Ms,
    questions: samples.ms.length,
    byKind: Object.fromEntries(
      [...byKind].map(([kind, one]) => [kind, { large: measuredOf(one.large), thousand: measuredOf(one.thousand) }]),
    ),
  }
}

/** For people. */
export const printSearch = (result: SearchResult): void => {
  const { handles, byKind } = result
  const cells = ({ p50Ms, p99Ms, unitsPerPage, unitsMax }: Measured) => [p50Ms, p99Ms, unitsPerPage, unitsMax]
  printTable(
    ['question', `p50 ms, ${handles}`, 'p99 ms', 'units', 'most', `p50 ms, ${comparedWith}`, 'p99 ms', 'units', 'most'],
    Object.entries(byKind).map(([kind, { large, thousand }]) => [kind, ...cells(large), ...cells(thousand)]),
  )
  console.log(
    `  p99 ${result.p99Ms} ms at ${handles}, ${result.p99MsAtThousand} ms at ${comparedWith}: ` +
      `ratio ${result.ratio} (aim: at most 1.5); ${result.readUnitsPerPage} read units a page, ` +
      `${result.readUnitsPerPageAtThousand} at ${comparedWith}`,
  )
}
