import { decideChargebackClosed, decideChargebackOpened } from '../domain/order-chargebacks.ts'
import { decideCapture, decidePaymentFailed, decidePaymentStarted } from '../domain/order-decisions.ts'
import { traitOf } from '../domain/standing.ts'
import type { Authorisations } from '../gateways/authorisations.ts'
import type { Payments } from '../gateways/payments.ts'
import type { SellerAccounts } from '../gateways/seller-accounts.ts'
import { log } from '../runtime/log.ts'
import type { PaymentMessage } from '../contract/messages.ts'
import { recordProviderEvent } from '../store/provider-events.ts'
import type { Store } from '../store/client.ts'
import { applyAccount } from './apply-account.ts'
import { applyAuthorisation } from './authorisations.ts'
import type { CommitDeps } from './committing.ts'
import { closeChargeback } from './chargebacks.ts'
import { noteTrait } from './links.ts'
import { moveToldOrder, recordRefunds } from './told-order.ts'

export type PaymentDeps = CommitDeps<Store> & {
  /** Opened only for the events that need a look at the provider: refunds and disputes. */
  readonly payments: () => Promise<Payments>
  readonly authorisations: () => Promise<Authorisations>
  readonly sellerAccounts: () => Promise<SellerAccounts>
  /** Whether our key is a live one: events of the other mode are not ours. */
  readonly livemode: () => Promise<boolean>
}

type Charge = Extract<PaymentMessage, { kind: 'charge' }>
type CheckoutMessage = Extract<PaymentMessage, { kind: 'checkout' }>

/**
 * One signed word of the payment provider, in whatever order and however often it comes. What it changes is decided from
 * the order as it stands; what does not fit (amount, currency, mode, account, an unknown order) changes nothing, is
 * recorded under its event id and raises the alarm.
 */
export const applyPayment = async (deps: PaymentDeps, message: PaymentMessage): Promise<void> => {
  if (message.kind === 'other') {
    await recordProviderEvent(
      deps.store,
      { id: message.eventId, type: message.type, why: 'not ours to act on' },
      deps.now(),
    )
    return
  }
  const connected = message.kind === 'account' || message.kind === 'payout'
  if ((message.account !== null && !connected) || message.livemode !== (await deps.livemode())) {
    return setAside(deps, message, null, 'it is of another account or mode')
  }
  switch (message.kind) {
    case 'checkout':
      return applyCheckout(deps, message)
    case 'charge':
      return applyCharge(deps, message)
    case 'account':
    case 'payout': {
      const refused = await applyAccount(deps, message)
      return refused === null ? undefined : setAside(deps, message, null, refused)
    }
    case 'authorisation': {
      const refused = await applyAuthorisation(deps, message.paymentIntentId)
      return refused === null ? undefined : setAside(deps, message, null, refused)
    }
  }
}

const applyCheckout = async (deps: PaymentDeps, message: CheckoutMessage): Promise<void> => {
  const decide = { paid: decideCapture, processing: decidePaymentStarted, failed: decidePaymentFailed }[message.step]
  let buyerInSale: string | null = null
  const refused = await moveToldOrder(deps, message.orderId, (order) => {
    buyerInSale = order.saleId === undefined ? null : order.buyerId
    return decide(order, message)
  })
  if (refused !== null) return setAside(deps, message, message.orderId, refused)
  if (buyerInSale !== null && message.step === 'paid') await noteCard(deps, buyerInSale, message.paymentIntentId)
}

/** The card of whoever buys out of a sale is learnt: it tells accounts that bid for each other. Others are not looked up. */
const noteCard = async (deps: PaymentDeps, accountId: string, paymentIntentId: string): Promise<void> => {
  const fingerprint = await (await deps.authorisations()).readCard(paymentIntentId)
  if (fingerprint !== null) await noteTrait(deps, accountId, traitOf('card', fingerprint))
}

/**
 * Refunds and disputes may overtake the payment they belong to. So the payment is read from the provider, its capture is
 * applied first where it was not yet, and then what followed: the same end in every order of arrival.
 */
const applyCharge = async (deps: PaymentDeps, message: Charge): Promise<void> => {
  const payments = await deps.payments()
  const facts = await payments.readPayment(message.paymentIntentId)
  const { orderId, refunds } = facts
  if (orderId === null) return setAside(deps, message, null, 'its payment names no order')
  const { dispute } = message
  if (facts.captured) {
    const refused = await moveToldOrder(deps, orderId, (order) => decideCapture(order, facts))
    if (refused !== null) return setAside(deps, message, orderId, refused)
  }
  // A refund that does not fit now may fit once the chargeback is closed, and must not keep that from being told.
  let refused = await recordRefunds(deps, orderId, refunds)
  if (dispute !== null) {
    const refusedChargeback = await applyChargeback(deps, orderId, dispute)
    if (refusedChargeback !== null) return setAside(deps, message, orderId, refusedChargeback)
    if (refused !== null) refused = await recordRefunds(deps, orderId, refunds)
  }
  if (refused !== null) await setAside(deps, message, orderId, refused)
}

const applyChargeback = async (
  deps: PaymentDeps,
  orderId: string,
  dispute: NonNullable<Charge['dispute']>,
): Promise<string | null> => {
  const { id, step } = dispute
  const refused = await moveToldOrder(deps, orderId, (order) => decideChargebackOpened(order, dispute))
  if (refused !== null || step === 'opened') return refused
  const refusedClosing = await moveToldOrder(deps, orderId, (order) => decideChargebackClosed(order, id, step))
  if (refusedClosing === null) await closeChargeback(deps, id, step)
  return refusedClosing
}

const setAside = async (
  deps: PaymentDeps,
  message: PaymentMessage,
  orderId: string | null,
  why: string,
): Promise<void> => {
  await recordProviderEvent(
    deps.store,
    { id: message.eventId, type: message.type, why, ...(orderId === null ? {} : { orderId }) },
    deps.now(),
  )
  log('error', 'payment_set_aside', { eventId: message.eventId, type: message.type, orderId, why })
}
