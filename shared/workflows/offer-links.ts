import type { Money } from '../contract/money.ts'
import type { Actor } from '../domain/actors.ts'
import { readOfferToken } from '../domain/offer-link.ts'
import { type Order, saleOrderId } from '../domain/order.ts'
import type { PrivateOffer } from '../domain/private-offer.ts'
import {
  decideAccept,
  decideCounter,
  decideDecline,
  decideOpened,
  decideTermsAsked,
  decideUnsubscribe,
  hoursAfter,
  linkInvalid,
  linkRefusal,
} from '../domain/private-offer-acts.ts'
import { saleIdOf } from '../domain/private-offer-machine.ts'
import type { OfferDecision } from '../domain/private-offer-steps.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { Caller } from '../runtime/caller.ts'
import { load } from '../store/aggregates.ts'
import { suppressAddress } from '../store/campaigns.ts'
import { loadOrder } from '../store/orders.ts'
import { committing, instant } from './committing.ts'
import { checkEligibility, type EligibilityDeps } from './eligibility.ts'
import { checkLinks } from './links.ts'
import { moveOffer } from './offer-acts.ts'
import { offerChange, type OfferDeps, type VersionedOffer } from './offer-turns.ts'
import { saleOrderChanges } from './place-sale-order.ts'

/** The secret under which the links of private offers are signed. */
export type OfferSecret = { readonly offerSecret: string }
export type LinkDeps = OfferDeps & OfferSecret

/** A prospect is known by the link alone: the offer's id says which. */
const prospectOf = (offerId: string): Actor => ({ kind: 'prospect', id: offerId })

const byLink = (
  deps: LinkDeps,
  token: string,
  decide: (offer: PrivateOffer, now: string) => OfferDecision,
): Promise<Result<PrivateOffer>> => {
  const id = readOfferToken(token, deps.offerSecret)
  return id === null ? Promise.resolve(linkInvalid) : moveOffer(deps, id, prospectOf(id), decide, linkInvalid)
}

/** What the link leads to now. Notes the first opening, and changes nothing else: scanners of mail open links too. */
export const openOffer = (deps: LinkDeps, token: string): Promise<Result<PrivateOffer>> =>
  byLink(deps, token, decideOpened)

export const askForTerms = (deps: LinkDeps, token: string): Promise<Result<PrivateOffer>> =>
  byLink(deps, token, decideTermsAsked)

export const counterOffer = (deps: LinkDeps, token: string, price: Money): Promise<Result<PrivateOffer>> =>
  byLink(deps, token, (offer, now) => decideCounter(offer, price.amountMinor, now))

export const declineOffer = (deps: LinkDeps, token: string): Promise<Result<PrivateOffer>> =>
  byLink(deps, token, decideDecline)

/** No more mail to the address of this link's offer, whatever became of the offer; an offer under way ends. */
export const unsubscribe = async (deps: LinkDeps, token: string): Promise<Result<null>> => {
  const id = readOfferToken(token, deps.offerSecret)
  const offer = id === null ? null : await load(deps.store, 'private_offer', id)
  if (id === null || offer === null) return linkInvalid
  const { addressHash } = offer.state
  await suppressAddress(deps.store, { addressHash, cause: 'unsubscribed', offerId: id, at: instant(deps.now()) })
  const moved = await moveOffer(deps, id, prospectOf(id), (state) => ok(decideUnsubscribe(state)), linkInvalid)
  return moved.ok ? ok(null) : moved
}

/** Whether a link is one of ours, for the page that asks before it unsubscribes. */
export const readUnsubscribeLink = (deps: OfferSecret, token: string): Result<null> =>
  readOfferToken(token, deps.offerSecret) === null ? linkInvalid : ok(null)

/** What an acceptance came to; no order in a sealed round that has not been won. */
export type Acceptance = { readonly offer: PrivateOffer; readonly order: Order | null }

export type AcceptDeps = LinkDeps & EligibilityDeps

