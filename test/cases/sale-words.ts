import type Stripe from 'stripe'
import type { PayOrder } from '../../local/stripe/control.ts'
import { connectEventTypes, stripeEventTypes } from '../../shared/gateways/stripe-events.ts'
import { deliver, pauseWebhooks, resumeWebhooks, textOf } from './events.ts'
import type { Market } from './market.ts'
import { freshKey } from './purchase.ts'
import { accept, atTen, comeToRest, list, payAs, place, type Sale, untilAvailable } from './settlement.ts'

// What the payment provider has to say about a user's sale: how far the sale has come before, what happens then, and which
// words tell of it.

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** A sale, and the payment that the words are about. */
export type Happening = { readonly market: Market; readonly sale: Sale; readonly payment: string }

const ordered = async (market: Market, sale: Sale): Promise<void> => {
  await list(market, [sale])
  await place(market, [sale])
}
const inspected = async (market: Market, sale: Sale): Promise<string> => {
  await ordered(market, sale)
  const payment = await payAs(market, sale)
  await comeToRest(market)
  return payment
}
const acceptedBy = async (market: Market, sale: Sale): Promise<void> => {
  await accept(market, [sale])
  await comeToRest(market)
}
const cancelled = async (market: Market, { buyer, orderId }: Sale): Promise<void> => {
  const answer = await market.buyer(buyer).cancelOrder({ params: { orderId } })
  if (!answer.ok) throw new Error(answer.problem.detail)
  await comeToRest(market)
}
/** The buyer's card is authorised, as before a large bid or for a funded offer. */
const authorised = async (market: Market, { buyer }: Sale): Promise<string> => {
  const body = { amount: { amountMinor: 100_00, currency: 'USD' as const } }
  const page = await market.buyer(buyer).openAuthorisation({ body, idempotencyKey: freshKey() })
  if (!page.ok) throw new Error(page.problem.detail)
  const attempt = market.stripe.control.pay(/cs_\w+/.exec(page.value.url)?.[0] ?? '')
  if (attempt.result !== 'authorised') throw new Error(`the page of ${buyer} was ${attempt.result}`)
  return attempt.intent.id
}

const unheard = async (market: Market, sale: Sale, how: PayOrder = {}): Promise<string> => {
  await ordered(market, sale)
  pauseWebhooks(market)
  return payAs(market, sale, how)
}

/** How far a sale has come before anything else happens. Answers its payment. */
const stages = {
  'paid and unheard': (market: Market, sale: Sale) => unheard(market, sale),
  'in inspection': inspected,
  settling: async (market: Market, sale: Sale) => {
    const payment = await inspected(market, sale)
    market.stripe.control.restrictAccount(sale.connected)
    await comeToRest(market)
    await acceptedBy(market, sale)
    return payment
  },
  settled: async (market: Market, sale: Sale) => {
    await atTen(market, [sale])
    const payment = await inspected(market, sale)
    await acceptedBy(market, sale)
    await untilAvailable(market, [sale])
    await comeToRest(market)
    return payment
  },
  'debited and unheard': (market: Market, sale: Sale) => unheard(market, sale, { method: 'bank' }),
  'debited, unheard and expired': async (market: Market, sale: Sale) => {
    const payment = await unheard(market, sale, { method: 'bank' })
    await market.system.clock.move(2 * hourMs, { settle: true })
    return payment
  },
  'paid, unheard and cancelled': async (market: Market, sale: Sale) => {
    const payment = await unheard(market, sale)
    await cancelled(market, sale)
    return payment
  },
  'given back, which takes its time': async (market: Market, sale: Sale) => {
    const payment = await unheard(market, sale, { outcome: 'refund_pending' })
    await cancelled(market, sale)
    const { data } = await market.provider.events.list({ type: 'checkout.session.completed', limit: 1 })
    await deliver(market, textOf(data[0] as Stripe.Event))
    await market.system.idle()
    return payment
  },
  'a card authorised and unheard': (market: Market, sale: Sale) => {
    pauseWebhooks(market)
    return authorised(market, sale)
  },
  'a card authorised': async (market: Market, sale: Sale) => {
    const payment = await authorised(market, sale)
    await comeToRest(market)
    return payment
  },
} as const satisfies Record<string, (market: Market, sale: Sale) => Promise<string>>

type Stage = keyof typeof stages

