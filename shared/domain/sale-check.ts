import { type EventOf, fold, type Kind, parseAggregate, type StateOf } from './aggregate.ts'
import type { Dispute } from './dispute.ts'
import type { HandleEvent } from './handle.ts'
import { canonicalJson, chainFaults, type Entry } from './journal.ts'
import { balances, orderAccount } from './ledger.ts'
import { heldMinor } from './order-money.ts'
import type { Order } from './order.ts'
import { type ExportedJournal, postingsIn, type SaleExport, saleExportFormat, saleExportHash } from './sale-export.ts'
import { termsOf } from './terms.ts'

/**
 * What is wrong with an exported sale, in sentences; empty: every chain is whole and unchanged, every state is what its
 * entries fold to, every posting and balance is what the events move, and order, handle and dispute tell the same story.
 */
export const saleFaults = (sale: SaleExport): string[] => {
  if (sale.format !== saleExportFormat)
    return [`The file is no export of a sale: its format is ${String(sale.format)}.`]
  const faults: string[] = []
  const states = new Map<Kind, unknown>()
  for (const journal of sale.journals) {
    faults.push(...chainFaults(journal.entries, journal.whole ? undefined : 'part').map(inWords))
    const named = parseAggregate(journal.aggregate)
    const strange = journal.entries.find(({ aggregate }) => aggregate !== journal.aggregate)
    if (named === null) faults.push(`${journal.aggregate} is the name of no aggregate.`)
    else if (strange !== undefined)
      faults.push(`An entry of ${strange.aggregate} stands in the journal of ${journal.aggregate}.`)
    else if (journal.whole) states.set(named.kind, replay(named.kind, named.id, journal, faults))
  }
  faults.push(...bookFaults(sale))
  const order = states.get('order') as Order | null | undefined
  if (order === undefined || order === null || order.id !== sale.orderId) {
    return [...faults, `The journal of ${sale.orderId} is not in the file.`, ...sealFaults(sale)]
  }
  faults.push(...orderFaults(sale, order))
  faults.push(...handleFaults(sale, order))
  const dispute = states.get('dispute') as Dispute | null | undefined
  if (dispute !== undefined && dispute !== null) faults.push(...disputeFaults(sale, dispute))
  return [...faults, ...sealFaults(sale)]
}

const inWords = ({ aggregate, seq, fault }: { aggregate: string; seq: number; fault: string }): string =>
  `In the journal of ${aggregate}, at entry ${seq}: ${fault}.`

/** Last, for what is wrong where is more worth knowing than that something is. */
const sealFaults = ({ sha256, ...unsealed }: SaleExport): string[] =>
  saleExportHash(unsealed) === sha256 ? [] : ['The file is not the one that was exported: its hash is another one.']

const replay = <K extends Kind>(kind: K, id: string, journal: ExportedJournal, faults: string[]): StateOf<K> | null => {
  let state: StateOf<K> | null = null
  try {
    for (const entry of journal.entries as readonly Entry<EventOf<K>>[]) {
      const folded = fold(kind, id, state, entry.events, entry.at)
      if (canonicalJson(folded.postings) !== canonicalJson(entry.postings)) {
        faults.push(`The postings of entry ${entry.seq} of ${journal.aggregate} are not what its events move.`)
      }
      state = folded.state as StateOf<K> | null
    }
  } catch (error) {
    faults.push(`The entries of ${journal.aggregate} do not follow from each other: ${messageOf(error)}.`)
    return null
  }
  if (canonicalJson(journal.state) !== canonicalJson(state)) {
    faults.push(`The state of ${journal.aggregate} is not what its entries fold to.`)
  }
  return state
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const bookFaults = ({ journals, postings, balances: told }: SaleExport): string[] => {
  const faults: string[] = []
  const booked = postingsIn(journals)
  if (canonicalJson(booked) !== canonicalJson(postings))
    faults.push('The list of postings is not that of the journals.')
  const book = balances(booked)
  for (const account of new Set([...book.keys(), ...Object.keys(told)])) {
    const is = book.get(account) ?? 0
    if (told[account] !== is)
      faults.push(`The balance of ${account} is ${is}, and the file says ${told[account] ?? 'nothing'}.`)
  }
  return faults
}

const orderFaults = ({ journals, terms, quote }: SaleExport, order: Order): string[] => {
  const faults: string[] = []
  const held = balances(postingsIn(journals)).get(`${orderAccount(order.id)} ${order.currency}`) ?? 0
  const due = heldMinor(order)
  if (held !== due) faults.push(`${held} is held for ${order.id}, and ${due} is due while it is ${order.status}.`)
  if (terms.version !== order.termsVersion || canonicalJson(terms) !== canonicalJson(termsOf(order.termsVersion))) {
    faults.push(`The terms are not version ${order.termsVersion}, under which the order was placed.`)
  }
  if (canonicalJson(quote) !== canonicalJson(order.quote ?? null)) {
    faults.push('The quote is not the one that the order was placed with.')
  }
  return faults
}

/** What the order says of its handle stands in the handle's journal too, at the same instant. */
const handleFaults = ({ journals }: SaleExport, order: Order): string[] => {
  const aggregate = `handle:${order.handle}`
  const entries = journals.find((one) => one.aggregate === aggregate)?.entries as
    | readonly Entry<HandleEvent>[]
    | undefined
  if (entries === undefined || entries.length === 0) return [`The journal of ${aggregate} is not in the file.`]
  const faults: string[] = []
  const happened = entries.flatMap(({ at, events }) => events.map((event) => ({ at, event })))
  const held = happened.some(({ event }) => event.type === 'handle_held' && event.orderId === order.id)
  if (!held) faults.push(`${order.handle} was never on hold for ${order.id}.`)
  const given = happened.find(({ event }) => event.type === 'handle_handed_over' && event.orderId === order.id)
  const givenTo = given?.event.type === 'handle_handed_over' ? given.event.accountId : undefined
  const handedOverAt = order.handedOverAt ?? (order.sellerId === undefined ? order.settledAt : undefined)
  if (handedOverAt !== given?.at) {
    faults.push(
      given === undefined
        ? `${order.id} says that ${order.handle} was handed over, and the handle's journal does not.`
        : `${order.handle} was handed over at ${given.at}, and ${order.id} says ${handedOverAt ?? 'that it was not'}.`,
    )
  }
  if (givenTo !== undefined && givenTo !== order.buyerId) {
    faults.push(`${order.handle} was handed over to another account than the buyer of ${order.id}.`)
  }
  return faults
}

/** How the dispute ended, the order must have heard in the same commit. */
const disputeFaults = ({ journals }: SaleExport, dispute: Dispute): string[] => {
  if (dispute.endedAt === undefined) return []
  const orderEntries = journals.find(({ aggregate }) => aggregate === `order:${dispute.orderId}`)?.entries ?? []
  const heard = orderEntries.some(
    ({ at, events }) =>
      at === dispute.endedAt && events.some(({ type }) => type.startsWith('dispute_') || type === 'chargeback_opened'),
  )
  return heard ? [] : [`${dispute.id} was ${dispute.status} at ${dispute.endedAt}, and its order did not hear of it.`]
}
