import { PutCommand } from '@aws-sdk/lib-dynamodb'
import type Stripe from 'stripe'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { canonicalJson } from '../../shared/domain/journal.ts'
import { balances } from '../../shared/domain/ledger.ts'
import { termsInForce } from '../../shared/domain/terms.ts'
import { openAuthorisations } from '../../shared/gateways/authorisations.ts'
import { openPayments, type PaymentFacts } from '../../shared/gateways/payments.ts'
import { noScreening } from '../../shared/gateways/screening.ts'
import { openSellerAccounts } from '../../shared/gateways/seller-accounts.ts'
import { toPaymentMessage } from '../../shared/gateways/stripe-events.ts'
import { openTransfers } from '../../shared/gateways/transfers.ts'
import { load } from '../../shared/store/aggregates.ts'
import type { Store } from '../../shared/store/client.ts'
import { loadHandle } from '../../shared/store/handles.ts'
import type { Item } from '../../shared/store/items.ts'
import { filedEntries } from '../../shared/store/journal.ts'
import { loadOrder } from '../../shared/store/orders.ts'
import { scanTable } from '../../shared/store/scan.ts'
import { applyPayment } from '../../shared/workflows/apply-payment.ts'
import { auditTables } from '../../shared/workflows/audit-tables.ts'
import { clawBack } from '../../shared/workflows/claw-back.ts'
import { paySeller } from '../../shared/workflows/pay-seller.ts'
import { openTables } from '../model/tables.ts'
import { deliver, pauseWebhooks, resumeWebhooks, textOf } from './events.ts'
import { type Market, startMarket } from './market.ts'
import { accept, comeToRest, fillPlatform, list, newSale, pay, place, type Sale } from './settlement.ts'
import { importHolders } from './users-sale.ts'

// The provider's words about a user's sale, each told twice, late, and in every order: one end. A sale is brought to its
// state on the product's own road, and what follows happens at the local Stripe. The orders are then gone through on a copy
// of the tables in memory (`test/model/engine.test.ts` holds those to the engine), by the workflows themselves and with
// Stripe's own answers: a thousand orders take seconds, the real road would take half an hour. One order of each is delivered to the real webhook as well.

const colours = 'amber azure beige coral ivory ebony lilac olive pearl ochre khaki mauve peach'.split(' ')
const handles = ['brook', 'cliff', 'creek', 'delta'].flatMap((noun) => colours.map((colour) => `${colour}${noun}`))

let market: Market
beforeAll(async () => {
  // A word that does not fit is set aside with an alarm, thousands of times here.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  market = await startMarket({ stocked: false })
  await importHolders(market, handles)
  await fillPlatform(market, await nextSale())
}, 120_000)
afterEach(() => resumeWebhooks(market))
afterAll(async () => {
  vi.restoreAllMocks()
  await market.stop()
})

const nextSale = (): Promise<Sale> => newSale(market, handles.pop() ?? '')
const control = () => market.stripe.control

/** How far a sale has come before anything else happens; the provider's words are lost from `unheard` on. */
const states = {
  'paid and unheard': async (sale: Sale) => {
    pauseWebhooks(market)
    await pay(market, [sale])
  },
  'in inspection': async (sale: Sale) => {
    await pay(market, [sale])
    await comeToRest(market)
  },
  settling: async (sale: Sale) => {
    await states['in inspection'](sale)
    control().restrictAccount(sale.connected)
    await comeToRest(market)
    await accept(market, [sale])
    await comeToRest(market)
  },
  settled: async (sale: Sale) => {
    await states['in inspection'](sale)
    await accept(market, [sale])
    await comeToRest(market)
    await market.system.clock.move(2 * 86_400_000 + 3_600_000, { settle: true })
  },
} as const

type Happening = { readonly charge: Stripe.Charge; readonly sale: Sale }

const chargeback =
  (outcome?: 'won' | 'lost') =>
  ({ charge }: Happening): void => {
    const { id } = control().dispute(charge.id)
    if (outcome !== undefined) control().closeDispute(id, outcome)
  }

