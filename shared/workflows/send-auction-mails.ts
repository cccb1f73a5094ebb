import type { PartyMailMessage } from '../contract/messages.ts'
import { bidderAlias } from '../domain/auction.ts'
import { auctionMailsOf, type BidderMail, isOutbid } from '../domain/auction-mail.ts'
import type { Mail } from '../gateways/mail.ts'
import type { Queue } from '../gateways/queue.ts'
import { log } from '../runtime/log.ts'
import { load } from '../store/aggregates.ts'
import { type AuctionMail, claimAuctionMail, recordAuctionMail, unclaimAuctionMail } from '../store/auction-mails.ts'
import type { EscrowStore } from '../store/client.ts'
import { loadContact } from '../store/contacts.ts'
import type { VersionedAuction } from './auction-changes.ts'
import { sendClaimed } from './claimed-mail.ts'
import { instant } from './committing.ts'

export type AuctionMailDeps = {
  readonly store: EscrowStore
  readonly mail: Mail
  /** Where a mail is asked for that must wait. */
  readonly queue: Pick<Queue, 'sendLater'>
  readonly now: () => number
}

/** A bidder who is overtaken again and again hears of it once in so long. */
export const outbidPauseMs = 60_000

/**
 * Writes to the bidders of an auction about one event of its journal. What is told of an overtaking is the auction as it
 * stands, so one mail tells of all that came before it, and messages that come twice or in another order send no second
 * one. Within a minute of the mail before, the message is sent back into the queue for when that minute is over: a burst
 * becomes one mail now and one of how it ended. Each mail goes out once at most: it is claimed before, and a claim whose
 * sender died is not taken up again.
 * @throws the mail gateway's error where a mail was certainly not taken: its claim is given up, and the message comes again
 */
export const sendAuctionMails = async (deps: AuctionMailDeps, message: PartyMailMessage): Promise<number> => {
  const { aggregate, event } = message.detail
  const id = aggregate.slice('auction:'.length)
  const auction = await load(deps.store, 'auction', id)
  if (auction === null) throw new Error(`there is no auction ${id}`)
  let sent = 0
  for (const mail of auctionMailsOf(event.type, auction.state, event.bidderId, instant(deps.now()))) {
    if (await sendOnce(deps, message, auction, mail)) sent += 1
  }
  return sent
}

const sendOnce = async (
  deps: AuctionMailDeps,
  told: PartyMailMessage,
  { state, entry }: VersionedAuction,
  { bidderId, ...words }: BidderMail,
): Promise<boolean> => {
  const { seq, event } = told.detail
  const about = event.type
  const email = await loadContact(deps.store, bidderId)
  const claimedAt = instant(deps.now())
  const bidder = bidderAlias(state, bidderId)
  if (email === null) {
    log('info', 'auction_mail_without_address', { id: state.id, about, bidder })
    return false
  }
  const toldThrough = isOutbid(about) ? entry.seq : seq
  const which: AuctionMail = { auctionId: state.id, bidder, about, toldThrough, claimedAt }
  const notAfter = isOutbid(about) ? instant(deps.now() - outbidPauseMs) : claimedAt
  const claim = await claimAuctionMail(deps.store, which, { seq, notAfter })
  if (claim.kind === 'told') return false
  if (claim.kind === 'too_soon') {
    const waitMs = Date.parse(claim.after) + outbidPauseMs - deps.now()
    const delaySeconds = Math.min(Math.max(Math.ceil(waitMs / 1000), 1), outbidPauseMs / 1000)
    await deps.queue.sendLater([{ body: told, delaySeconds }])
    return false
  }
  const message = { to: email, ...words, tags: { sale: state.id, about } }
  return sendClaimed(deps, message, {
    note: (outcome) => recordAuctionMail(deps.store, { ...which, ...outcome }),
    giveUp: () => unclaimAuctionMail(deps.store, which, claim.before),
  })
}