const chargeOf = async ({ market, payment }: Happening): Promise<string> => {
  const { latest_charge: charge } = await market.provider.paymentIntents.retrieve(payment)
  if (typeof charge !== 'string') throw new Error(`${payment} has no charge`)
  return charge
}
const refundsFromDashboard =
  (...amounts: readonly (number | undefined)[]) =>
  async (happening: Happening): Promise<void> => {
    const charge = await chargeOf(happening)
    for (const amount of amounts) happening.market.stripe.control.refundFromDashboard(charge, amount)
  }
const settleRefund =
  (outcome: 'succeeded' | 'failed') =>
  async ({ market, payment }: Happening): Promise<void> => {
    const { data } = await market.provider.refunds.list({ payment_intent: payment })
    market.stripe.control.settleRefund(data[0]?.id ?? '', outcome)
  }
const chargeback =
  (outcome?: 'won' | 'lost') =>
  async (happening: Happening): Promise<void> => {
    const { control } = happening.market.stripe
    const { id } = control.dispute(await chargeOf(happening))
    if (outcome !== undefined) control.closeDispute(id, outcome)
  }

type What = {
  /** The stages after which it happens. */
  readonly after: readonly Stage[]
  readonly act: (happening: Happening) => void | Promise<void>
  /** All words that we want to hear of sale and payment, from the beginning on; those that come twice are there twice. */
  readonly tells: readonly string[]
  /** Words that the provider has as well, and that an endpoint for everything gets: they must change nothing. */
  readonly besides?: readonly string[]
}

const anywhere = ['paid and unheard', 'in inspection', 'settling', 'settled'] as const
const paid = 'checkout.session.completed'
const opened = ['charge.dispute.created', 'charge.dispute.funds_withdrawn'] as const

/** What happens at the provider. */
const happenings: Readonly<Record<string, What>> = {
  'nothing more': { after: anywhere, act: () => undefined, tells: [paid] },
  'a refund of all': { after: anywhere, act: refundsFromDashboard(undefined), tells: [paid, 'charge.refunded'] },
  'two refunds of a part each': {
    after: anywhere,
    act: refundsFromDashboard(100_00, 50_00),
    tells: [paid, 'charge.refunded', 'charge.refunded'],
  },
  'a refund that the bank sends back': {
    after: anywhere,
    act: async (happening) => {
      await refundsFromDashboard(undefined)(happening)
      await settleRefund('failed')(happening)
    },
    tells: [paid, 'charge.refunded', 'refund.updated'],
    besides: ['refund.failed'],
  },
  'a chargeback that is open': { after: anywhere, act: chargeback(), tells: [paid, ...opened] },
  'a chargeback that is lost': {
    after: anywhere,
    act: chargeback('lost'),
    tells: [paid, ...opened, 'charge.dispute.closed'],
  },
  'a chargeback that is won': {
    after: anywhere,
    act: chargeback('won'),
    tells: [paid, ...opened, 'charge.dispute.closed'],
  },
  'a seller who is restricted and let free': {
    after: anywhere,
    act: ({ market: { stripe }, sale: { connected } }) => {
      stripe.control.restrictAccount(connected)
      stripe.control.liftRestriction(connected)
    },
    tells: [paid, 'account.updated', 'account.updated'],
  },
  "a payout that the seller's bank takes and sends back": {
    after: ['settled'],
    act: ({ market: { stripe }, sale: { connected } }) => {
      const payouts = stripe.control.payOut(connected)
      if (payouts.length === 0) throw new Error(`${connected} has nothing to be paid out`)
      for (const { id } of payouts) {
        stripe.control.settlePayout(id, 'paid')
        stripe.control.settlePayout(id, 'failed')
      }
    },
    tells: [paid, 'payout.paid', 'payout.failed', 'account.updated'],
  },
  'a transfer that is taken back in the dashboard': {
    after: ['settled'],
    act: async ({ market: { stripe, provider }, sale: { orderId } }) => {
      const { data } = await provider.transfers.list({ transfer_group: orderId })
      const id = data[0]?.id ?? ''
      await provider.transfers.update(id, { description: 'by hand' })
      stripe.control.reverseFromDashboard(id)
    },
    tells: [paid],
    besides: ['transfer.created', 'transfer.updated', 'transfer.reversed'],
  },
  'money that comes': {
    after: ['debited and unheard', 'debited, unheard and expired'],
    act: ({ market: { stripe }, payment }) => void stripe.control.settleAsync(payment, 'succeeded'),
    tells: [paid, 'checkout.session.async_payment_succeeded'],
  },
  'money that does not come': {
    after: ['debited and unheard', 'debited, unheard and expired'],
    act: ({ market: { stripe }, payment }) => void stripe.control.settleAsync(payment, 'failed'),
    tells: [paid, 'checkout.session.async_payment_failed'],
  },
  'money that comes, and is given back by hand': {
    after: ['debited, unheard and expired'],
    act: async (happening) => {
      happening.market.stripe.control.settleAsync(happening.payment, 'succeeded')
      await refundsFromDashboard(undefined)(happening)
      await settleRefund('succeeded')(happening)
    },
    tells: [paid, 'checkout.session.async_payment_succeeded', 'charge.refunded', 'refund.updated'],
  },
  'nothing but the payment': { after: ['paid, unheard and cancelled'], act: () => undefined, tells: [paid] },
  'a refund that somebody made first': {
    after: ['paid, unheard and cancelled'],
    act: refundsFromDashboard(undefined),
    tells: [paid, 'charge.refunded'],
  },
  'its arrival': {
    after: ['given back, which takes its time'],
    act: settleRefund('succeeded'),
    tells: [paid, 'charge.refunded', 'refund.updated'],
  },
  'its return': {
    after: ['given back, which takes its time'],
    act: settleRefund('failed'),
    tells: [paid, 'charge.refunded', 'refund.updated'],
    besides: ['refund.failed'],
  },
  'a bank that keeps it': {
    after: ['a card authorised and unheard', 'a card authorised'],
    act: () => undefined,
    tells: [paid, 'payment_intent.amount_capturable_updated'],
  },
  'a bank that lets it go': {
    after: ['a card authorised and unheard', 'a card authorised'],
    act: async ({ market: { provider }, payment }) => void (await provider.paymentIntents.cancel(payment)),
    tells: [paid, 'payment_intent.amount_capturable_updated', 'payment_intent.canceled', 'charge.refunded'],
  },
  'a bank that keeps it no longer': {
    after: ['a card authorised and unheard', 'a card authorised'],
    act: ({ market: { system } }) => system.clock.move(7 * dayMs + hourMs),
    tells: [paid, 'payment_intent.amount_capturable_updated', 'payment_intent.canceled'],
    besides: ['charge.expired'],
  },
}

