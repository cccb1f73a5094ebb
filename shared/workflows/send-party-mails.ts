import { type PartyMail, partyMailsOf } from '../domain/party-mail.ts'
import type { Order } from '../domain/order.ts'
import { addressHash } from '../domain/prospect.ts'
import { MailUnavailable, type Mail } from '../gateways/mail.ts'
import { log } from '../runtime/log.ts'
import type { Store } from '../store/client.ts'
import { loadContact } from '../store/contacts.ts'
import { loadHandle } from '../store/handles.ts'
import { loadOrder } from '../store/orders.ts'
import { claimMail, recordMail, unclaimMail } from '../store/sale-mails.ts'
import { instant } from './committing.ts'

export type PartyMailDeps = { readonly store: Store; readonly mail: Mail; readonly now: () => number }

/**
 * Writes to the parties of a user's sale about one event of its journal. Each mail goes out once at most: it is claimed
 * before, and a claim whose sender died is not taken up again, since nobody can tell whether the mail had gone out. What is
 * told is also to be seen in the account, and on the bus.
 * @throws MailUnavailable where the mail service does not answer: the claim is given up, and the message comes again
 */
export const sendPartyMails = async (
  deps: PartyMailDeps,
  { orderId, seq, about }: { readonly orderId: string; readonly seq: number; readonly about: string },
): Promise<number> => {
  const order = await loadOrder(deps.store, orderId)
  if (order === null) throw new Error(`there is no order ${orderId}`)
  let sent = 0
  for (const mail of partyMailsOf(about, order.state)) {
    if (await sendOnce(deps, order.state, seq, about, mail)) sent += 1
  }
  return sent
}

const sendOnce = async (
  deps: PartyMailDeps,
  order: Order,
  seq: number,
  about: string,
  { to, ...words }: PartyMail,
): Promise<boolean> => {
  const email = await addressOf(deps.store, order, to)
  if (email === null) {
    log('info', 'party_mail_without_address', { orderId: order.id, about, to })
    return false
  }
  const which = { orderId: order.id, seq, about, to, claimedAt: instant(deps.now()) }
  if (!(await claimMail(deps.store, which))) return false
  try {
    const result = await deps.mail.send({ to: email, ...words, tags: { sale: order.id, about } })
    const sentAt = instant(deps.now())
    await recordMail(
      deps.store,
      result.kind === 'sent'
        ? { ...which, sentAt, messageId: result.messageId, addressHash: addressHash(email) }
        : { ...which, refused: result.reason },
    )
    return result.kind === 'sent'
  } catch (error) {
    if (error instanceof MailUnavailable) await unclaimMail(deps.store, which)
    throw error
  }
}

/** The address that the account's own token told, or of a seller the one that the platform's feed told. */
const addressOf = async (store: Store, order: Order, to: PartyMail['to']): Promise<string | null> => {
  const accountId = to === 'buyer' ? order.buyerId : (order.sellerId ?? '')
  const known = await loadContact(store, accountId)
  if (known !== null || to === 'buyer') return known
  const handle = await loadHandle(store, order.replacedBy ?? order.handle)
  return handle?.state.holder?.accountId === accountId ? (handle.contact?.email ?? null) : null
}