/**
 * A prospect who signed in accepts: hold, order and acceptance are one transaction. In a sealed round the amount is noted,
 * and its order is placed when the round is won. The first account binds the offer; to any other the link is a wrong one.
 * Operators, and accounts that share a card, a device or an account with the campaign's operator, do not buy.
 */
export const acceptOffer = async (
  deps: AcceptDeps,
  token: string,
  price: Money,
  caller: Caller,
): Promise<Result<Acceptance>> => {
  const id = readOfferToken(token, deps.offerSecret)
  const found = id === null ? null : await load(deps.store, 'private_offer', id)
  if (id === null || found === null) return linkInvalid
  const asked = await mayAccept(deps, found.state, price.amountMinor, caller)
  if (!asked.ok) return asked
  return committing<Result<Acceptance>>(deps, async () => {
    const before = await load(deps.store, 'private_offer', id)
    if (before === null) return { changes: [], answer: linkInvalid }
    const repeated = await earlierAnswer(deps, before.state, price.amountMinor, caller.id)
    if (repeated !== null) return { changes: [], answer: ok(repeated) }
    return decided(deps, before, price.amountMinor, caller.id)
  })
}

/** The same acceptance again finds its first answer. */
const earlierAnswer = async (
  deps: LinkDeps,
  offer: PrivateOffer,
  amountMinor: number,
  accountId: string,
): Promise<Acceptance | null> => {
  if (offer.accountId !== accountId) return null
  if (offer.orderId !== undefined) {
    const order = await loadOrder(deps.store, offer.orderId)
    return { offer, order: order?.state ?? null }
  }
  return offer.status === 'pledged' && offer.pledge?.amountMinor === amountMinor ? { offer, order: null } : null
}

/** Whether this account may take this on, beside what offer and handle say of it. A repeat is not asked again. */
const mayAccept = async (
  deps: AcceptDeps,
  offer: PrivateOffer,
  amountMinor: number,
  caller: Caller,
): Promise<Result<null>> => {
  if ((await earlierAnswer(deps, offer, amountMinor, caller.id)) !== null) return ok(null)
  const closed = linkRefusal(offer, instant(deps.now()), caller.id)
  if (closed !== null) return closed
  if (caller.groups.has('operator') || caller.id === offer.operatorId) return operatorConflict
  const linked = await checkLinks(deps, caller, { saleId: saleIdOf(offer), operatorId: offer.operatorId })
  if (linked !== null) return operatorConflict
  const kind = offer.mode === 'sealed' ? 'offer' : 'order'
  const refusal = await checkEligibility(deps, caller, { kind, amountMinor, saleId: saleIdOf(offer) })
  return refusal === null ? ok(null) : { ok: false, refusal }
}

const operatorConflict = refuse('operator_conflict', 'Operators do not buy what operators offer')

const decided = async (deps: LinkDeps, before: VersionedOffer, priceMinor: number, accountId: string) => {
  const offer = before.state
  const buyer = { kind: 'buyer', id: accountId } as const
  const at = instant(deps.now())
  const orderId = offer.mode === 'sealed' ? '' : saleOrderId(offer.id, 1)
  const accepting = decideAccept(offer, accountId, priceMinor, orderId, at)
  if (!accepting.ok) return { changes: [], answer: accepting }
  const change = offerChange(before, offer.id, accepting.value, at, buyer)
  if (offer.mode === 'sealed') return { changes: [change], answer: ok({ offer: change.after.state, order: null }) }
  const payBy = hoursAfter(at, offer.paymentHours)
  const won = { saleId: offer.id, round: 1, handle: offer.handle, buyerId: accountId, priceMinor, payBy, actor: buyer }
  const placed = await saleOrderChanges(deps, won, at)
  if (!placed.ok) return { changes: [], answer: placed }
  const { changes, order } = placed.value
  return { changes: [...changes, change], answer: ok({ offer: change.after.state, order }) }
}
