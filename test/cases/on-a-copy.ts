import { createHash } from 'node:crypto'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import type Stripe from 'stripe'
import { type EffectEventType, effects } from '../../shared/domain/effects.ts'
import { canonicalJson, type Entry } from '../../shared/domain/journal.ts'
import { parseAggregate } from '../../shared/domain/aggregate.ts'
import { termsInForce } from '../../shared/domain/terms.ts'
import { openAuthorisations } from '../../shared/gateways/authorisations.ts'
import { type EvidenceTexts, openChargebacks } from '../../shared/gateways/chargebacks.ts'
import type { EvidenceFiles } from '../../shared/gateways/evidence.ts'
import { openPayments, type Payments } from '../../shared/gateways/payments.ts'
import { noScreening } from '../../shared/gateways/screening.ts'
import { openSellerAccounts } from '../../shared/gateways/seller-accounts.ts'
import { toPaymentMessage } from '../../shared/gateways/stripe-events.ts'
import { openTransfers, type Transfers } from '../../shared/gateways/transfers.ts'
import type { Store } from '../../shared/store/client.ts'
import type { Item } from '../../shared/store/items.ts'
import { applyPayment } from '../../shared/workflows/apply-payment.ts'
import { carryOutEffect } from '../../shared/workflows/carry-out-effect.ts'
import { openTables, type TableNames } from '../model/tables.ts'
import type { Telling } from './arrivals.ts'
import type { Market } from './market.ts'

// A sale on a copy of the tables in memory (`test/model/engine.test.ts` holds those to the engine), moved by the workflows
// themselves and with Stripe's own answers. Whoever copies it once more can go on in two ways.

/** All that what comes after depends on: the workflows keep nothing else. */
export type Copy = {
  readonly items: readonly (readonly [table: string, item: Item])[]
  /** What the provider was asked to do on this way. What it did on another one is not there to be found. */
  readonly asked: ReadonlySet<string>
  /** What commits wanted done outside, and nobody has done yet: `order.refund_wanted ord_…`. */
  readonly wanted: readonly string[]
}

/** Sets as sorted lists, and nothing of what is not there. */
const plain = (value: unknown): unknown => {
  if (value instanceof Set) return [...value].map(String).toSorted()
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]))
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64')

/** Items are never changed, but replaced. */
const hashes = new WeakMap<Item, string>()
const hashOfItem = (item: Item): string => {
  const known = hashes.get(item) ?? hashOf(canonicalJson(plain(item)))
  hashes.set(item, known)
  return known
}

const textOf = ({ items, asked, wanted }: Copy): string =>
  hashOf(
    JSON.stringify([
      items.map(([table, item]) => `${table} ${hashOfItem(item)}`).toSorted(),
      [...asked].toSorted(),
      wanted,
    ]),
  )

/** The provider's answers to questions that were asked before: nothing happens there while its words are told. */
const remembering = () => {
  const answers = new Map<string, Promise<unknown>>()
  return <T>(question: string, ask: () => Promise<T>): Promise<T> => {
    const answer = (answers.get(question) as Promise<T> | undefined) ?? ask()
    answers.set(question, answer)
    return answer
  }
}
type Remember = ReturnType<typeof remembering>

/**
 * Transfers and reversals as they are to be found on one way: those of the beginning, and those that it asked for itself. At
 * the provider all ways share them, which they can since each is made once for its number.
 */
const transfersOnWay = (real: Transfers, remember: Remember, asked: Set<string>): Transfers => {
  const asking = async <T extends object | string>(
    name: string,
    question: string,
    ask: () => Promise<T>,
  ): Promise<T> => {
    const made = await remember(question, ask)
    if (typeof made !== 'string') asked.add(name)
    return made
  }
  return {
    find: async (order, number) => {
      const name = `transfer ${number}`
      return asked.has(name) ? remember(`find ${name}`, () => real.find(order, number)) : null
    },
    findReversal: async (transferId, number) => {
      const name = `reversal ${number} of ${transferId}`
      return asked.has(name) ? remember(`find ${name}`, () => real.findReversal(transferId, number)) : null
    },
    transfer: (order, amountMinor, destination, number) =>
      asking(`transfer ${number}`, `transfer ${number} ${amountMinor} ${destination}`, () =>
        real.transfer(order, amountMinor, destination, number),
      ),
    reverse: (order, transferId, amountMinor, number) => {
      const name = `reversal ${number} of ${transferId}`
      return asking(name, `${name} ${amountMinor}`, () => real.reverse(order, transferId, amountMinor, number))
    },
  }
}

