import { derivedId } from '../contract/ids.ts'
import type { Currency } from '../contract/money.ts'
import { disputeMachine } from './dispute-machine.ts'
import { findTransition } from './transitions.ts'

// A dispute between the buyer and the seller of one order. The order holds the money and the handle; the dispute holds what
// both said, and who decided. Every step that ends it is one transaction with the order's own step.

export type DisputeStatus =
  | 'answer_wanted'
  | 'in_review'
  | 'approval_wanted'
  | 'settled'
  | 'refunded'
  | 'split'
  | 'withdrawn'
  | 'overtaken'

export const disputeReasons = ['not_handed_over', 'not_as_described', 'taken_back', 'impersonation', 'other'] as const
export type DisputeReason = (typeof disputeReasons)[number]

export const disputeOutcomes = ['settle', 'refund', 'split'] as const
export type DisputeOutcome = (typeof disputeOutcomes)[number]

export type Party = 'buyer' | 'seller'

/** A side says at most so much: enough for a case, and the whole dispute stays one item. */
export const statementsPerPartyMax = 10
export const evidencePerPartyMax = 10

export type Statement = {
  readonly id: string
  readonly party: Party
  readonly at: string
  readonly words: string
  readonly requestHash: string
}

/** A file that a side said it would send. `received` when it has come and is what was said. */
export type Evidence = {
  readonly id: string
  readonly party: Party
  readonly at: string
  readonly name: string
  readonly contentType: string
  readonly bytes: number
  /** Hex. */
  readonly sha256: string
  readonly status: 'awaited' | 'received' | 'refused'
  /** Why it was refused. */
  readonly why?: string | undefined
  readonly requestHash: string
}

/** What becomes of the held money, in minor units: together the price. The commission falls on what is not refunded. */
export type Award = { readonly refundMinor: number; readonly commissionMinor: number; readonly netMinor: number }

export type Decision = Award & {
  readonly outcome: DisputeOutcome
  readonly reason: string
  readonly operatorId: string
}

/** What of its order a dispute is about. */
export type Disputed = {
  readonly orderId: string
  readonly handle: string
  readonly buyerId: string
  readonly sellerId: string
  readonly priceMinor: number
  readonly currency: Currency
  readonly termsVersion: string
}

/** Instants are RFC 3339 UTC. */
export type Dispute = Disputed & {
  readonly id: string
  readonly status: DisputeStatus
  readonly reason: DisputeReason
  readonly openedAt: string
  /** When it entered `status`. */
  readonly since: string
  /** Until when the seller alone is waited for: promised when it was opened. */
  readonly answerBy: string
  readonly answeredAt?: string | undefined
  readonly statements: readonly Statement[]
  readonly evidence: readonly Evidence[]
  /** What one operator wants and a second one must approve. */
  readonly proposal?: Decision | undefined
  readonly decision?: (Decision & { readonly approvedBy?: string | undefined }) | undefined
  readonly endedAt?: string | undefined
  /** The chargeback by which the bank took the decision away. */
  /** What took the decision out of our hands: the bank's chargeback, or a refund of the whole price at the provider. */
  readonly overtakenBy?: string | undefined
}

type Said = { readonly statementId: string; readonly words: string; readonly requestHash: string }
type Announced = Omit<Evidence, 'id' | 'at' | 'status' | 'why'> & { readonly evidenceId: string }
type Decided = Decision & { readonly approvedBy?: string | undefined }

export type DisputeEvent =
  | ({ readonly type: 'dispute_opened'; readonly reason: DisputeReason; readonly answerBy: string } & Disputed & Said)
  | ({ readonly type: 'dispute_answered' } & Said)
  | { readonly type: 'answer_overdue' }
  | ({ readonly type: 'statement_added'; readonly party: Party } & Said)
  | ({ readonly type: 'evidence_announced' } & Announced)
  | { readonly type: 'evidence_received'; readonly evidenceId: string }
  | { readonly type: 'evidence_refused'; readonly evidenceId: string; readonly why: string }
  | ({ readonly type: 'decision_proposed' } & Decision)
  | { readonly type: 'decision_rejected'; readonly operatorId: string; readonly reason: string }
  | ({ readonly type: 'dispute_settled' } & Decided)
  | ({ readonly type: 'dispute_refunded' } & Decided)
  | ({ readonly type: 'dispute_split' } & Decided)
  | { readonly type: 'dispute_withdrawn' }
  | { readonly type: 'dispute_overtaken'; readonly by: string }

