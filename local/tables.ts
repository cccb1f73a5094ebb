import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Store } from '../shared/store/client.ts'
import { callInstance } from './control.ts'
import { directAccessKey } from './door.ts'
import { asObject, asText } from './json.ts'

/** Both tables for a person's own eyes, past every policy; `close` lets the connection go. */
export type OpenTables = Store & { readonly close: () => void }

/** The tables of the running instance that keeps its state in this folder, once it is quiet. */
export const openInstanceTables = async (dataDir: string): Promise<OpenTables> => {
  const file = join(dataDir, 'running.json')
  await callInstance(file, 'idle', {})
  const addresses = await callInstance(file, 'addresses', {})
  const tables = asObject(addresses['tables'] ?? {})
  const client = new DynamoDBClient({
    endpoint: asText(addresses['door'] ?? null),
    region: 'us-east-1',
    credentials: { accessKeyId: directAccessKey, secretAccessKey: 'local' },
  })
  return open(client, asText(tables['handles'] ?? null), asText(tables['escrow'] ?? null))
}

/** Deployed tables; region and credentials as the AWS CLI finds them. */
export const openDeployedTables = (handlesTable: string, escrowTable: string): OpenTables =>
  open(new DynamoDBClient({}), handlesTable, escrowTable)

const open = (client: DynamoDBClient, handlesTable: string, escrowTable: string): OpenTables => ({
  db: DynamoDBDocumentClient.from(client),
  handlesTable,
  escrowTable,
  close: () => client.destroy(),
})
