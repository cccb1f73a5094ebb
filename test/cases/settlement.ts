import type { PayOrder } from '../../local/stripe/control.ts'
import { derivedId } from '../../shared/contract/ids.ts'
import type { Money } from '../../shared/contract/money.ts'
import type { Problem } from '../../shared/contract/problems.ts'
import { disputeIdOf } from '../../shared/domain/dispute.ts'
import { balances } from '../../shared/domain/ledger.ts'
import { type Order, saleOrderId } from '../../shared/domain/order.ts'
import { replacementNames } from '../../shared/domain/replacement.ts'
import { load } from '../../shared/store/aggregates.ts'
import { loadHandle } from '../../shared/store/handles.ts'
import { filedEntries } from '../../shared/store/journal.ts'
import { loadOrder } from '../../shared/store/orders.ts'
import { Trail } from './crash-points.ts'
import { chargesOf, refundsOf } from './invariants.ts'
import type { Market } from './market.ts'
import { holderOf, operatorOf } from './users-sale.ts'

/** One user's sale to another, from its beginning to its end. All its names are known before anything happens, but its offers'. */
export type Sale = {
  readonly handle: string
  readonly seller: string
  readonly buyer: string
  /** Whoever offers less. */
  readonly rival: string
  /** The key that the order, or the offer, is placed under. */
  readonly key: string
  /** Of a purchase at the listed price; an accepted offer has another one. */
  orderId: string
  /** The offers of buyer and rival. */
  readonly offerIds: string[]
  /** The seller's connected account. */
  readonly connected: string
  readonly trail: Trail
}

const price = { amountMinor: 1_000_00, currency: 'USD' as const }
const hourMs = 3_600_000
const dayMs = 24 * hourMs

type Answer<T> = { ok: true; value: T } | { ok: false; status: number; problem: Problem }
const triesMax = 6

