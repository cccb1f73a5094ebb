import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { HandlesStore, ShelvesStore, Store } from '../shared/store/client.ts'
import { callInstance } from './control.ts'
import { directAccessKey } from './door.ts'
import { asObject, asText } from './json.ts'

/** The tables for a person's own eyes, past every policy; `close` lets the connection go. */
export type OpenTables = Store & { readonly close: () => void }
export type OpenShelves = HandlesStore & ShelvesStore & { readonly close: () => void }

/** The tables of the running instance that keeps its state in this folder, once it is quiet. */
export const openInstanceTables = async (dataDir: string): Promise<OpenTables> => {
  const { client, tables } = await openInstance(dataDir)
  return open(client, {
    handlesTable: asText(tables['handles'] ?? null),
    escrowTable: asText(tables['escrow'] ?? null),
  })
}

/** What the search is made of and from, of the same instance. */
export const openInstanceShelves = async (dataDir: string): Promise<OpenShelves> => {
  const { client, tables } = await openInstance(dataDir)
  return open(client, {
    handlesTable: asText(tables['handles'] ?? null),
    shelvesTable: asText(tables['shelves'] ?? null),
  })
}

/** Deployed tables; region and credentials as the AWS CLI finds them. */
export const openDeployedTables = (handlesTable: string, escrowTable: string): OpenTables =>
  open(new DynamoDBClient({}), { handlesTable, escrowTable })

export const openDeployedShelves = (handlesTable: string, shelvesTable: string): OpenShelves =>
  open(new DynamoDBClient({}), { handlesTable, shelvesTable })

const openInstance = async (dataDir: string) => {
  const file = join(dataDir, 'running.json')
  await callInstance(file, 'idle', {})
  const addresses = await callInstance(file, 'addresses', {})
  const client = new DynamoDBClient({
    endpoint: asText(addresses['door'] ?? null),
    region: 'us-east-1',
    credentials: { accessKeyId: directAccessKey, secretAccessKey: 'local' },
  })
  return { client, tables: asObject(addresses['tables'] ?? {}) }
}

const open = <T extends object>(client: DynamoDBClient, tables: T) => ({
  db: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }),
  ...tables,
  close: () => client.destroy(),
})
