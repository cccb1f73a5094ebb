import { createHash } from 'node:crypto'
import { actKindSchema } from '../../shared/contract/eligibility.ts'
import type { Money } from '../../shared/contract/money.ts'
import { systemActor } from '../../shared/domain/actors.ts'
import { advanceHandle, type Kind, type VersionedOf } from '../../shared/domain/aggregate.ts'
import { decayOf } from '../../shared/domain/dutch.ts'
import type { ActKind } from '../../shared/domain/eligibility.ts'
import { shippedEligibility } from '../../shared/domain/eligibility-rules.ts'
import type { Order } from '../../shared/domain/order.ts'
import { type ReleasePolicy, shippedPolicy } from '../../shared/domain/release-policy.ts'
import { termsInForce } from '../../shared/domain/terms.ts'
import type { Authorisations } from '../../shared/gateways/authorisations.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { noScreening } from '../../shared/gateways/screening.ts'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'
import type { Queue } from '../../shared/gateways/queue.ts'
import type { Caller } from '../../shared/runtime/caller.ts'
import { load } from '../../shared/store/aggregates.ts'
import { commit } from '../../shared/store/commit.ts'
import { readOrder } from '../../shared/store/items.ts'
import { loadOrder } from '../../shared/store/orders.ts'
import { scanTable } from '../../shared/store/scan.ts'
import { advanceSale } from '../../shared/workflows/advance-sale.ts'
import { applyDeadlineInTime } from '../../shared/workflows/apply-deadline.ts'
import { applyPayment, type PaymentDeps } from '../../shared/workflows/apply-payment.ts'
import { declineAfter } from '../../shared/workflows/end-negotiations.ts'
import { sweepDeadlines } from '../../shared/workflows/sweep-deadlines.ts'
import type { ShelvesStore, Store } from '../../shared/store/client.ts'

// A market on a real engine, by the workflows themselves. What runs between them in production (queues, the bus, the
// clock, the payment provider's word) is in the hands of a test: it is delivered late, twice, or out of order.

/** A message that waits: an aggregate whose deadline may have come, an order that has ended, an offer that was accepted. */
type Message =
  | { readonly kind: 'deadline'; readonly aggregate: string }
  | { readonly kind: 'ended'; readonly orderId: string }
  | { readonly kind: 'accepted'; readonly offerId: string }

const start = Date.parse('2026-11-24T00:00:00.000Z')

const unlimited = Object.fromEntries(actKindSchema.options.map((kind) => [kind, 1e6])) as Record<ActKind, number>

/** Rules that let everybody in as often as they like: what a market does with them is asked elsewhere. */
const policy: ReleasePolicy = {
  ...shippedPolicy,
  eligibility: {
    ...shippedEligibility,
    accountAgeDaysMin: { order: 0, bid: 0, offer: 0, apply: 0, watch: 0, authorise: 0, list: 0, sell: 0, payout: 0 },
    verifiedFromMinor: Number.MAX_SAFE_INTEGER,
    stepUp: { fromMinor: Number.MAX_SAFE_INTEGER, maxAuthAgeMinutes: 60 },
    secondFactor: null,
    coolingOff: [],
    humanFor: [],
    openOrdersMax: 1_000,
    ordersPerDayMax: 1_000,
    strikes: { max: 1_000, countedDays: 1, suspensionDays: 1 },
    authorisation: { fromMinor: Number.MAX_SAFE_INTEGER, percent: 10 },
    velocity: { ...unlimited, windowSeconds: 1 },
  },
}

export const operatorId = 'acct_operator'

export const usd = (amountMinor: number): Money => ({ amountMinor, currency: 'USD' })

export type World = ReturnType<typeof openWorld>

/** The payment provider, where a test has one. */
export type Provider = Pick<PaymentDeps, 'payments' | 'sellerAccounts'>

const noProvider: Provider = {
  payments: () => Promise.reject(new Error('no charge is looked at here')),
  sellerAccounts: () => Promise.reject(new Error('no seller is looked at here')),
}

