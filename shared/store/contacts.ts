import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { EscrowStore } from './client.ts'

/** How long an address is kept after its account last traded: longer than any sale and its chargeback. */
const keptDays = 400

const daySeconds = 86_400

const contactKey = (accountId: string) => ({ pk: `K#${accountId}`, sk: 'contact' })

/** A contact that is known is written again once a month at most: its time runs anew. */
const renewedAfterDays = 30

/** Where an account that trades is written to, beside the journal. One read unit; a write where it is new or a month old. */
export const putContact = async (
  { db, escrowTable }: EscrowStore,
  accountId: string,
  email: string,
  nowMs: number,
): Promise<void> => {
  const expiresAt = Math.floor(nowMs / 1000) + keptDays * daySeconds
  const { Item } = await db.send(new GetCommand({ TableName: escrowTable, Key: contactKey(accountId) }))
  const renewed = Number(Item?.['expiresAt'] ?? 0) > expiresAt - renewedAfterDays * daySeconds
  if (Item?.['email'] === email && renewed) return
  await db.send(new PutCommand({ TableName: escrowTable, Item: { ...contactKey(accountId), email, expiresAt } }))
}

/** Null: none is known. */
export const loadContact = async ({ db, escrowTable }: EscrowStore, accountId: string): Promise<string | null> => {
  const { Item } = await db.send(new GetCommand({ TableName: escrowTable, Key: contactKey(accountId) }))
  const email: unknown = Item?.['email']
  return typeof email === 'string' ? email : null
}
