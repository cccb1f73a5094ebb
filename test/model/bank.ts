import { ProvisionedThroughputExceededException } from '@aws-sdk/client-dynamodb'
import type { PaymentMessage } from '../../shared/contract/messages.ts'
import { type Actor, systemActor } from '../../shared/domain/actors.ts'
import { advanceHandle } from '../../shared/domain/aggregate.ts'
import { noSales } from '../../shared/domain/appraisal/comparables.ts'
import { effects, type EffectEventType } from '../../shared/domain/effects.ts'
import {
  decideDispute,
  decideDisputeOpened,
  decideDisputeWithdrawn,
  type DisputeOutcome,
} from '../../shared/domain/order-settlement.ts'
import { decideGoodwill } from '../../shared/domain/order-goodwill.ts'
import type { Order, OrderEvent } from '../../shared/domain/order.ts'
import type { Assessment } from '../../shared/domain/release.ts'
import type { Result } from '../../shared/domain/result.ts'
import type { EvidenceFiles } from '../../shared/gateways/evidence.ts'
import { noScreening } from '../../shared/gateways/screening.ts'
import { ProviderUnavailable } from '../../shared/gateways/stripe.ts'
import type { Store, ShelvesStore } from '../../shared/store/client.ts'
import { commit, CommitUnavailable } from '../../shared/store/commit.ts'
import { type Item, readOrder } from '../../shared/store/items.ts'
import { loadOrder } from '../../shared/store/orders.ts'
import { scanTable } from '../../shared/store/scan.ts'
import { applyDeadline } from '../../shared/workflows/apply-deadline.ts'
import { applyPayment } from '../../shared/workflows/apply-payment.ts'
import { carryOutEffect } from '../../shared/workflows/carry-out-effect.ts'
import { committing, instant } from '../../shared/workflows/committing.ts'
import { openListing } from '../../shared/workflows/listings.ts'
import { acceptInspection, actOnOrder, cancelOrder } from '../../shared/workflows/order-acts.ts'
import { orderChanges } from '../../shared/workflows/order-changes.ts'
import { placeOrder } from '../../shared/workflows/place-order.ts'
import { newLiveBook } from './bank-book.ts'
import { type FaultShares, InjectedFault, withFaults } from './faulty-store.ts'
import { openProvider, type ProviderShares } from './provider.ts'
import { openTables } from './tables.ts'
import { openWorld, operatorId, usd } from './world.ts'

// Users who sell to users, and the money of all of them: the workflows on tables in memory, beside a payment provider in
// memory, with everything between them delivered late, again, and in any order.

type Message =
  | { readonly kind: 'payment'; readonly message: PaymentMessage }
  | { readonly kind: 'effect'; readonly type: EffectEventType; readonly id: string }
  | { readonly kind: 'deadline'; readonly aggregate: string }

/** Where the payer's bank may take the money back, and somebody may give it back in the provider's dashboard. */
const paid: ReadonlySet<Order['status']> = new Set(['inspection', 'disputed', 'settling', 'refunding', 'settled'])
const sellers = 6
const buyers = 8
const operator: Actor & { readonly kind: 'operator'; readonly id: string } = { kind: 'operator', id: operatorId }

const ofEvidence: ReadonlySet<string> = new Set(['order.chargeback_opened', 'chargeback.submission_wanted'])

const noFile = (): Promise<never> => Promise.reject(new Error('no file is kept here'))
const noEvidence: EvidenceFiles = { uploadUrl: noFile, read: noFile, write: noFile, downloadUrl: noFile }

export type Bank = ReturnType<typeof openBank>

/** What goes wrong while people trade. */
const shares: FaultShares & ProviderShares = {
  conflict: 0.05,
  throttled: 0.01,
  answerLost: 0.02,
  sentAgain: 0.02,
  unavailable: 0.05,
  slowRefund: 0.3,
  insufficient: 0.05,
}

