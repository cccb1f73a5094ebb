import { disputeRoutes } from '../../shared/contract/routes/disputes.ts'
import { saleRecordRoutes } from '../../shared/contract/routes/sale-records.ts'
import { openEvidenceFiles } from '../../shared/gateways/evidence.ts'
import { api } from '../../shared/runtime/api.ts'
import type { Caller } from '../../shared/runtime/caller.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import {
  addEvidence,
  addStatement,
  approveDispute,
  decideOnDispute,
  getDispute,
  listDisputes,
  openDispute,
  withdrawDispute,
} from '../../shared/workflows/disputes.ts'
import { getChargeback, listChargebacks, wantSubmission } from '../../shared/workflows/chargebacks.ts'
import { approveRefund, refundOrder } from '../../shared/workflows/goodwill.ts'
import { getSaleExport, getTimeline } from '../../shared/workflows/sale-records.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'EVIDENCE_BUCKET')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = { ...running, store, files: openEvidenceFiles(config.EVIDENCE_BUCKET) }

const readerOf = (caller: Caller) => ({ id: caller.id, isOperator: caller.groups.has('operator') })

export const handler = api(
  { ...disputeRoutes, ...saleRecordRoutes },
  {
    openDispute: ({ params, body, caller, idempotencyKey, requestHash }) =>
      openDispute(deps, params.orderId, body, { idempotencyKey, requestHash }, caller.id),
    getDispute: ({ params, caller }) => getDispute(deps, params.disputeId, readerOf(caller)),
    addStatement: ({ params, body, caller, idempotencyKey, requestHash }) =>
      addStatement(deps, params.disputeId, { ...body, idempotencyKey, requestHash }, caller.id),
    addEvidence: ({ params, body, caller, idempotencyKey, requestHash }) =>
      addEvidence(deps, params.disputeId, body, { idempotencyKey, requestHash }, caller.id),
    withdrawDispute: ({ params, caller }) => withdrawDispute(deps, params.disputeId, caller.id),
    listDisputes: ({ query }) => listDisputes(store, query),
    decideDispute: ({ params, body: { refund, ...body }, caller }) =>
      decideOnDispute(deps, params.disputeId, { ...body, refundMinor: refund?.amountMinor ?? null }, caller.id),
    approveDispute: ({ params, body, caller }) => approveDispute(deps, params.disputeId, body, caller.id),
    getTimeline: ({ params, caller }) => getTimeline(deps, params.orderId, readerOf(caller)),
    exportSale: ({ params }) => getSaleExport(deps, params.orderId),
    refundOrder: ({ params, body: { amount, reason }, caller, ...request }) =>
      refundOrder(deps, params.orderId, { amountMinor: amount.amountMinor, reason }, request, caller.id),
    approveRefund: ({ params, body: { amount, ...body }, caller }) =>
      approveRefund(deps, params.orderId, { ...body, amountMinor: amount.amountMinor }, caller.id),
    listChargebacks: ({ query }) => listChargebacks(store, query),
    getChargeback: ({ params }) => getChargeback(deps, params.chargebackId),
    submitChargeback: ({ params, caller }) => wantSubmission(deps, params.chargebackId, caller.id),
  },
)
