import type * as z from 'zod'
import type { disputeHeadSchema, disputeSchema, evidenceTypes } from '../contract/dispute.ts'
import type { VersionedOf } from '../domain/aggregate.ts'
import { type Decision, type Dispute, type Evidence } from '../domain/dispute.ts'
import { disputeMachine } from '../domain/dispute-machine.ts'
import { possibleFor } from '../domain/dispute-acts.ts'
import { plusDays } from '../domain/release-policy.ts'
import { termsOf } from '../domain/terms.ts'
import { evidenceKey, type EvidenceFiles } from '../gateways/evidence.ts'

export type DisputeView = z.input<typeof disputeSchema>
export type Reader = DisputeView['you']

/** A link to a file serves this long. */
const linkSeconds = 600

/** A dispute as one of its sides or an operator sees it. Parties see what both said, and who of each other's sides said it. */
export const viewDispute = async (
  files: EvidenceFiles,
  { state, entry }: VersionedOf<'dispute'>,
  reader: Reader,
): Promise<DisputeView> => ({
  ...headOf(state, entry.seq),
  you: reader,
  statements: state.statements.map(({ id, party, at, words }) => ({ id, by: party, at, words })),
  evidence: await Promise.all(state.evidence.map((one) => viewEvidence(files, state.id, one))),
  possible: possibleFor(state, { kind: reader }),
  proposal: reader === 'operator' && state.proposal !== undefined ? viewDecision(state, state.proposal, reader) : null,
  decision: state.decision === undefined ? null : viewDecision(state, state.decision, reader),
  endedAt: state.endedAt ?? null,
})

/** A dispute in the operators' queue. */
export const viewDisputeHead = ({ state, entry }: VersionedOf<'dispute'>): z.input<typeof disputeHeadSchema> => ({
  ...headOf(state, entry.seq),
  proposedBy: state.proposal?.operatorId ?? null,
})

const headOf = (dispute: Dispute, version: number) => ({
  id: dispute.id,
  orderId: dispute.orderId,
  handle: dispute.handle,
  status: dispute.status,
  reason: dispute.reason,
  price: { amountMinor: dispute.priceMinor, currency: dispute.currency },
  openedAt: dispute.openedAt,
  version,
  next: nextOf(dispute),
})

/** Who acts next, and by when; the order's clock brings up what no operator has decided in time. */
export const nextOf = ({ status, answerBy, openedAt, termsVersion }: Dispute): DisputeView['next'] => {
  if (status === 'answer_wanted') return { actor: 'seller', action: 'dispute_answered', by: answerBy }
  if (disputeMachine.states[status] === 'final') return null
  const action = status === 'approval_wanted' ? 'approve' : 'decide'
  return { actor: 'operator', action, by: plusDays(openedAt, termsOf(termsVersion).disputeReviewDays) }
}

const viewEvidence = async (
  files: EvidenceFiles,
  disputeId: string,
  { id, party, at, name, contentType, bytes, sha256, status, why }: Evidence,
): Promise<DisputeView['evidence'][number]> => ({
  id,
  by: party,
  at,
  name,
  contentType: contentType as (typeof evidenceTypes)[number],
  bytes,
  sha256,
  status,
  why: why ?? null,
  url: status === 'received' ? await files.downloadUrl(evidenceKey(disputeId, id), name, linkSeconds) : null,
})

const viewDecision = (
  { currency }: Dispute,
  decision: Decision & { readonly approvedBy?: string | undefined },
  reader: Reader,
): NonNullable<DisputeView['decision']> => {
  const { outcome, refundMinor, commissionMinor, netMinor, reason, operatorId, approvedBy } = decision
  const money = (amountMinor: number) => ({ amountMinor, currency })
  const ofOperators = reader === 'operator'
  return {
    outcome,
    refund: money(refundMinor),
    commission: reader === 'buyer' ? null : money(commissionMinor),
    net: reader === 'buyer' ? null : money(netMinor),
    reason,
    operatorId: ofOperators ? operatorId : null,
    approvedBy: ofOperators ? (approvedBy ?? null) : null,
  }
}
