import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { synthesise } from '../../local/assembly.ts'
import { type DynamoDbKind, startDynamoDb } from '../../local/engines/dynamodb.ts'
import { readPlan } from '../../local/plan.ts'
import type { ShelvesStore, Store } from '../../shared/store/client.ts'

/** The engine that this run is about: `TEST_DYNAMODB=dynamodb-local npm test`; dynoxide when not given. */
export const engineKind = (process.env['TEST_DYNAMODB'] ?? 'dynoxide') as DynamoDbKind

export type TestStore = Store & ShelvesStore & { readonly client: DynamoDBClient; readonly stop: () => Promise<void> }

/** An engine of its own with the tables of the template, empty. */
export const startStore = async (): Promise<TestStore> => {
  const root = join(import.meta.dirname, '..', '..')
  const folder = mkdtempSync(join(tmpdir(), 'handles-store-'))
  const { assembly } = await synthesise({ root, outDir: join(root, '.local', 'cdk.out') })
  const plan = readPlan(assembly, { queues: 'http://127.0.0.1:1', api: 'http://127.0.0.1:1' })
  const engine = await startDynamoDb({ dataDir: folder, kind: engineKind })
  await engine.createTables(plan.tables)
  const client = new DynamoDBClient({
    endpoint: engine.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  // CloudFormation names them: Data-Handles9148F917.
  const named = (id: string) => plan.tables.find((table) => table.name.includes(id))?.name ?? id
  return {
    db: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }),
    client,
    handlesTable: named('Handles'),
    escrowTable: named('Escrow'),
    shelvesTable: named('Shelves'),
    stop: async () => {
      client.destroy()
      await engine.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