/** What happens at the provider, and which of its words tell of it beside that of the payment. */
const happenings = {
  'nothing more': { act: () => undefined, tells: [] },
  'a refund of all': {
    act: ({ charge }: Happening) => void control().refundFromDashboard(charge.id),
    tells: ['charge.refunded'],
  },
  'two refunds of a part each': {
    act: ({ charge }: Happening) => {
      control().refundFromDashboard(charge.id, 100_00)
      control().refundFromDashboard(charge.id, 50_00)
    },
    tells: ['charge.refunded', 'charge.refunded'],
  },
  'a chargeback that is open': {
    act: chargeback(),
    tells: ['charge.dispute.created', 'charge.dispute.funds_withdrawn'],
  },
  'a chargeback that is lost': {
    act: chargeback('lost'),
    tells: ['charge.dispute.created', 'charge.dispute.funds_withdrawn', 'charge.dispute.closed'],
  },
  'a chargeback that is won': {
    act: chargeback('won'),
    tells: ['charge.dispute.created', 'charge.dispute.funds_withdrawn', 'charge.dispute.closed'],
  },
  'words on the seller': {
    act: ({ sale: { connected } }: Happening) => {
      control().restrictAccount(connected)
      control().liftRestriction(connected)
      for (const { id } of control().payOut(connected)) control().settlePayout(id, 'paid')
    },
    tells: ['account.updated', 'account.updated'],
  },
} as const

let told = 0
/** A word on a connected account; what it says of it is not looked at. */
const wordOnAccount = (type: string, account: string): Stripe.Event => {
  told += 1
  const head = { id: `evt_1OnAccount${told}`, object: 'event', type, account, livemode: false }
  return { ...head, data: { object: { id: account, object: 'account' } } } as Stripe.Event
}

/** The newest words of these types about this sale, as Stripe keeps them. */
const wordsOf = async ({ charge, sale }: Happening, types: readonly string[]): Promise<Stripe.Event[]> => {
  const found: Stripe.Event[] = []
  for (const type of new Set(types)) {
    const wanted = types.filter((one) => one === type).length
    if (type.startsWith('account.')) {
      for (let n = 0; n < wanted; n += 1) found.push(wordOnAccount(type, sale.connected))
      continue
    }
    const ours: Stripe.Event[] = []
    for await (const event of market.provider.events.list({ type, limit: 100 })) {
      const { id, payment_intent: payment } = event.data.object as { id?: string; payment_intent?: unknown }
      if (id === charge.id || payment === charge.payment_intent) ours.push(event)
    }
    found.push(...ours.slice(0, wanted))
  }
  return found
}

/** All orders of these, in which equal ones are told apart by nothing. */
const ordersOf = <T>(items: readonly T[]): T[][] =>
  items.length === 0
    ? [[]]
    : [...new Set(items)].flatMap((item) =>
        ordersOf(items.toSpliced(items.indexOf(item), 1)).map((rest) => [item, ...rest]),
      )

/** `all`: also of four words every order in which each is told twice (2,520); some of these take minutes. */
const isLong = process.env['SETTLEMENT_POINTS'] === 'all'

/** Every order of the words, each told twice; of more than three, each once, and then all of them late, from the last on. */
const arrivalsOf = <T>(words: readonly T[]): T[][] =>
  isLong || words.length <= 3
    ? ordersOf([...words, ...words])
    : ordersOf(words).map((order) => [...order, ...order.toReversed()])

const tableNames = () => {
  const { handlesTable, escrowTable, shelvesTable } = market.store
  return { handlesTable, escrowTable, shelvesTable }
}

/** The items that name this sale. */
const itemsOf = async ({ trail }: Sale): Promise<[string, Item][]> => {
  const found: [string, Item][] = []
  for (const table of [market.store.handlesTable, market.store.escrowTable]) {
    for await (const item of scanTable(market.store.db, table)) {
      if (trail.isNamedIn(JSON.stringify(item))) found.push([table, item])
    }
  }
  return found
}

const copyOf = async (items: readonly (readonly [string, Item])[]): Promise<Store> => {
  const store = { ...tableNames(), db: openTables(tableNames()) }
  for (const [TableName, item] of items) await store.db.send(new PutCommand({ TableName, Item: item }))
  return store
}