/** A payment as it stands on one way: given back by us where this way has asked for that. */
const paymentsOnWay = (real: Payments, remember: Remember, asked: Set<string>): Payments => {
  const readPayment: Payments['readPayment'] = (id) =>
    remember(`payment ${id} ${asked.has('refund') ? 'given back' : ''}`, () => real.readPayment(id))
  return {
    ...real,
    readPayment,
    readRefunds: async (id) => (await readPayment(id)).refunds,
    refund: async (order) => {
      const refunds = await remember(`refund ${order.id} ${order.refundedMinor ?? 0}`, () => real.refund(order))
      asked.add('refund')
      return refunds
    },
  }
}

/**
 * How a sale is told the provider's words, and what it wants done outside.
 * @param nowMs the instant at which all of it happens
 */
export const tellingOn = (
  { stripe, secrets, store: { handlesTable, escrowTable, shelvesTable } }: Market,
  files: EvidenceFiles,
  nowMs: number,
): Telling<Copy, Stripe.Event> => {
  const names: TableNames = { handlesTable, escrowTable, shelvesTable }
  const config = { secretKey: secrets.secretKey, apiUrl: stripe.url }
  const [payments, transfers] = [openPayments(config), openTransfers(config)]
  const [authorisations, accounts, chargebacks] = [
    openAuthorisations(config),
    openSellerAccounts(config),
    openChargebacks(config),
  ]
  const remember = remembering()

  const depsOf = (store: Store, asked: Set<string>) => ({
    store,
    terms: termsInForce,
    now: () => nowMs,
    random: () => 0.5,
    pause: () => Promise.resolve(),
    livemode: () => Promise.resolve(false),
    screening: noScreening,
    files: {
      ...files,
      write: (key: string, text: string) => remember(`file ${key} ${hashOf(text)}`, () => files.write(key, text)),
    },
    publicUrl: '',
    authorisations: () =>
      Promise.resolve({
        ...authorisations,
        read: (id: string) => remember(`authorisation ${id}`, () => authorisations.read(id)),
      }),
    sellerAccounts: () =>
      Promise.resolve({
        ...accounts,
        read: (id: string) => remember(`account ${id}`, () => accounts.read(id)),
        listPayouts: (id: string, limit: number) =>
          remember(`payouts ${id} ${limit}`, () => accounts.listPayouts(id, limit)),
      }),
    transfers: () => Promise.resolve(transfersOnWay(transfers, remember, asked)),
    chargebacks: () =>
      Promise.resolve({
        ...chargebacks,
        read: (id: string) => remember(`chargeback ${id}`, () => chargebacks.read(id)),
        stage: (id: string, told: EvidenceTexts) =>
          remember(`evidence ${id} ${JSON.stringify(told)}`, () => chargebacks.stage(id, told)),
      }),
    payments: () => Promise.resolve(paymentsOnWay(payments, remember, asked)),
  })

  /** What comes of a copy when this is done to it; the copy itself stays as it is. */
  const after = async (
    copy: Copy,
    act: (deps: ReturnType<typeof depsOf>) => Promise<void>,
    done?: string,
  ): Promise<Copy> => {
    const wanted = new Set(copy.wanted.filter((one) => one !== done))
    const onEntry = ({ aggregate, events }: Entry): void => {
      const named = parseAggregate(aggregate)
      for (const { type } of events) {
        const effect = `${named?.kind}.${type}`
        if (Object.hasOwn(effects, effect)) wanted.add(`${effect} ${named?.id}`)
      }
    }
    const db = openTables(names, onEntry, copy.items)
    const asked = new Set(copy.asked)
    await act(depsOf({ ...names, db } as Store, asked))
    const items: [string, Item][] = []
    for (const TableName of Object.values(names)) {
      const { Items = [] } = await db.send(new ScanCommand({ TableName }))
      for (const item of Items) items.push([TableName, item])
    }
    return { items, asked, wanted: [...wanted].toSorted() }
  }

  return {
    textOf,
    tell: (copy, word) => after(copy, (deps) => applyPayment(deps, toPaymentMessage(word))),
    openOf: ({ wanted }) => wanted,
    carryOut: (copy, open) => {
      const [type = '', id = ''] = open.split(' ')
      return after(copy, (deps) => carryOutEffect(deps, type as EffectEventType, id), open)
    },
  }
}
