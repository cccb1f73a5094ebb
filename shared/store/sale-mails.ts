import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { DeleteCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { EscrowStore } from './client.ts'
import { aggregateKey } from './items.ts'

/** One mail to a party: which event it is about, and the proof that it went out; never an address. */
export type SaleMail = {
  /** The order or the negotiation that it is about. */
  readonly id: string
  /** The journal entry that it is about, and the event in it. */
  readonly seq: number
  readonly about: string
  readonly to: 'buyer' | 'seller'
  readonly claimedAt: string
  readonly sentAt?: string | undefined
  readonly messageId?: string | undefined
  /** SHA-256 of the address. */
  readonly addressHash?: string | undefined
  /** Why it could not be sent at all; `no_answer`: nobody knows whether it was. */
  readonly refused?: string | undefined
}

type Which = Pick<SaleMail, 'id' | 'seq' | 'about' | 'to'>

/** Beside the aggregate itself. */
const partitionOf = (id: string): string => aggregateKey(id.startsWith('ord_') ? 'order' : 'negotiation', id).pk

const mailKey = ({ id, seq, about, to }: Which) => ({
  pk: partitionOf(id),
  sk: `mail#${String(seq).padStart(8, '0')}#${about}#${to}`,
})

/**
 * Takes a mail on before it is sent: whoever claims it may send it, and nobody else ever. False: it was claimed before, so
 * that it was sent, or its sender died on the way: then it may be in vain, but never twice.
 */
export const claimMail = async (store: EscrowStore, mail: Which & { readonly claimedAt: string }): Promise<boolean> => {
  try {
    await store.db.send(
      new PutCommand({
        TableName: store.escrowTable,
        Item: { ...mailKey(mail), ...mail },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    )
    return true
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false
    throw error
  }
}

/** What became of a claimed mail. */
export const recordMail = async (store: EscrowStore, mail: SaleMail): Promise<void> => {
  await store.db.send(new PutCommand({ TableName: store.escrowTable, Item: { ...mailKey(mail), ...mail } }))
}

/** Gives a claim up: the mail service has certainly not taken the mail. */
export const unclaimMail = async (store: EscrowStore, mail: Which): Promise<void> => {
  await store.db.send(new DeleteCommand({ TableName: store.escrowTable, Key: mailKey(mail) }))
}

/** Every mail about an order or a negotiation, oldest first; they are some ten at most. */
export const mailsAbout = async (store: EscrowStore, id: string): Promise<readonly SaleMail[]> => {
  const { Items = [] } = await store.db.send(
    new QueryCommand({
      TableName: store.escrowTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :mail)',
      ExpressionAttributeValues: { ':pk': partitionOf(id), ':mail': 'mail#' },
      ConsistentRead: true,
    }),
  )
  return Items.map(({ pk: _, sk: _s, ...mail }) => mail as SaleMail)
}
