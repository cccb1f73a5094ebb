import { systemActor } from '../domain/actors.ts'
import { advance } from '../domain/aggregate.ts'
import { decideEvidenceArrived } from '../domain/dispute-acts.ts'
import { evidenceFault } from '../domain/evidence-file.ts'
import { evidenceKey, type EvidenceFiles } from '../gateways/evidence.ts'
import { load } from '../store/aggregates.ts'
import type { EscrowStore } from '../store/client.ts'
import { type CommitDeps, committing, instant } from './committing.ts'

/**
 * A file was put where evidence goes: it is read once, held against what was announced, and listed or refused. Nothing
 * where it was checked before, or the dispute ended meanwhile. Returns what became of it.
 */
export const checkEvidence = async (
  deps: CommitDeps<EscrowStore> & { readonly files: EvidenceFiles },
  disputeId: string,
  evidenceId: string,
): Promise<'received' | 'refused' | 'nothing'> => {
  const dispute = await load(deps.store, 'dispute', disputeId)
  const announced = dispute?.state.evidence.find(({ id }) => id === evidenceId)
  if (announced === undefined || announced.status !== 'awaited') return 'nothing'
  const { content } = await deps.files.read(evidenceKey(disputeId, evidenceId))
  const fault = evidenceFault(announced, content)
  return committing<'received' | 'refused' | 'nothing'>(deps, async () => {
    const before = await load(deps.store, 'dispute', disputeId)
    const decided = before === null ? null : decideEvidenceArrived(before.state, evidenceId, fault)
    if (before === null || decided?.ok !== true || decided.value.length === 0) return { changes: [], answer: 'nothing' }
    const after = advance('dispute', disputeId, before, decided.value, instant(deps.now()), systemActor)
    return { changes: [{ kind: 'dispute', before, after }], answer: fault === null ? 'received' : 'refused' }
  })
}
