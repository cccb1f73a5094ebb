import { derivedId } from '../contract/ids.ts'
import type { Actor } from './actors.ts'
import {
  type Award,
  type Decision,
  type Dispute,
  type DisputeEvent,
  type DisputeOutcome,
  type DisputeReason,
  type Disputed,
  type Evidence,
  evidencePerPartyMax,
  type Party,
  statementsPerPartyMax,
} from './dispute.ts'
import { disputeMachine } from './dispute-machine.ts'
import { decideDispute, type DisputeOutcome as OrderOutcome } from './order-settlement.ts'
import type { Order } from './order.ts'
import { ok, refuse, type Refusal, type Result } from './result.ts'
import { findTransition, possibleEvents } from './transitions.ts'

// What may be done with a dispute, by whom, and when.

type Decided = Result<readonly DisputeEvent[]>

const notAllowed = (
  dispute: Dispute,
  on: DisputeEvent['type'],
  actor: Actor,
): { readonly ok: false; readonly refusal: Refusal } =>
  refuse(
    'transition_not_allowed',
    `${on} is not possible for the ${actor.kind} while the dispute is ${dispute.status}`,
    undefined,
    {
      status: dispute.status,
      possible: possibleFor(dispute, actor),
    },
  )

/** What this kind of actor may do with the dispute as it stands. */
export const possibleFor = (dispute: Dispute, { kind }: Pick<Actor, 'kind'>): DisputeEvent['type'][] =>
  possibleEvents(disputeMachine, dispute.status).filter((on) =>
    findTransition(disputeMachine, dispute.status, on)?.by.includes(kind),
  )

const decide = (dispute: Dispute, actor: Actor, event: DisputeEvent): Decided =>
  findTransition(disputeMachine, dispute.status, event.type)?.by.includes(actor.kind) === true
    ? ok([event])
    : notAllowed(dispute, event.type, actor)

/** A statement of an account under its Idempotency-Key. */
export const statementIdOf = (disputeId: string, accountId: string, key: string): string =>
  derivedId('stm', disputeId, accountId, key)

export const evidenceIdOf = (disputeId: string, accountId: string, key: string): string =>
  derivedId('evi', disputeId, accountId, key)

export type Saying = { readonly statementId: string; readonly words: string; readonly requestHash: string }

const reused = (id: string) =>
  refuse('idempotency_key_reused', `This key made ${id} with another body`, 'Idempotency-Key')

/** The buyer opens a dispute; the order's own step, in the same commit, says whether it may be. */
export const decideOpened = (
  before: Dispute | null,
  disputed: Disputed,
  said: Saying & { readonly reason: DisputeReason; readonly answerBy: string },
): Decided => {
  if (before === null) return ok([{ type: 'dispute_opened', ...disputed, ...said }])
  const [first] = before.statements
  if (first?.id === said.statementId) return first.requestHash === said.requestHash ? ok([]) : reused(before.id)
  return refuse('dispute_exists', `${disputed.orderId} was disputed on ${before.openedAt}`, undefined, {
    disputeId: before.id,
    status: before.status,
  })
}

/** A side says something; the seller's first words while an answer is wanted are the answer. Again: nothing changes. */
export const decideStatement = (dispute: Dispute, party: Party, actor: Actor, said: Saying): Decided => {
  const same = dispute.statements.find(({ id }) => id === said.statementId)
  if (same !== undefined) return same.requestHash === said.requestHash ? ok([]) : reused(same.id)
  if (dispute.statements.filter((one) => one.party === party).length >= statementsPerPartyMax) {
    return refuse('dispute_full', `A side makes at most ${statementsPerPartyMax} statements`, 'words')
  }
  const answers = party === 'seller' && dispute.status === 'answer_wanted'
  return decide(
    dispute,
    actor,
    answers ? { type: 'dispute_answered', ...said } : { type: 'statement_added', party, ...said },
  )
}

/** A side announces a file, whose upload is then allowed. Again: nothing changes. */
export const decideEvidence = (
  dispute: Dispute,
  actor: Actor,
  file: Omit<Evidence, 'id' | 'at' | 'status' | 'why'> & { readonly evidenceId: string },
): Decided => {
  const same = dispute.evidence.find(({ id }) => id === file.evidenceId)
  if (same !== undefined) return same.requestHash === file.requestHash ? ok([]) : reused(same.id)
  if (dispute.evidence.filter((one) => one.party === file.party).length >= evidencePerPartyMax) {
    return refuse('dispute_full', `A side sends at most ${evidencePerPartyMax} files`, 'name')
  }
  return decide(dispute, actor, { type: 'evidence_announced', ...file })
}

/** The file has come. `fault`: why it is not what was announced; a file that came late, or again, changes nothing. */
export const decideEvidenceArrived = (dispute: Dispute, evidenceId: string, fault: string | null): Decided => {
  const file = dispute.evidence.find(({ id }) => id === evidenceId)
  if (file === undefined) return refuse('not_found', `${dispute.id} has no evidence ${evidenceId}`, 'evidenceId')
  if (file.status !== 'awaited') return ok([])
  const event: DisputeEvent =
    fault === null ? { type: 'evidence_received', evidenceId } : { type: 'evidence_refused', evidenceId, why: fault }
  return decide(dispute, { kind: 'system' }, event)
}

/** The seller has let the time pass. */
export const decideAnswerOverdue = (dispute: Dispute, now: string): Decided =>
  dispute.status !== 'answer_wanted' || dispute.answerBy > now
    ? refuse('not_due', `${dispute.id} is ${dispute.status}, an answer is due by ${dispute.answerBy}`)
    : ok([{ type: 'answer_overdue' }])