/** Every stage with everything that may happen after it. */
export const stories = Object.entries(happenings).flatMap(([name, what]) =>
  what.after.map((stage) => ({ stage, name, what })),
)

/** The types of all words that are told in some story. */
export const toldTypes: ReadonlySet<string> = new Set(Object.values(happenings).flatMap(({ tells }) => tells))

const wantedTypes: readonly string[] = [...stripeEventTypes, ...connectEventTypes]

/** The provider's own words about a sale, oldest first: those of the platform's account, and of the seller's. */
const wordsOf = async ({ market, sale, payment }: Happening): Promise<Stripe.Event[]> => {
  const ours: Stripe.Event[] = []
  for await (const event of market.provider.events.list({ limit: 100 })) {
    const object = JSON.stringify(event.data.object)
    if (object.includes(payment) || object.includes(sale.orderId)) ours.push(event)
  }
  return ours.toReversed()
}
const wordsOn = async ({ market, sale }: Happening): Promise<Stripe.Event[]> => {
  const { data } = await market.provider.events.list({ limit: 100 }, { stripeAccount: sale.connected })
  return data.toReversed()
}

/**
 * Brings a sale as far as the story wants it, and lets happen what happens: the provider's words are lost from then on.
 * Answers every word about it that we want to hear, and those that we are told besides.
 */
export const tellStory = async (
  market: Market,
  sale: Sale,
  { stage, what: { act, tells, besides = [] } }: (typeof stories)[number],
): Promise<readonly Stripe.Event[]> => {
  try {
    const happening = { market, sale, payment: await stages[stage](market, sale) }
    pauseWebhooks(market)
    const before = new Set((await wordsOn(happening)).map(({ id }) => id))
    await act(happening)
    const all = [
      ...(await wordsOf(happening)),
      ...(await wordsOn(happening)).filter(({ id }) => !before.has(id)),
    ].filter(({ type }) => wantedTypes.includes(type) || besides.includes(type))
    const [told, expected] = [all.map(({ type }) => type), [...tells, ...besides]].map((types) => types.toSorted())
    if (String(told) !== String(expected)) throw new Error(`the provider says ${String(told)}, not ${String(expected)}`)
    return all
  } catch (error) {
    resumeWebhooks(market)
    throw error
  }
}
