import * as z from 'zod'
import { orderIdSchema } from '../ids.ts'
import { salePriceSchema } from '../money.ts'
import { reasonSchema } from '../parameters.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'
import {
  chargebackHeadSchema,
  chargebackSchema,
  goodwillSchema,
  saleExportSchema,
  timelineSchema,
} from '../sale-records.ts'

const orderParams = z.strictObject({ orderId: orderIdSchema })
const chargebackParams = z.strictObject({
  chargebackId: z.string().regex(/^[A-Za-z0-9_]{1,64}$/, "the payment provider's name of a chargeback"),
})

const refundProblems = [
  'validation_failed',
  'body_not_json',
  'body_too_large',
  'not_found',
  'transition_not_allowed',
  'own_case',
  'refund_too_large',
  'role_missing',
  'service_unavailable',
] as const

/** What is recorded of a sale, and what operators do about it afterwards. */
export const saleRecordRoutes = {
  getTimeline: {
    operationId: 'getTimeline',
    group: 'disputes',
    method: 'GET',
    path: '/v1/orders/{orderId}/timeline',
    role: 'user',
    summary: 'Every step of an order that you bought or sold (operators: any), and who acts next by when',
    params: orderParams,
    success: { status: 200, schema: timelineSchema, words: 'The timeline, oldest step first' },
    problems: ['validation_failed', 'not_found', 'service_unavailable'],
  },
  exportSale: {
    operationId: 'exportSale',
    group: 'disputes',
    method: 'GET',
    path: '/v1/operator/orders/{orderId}/export',
    role: 'operator',
    summary:
      'One sale as one document: every journal with its hashes, postings, terms; `npm run verify:sale` checks it',
    params: orderParams,
    success: { status: 200, schema: saleExportSchema, words: 'The sale' },
    problems: ['validation_failed', 'not_found', 'role_missing', 'service_unavailable'],
  },
  refundOrder: {
    operationId: 'refundOrder',
    group: 'disputes',
    method: 'POST',
    path: '/v1/operator/orders/{orderId}/refunds',
    role: 'operator',
    summary:
      'Give a part of a settled sale back at the platform’s cost; above the limit of the terms a second operator approves',
    params: orderParams,
    body: z.strictObject({ amount: salePriceSchema, reason: reasonSchema }),
    idempotent: true,
    success: {
      status: 201,
      schema: goodwillSchema,
      words: 'What is refunded, or waits for approval (again: the same)',
    },
    problems: [...refundProblems, 'idempotency_key_missing', 'idempotency_key_reused'],
  },
  approveRefund: {
    operationId: 'approveRefund',
    group: 'disputes',
    method: 'POST',
    path: '/v1/operator/orders/{orderId}/refunds/approval',
    role: 'operator',
    summary: 'Approve a refund that another operator proposed, or send it back',
    params: orderParams,
    body: z.strictObject({
      approve: z.boolean(),
      amount: salePriceSchema.meta({ description: 'The amount that you saw' }),
      reason: reasonSchema,
    }),
    success: { status: 200, schema: goodwillSchema, words: 'The refunds of the sale' },
    problems: [...refundProblems, 'second_operator_wanted', 'dispute_changed'],
  },
  listChargebacks: {
    operationId: 'listChargebacks',
    group: 'disputes',
    method: 'GET',
    path: '/v1/operator/chargebacks',
    role: 'operator',
    summary: 'Chargebacks that the bank has not decided, by the day that it wants an answer',
    query: z.strictObject(resource.pageQuery),
    success: {
      status: 200,
      schema: resource.pageOf(chargebackHeadSchema, 'ChargebackPage'),
      words: 'Open chargebacks',
    },
    problems: ['validation_failed', 'cursor_invalid', 'role_missing', 'service_unavailable'],
  },
  getChargeback: {
    operationId: 'getChargeback',
    group: 'disputes',
    method: 'GET',
    path: '/v1/operator/chargebacks/{chargebackId}',
    role: 'operator',
    summary: 'A chargeback with its evidence pack and what becomes of the money that the seller was paid',
    params: chargebackParams,
    success: { status: 200, schema: chargebackSchema, words: 'The chargeback' },
    problems: ['validation_failed', 'not_found', 'role_missing', 'service_unavailable'],
  },
  submitChargeback: {
    operationId: 'submitChargeback',
    group: 'disputes',
    method: 'POST',
    path: '/v1/operator/chargebacks/{chargebackId}/submit',
    role: 'operator',
    summary: 'Let the bank see the evidence that is staged; it takes it once',
    params: chargebackParams,
    success: { status: 200, schema: chargebackSchema, words: 'The chargeback (again: the same)' },
    problems: ['validation_failed', 'not_found', 'transition_not_allowed', 'role_missing', 'service_unavailable'],
  },
} as const satisfies Record<string, Route>