const depsOf = (store: Store, nowMs: number) => {
  const stripe = { secretKey: market.secrets.secretKey, apiUrl: market.stripe.url }
  const payments = openPayments(stripe)
  return {
    store,
    terms: termsInForce,
    now: () => nowMs,
    random: () => 0.5,
    pause: () => Promise.resolve(),
    livemode: () => Promise.resolve(false),
    screening: noScreening,
    payments: () => Promise.resolve({ ...payments, readPayment: remembered(payments.readPayment) }),
    authorisations: () => Promise.resolve(openAuthorisations(stripe)),
    sellerAccounts: () => Promise.resolve(openSellerAccounts(stripe)),
    transfers: () => Promise.resolve(openTransfers(stripe)),
  }
}

/** What the order wants done outside by now; the transfers and reversals of all orders of arrival are the same ones. */
const carryOut = async (deps: ReturnType<typeof depsOf>, orderId: string): Promise<void> => {
  await paySeller(deps, orderId)
  const order = await loadOrder(deps.store, orderId)
  // Before the chargeback was told there is no reversal to be found, but those of the orders gone through before.
  if (order?.state.chargebackId !== undefined) await clawBack(deps, orderId)
}

/** What Stripe says of a payment stands still while its words are told: it is asked once. */
const facts = new Map<string, Promise<PaymentFacts>>()
const remembered = (read: (id: string) => Promise<PaymentFacts>) => (id: string) => {
  const known = facts.get(id) ?? read(id)
  facts.set(id, known)
  return known
}

/** Everything that must not depend on the order of arrival. Instants are left out. */
const endOf = async (store: Store, { orderId, handle, seller }: Sale): Promise<string> => {
  const [order, sold, paid] = await Promise.all([
    loadOrder(store, orderId),
    loadHandle(store, handle),
    load(store, 'seller', seller),
  ])
  if (order === null || sold === null || paid === null) throw new Error(`${orderId} is gone`)
  const filed = (await filedEntries(store, `order:${orderId}`)).filter(({ seq }) => seq < order.entry.seq)
  const book = [...balances([...filed, order.entry].flatMap(({ postings }) => postings))].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  )
  const all = { order: order.state, handle: sold.state, seller: paid.state, book }
  return canonicalJson(JSON.parse(JSON.stringify(all, (name, value: unknown) => (isInstant(name) ? 0 : value))))
}
const isInstant = (name: string): boolean => /(At|since|until)$/.test(name)

for (const [state, bring] of Object.entries(states)) {
  for (const [name, { act, tells }] of Object.entries(happenings)) {
    test(
      `${state}, and ${name}: the same end, in whatever order it is told and however often`,
      { timeout: 1_200_000 },
      async () => {
        const sale = await nextSale()
        await list(market, [sale])
        await place(market, [sale])
        await bring(sale)
        pauseWebhooks(market)
        const { data } = await market.provider.charges.list({ limit: 1 })
        const charge = data[0]
        if (charge?.metadata['orderId'] !== sale.orderId) throw new Error('that is the charge of another sale')
        act({ charge, sale })
        const words = await wordsOf({ charge, sale }, ['checkout.session.completed', ...tells])
        expect(words).toHaveLength(tells.length + 1)

        const items = await itemsOf(sale)
        const nowMs = market.system.clock.now()
        const ends = new Map<string, string>()
        for (const arrival of arrivalsOf(words)) {
          const store = await copyOf(items)
          const deps = depsOf(store, nowMs)
          for (const word of arrival) {
            await applyPayment(deps, toPaymentMessage(word))
            await carryOut(deps, sale.orderId)
          }
          ends.set(await endOf(store, sale), arrival.map(({ type }) => type).join(' '))
        }
        expect([...ends]).toHaveLength(1)

        resumeWebhooks(market)
        for (const word of words.toReversed()) {
          expect((await deliver(market, textOf(word))).status).toBe(200)
          await comeToRest(market)
        }
        expect([await endOf(market.store, sale)]).toEqual([...ends.keys()])
        const report = await auditTables(market.store)
        expect([report.faults, report.ledgerSumMinor]).toEqual([[], 0])
      },
    )
  }
}
