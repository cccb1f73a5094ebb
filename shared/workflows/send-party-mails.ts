import { offerMailOf } from '../domain/offer-party-mail.ts'
import { type PartyMail, partyMailsOf } from '../domain/party-mail.ts'
import type { Mail } from '../gateways/mail.ts'
import { log } from '../runtime/log.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import { loadContact } from '../store/contacts.ts'
import { loadHandle } from '../store/handles.ts'
import { claimMail, recordMail, unclaimMail } from '../store/sale-mails.ts'
import { sendClaimed } from './claimed-mail.ts'
import { instant } from './committing.ts'

export type PartyMailDeps = { readonly store: Store; readonly mail: Mail; readonly now: () => number }

/** An event of the journal of an order or of an offer. */
type Told = {
  readonly kind: 'order' | 'negotiation'
  readonly id: string
  readonly seq: number
  readonly about: string
}

/** Whom the mails of an aggregate go to, and what is written to them. */
type Writing = {
  readonly mails: readonly PartyMail[]
  readonly buyerId: string
  readonly sellerId: string
  /** The handles that the seller's account may have now, of which the platform's feed tells the address. */
  readonly sellersHandles: readonly string[]
}

/**
 * Writes to the parties of a user's sale, or of an offer, about one event of its journal. Each mail goes out once at most:
 * it is claimed before, and a claim whose sender died is not taken up again, since nobody can tell whether the mail had gone
 * out. What is told is also to be seen in the account, and on the bus.
 * @throws the mail gateway's error where a mail was certainly not taken: its claim is given up, and the message comes again
 */
export const sendPartyMails = async (deps: PartyMailDeps, told: Told): Promise<number> => {
  const writing = await read(deps.store, told)
  let sent = 0
  for (const mail of writing.mails) {
    if (await sendOnce(deps, told, writing, mail)) sent += 1
  }
  return sent
}

const read = async (store: Store, { kind, id, about }: Told): Promise<Writing> => {
  if (kind === 'order') {
    const order = (await load(store, 'order', id))?.state
    if (order === undefined) throw new Error(`there is no order ${id}`)
    const { buyerId, sellerId = '', handle, replacedBy } = order
    const sellersHandles = replacedBy === undefined ? [handle] : [replacedBy, handle]
    return { mails: partyMailsOf(about, order), buyerId, sellerId, sellersHandles }
  }
  const offer = (await load(store, 'negotiation', id))?.state
  if (offer === undefined) throw new Error(`there is no offer ${id}`)
  const mail = offerMailOf(about, offer)
  const { proposerId: buyerId, holderId: sellerId, handle } = offer
  return { mails: mail === null ? [] : [mail], buyerId, sellerId, sellersHandles: [handle] }
}

const sendOnce = async (
  deps: PartyMailDeps,
  { id, seq, about }: Told,
  writing: Writing,
  { to, ...words }: PartyMail,
): Promise<boolean> => {
  const email = await addressOf(deps.store, writing, to)
  if (email === null) {
    log('info', 'party_mail_without_address', { id, about, to })
    return false
  }
  const which = { id, seq, about, to, claimedAt: instant(deps.now()) }
  if (!(await claimMail(deps.store, which))) return false
  const message = { to: email, ...words, tags: { sale: id, about } }
  return sendClaimed(deps, message, {
    note: (outcome) => recordMail(deps.store, { ...which, ...outcome }),
    giveUp: () => unclaimMail(deps.store, which),
  })
}

/** The address that the account's own token told, or of a seller the one that the platform's feed told. */
const addressOf = async (
  store: Store,
  { buyerId, sellerId, sellersHandles }: Writing,
  to: PartyMail['to'],
): Promise<string | null> => {
  const accountId = to === 'buyer' ? buyerId : sellerId
  const known = await loadContact(store, accountId)
  if (known !== null || to === 'buyer') return known
  for (const name of sellersHandles) {
    const handle = await loadHandle(store, name)
    if (handle?.state.holder?.accountId === accountId) return handle.contact?.email ?? null
  }
  return null
}
