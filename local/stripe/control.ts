import type Stripe from 'stripe'
import type { Api, CallRecord, FaultHook } from './api.ts'
import type { Core, Webhook } from './core.ts'
import type { Deliveries } from './deliveries.ts'
import {
  declines,
  eligibleMethods,
  isBankMethod,
  isMethod,
  testAccounts,
  type Aftermath,
  type Method,
} from './payment-methods.ts'
import { payByBank, payByCard, settlePayment, type Attempt } from './payments.ts'
import { submitOnboarding, type CheckOutcome, type Told } from './onboarding.ts'
import { required } from './route.ts'
import { restrictAccount, type Restriction } from './resources/accounts.ts'
import { createDispute, decideDispute } from './resources/disputes.ts'
import { failPayout, payOut, payoutArrives, resumePayouts } from './resources/payouts.ts'
import { createRefund, failRefund, succeedRefund } from './resources/refunds.ts'
import { createTransfer, type TransferOrder } from './resources/transfers.ts'
import { reverseTransfer } from './resources/transfer-reversals.ts'
import type { Delivery } from './state.ts'
import { invalidRequest, noSuch } from './stripe-error.ts'
import { runDueTasks } from './tasks.ts'

export interface PayOrder {
  /** `card`, or `us_bank_account`, `sepa_debit`, `bacs_debit`; `bank` means the one that the session offers. */
  method?: Method | 'bank'
  /**
   * `succeeded` (the default). For cards also a decline (`card_declined`, `insufficient_funds`, `lost_card`,
   * `stolen_card`, `fraudulent`, `expired_card`, `incorrect_cvc`, `processing_error`) or what shall follow the payment
   * (`dispute_fraudulent`, `dispute_product_not_received`, `inquiry`, `refund_pending`, `refund_fails`). For bank
   * methods `failed` or a failure code: it comes to pass once the clock has run or `settleAsync` is called.
   */
  outcome?: string
  email?: string
  name?: string
  /** The last digits of a visa card, which make its fingerprint: 4242 unless told otherwise. */
  last4?: string
}

const aftermaths: readonly string[] = [
  'dispute_fraudulent',
  'dispute_product_not_received',
  'inquiry',
  'refund_pending',
  'refund_fails',
] satisfies Aftermath[]

/** Everything a person, a bank or Stripe's own staff would do, for tests and demonstrations. Throws `StripeError`. */
export class Control {
  private readonly core: Core
  private readonly api: Api
  private readonly deliveryRun: Deliveries

  constructor(core: Core, api: Api, deliveryRun: Deliveries) {
    this.core = core
    this.api = api
    this.deliveryRun = deliveryRun
  }

  /** Follows the clock: what has fallen due happens now. Called at each request and twice a second besides. */
  tick(): void {
    runDueTasks(this.core)
    this.core.state.removeAnswersBefore(this.core.now() - 24 * 60 * 60 * 1000)
    this.deliveryRun.takeDue()
  }

  /** One attempt to pay a session, as on its page. */
  pay(sessionId: string, order: PayOrder = {}): Attempt {
    return this.change(() => {
      const session = required(this.core, 'checkout.session', sessionId, 'session')
      const payer = {
        email: order.email ?? session.customer_email ?? 'buyer@example.com',
        name: order.name ?? 'Test Buyer',
      }
      const outcome = order.outcome ?? 'succeeded'
      const method = this.methodOf(session, order.method ?? 'card')
      if (isBankMethod(method)) {
        const account = testAccounts[method].find((one) => one.outcome === outcome || one.failureCode === outcome)
        if (!account) throw invalidRequest(`Unknown outcome of ${method}: ${outcome}`, { param: 'outcome' })
        const { number, failureCode } = account
        return payByBank(this.core, session, payer, {
          method,
          last4: number.slice(-4),
          outcome: account.outcome,
          ...(failureCode && { failureCode }),
        })
      }
      const decline = declines[outcome]
      const aftermath = aftermaths.includes(outcome) ? (outcome as Aftermath) : undefined
      if (outcome !== 'succeeded' && !decline && !aftermath)
        throw invalidRequest(`Unknown outcome of a card: ${outcome}`, { param: 'outcome' })
      const year = new Date(this.core.now()).getUTCFullYear()
      return payByCard(
        this.core,
        session,
        payer,
        { brand: 'visa', last4: order.last4 ?? '4242', expMonth: 12, expYear: year + 3 },
        { ...(decline && { decline }), ...(aftermath && { aftermath }) },
      )
    })
  }

