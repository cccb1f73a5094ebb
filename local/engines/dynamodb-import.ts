import { marshall } from '@aws-sdk/util-dynamodb'
import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, rmSync, writeFileSync, type WriteStream } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TablePlan } from '../plan.ts'
import { databaseFile, dynoxideBinary } from './dynamodb.ts'

/** Takes items for tables that are not there yet, and makes the database of a system that has not been started. */
export interface BulkImport {
  /** Adds one item to a table, by the table's name. Resolves when there is room for the next. */
  add(table: string, item: Readonly<Record<string, unknown>>): Promise<void>
  /** Loads what was added; `dataDir` can be given to an engine afterwards. */
  finish(): Promise<void>
}

/**
 * dynoxide's own bulk import, which does what DynamoDB's import from S3 does: it reads files of DynamoDB JSON into new
 * tables with their indexes, past the API, and writes no stream records. `dataDir` is the engine's folder, empty so far.
 */
export function openBulkImport(options: { dataDir: string; tables: readonly TablePlan[] }): BulkImport {
  const binary = dynoxideBinary()
  if (binary === undefined) throw new Error('dynoxide does not run on this machine, and only it can import in bulk')
  const source = join(options.dataDir, 'import')
  const schema = join(options.dataDir, 'import-schema.json')
  const files = new Map<string, WriteStream>()
  const open = (table: string): WriteStream => {
    if (!options.tables.some(({ name }) => name === table)) throw new Error(`no table ${table}`)
    mkdirSync(join(source, table, 'data'), { recursive: true })
    const file = createWriteStream(join(source, table, 'data', 'items.json'), { highWaterMark: 1024 * 1024 })
    files.set(table, file)
    return file
  }
  return {
    async add(table, item) {
      const file = files.get(table) ?? open(table)
      const line = JSON.stringify({ Item: marshall(item, { removeUndefinedValues: true }) })
      if (!file.write(`${line}\n`)) await once(file, 'drain')
    },
    async finish() {
      for (const file of files.values()) {
        file.end()
        await once(file, 'finish')
      }
      writeFileSync(schema, JSON.stringify(options.tables.map(({ create }) => ({ Table: create }))))
      const database = databaseFile(options.dataDir)
      await run(binary, ['import', '--source', source, '--schema', schema, '--output', database])
      rmSync(source, { recursive: true, force: true })
      rmSync(schema)
    },
  }
}

function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const keep = (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-4_000))
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      // A line that it could not read is skipped with a warning, and no item may be missing here.
      if (code === 0 && !/skipped/i.test(said)) resolve()
      else reject(new Error(`the bulk import ended with ${code}: ${said.trim()}`))
    })
  })
}
