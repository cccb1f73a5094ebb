import * as z from 'zod'
import {
  disputeHeadSchema,
  disputeOutcomeSchema,
  disputeReasonSchema,
  disputeSchema,
  evidenceUploadSchema,
  newEvidenceSchema,
  wordsSchema,
} from '../dispute.ts'
import { disputeIdSchema, orderIdSchema } from '../ids.ts'
import { salePriceSchema } from '../money.ts'
import { reasonSchema } from '../parameters.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'

const orderParams = z.strictObject({ orderId: orderIdSchema })
const disputeParams = z.strictObject({ disputeId: disputeIdSchema })

/** The version of the dispute that an operator has seen. */
const basedOn = z.int().min(1).meta({ description: 'The version that you looked at' })

const actProblems = [
  'validation_failed',
  'body_not_json',
  'body_too_large',
  'not_found',
  'transition_not_allowed',
  'service_unavailable',
] as const

const keyProblems = ['idempotency_key_missing', 'idempotency_key_reused'] as const

const operatorProblems = [...actProblems, 'role_missing', 'own_case', 'dispute_changed'] as const

/** Disputes between the buyer and the seller of an order. */
export const disputeRoutes = {
  openDispute: {
    operationId: 'openDispute',
    group: 'disputes',
    method: 'POST',
    path: '/v1/orders/{orderId}/dispute',
    role: 'user',
    summary: 'Dispute an order of yours while you inspect what you bought; the money stays held until it is decided',
    params: orderParams,
    body: z.strictObject({ reason: disputeReasonSchema, words: wordsSchema }),
    idempotent: true,
    success: { status: 201, schema: disputeSchema, words: 'The dispute; the seller is asked to answer' },
    problems: [...actProblems, ...keyProblems, 'dispute_exists'],
  },
  getDispute: {
    operationId: 'getDispute',
    group: 'disputes',
    method: 'GET',
    path: '/v1/disputes/{disputeId}',
    role: 'user',
    summary: 'A dispute of an order that you bought or sold (operators: any), with what both sides said',
    params: disputeParams,
    success: { status: 200, schema: disputeSchema, words: 'The dispute' },
    problems: ['validation_failed', 'not_found', 'service_unavailable'],
  },
  addStatement: {
    operationId: 'addStatement',
    group: 'disputes',
    method: 'POST',
    path: '/v1/disputes/{disputeId}/statements',
    role: 'user',
    summary: "Say something in a dispute of yours; the seller's first statement is the answer",
    params: disputeParams,
    body: z.strictObject({ words: wordsSchema }),
    idempotent: true,
    success: { status: 201, schema: disputeSchema, words: 'The dispute with your statement' },
    problems: [...actProblems, ...keyProblems, 'dispute_full'],
  },
  addEvidence: {
    operationId: 'addEvidence',
    group: 'disputes',
    method: 'POST',
    path: '/v1/disputes/{disputeId}/evidence',
    role: 'user',
    summary:
      'Announce a file; PUT it to the URL in the answer. It is listed as received when it has come and is that very file',
    params: disputeParams,
    body: newEvidenceSchema,
    idempotent: true,
    success: { status: 201, schema: evidenceUploadSchema, words: 'Where to put the file (again: with a fresh URL)' },
    problems: [...actProblems, ...keyProblems, 'dispute_full'],
  },
  withdrawDispute: {
    operationId: 'withdrawDispute',
    group: 'disputes',
    method: 'POST',
    path: '/v1/disputes/{disputeId}/withdraw',
    role: 'user',
    summary: 'Take back a dispute that you opened; the seller is paid',
    params: disputeParams,
    success: { status: 200, schema: disputeSchema, words: 'The dispute, withdrawn (again: the same)' },
    problems: ['validation_failed', 'not_found', 'transition_not_allowed', 'service_unavailable'],
  },
  listDisputes: {
    operationId: 'listDisputes',
    group: 'disputes',
    method: 'GET',
    path: '/v1/operator/disputes',
    role: 'operator',
    summary: 'Disputes that wait for an operator, those that wait longest first',
    query: z.strictObject(resource.pageQuery),
    success: { status: 200, schema: resource.pageOf(disputeHeadSchema, 'DisputePage'), words: 'The queue' },
    problems: ['validation_failed', 'cursor_invalid', 'role_missing', 'service_unavailable'],
  },
  decideDispute: {
    operationId: 'decideDispute',
    group: 'disputes',
    method: 'POST',
    path: '/v1/operator/disputes/{disputeId}/decision',
    role: 'operator',
    summary: 'Decide a dispute; above the limit of the terms a second operator must approve',
    params: disputeParams,
    body: z.strictObject({
      outcome: disputeOutcomeSchema,
      refund: salePriceSchema.nullable().default(null).meta({ description: 'Of a split: what the buyer gets back' }),
      reason: reasonSchema.meta({ description: 'Told to both sides' }),
      basedOn,
    }),
    success: { status: 200, schema: disputeSchema, words: 'The dispute, decided or proposed (again: the same)' },
    problems: [...operatorProblems],
  },
  approveDispute: {
    operationId: 'approveDispute',
    group: 'disputes',
    method: 'POST',
    path: '/v1/operator/disputes/{disputeId}/approval',
    role: 'operator',
    summary: 'Approve what another operator proposed, or send it back',
    params: disputeParams,
    body: z.strictObject({ approve: z.boolean(), reason: reasonSchema, basedOn }),
    success: { status: 200, schema: disputeSchema, words: 'The dispute (again: the same)' },
    problems: [...operatorProblems, 'second_operator_wanted'],
  },
} as const satisfies Record<string, Route>