/** What an operator wants; `refundMinor`: of a split alone, what the buyer gets back. */
export type OutcomeWanted = { readonly outcome: DisputeOutcome; readonly refundMinor: number | null }

/** An outcome as the order takes it; a split without an amount is none. */
export const orderOutcome = ({ outcome, refundMinor }: OutcomeWanted): OrderOutcome =>
  outcome === 'split' ? { kind: 'split', refundMinor: refundMinor ?? 0 } : { kind: outcome }

/** What an outcome does with the money, as the order decides it: by the schedule that the seller was quoted. */
export const awardOf = (order: Order, wanted: OutcomeWanted, actor: Actor): Result<Award> => {
  const decided = decideDispute(order, orderOutcome(wanted), actor)
  if (!decided.ok) return decided
  const split = decided.value.find((event) => event.type === 'dispute_split')
  if (split !== undefined) {
    const { refundMinor, commissionMinor, netMinor } = split
    return ok({ refundMinor, commissionMinor, netMinor })
  }
  if (wanted.outcome === 'refund') return ok({ refundMinor: order.priceMinor, commissionMinor: 0, netMinor: 0 })
  return ok({
    refundMinor: 0,
    commissionMinor: order.quote?.commissionMinor ?? 0,
    netMinor: order.quote?.netMinor ?? 0,
  })
}

const sameWord = (standing: Decision, { outcome, refundMinor }: OutcomeWanted): boolean =>
  standing.outcome === outcome && (outcome !== 'split' || standing.refundMinor === refundMinor)

const endOf = { settle: 'dispute_settled', refund: 'dispute_refunded', split: 'dispute_split' } as const

const ofOwn = (dispute: Dispute, operatorId: string) =>
  operatorId === dispute.buyerId || operatorId === dispute.sellerId
    ? refuse('own_case', 'Nobody decides a case of their own')
    : null

/** An operator acts on the sight of one version; where somebody acted since, the dispute is read again first. */
const stale = (dispute: Dispute, basedOn: number, version: number, actor: Actor) =>
  basedOn === version
    ? null
    : refuse('dispute_changed', `Version ${version} stands, and you saw version ${basedOn}`, 'basedOn', {
        version,
        status: dispute.status,
        possible: possibleFor(dispute, actor),
      })

/** An operator's act on a dispute as it was seen: `version` is the number of its newest journal entry. */
export type OperatorAct = { readonly operatorId: string; readonly basedOn: number; readonly version: number }

/**
 * The operator's word. Above the limit (minor units) it is a proposal, which another operator must approve. The same
 * word again changes nothing.
 */
export const decideDecision = (
  dispute: Dispute,
  order: Order,
  wanted: OutcomeWanted & { readonly reason: string },
  { operatorId, basedOn, version }: OperatorAct,
  limitMinor: number,
): Decided => {
  const actor = { kind: 'operator', id: operatorId } as const
  const conflict = ofOwn(dispute, operatorId)
  if (conflict !== null) return conflict
  const standing = dispute.decision ?? dispute.proposal
  if (standing !== undefined && standing.operatorId === operatorId && sameWord(standing, wanted)) return ok([])
  const changed = stale(dispute, basedOn, version, actor)
  if (changed !== null) return changed
  const { outcome, reason } = wanted
  const on = dispute.priceMinor > limitMinor ? 'decision_proposed' : endOf[outcome]
  if (findTransition(disputeMachine, dispute.status, on) === undefined) return notAllowed(dispute, on, actor)
  const award = awardOf(order, wanted, actor)
  return award.ok ? ok([{ type: on, outcome, reason, operatorId, ...award.value }]) : award
}

/** A second operator approves what the first proposed, or sends it back with a reason. */
export const decideApproval = (
  dispute: Dispute,
  { approve, reason }: { readonly approve: boolean; readonly reason: string },
  { operatorId, basedOn, version }: OperatorAct,
): Decided => {
  const actor = { kind: 'operator', id: operatorId } as const
  const conflict = ofOwn(dispute, operatorId)
  if (conflict !== null) return conflict
  const { proposal, decision } = dispute
  if (approve && decision?.approvedBy === operatorId) return ok([])
  const changed = stale(dispute, basedOn, version, actor)
  if (changed !== null) return changed
  if (proposal === undefined) return notAllowed(dispute, 'decision_rejected', actor)
  if (!approve) return decide(dispute, actor, { type: 'decision_rejected', operatorId, reason })
  if (proposal.operatorId === operatorId) {
    return refuse('second_operator_wanted', `${operatorId} proposed it: another operator must approve`)
  }
  return decide(dispute, actor, { type: endOf[proposal.outcome], ...proposal, approvedBy: operatorId })
}

/** The buyer lets it be: the seller is paid. Again: nothing changes. */
export const decideWithdrawn = (dispute: Dispute, actor: Actor): Decided =>
  dispute.status === 'withdrawn' ? ok([]) : decide(dispute, actor, { type: 'dispute_withdrawn' })

/** The money went back to the buyer, by the bank or at the provider, so that there is nothing left for us to decide. */
export const decideOvertaken = (dispute: Dispute, by: string): readonly DisputeEvent[] =>
  findTransition(disputeMachine, dispute.status, 'dispute_overtaken') === undefined
    ? []
    : [{ type: 'dispute_overtaken', by }]