  /** The bank answers for a delayed payment now. Throws when the PaymentIntent is not `processing`. */
  settleAsync(paymentIntentId: string, outcome: 'succeeded' | 'failed'): Stripe.PaymentIntent {
    return this.change(() => {
      const intent = required(this.core, 'payment_intent', paymentIntentId, 'payment_intent')
      if (intent.status !== 'processing')
        throw invalidRequest(
          `${paymentIntentId} is ${intent.status}: only a payment that is processing can be settled.`,
        )
      return settlePayment(this.core, intent, outcome)
    })
  }

  /** The buyer's bank disputes a charge: for the rest of it, as `fraudulent`, unless told otherwise. */
  dispute(chargeId: string, order: { reason?: string; amount?: number; inquiry?: boolean } = {}): Stripe.Dispute {
    return this.change(() =>
      createDispute(this.core, {
        charge: required(this.core, 'charge', chargeId, 'charge'),
        reason: order.reason ?? 'fraudulent',
        ...(order.amount !== undefined && { amount: order.amount }),
        ...(order.inquiry !== undefined && { inquiry: order.inquiry }),
      }),
    )
  }

  closeDispute(disputeId: string, outcome: 'won' | 'lost'): Stripe.Dispute {
    return this.change(() => decideDispute(this.core, required(this.core, 'dispute', disputeId, 'dispute'), outcome))
  }

  /** A refund that somebody makes in Stripe's dashboard: the rest of the charge unless an amount (minor units) is given. */
  refundFromDashboard(chargeId: string, amount?: number): Stripe.Refund {
    return this.change(() =>
      createRefund(this.core, {
        charge: required(this.core, 'charge', chargeId, 'charge'),
        reason: 'requested_by_customer',
        ...(amount !== undefined && { amount }),
      }),
    )
  }

  /** A pending refund arrives, or a refund comes back (also one that had succeeded). */
  settleRefund(refundId: string, outcome: 'succeeded' | 'failed'): Stripe.Refund {
    return this.change(() => {
      const refund = required(this.core, 'refund', refundId, 'refund')
      return outcome === 'failed' ? failRefund(this.core, refund) : succeedRefund(this.core, refund)
    })
  }

  /** The seller fills in the onboarding form of their account, whatever links there are; what the check finds is given. */
  onboard(accountId: string, order: Partial<Told> & { outcome?: CheckOutcome } = {}): Stripe.Account {
    return this.change(() =>
      submitOnboarding(
        this.core,
        required(this.core, 'account', accountId, 'account'),
        {
          firstName: order.firstName ?? 'Test',
          lastName: order.lastName ?? 'Seller',
          bankAccount: order.bankAccount ?? '000123456789',
        },
        order.outcome ?? 'complete',
      ),
    )
  }

  /** Stripe sets something against a connected account, so that it can be neither paid nor paid out. */
  restrictAccount(accountId: string, reason: Restriction = 'under_review'): Stripe.Account {
    return this.change(() => restrictAccount(this.core, required(this.core, 'account', accountId, 'account'), reason))
  }

  liftRestriction(accountId: string): Stripe.Account {
    return this.change(() => {
      const lifted = restrictAccount(this.core, required(this.core, 'account', accountId, 'account'), null)
      resumePayouts(this.core, lifted)
      return lifted
    })
  }

  /** A transfer that somebody makes in Stripe's dashboard. */
  transferFromDashboard(order: TransferOrder): Stripe.Transfer {
    return this.change(() => createTransfer(this.core, order))
  }

