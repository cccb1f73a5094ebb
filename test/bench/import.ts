import { GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import type { System } from '../../local/system.ts'
import { type Bench, type Figures, printTable, switchName, withBar } from './bench.ts'
import { importFeed, withSystem } from './market.ts'
import { openRawEngine, rawPuts, type RawEngine, type RawItem, rawUpdates } from './raw-engine.ts'
import { rounded } from './statistics.ts'

const rawCount = 2_000
const rawConcurrency = 16

/** The import of the feed on the product's own road, beside what the engine itself can do. */
export const importBench: Bench = {
  name: 'import',
  question: 'How many accounts a second are imported, beside the raw engine?',
  run: async ({ accounts, switches }) => {
    const rows: (string | number)[][] = []
    const results: Record<string, Figures> = {}
    for (const on of switches) {
      const figures = await withBar(`import, switches ${switchName(on)}`, accounts, (advance) =>
        withSystem(on, (system) => measure(system, accounts, advance)),
      )
      results[switchName(on)] = figures
      rows.push(...Object.entries(figures).map(([name, value]) => [switchName(on), name, Number(value)]))
    }
    printTable(['switches', 'figure', 'value'], rows)
    return results
  },
}

const measure = async (system: System, accounts: number, advance: (by: number) => void): Promise<Figures> => {
  const stop = system.logs.subscribe(({ line }) => {
    if (line.includes('"chunk_imported"')) advance(1000)
  })
  const { seconds } = await importFeed(system, accounts)
  stop()
  const { writeUnits, indexWriteUnits } = system.door.counts.total()
  const engine = openRawEngine(system)
  try {
    const item = await sampleItem(engine, system)
    const plain = await engine.plainTable('bench-plain')
    const same = await engine.likeTable(system.tables['handles'] ?? '', 'bench-handles')
    const puts = await rawPuts(engine, plain, item, rawCount, rawConcurrency)
    const updates = await rawUpdates(engine, plain, item, rawCount, rawConcurrency)
    const samePuts = await rawPuts(engine, same, item, rawCount, rawConcurrency)
    const importsPerSecond = accounts / seconds
    return {
      accounts,
      importSeconds: rounded(seconds),
      importsPerSecond: rounded(importsPerSecond),
      rawUpdateItemPerSecond: updates.perSecond,
      rawPutItemPerSecond: puts.perSecond,
      rawPutItemSameIndexesPerSecond: samePuts.perSecond,
      importToRawUpdate: rounded(importsPerSecond / updates.perSecond),
      writeUnitsPerImport: rounded(writeUnits / accounts),
      indexWriteUnitsPerImport: rounded(indexWriteUnits / accounts),
    }
  } finally {
    engine.close()
  }
}

/** A handle as its import left it: what the raw engine is given has the same size. */
const sampleItem = async ({ client }: RawEngine, system: System): Promise<RawItem> => {
  const { Items = [] } = await client.send(
    new ScanCommand({ TableName: system.tables['handles'], IndexName: 'byDue', Limit: 1 }),
  )
  const [{ pk, sk } = {}] = Items
  if (pk === undefined || sk === undefined) throw new Error('no handle was imported')
  const { Item } = await client.send(new GetItemCommand({ TableName: system.tables['handles'], Key: { pk, sk } }))
  if (Item === undefined) throw new Error('the index names a handle that is not there')
  return Item
}