/** Asks as a client does whose answer is lost: once more, and under the same key. */
const insist = async <T>(ask: () => Promise<Answer<T>>): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    const answer = await ask()
    if (answer.ok) return
    const mayPass = answer.status >= 500 || answer.problem.code === 'request_in_progress'
    if (!mayPass || tries === triesMax) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`)
  }
}

let sellers = 0

/** A seller who can be paid, and their sale that is about to begin. */
export const newSale = async (market: Market, handle: string): Promise<Sale> => {
  const [seller, buyer, key] = [holderOf(handle), `buyer_of_${handle}`, `order_of_${handle}`]
  await insist(() => market.buyer(seller).beginOnboarding({ body: { country: 'US' } }))
  const known = await operatorOf(market).getSellerOf({ params: { accountId: seller } })
  const connected = known.ok ? known.value.stripeAccountId : null
  if (connected === null) throw new Error(`${seller} has no connected account`)
  sellers += 1
  // A bank account of their own: sellers who share one are linked.
  market.stripe.control.onboard(connected, { bankAccount: `0009${String(sellers).padStart(8, '0')}` })
  const rival = `rival_of_${handle}`
  const names = { [seller]: 'seller', [buyer]: 'buyer', [rival]: 'rival', [key]: 'key', [connected]: 'connected' }
  const trail = new Trail(names)
  const orderId = derivedId('ord', buyer, key)
  knowOrder(trail, orderId)
  trail.know(handle, 'handle')
  return { handle, seller, buyer, rival, key, orderId, offerIds: [], connected, trail }
}

const knowOrder = (trail: Trail, orderId: string): void => {
  trail.know(orderId, 'order')
  for (const { name } of replacementNames({ id: orderId } as Order)) trail.know(name, 'replacement')
}

/** What people and banks do with some sales at once, step by step; after each step everything comes to rest. */
export type Course = readonly ((market: Market, sales: readonly Sale[]) => Promise<void>)[]

/**
 * Waits for everything under way, and moves the clock to whatever is to be tried again, here and by the provider's webhooks.
 */
export const comeToRest = async ({ system, stripe }: Market): Promise<void> => {
  for (;;) {
    await system.settle()
    const due = stripe.control
      .deliveries({ limit: 1_000 })
      .flatMap(({ status, nextAt }) => (status === 'pending' ? [nextAt ?? 0] : []))
    if (due.length === 0) return
    await system.clock.move(Math.max(0, Math.min(...due) - system.clock.now()) + 1)
  }
}

/** @param onStep called after each step, once everything has come to rest */
export const takeCourse = async (
  market: Market,
  course: Course,
  sales: readonly Sale[],
  onStep: () => void = () => {},
): Promise<void> => {
  for (const step of course) {
    await step(market, sales)
    await comeToRest(market)
    onStep()
  }
}

const each =
  (act: (market: Market, sale: Sale) => Promise<void>): Course[number] =>
  async (market, sales) => {
    await Promise.all(sales.map((sale) => act(market, sale)))
  }

const listAt = (asked: Money) =>
  each((market, { handle, seller }) =>
    insist(() => market.buyer(seller).openListing({ params: { handle }, body: { price: asked } })),
  )

const takeOffers = each((market, { handle, seller }) =>
  insist(() => market.buyer(seller).changeOfferSettings({ params: { handle }, body: { offers: 'on' } })),
)

const offered = { ...price, amountMinor: 800_00 }

/** Both make an offer; the one of the buyer is to become the order. */
const makeOffers = each(async (market, sale) => {
  const { handle, buyer, rival, key, offerIds, trail } = sale
  for (const [by, amountMinor] of [
    [buyer, offered.amountMinor],
    [rival, 500_00],
  ] as const) {
    const amount = { ...price, amountMinor }
    await insist(async () => {
      const made = await market.buyer(by).makeOffer({ body: { handle, amount }, idempotencyKey: `${key}_by_${by}` })
      if (made.ok) offerIds.push(made.value.id)
      return made
    })
  }
  const [offerId = ''] = offerIds
  sale.orderId = saleOrderId(offerId, 1)
  knowOrder(trail, sale.orderId)
})

/** The holder asks for more, which the buyer takes. */
const counterOffer = each((market, { seller, offerIds: [offerId = ''] }) =>
  insist(() => market.buyer(seller).counterNegotiation({ params: { offerId }, body: { amount: price } })),
)
const acceptOffer = each((market, { buyer, offerIds: [offerId = ''] }) =>
  insist(() => market.buyer(buyer).acceptNegotiation({ params: { offerId }, body: { amount: price } })),
)

const placeAt = (asked: Money) =>
  each((market, { handle, buyer, key }) =>
    insist(() => market.buyer(buyer).placeOrder({ body: { handle, price: asked }, idempotencyKey: key })),
  )

/** The buyer opens the page and pays there. Answers the payment. */
export const payAs = async (market: Market, { buyer, orderId, trail }: Sale, how: PayOrder = {}): Promise<string> => {
  let page = ''
  await insist(async () => {
    const answer = await market.buyer(buyer).openCheckout({ params: { orderId } })
    if (answer.ok) page = answer.value.url
    return answer
  })
  const attempt = market.stripe.control.pay(/cs_\w+/.exec(page)?.[0] ?? '', how)
  if (attempt.result !== 'paid' && attempt.result !== 'processing') {
    throw new Error(`the page of ${orderId} was ${attempt.result}`)
  }
  trail.know(attempt.intent.id, 'payment')
  return attempt.intent.id
}

export const pay = each(async (market, sale) => {
  await payAs(market, sale)
})

export const accept = each((market, { buyer, orderId }) =>
  insist(() => market.buyer(buyer).acceptInspection({ params: { orderId } })),
)

const words = 'It is not what the listing said'

const dispute = each(async (market, { buyer, orderId, trail }) => {
  trail.know(disputeIdOf(orderId), 'dispute')
  await insist(() =>
    market.buyer(buyer).openDispute({
      params: { orderId },
      body: { reason: 'not_as_described', words },
      idempotencyKey: `dispute_of_${orderId}`,
    }),
  )
})

const answer = each((market, { seller, orderId }) =>
  insist(() =>
    market.buyer(seller).addStatement({
      params: { disputeId: disputeIdOf(orderId) },
      body: { words },
      idempotencyKey: `answer_of_${orderId}`,
    }),
  ),
)

type Decision = { readonly outcome: 'settle' | 'refund' } | { readonly outcome: 'split'; readonly refund: Money }

const decideAs = (decision: Decision) =>
  each((market, { orderId }) =>
    insist(() =>
      operatorOf(market).decideDispute({
        params: { disputeId: disputeIdOf(orderId) },
        body: { ...decision, reason: words, basedOn: 2 },
      }),
    ),
  )

const chargeBack = each(async (market, { orderId, trail }) => {
  const [charge] = await chargesOf(market, orderId)
  if (charge === undefined) throw new Error(`nothing was charged for ${orderId}`)
  trail.know(charge.id, 'charge')
  trail.know(market.stripe.control.dispute(charge.id).id, 'chargeback')
})

const closeChargeback = (outcome: 'won' | 'lost') =>
  each(async (market, { orderId }) => {
    const [charge] = await chargesOf(market, orderId)
    const { data } = await market.provider.disputes.list({ charge: charge?.id ?? '' })
    market.stripe.control.closeDispute(data[0]?.id ?? '', outcome)
  })

/** The day's work begins at ten: what falls due at midnight lies far enough off. */
export const atTen: Course[number] = async ({ system }) => {
  await system.clock.move((34 * hourMs - (system.clock.now() % dayMs)) % dayMs)
}
/** The transfer has come to the seller's account at the provider, and is not paid out to the bank yet. */
export const untilAvailable: Course[number] = ({ system }) => system.clock.move(2 * dayMs + hourMs)
/** The provider has paid the seller's bank. */
const untilPaidOut: Course[number] = ({ system }) => system.clock.move(4 * dayMs)

export const list = listAt(price)
export const place = placeAt(price)
const sold = [atTen, list, place, pay]
const courseAt = (asked: Money): Course => [listAt(asked), placeAt(asked), pay, accept]

/**
 * A sale so dear that the platform's own balance at the provider covers whatever chargebacks take of it meanwhile: how much
 * is there must not depend on the other sales.
 */
export const fillPlatform = async (market: Market, sale: Sale): Promise<void> => {
  await takeCourse(market, courseAt({ ...price, amountMinor: 900_000_00 }), [sale])
  await market.system.clock.move(3 * dayMs, { settle: true })
}

/** The buyer of an accepted offer has two days to pay. */
const untilUnpaid: Course[number] = ({ system }) => system.clock.move(2 * dayMs + hourMs)
/** A sweep of the deadlines that died half-way leaves the rest to the next one. */
const nextSweep: Course[number] = ({ system }) => system.clock.move(hourMs)
const agreed = [atTen, takeOffers, makeOffers, counterOffer, acceptOffer]

/** What every run of the tests goes through. */
export const courses = {
  'a sale that is settled': [...sold, accept],
  'a dispute that ends with a refund': [...sold, dispute, answer, decideAs({ outcome: 'refund' })],
  'a chargeback after the transfer, which is taken back': [
    ...sold,
    accept,
    untilAvailable,
    chargeBack,
    closeChargeback('lost'),
  ],
  'an accepted offer that is paid and settled': [...agreed, pay, accept],
  'an accepted offer that nobody pays': [...agreed, untilUnpaid, nextSweep],
} as const satisfies Record<string, Course>

/** Besides, where there is time. */
export const longCourses = {
  'a chargeback after the payout, which becomes a debt': [
    ...sold,
    accept,
    untilPaidOut,
    chargeBack,
    closeChargeback('lost'),
  ],
  'a chargeback that is won, after which the seller is paid again': [
    ...sold,
    accept,
    untilAvailable,
    chargeBack,
    closeChargeback('won'),
  ],
  'a dispute that is split': [
    ...sold,
    dispute,
    answer,
    decideAs({ outcome: 'split', refund: { ...price, amountMinor: 300_00 } }),
  ],
  'a chargeback before the transfer': [...sold, chargeBack, closeChargeback('lost')],
} as const satisfies Record<string, Course>

/** Everything that a sale has left behind, in words that are the same for every sale of one course. */
export const remainsOf = async (market: Market, sale: Sale) => {
  const { orderId, seller, buyer, rival, handle, offerIds } = sale
  const [order, offers, standing, handles, sellerNow] = await Promise.all([
    loadOrder(market.store, orderId),
    Promise.all(offerIds.map((id) => load(market.store, 'negotiation', id))),
    load(market.store, 'standing', buyer),
    Promise.all(
      [handle, ...replacementNames({ id: orderId } as Order).map(({ name }) => name)].map((name) =>
        loadHandle(market.store, name),
      ),
    ),
    load(market.store, 'seller', seller),
  ])
  if (order === null || sellerNow === null) throw new Error(`${orderId} or ${seller} is gone`)
  const filed = (await filedEntries(market.store, `order:${orderId}`)).filter(({ seq }) => seq < order.entry.seq)
  const entries = [...filed, order.entry]
  const role: Record<string, string> = { [seller]: 'seller', [buyer]: 'buyer', [rival]: 'rival' }
  return {
    status: order.state.status,
    events: entries.flatMap(({ events }) => events.map(({ type }) => type)),
    book: Object.fromEntries(
      [...balances(entries.flatMap(({ postings }) => postings))]
        .map(([account, minor]) => [account.replace(orderId, 'order').replace(seller, 'seller'), minor] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
    sumMinor: [...balances(entries.flatMap(({ postings }) => postings)).values()].reduce(
      (sum, minor) => sum + minor,
      0,
    ),
    handles: handles.flatMap((one) =>
      one === null ? [] : [[one.state.status, role[one.state.holder?.accountId ?? ''] ?? 'nobody']],
    ),
    offers: offers.map((offer) => [role[offer?.state.proposerId ?? ''], offer?.state.status]),
    strikes: standing?.state.strikes.length ?? 0,
    seller: {
      owesMinor: sellerNow.state.debts.map(({ amountMinor }) => amountMinor),
      plans: sellerNow.state.plans.length,
    },
    provider: await atProvider(market, sale),
    mails: await mailsOf(market, sale),
  }
}

const atProvider = async (market: Market, { orderId, connected }: Sale) => {
  const { provider } = market
  const [charges, refunds, transfers, balance] = await Promise.all([
    chargesOf(market, orderId),
    refundsOf(market, orderId),
    provider.transfers.list({ transfer_group: orderId, limit: 100 }),
    provider.balance.retrieve({}, { stripeAccount: connected }),
  ])
  const reversals = await Promise.all(
    transfers.data.map(({ id }) => provider.transfers.listReversals(id, { limit: 100 })),
  )
  const minorOf = (funds: readonly { amount: number }[]) => funds.reduce((sum, { amount }) => sum + amount, 0)
  return {
    charges: charges.map(({ amount_captured, amount_refunded, disputed }) => [
      amount_captured,
      amount_refunded,
      disputed,
    ]),
    refunds: refunds.map(({ amount, status }) => [amount, status]),
    transfers: transfers.data.map(({ amount, amount_reversed, destination }) => [
      amount,
      amount_reversed,
      destination === connected,
    ]),
    reversals: reversals.map(({ data }) => data.map(({ amount }) => amount)),
    sellersMinor: minorOf([...balance.available, ...balance.pending]),
  }
}

/** The mails about this sale: to whom they went, and their subjects. */
const mailsOf = async ({ system }: Market, { handle, seller, buyer, rival }: Sale): Promise<string[]> => {
  const accounts = { seller, feed: handle, buyer, rival }
  const sent = await Promise.all(
    Object.entries(accounts).map(async ([role, account]) =>
      ((await system.mail?.sent(`${account}@example.com`)) ?? []).map(({ subject }) => `${role}: ${subject}`),
    ),
  )
  return sent
    .flat()
    .map((line) => line.replaceAll(handle, 'handle'))
    .toSorted()
}
