import type { ActorKind } from './actors.ts'
import type { DisputeEvent, DisputeStatus } from './dispute.ts'
import type { Machine } from './transitions.ts'

const open = ['answer_wanted', 'in_review', 'approval_wanted'] as const
const parties: readonly ActorKind[] = ['buyer', 'seller']

/** While it is open both sides may speak; operators decide once the seller has answered or let the time pass. */
export const disputeMachine: Machine<DisputeStatus, DisputeEvent['type']> = {
  name: 'dispute',
  states: {
    answer_wanted: 'waiting',
    // Whoever waits for an operator is brought up again by the order's own clock (`disputeReviewDays`).
    in_review: 'resting',
    approval_wanted: 'resting',
    settled: 'final',
    refunded: 'final',
    split: 'final',
    withdrawn: 'final',
    overtaken: 'final',
  },
  transitions: [
    { from: null, on: 'dispute_opened', to: 'answer_wanted', by: ['buyer'] },
    { from: 'answer_wanted', on: 'dispute_answered', to: 'in_review', by: ['seller'] },
    { from: 'answer_wanted', on: 'answer_overdue', to: 'in_review', by: ['system'], after: 'answerBy' },
    { from: 'answer_wanted', on: 'statement_added', to: 'answer_wanted', by: ['buyer'] },
    { from: 'in_review', on: 'statement_added', to: 'in_review', by: parties },
    { from: 'approval_wanted', on: 'statement_added', to: 'approval_wanted', by: parties },
    { from: 'in_review', on: 'decision_proposed', to: 'approval_wanted', by: ['operator'] },
    { from: 'approval_wanted', on: 'decision_rejected', to: 'in_review', by: ['operator'] },
    ...(['in_review', 'approval_wanted'] as const).flatMap((from) => [
      { from, on: 'dispute_settled' as const, to: 'settled' as const, by: ['operator' as const] },
      { from, on: 'dispute_refunded' as const, to: 'refunded' as const, by: ['operator' as const] },
      { from, on: 'dispute_split' as const, to: 'split' as const, by: ['operator' as const] },
    ]),
    ...open.flatMap((from) => [
      { from, on: 'evidence_announced' as const, to: from, by: parties },
      { from, on: 'evidence_received' as const, to: from, by: ['system' as const] },
      { from, on: 'evidence_refused' as const, to: from, by: ['system' as const] },
      { from, on: 'dispute_withdrawn' as const, to: 'withdrawn' as const, by: ['buyer' as const] },
      { from, on: 'dispute_overtaken' as const, to: 'overtaken' as const, by: ['system' as const] },
    ]),
  ],
}
