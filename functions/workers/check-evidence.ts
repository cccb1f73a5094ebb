import { disputeIdSchema, evidenceIdSchema } from '../../shared/contract/ids.ts'
import { feedMessageSchema } from '../../shared/contract/messages.ts'
import { openEvidenceFiles } from '../../shared/gateways/evidence.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { running } from '../../shared/runtime/running.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { checkEvidence } from '../../shared/workflows/check-evidence.ts'

const config = readConfig('ESCROW_TABLE', 'EVIDENCE_BUCKET')
const deps = {
  ...running,
  store: openStore({ escrowTable: config.ESCROW_TABLE }),
  files: openEvidenceFiles(config.EVIDENCE_BUCKET),
}

export const handler = worker(
  feedMessageSchema,
  async (message) => {
    if (!('Records' in message)) return
    for (const { s3 } of message.Records) {
      const [, dispute, evidence] = s3.object.key.split('/')
      const disputeId = disputeIdSchema.parse(dispute)
      const evidenceId = evidenceIdSchema.parse(evidence)
      const outcome = await checkEvidence(deps, disputeId, evidenceId)
      log('info', 'evidence_checked', { disputeId, evidenceId, outcome })
    }
  },
  { recordFailure: failureRecorder(deps.store, 'evidence', running.now) },
)