  /** A transfer that somebody takes back in Stripe's dashboard: the rest of it unless an amount (minor units) is given. */
  reverseFromDashboard(transferId: string, amount?: number): Stripe.TransferReversal {
    return this.change(() =>
      reverseTransfer(this.core, required(this.core, 'transfer', transferId, 'transfer'), {
        ...(amount !== undefined && { amount }),
      }),
    )
  }

  /** Pays out now what a connected account has available, without waiting for the next day. */
  payOut(accountId: string): Stripe.Payout[] {
    return this.change(() => payOut(this.core, required(this.core, 'account', accountId, 'account')))
  }

  /** A payout arrives now, or comes back (also one that had arrived). */
  settlePayout(payoutId: string, outcome: 'paid' | 'failed'): Stripe.Payout {
    return this.change(() => {
      const payout = this.core.state.find('payout', payoutId)
      if (!payout) throw invalidRequest(`No such payout: '${payoutId}'`, { param: 'payout' })
      return outcome === 'failed' ? failPayout(this.core, payout) : payoutArrives(this.core, payout)
    })
  }

  /** Sends an event once more: to one endpoint, or to all that are configured. Returns the ids of the deliveries. */
  resendEvent(eventId: string, url?: string): string[] {
    return this.change(() => {
      const event = this.core.state.find('event', eventId)
      if (!event) throw noSuch('event', eventId, 'id')
      const connected = event.account !== undefined
      const targets = this.core.webhooks.filter(({ connect = false }) => connect === connected)
      return (url ? [url] : targets.map((webhook) => webhook.url)).map((target) =>
        this.core.queueDelivery(eventId, target),
      )
    })
  }

  /** Sends the event of a delivery again to the same endpoint, whatever became of it. */
  replayDelivery(deliveryId: string): string {
    return this.change(() => {
      const delivery = this.core.state.findDelivery(deliveryId)
      if (!delivery) throw invalidRequest(`No such delivery: '${deliveryId}'`, { param: 'delivery' })
      return this.core.queueDelivery(delivery.event, delivery.url)
    })
  }

  /** Newest first, with status and number of attempts; of one event when it is named. */
  deliveries(query: { event?: string; limit?: number } = {}): Delivery[] {
    return this.core.state.listDeliveries(query.limit ?? 100, query.event)
  }

  /** Resolves once every delivery that was due has had its answer. */
  idle(): Promise<void> {
    this.deliveryRun.takeDue()
    return this.deliveryRun.idle()
  }

  /** Replaces the endpoints. Deliveries to one that is gone are given up. */
  setWebhooks(webhooks: readonly Webhook[]): void {
    this.core.webhooks = webhooks
  }

  /** Injects faults into API calls from now on; `undefined` ends it. */
  setFault(fault: FaultHook | undefined): void {
    this.api.settings.fault = fault
  }

  /** Tells of each finished API call from now on. */
  setOnCall(onCall: ((call: CallRecord) => void) | undefined): void {
    this.api.settings.onCall = onCall
  }

  /** Calls a second for each operation beyond which 429 comes (Stripe's own: 25); `undefined` for none. */
  setRateLimit(limit: number | undefined): void {
    this.api.settings.rateLimit = limit
  }

  private methodOf(session: Stripe.Checkout.Session, name: string): Method {
    const method = name === 'bank' ? eligibleMethods(session.currency ?? '').find(isBankMethod) : name
    if (method && isMethod(method) && session.payment_method_types.includes(method)) return method
    throw invalidRequest(
      `The session offers ${session.payment_method_types.join(', ')}, not ${method ?? 'a bank method'}.`,
      { param: 'method' },
    )
  }

  private change<T>(work: () => T): T {
    runDueTasks(this.core)
    const requestId = `req_${this.core.newId('x').slice(3, 17)}`
    const result = this.core.transact({ id: requestId, idempotencyKey: null }, work)
    this.deliveryRun.pump()
    return result
  }
}
