import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import type { System } from '../../local/system.ts'
import { type Bench, type Figures, printTable, switchName, withBar } from './bench.ts'
import { importFeed, releaseDue, withSystem } from './market.ts'
import { openRawEngine, rawPuts, type RawEngine, type RawItem, rawUpdates } from './raw-engine.ts'
import { rounded } from './statistics.ts'

const rawCount = 2_000
const rawConcurrency = 16

/** Import, sweep and release of the feed on the product's own roads, beside what the engine itself can do. */
export const releaseBench: Bench = {
  name: 'release',
  question: 'How many handles a second are imported and released, beside the raw engine?',
  run: async ({ accounts, switches }) => {
    const rows: (string | number)[][] = []
    const results: Record<string, Figures> = {}
    for (const on of switches) {
      const figures = await withBar(`release, switches ${switchName(on)}`, accounts, (advance) =>
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
  const imported = await importFeed(system, accounts)
  stop()
  const ofImport = system.door.counts.total()
  system.door.counts.reset()

  let handles = 0
  const stopCounting = system.logs.subscribe(({ line }) => {
    if (!line.includes('"handles_released"')) return
    const [, released, reserved] = /"released":(\d+),"reserved":(\d+)/.exec(line) ?? []
    handles += Number(released) + Number(reserved)
  })
  const begun = performance.now()
  await releaseDue(system)
  const releaseSeconds = (performance.now() - begun) / 1000
  stopCounting()
  const ofRelease = system.door.counts.total()
  const sends = Object.entries(ofRelease.calls).reduce(
    (sum, [call, times]) => sum + (call.startsWith('sqs:') ? times : 0),
    0,
  )
  const messages = Math.ceil(handles / 500)

  const engine = openRawEngine(system)
  try {
    const item = await sampleItem(engine, system)
    const plain = await engine.plainTable('bench-plain')
    const same = await engine.likeTable(system.tables['handles'] ?? '', 'bench-handles')
    const puts = await rawPuts(engine, plain, item, rawCount, rawConcurrency)
    const updates = await rawUpdates(engine, plain, item, rawCount, rawConcurrency)
    const samePuts = await rawPuts(engine, same, item, rawCount, rawConcurrency)
    const importRate = accounts / imported.seconds
    const releaseRate = handles / releaseSeconds
    const together = accounts / (imported.seconds + releaseSeconds)
    return {
      accounts,
      handlesReleased: handles,
      importSeconds: rounded(imported.seconds),
      importsPerSecond: rounded(importRate),
      releaseSeconds: rounded(releaseSeconds),
      releasesPerSecond: rounded(releaseRate),
      accountsPerSecondImportedAndReleased: rounded(together),
      rawUpdateItemPerSecond: updates.perSecond,
      rawPutItemPerSecond: puts.perSecond,
      rawPutItemSameIndexesPerSecond: samePuts.perSecond,
      importToRawUpdate: rounded(importRate / updates.perSecond),
      releaseToRawUpdate: rounded(releaseRate / updates.perSecond),
      releaseToRawPutSameIndexes: rounded(releaseRate / samePuts.perSecond),
      writeUnitsPerImport: rounded(ofImport.writeUnits / accounts),
      indexWriteUnitsPerImport: rounded(ofImport.indexWriteUnits / accounts),
      writeUnitsPerRelease: rounded(ofRelease.writeUnits / handles),
      indexWriteUnitsPerRelease: rounded(ofRelease.indexWriteUnits / handles),
      // The sends are counted at the door; the event source receives and deletes each message once.
      sqsCallsPerRelease: rounded((sends + 2 * messages) / handles),
      awsCallsPerRelease: rounded(ofRelease.roundTrips / handles),
    }
  } finally {
    engine.close()
  }
}

/** A handle as a release leaves it: what the raw engine is given has the same size. */
const sampleItem = async ({ client }: RawEngine, system: System): Promise<RawItem> => {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: system.tables['handles'],
      IndexName: 'byShelf',
      KeyConditionExpression: 'shelf = :shelf',
      ExpressionAttributeValues: { ':shelf': { S: 'm' } },
      Limit: 1,
    }),
  )
  const [{ pk, sk } = {}] = Items
  if (pk === undefined || sk === undefined) throw new Error('no handle was released')
  const { Item } = await client.send(new GetItemCommand({ TableName: system.tables['handles'], Key: { pk, sk } }))
  if (Item === undefined) throw new Error('the index names a handle that is not there')
  return Item
}