export const openWorld = (store: Store & ShelvesStore, prefix: string, provider: Provider = noProvider) => {
  let nowMs = start
  let keys = 0
  let randoms = 0
  const inbox: Message[] = []
  const names: string[] = []
  const saleIds: string[] = []

  const queue: Queue = {
    sendAll: (bodies) => queue.sendLater(bodies.map((body) => ({ body, delaySeconds: 0 }))),
    sendLater: (messages) => {
      for (const { body } of messages) {
        inbox.push({ kind: 'deadline', aggregate: (body as { readonly aggregate: string }).aggregate })
      }
      return Promise.resolve()
    },
    sendInOrder: () => Promise.reject(new Error('the market asks for no order')),
  }
  const deps = {
    store,
    terms: termsInForce,
    now: () => nowMs,
    random: () => 0.5,
    pause: () => Promise.resolve(),
    policy: () => Promise.resolve(policy),
    humanity: claimedHumanity,
    secondFactor: claimedSecondFactor,
    screening: noScreening,
    queue,
    randomBytes: (count: number): Uint8Array => {
      randoms += 1
      const bytes = createHash('sha512').update(`${prefix} ${randoms}`).digest()
      return bytes.subarray(0, count)
    },
    livemode: () => Promise.resolve(false),
    payments: provider.payments,
    sellerAccounts: provider.sellerAccounts,
    // Everybody pays by bank transfer: there is no card to learn, and none is authorised.
    authorisations: () =>
      Promise.resolve({ readCard: () => Promise.resolve(null) } as Partial<Authorisations> as Authorisations),
    secret: (): string => {
      randoms += 1
      return `${prefix}-secret-${randoms}`
    },
    offerSecret: 'a secret of the links of offers',
    wordsOf: () => Promise.resolve(() => 1),
  }

  /** A new key for a request, or an old one again. */
  const nextKey = (): { readonly idempotencyKey: string; readonly requestHash: string } => {
    keys += 1
    return { idempotencyKey: `${prefix}-${keys}`, requestHash: `${prefix}-${keys}` }
  }

  const caller = (account: number): Caller => callerOf(`acct_${prefix}_${account}`)

  const callerOf = (id: string): Caller => ({
    id,
    groups: new Set<string>(),
    email: null,
    claims: { verified: true, human: true },
  })

  const at = (): string => new Date(nowMs).toISOString()

  /** A handle in the open market, at a fixed price or in a Dutch sale. */
  const release = async (priceMinor: number, isDutch: boolean): Promise<string> => {
    const name = `${prefix}${names.length}`
    names.push(name)
    const appraisal = {
      low: Math.max(1, Math.floor(priceMinor / 4)),
      expected: priceMinor,
      high: priceMinor * 40,
      tier: 'rare',
      confidence: 20,
      reasons: '',
      model: 'm',
    } as const
    const decay = isDutch
      ? decayOf(appraisal, { ...(policy.dutch ?? never()), fromRatio: 2, fromExpectedMinor: 0 })
      : null
    const days = { rightsDays: 0, firstRefusalDays: 0, prospectsDays: 0, quarantineDays: 0 }
    const handle = advanceHandle(
      name,
      null,
      [
        {
          type: 'handle_imported',
          display: name,
          importId: 'imp_1',
          accountId: `former_${name}`,
          class: 'ordinary',
          createdAt: at(),
          lastActiveAt: at(),
          followers: 1,
        },
        {
          type: 'handle_released',
          rule: 'suspended',
          policyVersion: 1,
          dueAt: at(),
          noticesGiven: 0,
          ...days,
          appraisal,
          priceMinor,
          currency: 'USD',
          ...(decay !== null && { decay }),
        },
      ],
      at(),
      systemActor,
    )
    await commit(store, deps, [{ kind: 'handle', before: null, after: handle }])
    return name
  }

  /** A handle that an account holds by the feed, and that nobody sells. */
  const hold = async (who: number): Promise<string> => {
    const name = `${prefix}${names.length}`
    names.push(name)
    const handle = advanceHandle(
      name,
      null,
      [
        {
          type: 'handle_imported',
          display: name,
          importId: 'imp_1',
          accountId: caller(who).id,
          class: 'ordinary',
          createdAt: at(),
          lastActiveAt: at(),
          followers: 1,
        },
      ],
      at(),
      systemActor,
    )
    await commit(store, deps, [{ kind: 'handle', before: null, after: handle }])
    return name
  }

  /** The provider says that an order was paid: of its price, by its one payment. */
  const pay = async (order: Order): Promise<void> => {
    await applyPayment(deps, {
      kind: 'checkout',
      eventId: `evt_${order.id}`,
      type: 'checkout.session.completed',
      livemode: false,
      account: null,
      step: 'paid',
      orderId: order.id,
      paymentIntentId: `pi_${order.id}`,
      amountMinor: order.priceMinor,
      currency: 'usd',
    })
    await tellEnd(order.id)
  }

  /** The bus tells a sale that an order of its own has come to an end; here it waits in the inbox. */
  const tellEnd = async (orderId: string): Promise<void> => {
    const order = (await loadOrder(store, orderId))?.state
    if (order?.saleId === undefined || order.status === 'awaiting_payment') return
    inbox.push({ kind: 'ended', orderId })
  }

  const deliver = async (message: Message): Promise<void> => {
    if (message.kind === 'accepted') {
      await declineAfter(deps, message.offerId)
      return
    }
    if (message.kind === 'ended') {
      await advanceSale(deps, message.orderId)
      return
    }
    await applyDeadlineInTime(deps, message.aggregate)
    if (message.aggregate.startsWith('order:')) await tellEnd(message.aggregate.slice('order:'.length))
  }

  /** Every order that was placed, as it stands. */
  const orders = async (): Promise<readonly Order[]> => {
    const found: Order[] = []
    for await (const item of scanTable(store.db, store.escrowTable)) {
      if (String(item['pk']).startsWith('O#')) found.push(readOrder(item).state)
    }
    return found.toSorted((a, b) => (a.createdAt + a.id < b.createdAt + b.id ? -1 : 1))
  }

  return {
    deps,
    store,
    inbox,
    names,
    saleIds,
    orders,
    nextKey,
    caller,
    callerOf,
    at,
    release,
    hold,
    pay,
    tellEnd,
    deliver,
    tick: (ms: number): void => {
      nowMs += ms
    },
    sweep: () => sweepDeadlines(store, queue, nowMs),
    /** The aggregate as it stands. */
    load: async <K extends Kind>(kind: K, id: string): Promise<VersionedOf<K>> => {
      const found = await load(store, kind, id)
      if (found === null) throw new Error(`there is no ${kind} ${id}`)
      return found
    },
  }
}

const never = (): never => {
  throw new Error('the shipped policy has a Dutch sale')
}
