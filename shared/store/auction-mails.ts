import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { EscrowStore } from './client.ts'

/** The newest mail to one bidder about one auction, with the proof that it went out; never an address or an account. */
export type AuctionMail = {
  readonly auctionId: string
  /** The bidder, as everybody sees it in this auction. */
  readonly bidder: string
  readonly about: string
  /** The journal entry up to which the bidder knows what happened. */
  readonly toldThrough: number
  readonly claimedAt: string
  readonly sentAt?: string | undefined
  readonly messageId?: string | undefined
  /** SHA-256 of the address. */
  readonly addressHash?: string | undefined
  /** Why it could not be sent at all; `no_answer`: nobody knows whether it was. */
  readonly refused?: string | undefined
}

/** Taken on, in the place of an earlier mail (null: of none); told already; or to be told later than so soon after another. */
export type MailClaim =
  | { readonly kind: 'claimed'; readonly before: AuctionMail | null }
  | { readonly kind: 'told' }
  | { readonly kind: 'too_soon'; readonly after: string }

/** As long as the bids of an account are listed. */
const keptSeconds = 400 * 86_400

/** In a partition apart from the auction's own, which whoever writes mails cannot write. */
const mailKey = ({ auctionId, bidder }: Pick<AuctionMail, 'auctionId' | 'bidder'>) => ({
  pk: `W#${auctionId}`,
  sk: bidder,
})

const itemOf = (mail: AuctionMail) => ({
  ...mailKey(mail),
  ...mail,
  expiresAt: Math.floor(Date.parse(mail.claimedAt) / 1000) + keptSeconds,
})

/**
 * Takes a mail on before it is sent: whoever claims it may send it, and nobody else ever. `seq` is the entry that it is
 * about: where the bidder knows that one already, by this mail or by one that told as much, it is `told`. One that is not
 * urgent waits until `notAfter` is no earlier than the mail before.
 */
export const claimAuctionMail = async (
  { db, escrowTable }: EscrowStore,
  mail: AuctionMail,
  { seq, notAfter }: { readonly seq: number; readonly notAfter: string },
): Promise<MailClaim> => {
  try {
    const { Attributes } = await db.send(
      new PutCommand({
        TableName: escrowTable,
        Item: itemOf(mail),
        ConditionExpression: 'attribute_not_exists(pk) OR (toldThrough < :seq AND claimedAt <= :notAfter)',
        ExpressionAttributeValues: { ':seq': seq, ':notAfter': notAfter },
        ReturnValues: 'ALL_OLD',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    )
    return { kind: 'claimed', before: Attributes === undefined ? null : readMail(Attributes) }
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException) || error.Item === undefined) throw error
    const { toldThrough, claimedAt } = readMail(unmarshall(error.Item))
    return toldThrough >= seq ? { kind: 'told' } : { kind: 'too_soon', after: claimedAt }
  }
}

/** What became of a claimed mail; nothing where a newer one has taken its place. */
export const recordAuctionMail = async ({ db, escrowTable }: EscrowStore, mail: AuctionMail): Promise<void> => {
  try {
    await db.send(new PutCommand({ TableName: escrowTable, Item: itemOf(mail), ...stillOurs(mail) }))
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}

/** Gives a claim up, in favour of the mail before it: the mail service has certainly not taken this one. */
export const unclaimAuctionMail = async (
  { db, escrowTable }: EscrowStore,
  mail: AuctionMail,
  before: AuctionMail | null,
): Promise<void> => {
  const request = { TableName: escrowTable, ...stillOurs(mail) }
  try {
    if (before === null) await db.send(new DeleteCommand({ ...request, Key: mailKey(mail) }))
    else await db.send(new PutCommand({ ...request, Item: itemOf(before) }))
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}

const stillOurs = ({ toldThrough }: AuctionMail) => ({
  ConditionExpression: 'toldThrough = :through',
  ExpressionAttributeValues: { ':through': toldThrough },
})

const readMail = ({ pk: _, sk: _s, expiresAt: _e, ...mail }: Record<string, unknown>): AuctionMail =>
  mail as AuctionMail
