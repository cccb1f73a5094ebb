import { ok, refuse, type Result } from './result.ts'
import type { ReportReason } from './negotiation.ts'
import type { TraitKind } from './standing.ts'
import { assertBorn, type Machine, rowOf } from './transitions.ts'

// Something that a person must look at, because no rule can decide it fairly: a family shares a card, and so do shills; an
// offer may molest its holder, or only be low.

export type CaseStatus = 'open' | 'dismissed' | 'upheld'
export type CaseGround = 'linked_bidders' | 'screening_hit' | 'offer_reported'

/** Instants are RFC 3339 UTC. */
export type Case = {
  readonly id: string
  readonly ground: CaseGround
  readonly status: CaseStatus
  /** The sale it came up in; of a hit of the screening what was asked for, such as an order. */
  readonly saleId: string
  /** Sorted. */
  readonly accountIds: readonly string[]
  readonly shared: readonly TraitKind[]
  /** Who reported what, where somebody did. */
  readonly report?: { readonly by: string; readonly reason: ReportReason } | undefined
  readonly openedAt: string
  readonly decidedAt?: string | undefined
  readonly decidedBy?: string | undefined
  readonly reason?: string | undefined
  readonly suspended?: readonly string[] | undefined
}

type Decided = { readonly operatorId: string; readonly reason: string; readonly suspended: readonly string[] }

export type CaseEvent =
  | ({ readonly type: 'case_opened' } & Pick<Case, 'ground' | 'saleId' | 'accountIds' | 'shared' | 'report'>)
  | ({ readonly type: 'case_dismissed' } & Decided)
  | ({ readonly type: 'case_upheld' } & Decided)

/** An open case binds nobody, so it has no deadline: the sale goes on, and the decision is about the accounts. */
export const caseMachine: Machine<CaseStatus, CaseEvent['type']> = {
  name: 'case',
  states: { open: 'resting', dismissed: 'final', upheld: 'final' },
  transitions: [
    { from: null, on: 'case_opened', to: 'open', by: ['system', 'holder'] },
    { from: 'open', on: 'case_dismissed', to: 'dismissed', by: ['operator'] },
    { from: 'open', on: 'case_upheld', to: 'upheld', by: ['operator'] },
  ],
}

export const evolveCase = (id: string, before: Case | null, event: CaseEvent, at: string): Case => {
  const row = rowOf(caseMachine, id, before, event)
  if (event.type === 'case_opened') {
    const { type: _, ...opened } = event
    return { id, ...opened, status: row.to, openedAt: at }
  }
  assertBorn(id, before, event)
  const { operatorId: decidedBy, reason, suspended } = event
  return { ...before, status: row.to, decidedAt: at, decidedBy, reason, suspended }
}

export type CaseDecision = {
  readonly decision: 'dismiss' | 'uphold'
  readonly suspend: readonly string[]
  readonly reason: string
}

/** The operator's word. The same decision again changes nothing; another one is refused. */
export const decideCase = (
  { id, status, accountIds }: Case,
  { decision, suspend, reason }: CaseDecision,
  operatorId: string,
): Result<readonly CaseEvent[]> => {
  const stranger = suspend.find((accountId) => !accountIds.includes(accountId))
  if (stranger !== undefined) return refuse('validation_failed', `${stranger} is no account of ${id}`, 'suspend')
  if (decision === 'dismiss' && suspend.length > 0) {
    return refuse('validation_failed', 'A case that is dismissed suspends nobody', 'suspend')
  }
  if (accountIds.includes(operatorId)) {
    return refuse('transition_not_allowed', 'Nobody decides a case of their own')
  }
  const to = decision === 'dismiss' ? 'dismissed' : 'upheld'
  if (status === to) return ok([])
  if (status !== 'open') return refuse('transition_not_allowed', `The case was ${status}`, undefined, { status })
  return ok([{ type: `case_${to}`, operatorId, reason, suspended: [...new Set(suspend)].toSorted() }])
}

/** What operators read. */
export const caseWords = ({ ground, accountIds, shared, saleId, report }: Case): string => {
  switch (ground) {
    case 'linked_bidders':
      return `${accountIds.join(' and ')} bid against each other in ${saleId} and have in common: ${shared.join(', ')}`
    case 'screening_hit':
      return `The screening has a hit on ${accountIds.join(' and ')}, asked for ${saleId}; the account was not told`
    case 'offer_reported':
      return `${report?.by} reports the offer ${saleId}, whose two sides these are: ${report?.reason}`
  }
}

/** The calendar quarter, as `2026-4`: lists change, so what an operator found about a hit holds until its end. */
export const screeningPeriod = (now: string): string => `${now.slice(0, 4)}-${Math.ceil(Number(now.slice(5, 7)) / 3)}`
