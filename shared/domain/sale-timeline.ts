import type { ActorKind } from './actors.ts'
import type { DisputeEvent } from './dispute.ts'
import type { Entry } from './journal.ts'
import { evolveOrder, type Order, type OrderEvent } from './order.ts'

/** Who reads: each side is told the amounts that concern it, and operators all. */
export type TimelineReader = 'buyer' | 'seller' | 'operator'

export type TimelineAmount = { readonly what: 'price' | 'refund' | 'commission' | 'net'; readonly amountMinor: number }

/** One step of a sale, as its reader is told it. */
export type TimelineStep = {
  readonly at: string
  readonly by: ActorKind
  readonly event: string
  readonly words: string
  readonly amounts: readonly TimelineAmount[]
}

type Told = {
  readonly words: string
  readonly amounts?: readonly TimelineAmount[]
  /** Absent: everybody who may read the sale. */
  readonly to?: readonly TimelineReader[]
}

/**
 * Every step of one sale, oldest first: what happened to the order, and in its dispute. Made from the journals alone, so
 * that it tells what the money and the handle did and nothing else; roles are told, accounts are not.
 */
export const timelineOf = (
  journals: { readonly order: readonly Entry<OrderEvent>[]; readonly dispute: readonly Entry<DisputeEvent>[] },
  reader: TimelineReader,
): TimelineStep[] => {
  const steps: TimelineStep[] = []
  const tell = (entry: Entry, event: string, { words, amounts = [], to }: Told) => {
    if (to?.includes(reader) === false) return
    const shown = amounts.filter(({ what }) => concerns(what, reader))
    steps.push({ at: entry.at, by: roleOf(entry.by), event, words, amounts: shown })
  }
  let order: Order | null = null
  for (const entry of journals.order) {
    const id = entry.aggregate.slice('order:'.length)
    for (const event of entry.events) {
      const after: Order = evolveOrder(id, order, event, entry.at)
      tell(entry, event.type, tellOrder(order ?? after, event))
      order = after
    }
  }
  for (const entry of journals.dispute) {
    for (const event of entry.events) {
      const told = tellDispute(event)
      if (told !== null) tell(entry, event.type, told)
    }
  }
  return steps.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

const concerns = (what: TimelineAmount['what'], reader: TimelineReader): boolean =>
  reader === 'operator' || what === 'price' || what === 'refund' || reader === 'seller'

/** `buyer:acct_1` → `buyer`: an account is never told. */
const roleOf = (by: string): ActorKind => (by.split(':')[0] ?? 'system') as ActorKind

const operators: readonly TimelineReader[] = ['operator']

/** What the state after an event and the event itself tell; `before` is the state before it, or the first. */
const tellOrder = (before: Order, event: OrderEvent): Told => {
  const price = amount('price', before.priceMinor)
  const settlement = before.award ?? before.quote
  const seller = settlement === undefined ? [] : sellersAmounts(settlement)
  switch (event.type) {
    case 'order_placed':
      return { words: 'The order was placed, and the handle is on hold until it is paid.', amounts: [price, ...seller] }
    case 'payment_started':
      return { words: 'The payment is on its way.' }
    case 'payment_captured':
      return { words: 'The payment was taken, and the money is held.', amounts: [price] }
    case 'payment_failed':
      return { words: 'The payment failed, and the hold was lifted.' }
    case 'replacement_chosen':
      return { words: 'The seller named the handle to have instead.', to: ['seller', 'operator'] }
    case 'handover_started':
      return { words: 'The hand-over began.' }
    case 'handover_completed':
      return { words: 'The handle was handed over; the buyer inspects it.' }
    case 'handover_failed':
      return { words: 'The handle could not be handed over, so the money goes back.' }
    case 'inspection_accepted':
      return { words: 'The buyer is content, and the seller is to be paid.', amounts: seller }
    case 'inspection_ended':
      return { words: 'The inspection ended without an objection, and the seller is to be paid.', amounts: seller }
    case 'dispute_opened':
      return { words: 'The buyer disputes the order; money and handle stay where they are until it is decided.' }
    case 'dispute_withdrawn':
      return { words: 'The buyer withdrew the dispute, and the seller is to be paid.', amounts: seller }
    case 'dispute_settled':
      return { words: 'The dispute was decided for the seller, who is to be paid.', amounts: seller }
    case 'dispute_refunded':
      return {
        words: 'The dispute was decided for the buyer: the money goes back, and so does the handle.',
        amounts: [amount('refund', before.priceMinor)],
      }
    case 'dispute_split':
      return {
        words: 'The dispute was split: a part goes back to the buyer, who keeps the handle, and the rest is settled.',
        amounts: [amount('refund', event.refundMinor), ...sellersAmounts(event)],
      }
    case 'dispute_review_due':
      return { words: 'The dispute still waits for a decision.' }
    case 'transfer_wanted':
      return { words: 'The transfer to the seller was asked for.', to: sellers }
    case 'transfer_found':
      return { words: 'The transfer had been made when the money went back.', amounts: seller, to: sellers }
    case 'transfer_blocked':
      return { words: 'The seller cannot be paid yet; it is tried again.', to: sellers }
    case 'order_settled':
      return before.sellerId === undefined
        ? { words: 'The handle was handed over, and the sale is settled.', amounts: [price] }
        : { words: 'The seller was paid, and the sale is settled.', amounts: seller }
    case 'order_cancelled':
      return { words: 'The order was cancelled before it was paid.' }
    case 'order_expired':
      return { words: 'The order was not paid in time.' }
    case 'refund_wanted':
      return { words: 'The refund was asked for.' }
    case 'sale_undone':
      return {
        words: 'The whole payment was given back at the provider: the sale is undone, and the handle goes back.',
      }
    case 'refund_completed':
      return {
        words: 'The money was given back.',
        amounts: [amount('refund', before.priceMinor - (before.refundedMinor ?? 0))],
      }
    case 'part_refund_completed':
      return { words: 'A part of the money was given back.', amounts: [amount('refund', event.amountMinor)] }
    case 'goodwill_proposed':
      return {
        words: 'An operator proposed a refund that the platform bears, which a second one must approve.',
        amounts: [amount('refund', event.proposal.amountMinor)],
        to: operators,
      }
    case 'goodwill_rejected':
      return { words: 'The second operator sent the refund back.', to: operators }
    case 'goodwill_wanted':
      return {
        words: 'A refund was granted that the platform bears.',
        amounts: [amount('refund', event.amountMinor)],
        to: buyers,
      }
    case 'goodwill_refunded':
      return {
        words: 'A part of the money was given back.',
        amounts: [amount('refund', event.amountMinor)],
        to: buyers,
      }
    case 'chargeback_opened':
      return { words: "The buyer's bank took the money back; the handle is locked until the bank has decided." }
    case 'chargeback_won':
      return { words: 'The bank gave the money back, and the sale stands.' }
    case 'chargeback_won_unpaid':
      return { words: 'The bank gave the money back, and the seller is to be paid.', amounts: seller }
    case 'chargeback_won_refund_due':
      return { words: 'The bank gave the money back, and it goes back to the buyer.' }
    case 'chargeback_lost':
      return { words: 'The bank kept the money: the sale is undone.' }
    case 'chargeback_review_due':
      return { words: 'The bank has not decided yet.' }
    case 'clawback_wanted':
      return { words: 'What the seller was paid is taken back meanwhile.', to: sellers }
    case 'clawback_completed':
      return { words: 'What the seller was paid was taken back.', amounts: seller, to: sellers }
    case 'clawback_failed':
      return { words: 'What the seller was paid could not be taken back, so the seller owes it.', to: sellers }
  }
}

/** Of the dispute what its order does not tell itself; null: it does. What operators propose is theirs alone. */
const tellDispute = (event: DisputeEvent): Told | null => {
  switch (event.type) {
    case 'dispute_answered':
      return { words: 'The seller answered.' }
    case 'answer_overdue':
      return { words: 'The seller did not answer in time; an operator decides on what is known.' }
    case 'statement_added':
      return { words: `The ${event.party} added a statement.` }
    case 'evidence_announced':
      return null
    case 'evidence_received':
      return { words: 'A file was received as evidence.' }
    case 'evidence_refused':
      return { words: 'A file was refused: it is not what was announced.' }
    case 'decision_proposed':
      return { words: 'An operator proposed a decision, which a second one must approve.', to: operators }
    case 'decision_rejected':
      return { words: 'The second operator sent the proposal back.', to: operators }
    case 'dispute_opened':
    case 'dispute_settled':
    case 'dispute_refunded':
    case 'dispute_split':
    case 'dispute_withdrawn':
    case 'dispute_overtaken':
      return null
  }
}

const amount = (what: TimelineAmount['what'], amountMinor: number): TimelineAmount => ({ what, amountMinor })

const sellersAmounts = ({ commissionMinor, netMinor }: { commissionMinor: number; netMinor: number }) => [
  amount('commission', commissionMinor),
  amount('net', netMinor),
]

const sellers: readonly TimelineReader[] = ['seller', 'operator']
const buyers: readonly TimelineReader[] = ['buyer', 'operator']
