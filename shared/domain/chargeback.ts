import type { Currency } from '../contract/money.ts'
import { ok, refuse, type Result } from './result.ts'
import { findTransition, type Machine, possibleEvents } from './transitions.ts'

// What we say to a buyer's bank that took the money of an order back. The money itself is the order's.

export type ChargebackStatus = 'staged' | 'submitting' | 'submitted' | 'won' | 'lost'

/** Instants are RFC 3339 UTC; the amount is in minor units. */
export type Chargeback = {
  /** The payment provider's. */
  readonly id: string
  readonly orderId: string
  readonly handle: string
  readonly status: ChargebackStatus
  readonly reason: string
  readonly amountMinor: number
  readonly currency: Currency
  /** After this the bank decides without us. */
  readonly respondBy?: string | undefined
  /** SHA-256 of the pack, hex. */
  readonly packSha256: string
  readonly madeAt: string
  readonly submittedBy?: string | undefined
  readonly closedAt?: string | undefined
}

export type ChargebackEvent =
  | ({ readonly type: 'evidence_staged' } & Pick<
      Chargeback,
      'orderId' | 'handle' | 'reason' | 'amountMinor' | 'currency' | 'respondBy' | 'packSha256'
    >)
  | { readonly type: 'submission_wanted'; readonly operatorId: string }
  | { readonly type: 'evidence_submitted' }
  | { readonly type: 'chargeback_won' }
  | { readonly type: 'chargeback_lost' }

/** No state of ours waits: the bank's own day stands in `respondBy`, and the order's clock brings an undecided one up. */
export const chargebackMachine: Machine<ChargebackStatus, ChargebackEvent['type']> = {
  name: 'chargeback',
  states: { staged: 'resting', submitting: 'resting', submitted: 'resting', won: 'final', lost: 'final' },
  transitions: [
    { from: null, on: 'evidence_staged', to: 'staged', by: ['system'] },
    { from: 'staged', on: 'submission_wanted', to: 'submitting', by: ['operator'] },
    { from: 'submitting', on: 'evidence_submitted', to: 'submitted', by: ['system'] },
    ...(['staged', 'submitting', 'submitted'] as const).flatMap((from) => [
      { from, on: 'chargeback_won' as const, to: 'won' as const, by: ['system' as const] },
      { from, on: 'chargeback_lost' as const, to: 'lost' as const, by: ['system' as const] },
    ]),
  ],
}

/** Folds one event, which happened at `at`, into the state; an illegal one is an impossible state and throws. */
export const evolveChargeback = (
  id: string,
  before: Chargeback | null,
  event: ChargebackEvent,
  at: string,
): Chargeback => {
  const row = findTransition(chargebackMachine, before?.status ?? null, event.type)
  if (row === undefined) throw new Error(`${event.type} happened to ${id} in state ${before?.status ?? 'none'}`)
  if (event.type === 'evidence_staged') {
    const { type: _, ...staged } = event
    return { id, ...staged, status: row.to, madeAt: at }
  }
  if (before === null) throw new Error(`${event.type} happened to ${id} before it existed`)
  const moved = { ...before, status: row.to }
  switch (event.type) {
    case 'submission_wanted':
      return { ...moved, submittedBy: event.operatorId }
    case 'evidence_submitted':
      return moved
    case 'chargeback_won':
    case 'chargeback_lost':
      return { ...moved, closedAt: at }
  }
}

/** An operator lets the bank see our evidence: once, for the bank takes no second one. Again: nothing changes. */
export const decideSubmission = (chargeback: Chargeback, operatorId: string): Result<readonly ChargebackEvent[]> => {
  const { id, status } = chargeback
  if (status === 'submitting' || status === 'submitted') return ok([])
  if (status !== 'staged') {
    return refuse('transition_not_allowed', `${id} was ${status}`, undefined, {
      status,
      possible: possibleEvents(chargebackMachine, status),
    })
  }
  return ok([{ type: 'submission_wanted', operatorId }])
}

/** The provider has passed our evidence on. */
export const decideSubmitted = ({ status }: Chargeback): readonly ChargebackEvent[] =>
  status === 'submitting' ? [{ type: 'evidence_submitted' }] : []

/** The bank has decided. Told again: nothing changes. */
export const decideBankDecision = ({ closedAt }: Chargeback, outcome: 'won' | 'lost'): readonly ChargebackEvent[] =>
  closedAt === undefined ? [{ type: `chargeback_${outcome}` }] : []
