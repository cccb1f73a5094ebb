import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { EscrowStore } from './client.ts'

/** How long an address is kept after its account last traded: longer than any sale and its chargeback. */
const keptDays = 400

const contactKey = (accountId: string) => ({ pk: `K#${accountId}`, sk: 'contact' })

/** Where an account that trades is written to, beside the journal: one write unit. It is forgotten by itself. */
export const putContact = async (
  { db, escrowTable }: EscrowStore,
  accountId: string,
  email: string,
  nowMs: number,
): Promise<void> => {
  const expiresAt = Math.floor(nowMs / 1000) + keptDays * 86_400
  await db.send(new PutCommand({ TableName: escrowTable, Item: { ...contactKey(accountId), email, expiresAt } }))
}

/** Null: none is known. */
export const loadContact = async ({ db, escrowTable }: EscrowStore, accountId: string): Promise<string | null> => {
  const { Item } = await db.send(new GetCommand({ TableName: escrowTable, Key: contactKey(accountId) }))
  const email: unknown = Item?.['email']
  return typeof email === 'string' ? email : null
}