const calm: FaultShares & ProviderShares = {
  conflict: 0,
  throttled: 0,
  answerLost: 0,
  sentAgain: 0,
  unavailable: 0,
  slowRefund: 0,
  insufficient: 0,
}

export const openBank = (random: () => number) => {
  const names = { handlesTable: 'handles', escrowTable: 'escrow', shelvesTable: 'shelves' }
  const live = newLiveBook()
  const inbox: Message[] = []
  const orderIds: string[] = []
  const faults = { ...shares }
  let handles = 0

  /** At least once: some come twice. */
  const send = (message: Message): void => {
    inbox.push(message)
    if (random() < 0.1) inbox.push(message)
  }
  const tables = openTables(names, (entry, item) => {
    live.onEntry(entry, item)
    const [kind = '', ...id] = entry.aggregate.split(':')
    for (const { type } of entry.events) {
      const event = `${kind}.${type}`
      if (event in effects && !ofEvidence.has(event))
        send({ kind: 'effect', type: event as EffectEventType, id: id.join(':') })
    }
  })
  const store: Store & ShelvesStore = { db: withFaults(tables, random, faults), ...names }
  const provider = openProvider(random, faults, (message) => send({ kind: 'payment', message }))
  const world = openWorld(store, 'b', {
    payments: () => Promise.resolve(provider.payments),
    sellerAccounts: () => Promise.resolve(provider.sellerAccounts),
  })
  const appraisal = {
    low: 20_00,
    expected: 100_00,
    high: 900_00,
    tier: 'rare',
    confidence: 20,
    reasons: '',
    model: 'm',
  }
  const deps = {
    ...world.deps,
    random,
    payments: () => Promise.resolve(provider.payments),
    transfers: () => Promise.resolve(provider.transfers),
    screening: noScreening,
    publicUrl: 'https://example.com',
    // Evidence moves no money: the effects that make it are left out.
    files: noEvidence,
    chargebacks: () => Promise.reject(new Error('nobody asks for evidence here')),
    sales: () => Promise.resolve(noSales),
    assess: (): Assessment => ({
      pass: true,
      appraisal: appraisal as Extract<Assessment, { pass: true }>['appraisal'],
      priceMinor: appraisal.expected,
      currency: 'USD',
    }),
  }

  const number = (count: number): number => Math.floor(random() * count)
  const accountOf = (seller: number): string => `acct_stripe_${seller}`
  const sellerIdOf = (seller: number): string => world.caller(seller).id
  const anOrder = async (): Promise<Order | null> => {
    // The newest ones mostly, so that things happen to an order while others do.
    const from = random() < 0.8 ? Math.max(0, orderIds.length - 12) : 0
    const id = orderIds[from + number(orderIds.length - from)]
    return id === undefined ? null : ((await loadOrder({ ...store, db: tables }, id))?.state ?? null)
  }

  /** A handle that a seller uses. */
  const newHandle = async (accountId: string): Promise<string> => {
    handles += 1
    const name = `h${handles}`
    const imported = {
      type: 'handle_imported',
      display: name,
      importId: 'imp_1',
      accountId,
      class: 'ordinary',
      createdAt: world.at(),
      lastActiveAt: world.at(),
      followers: 1,
    } as const
    const handle = advanceHandle(name, null, [imported], world.at(), systemActor)
    await commit({ ...store, db: tables }, deps, [{ kind: 'handle', before: null, after: handle }])
    return name
  }

  /** Of two of these acts on one order only one is done: what the book has no words for is left out. */
  const busy = new Set<string>()
  const alone = async (work: (order: Order) => Promise<void>): Promise<void> => {
    const id = (await anOrder())?.id
    if (id === undefined || busy.has(id)) return
    busy.add(id)
    try {
      const order = await loadOrder({ ...store, db: tables }, id)
      if (order !== null) await work(order.state)
    } finally {
      busy.delete(id)
    }
  }

  const onOrder = (order: Order, by: Actor, decide: (now: Order) => Result<readonly OrderEvent[]>): Promise<void> =>
    committing<void>(deps, async () => {
      const before = await loadOrder(store, order.id)
      const decided = before === null ? null : decide(before.state)
      if (before === null || decided?.ok !== true) return { changes: [], answer: undefined }
      const moved = await orderChanges(deps, before, decided.value, instant(deps.now()), by)
      return moved && { changes: moved.changes, answer: undefined }
    })

  const acts = {
    sell: async (): Promise<void> => {
      const seller = number(sellers)
      const name = await newHandle(sellerIdOf(seller))
      // Small ones too, of which the commission takes nearly all.
      const priceMinor = random() < 0.2 ? 15_01 + number(10_00) : 20_00 + number(30_000_00)
      const listed = await openListing(deps, world.caller(seller), name, usd(priceMinor))
      if (!listed.ok) throw new Error(`${name} was not listed: ${listed.refusal.message}`)
      const buyer = world.caller(sellers + number(buyers))
      const request = { buyer, handle: name, price: usd(priceMinor), ...world.nextKey() }
      // The client asks again under its key where nobody answers.
      const placed = await untilAnswered(() => placeOrder(deps, request))
      if (!placed.ok) throw new Error(`${name} was not sold: ${placed.refusal.message}`)
      orderIds.push(placed.value.id)
    },
    pay: async (): Promise<void> => {
      const order = await anOrder()
      if (order !== null) provider.pay(order, random() < 0.3)
    },
    cancel: async (): Promise<void> => {
      const order = await anOrder()
      if (order !== null) await cancelOrder(deps, order.id, order.buyerId)
    },
    accept: async (): Promise<void> => {
      const order = await anOrder()
      if (order !== null) await acceptInspection(deps, order.id, order.buyerId)
    },
    dispute: async (): Promise<void> => {
      const order = await anOrder()
      if (order === null) return
      const buyer = { kind: 'buyer', id: order.buyerId } as const
      await actOnOrder(deps, order.id, buyer, (now, by) => decideDisputeOpened(now, 'not_as_described', by))
    },
    withdraw: async (): Promise<void> => {
      const order = await anOrder()
      if (order === null) return
      await actOnOrder(deps, order.id, { kind: 'buyer', id: order.buyerId }, decideDisputeWithdrawn)
    },
    // A dispute whose money the bank has taken already is left to the bank.
    decideDispute: (): Promise<void> =>
      alone(async (order) => {
        if (provider.charges.get(order.id)?.dispute !== undefined) return
        const outcome = outcomeOf(order)
        await onOrder(order, operator, (now) => decideDispute(now, outcome, operator))
      }),
    goodwill: async (): Promise<void> => {
      const order = await anOrder()
      if (order === null) return
      const { idempotencyKey: id, requestHash: hash } = world.nextKey()
      const wanted = {
        amountMinor: 1 + number(Math.min(50_00, order.priceMinor)),
        reason: 'late',
        request: { id, hash },
      }
      await onOrder(order, operator, (now) => decideGoodwill(now, wanted, operator, Number.MAX_SAFE_INTEGER))
    },
    refundFromDashboard: async (): Promise<void> => {
      const order = await anOrder()
      if (order === null || !paid.has(order.status)) return
      const isWhole = random() < 0.2
      provider.refundFromDashboard(order.id, isWhole ? order.priceMinor : 1 + number(order.priceMinor))
    },
    settleRefunds: (): Promise<void> => Promise.resolve(provider.settleRefunds(() => random() < 0.2)),
    chargeBack: (): Promise<void> =>
      alone(async ({ id, status }) => {
        if (paid.has(status)) provider.dispute(id)
      }),
    closeChargeback: async (): Promise<void> => {
      const order = await anOrder()
      if (order?.chargebackId !== undefined) provider.closeDispute(order.id, random() < 0.5 ? 'won' : 'lost')
    },
    restrict: (): Promise<void> => setAccount(number(sellers), random() < 0.6),
    payOut: (): Promise<void> => Promise.resolve(provider.payOut(accountOf(number(sellers)))),
    timePasses: (): Promise<void> => {
      world.tick(random() < 0.25 ? number(2 * 86_400_000) : number(5 * 60_000))
      return Promise.resolve()
    },
    sweep: async (): Promise<void> => {
      await world.sweep()
      for (const message of world.inbox.splice(0)) if (message.kind === 'deadline') send(message)
    },
  }

  const outcomeOf = ({ priceMinor }: Order): DisputeOutcome => {
    const kind = (['settle', 'refund', 'split', 'split'] as const)[number(4)] ?? 'settle'
    return kind === 'split' ? { kind, refundMinor: 1 + number(priceMinor - 1) } : { kind }
  }

  const setAccount = (seller: number, enabled: boolean): Promise<void> =>
    Promise.resolve(provider.setAccount(accountOf(seller), sellerIdOf(seller), enabled))

  const untilAnswered = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        if (!isPassing(error)) throw error
      }
    }
  }

  /** One message of the inbox, in no order. What fails comes again. */
  const deliver = async (): Promise<void> => {
    const [message] = inbox.splice(number(inbox.length), 1)
    if (message === undefined) return
    await taking(
      () => handle(message),
      () => inbox.push(message),
    )
  }

  const handle = async (message: Message): Promise<void> => {
    switch (message.kind) {
      case 'payment':
        return applyPayment(deps, message.message)
      case 'effect':
        return carryOutEffect(deps, message.type, message.id)
      case 'deadline':
        await applyDeadline(deps, message.aggregate)
    }
  }

  /** What a fault stops is asked for again; anything else is an error of the marketplace. */
  const taking = async (work: () => Promise<void>, onPassing: () => void = () => {}): Promise<void> => {
    try {
      await work()
    } catch (error) {
      if (!isPassing(error)) live.fault(error instanceof Error ? (error.stack ?? error.message) : String(error))
      else onPassing()
    }
  }

  const items = async (): Promise<readonly Item[]> => {
    const found: Item[] = []
    for await (const item of scanTable(tables, names.escrowTable)) found.push(item)
    return found
  }

  return {
    acts,
    live,
    provider,
    inbox: inbox as readonly Message[],
    items,
    /** The tables without faults, for whoever only reads. */
    store: { ...store, db: tables },
    orders: async (): Promise<readonly Order[]> =>
      (await items()).flatMap((item) => (String(item['pk']).startsWith('O#') ? [readOrder(item).state] : [])),
    begin: async (): Promise<void> => {
      // The last one comes later, and is not paid until then.
      for (let seller = 0; seller < sellers - 1; seller += 1) await setAccount(seller, true)
    },
    act: (name: keyof typeof acts): Promise<void> => taking(acts[name]),
    deliver,
    /** Nothing goes wrong any more, and everything that is under way comes to its end. */
    comeToRest: async (): Promise<void> => {
      Object.assign(faults, calm)
      for (let seller = 0; seller < sellers; seller += 1) await setAccount(seller, true)
      for (const id of orderIds)
        if (provider.charges.has(id)) provider.closeDispute(id, random() < 0.5 ? 'won' : 'lost')
      for (let days = 0; days < 12; days += 1) {
        provider.settleRefunds(() => false)
        await acts.sweep()
        for (let tries = inbox.length * 10 + 100; inbox.length > 0 && tries > 0; tries -= 1) await deliver()
        world.tick(86_400_000)
      }
    },
  }
}

export type ActName = keyof Bank['acts']

const isPassing = (error: unknown): boolean =>
  error instanceof InjectedFault ||
  error instanceof ProviderUnavailable ||
  error instanceof CommitUnavailable ||
  error instanceof ProvisionedThroughputExceededException