/** Whether an operator is waited for. */
export const isReviewed = ({ status }: Dispute): boolean => status === 'in_review' || status === 'approval_wanted'

/** An order is disputed once at most: the id follows from it. */
export const disputeIdOf = (orderId: string): string => derivedId('dsp', orderId)

/** The side that an account is of; null: a stranger, who is told of no dispute. */
export const partyOf = (
  { buyerId, sellerId }: Pick<Dispute, 'buyerId' | 'sellerId'>,
  accountId: string,
): Party | null => (accountId === buyerId ? 'buyer' : accountId === sellerId ? 'seller' : null)

/** When the clock acts on it; null: it waits for an operator, or is over. */
export const disputeDueAt = ({ status, answerBy }: Dispute): string | null =>
  status === 'answer_wanted' ? answerBy : null

/** Folds one event, which happened at `at`, into the state; an illegal one is an impossible state and throws. */
export const evolveDispute = (id: string, before: Dispute | null, event: DisputeEvent, at: string): Dispute => {
  const row = findTransition(disputeMachine, before?.status ?? null, event.type)
  if (row === undefined) throw new Error(`${event.type} happened to ${id} in state ${before?.status ?? 'none'}`)
  if (event.type === 'dispute_opened') {
    const { type: _, statementId, words, requestHash, ...opened } = event
    const first: Statement = { id: statementId, party: 'buyer', at, words, requestHash }
    return { id, ...opened, status: row.to, openedAt: at, since: at, statements: [first], evidence: [] }
  }
  if (before === null) throw new Error(`${event.type} happened to ${id} before it existed`)
  const moved = { ...before, status: row.to, since: row.to === before.status ? before.since : at }
  const saying = (party: Party, { statementId, words, requestHash }: Said): readonly Statement[] => [
    ...before.statements,
    { id: statementId, party, at, words, requestHash },
  ]
  switch (event.type) {
    case 'dispute_answered':
      return { ...moved, answeredAt: at, statements: saying('seller', event) }
    case 'answer_overdue':
      return moved
    case 'statement_added':
      return { ...moved, statements: saying(event.party, event) }
    case 'evidence_announced': {
      const { type: _, evidenceId, ...announced } = event
      return { ...moved, evidence: [...before.evidence, { id: evidenceId, ...announced, at, status: 'awaited' }] }
    }
    case 'evidence_received':
      return { ...moved, evidence: evidenceWith(before, event.evidenceId, { status: 'received' }) }
    case 'evidence_refused':
      return { ...moved, evidence: evidenceWith(before, event.evidenceId, { status: 'refused', why: event.why }) }
    case 'decision_proposed': {
      const { type: _, ...proposal } = event
      return { ...moved, proposal }
    }
    case 'decision_rejected': {
      const { proposal: _, ...rest } = moved
      return rest
    }
    case 'dispute_settled':
    case 'dispute_refunded':
    case 'dispute_split': {
      const { type: _, ...decision } = event
      const { proposal: _p, ...rest } = moved
      return { ...rest, decision, endedAt: at }
    }
    case 'dispute_withdrawn':
      return { ...moved, endedAt: at }
    case 'dispute_overtaken':
      return { ...moved, endedAt: at, overtakenBy: event.by }
  }
}

const evidenceWith = (
  { evidence }: Dispute,
  evidenceId: string,
  change: Pick<Evidence, 'status' | 'why'>,
): readonly Evidence[] => evidence.map((one) => (one.id === evidenceId ? { ...one, ...change } : one))
