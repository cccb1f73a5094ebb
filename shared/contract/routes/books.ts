import * as z from 'zod'
import { reconciliationSchema, trialBalanceSchema } from '../book-resources.ts'
import { reconciliationIdSchema } from '../ids.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'

export const reconciliationsPageMax = 20

/** The money as a whole: what the book says, and whether the provider says the same. */
export const bookRoutes = {
  getTrialBalance: {
    operationId: 'getTrialBalance',
    group: 'books',
    method: 'GET',
    path: '/v1/operator/trial-balance',
    role: 'operator',
    summary: 'The newest trial balance: what all ledger accounts hold, by class and currency',
    success: { status: 200, schema: trialBalanceSchema, words: 'The trial balance' },
    problems: ['not_found', 'role_missing', 'service_unavailable'],
  },
  startReconciliation: {
    operationId: 'startReconciliation',
    group: 'books',
    method: 'POST',
    path: '/v1/operator/reconciliations',
    role: 'operator',
    summary: 'Compare the ledger with the payment provider now, without waiting for the daily schedule',
    idempotent: true,
    body: z.strictObject({
      from: resource.instantSchema.optional().meta({
        description: 'Beginning of the span, 35 days back at most; absent: the end of the newest complete one',
      }),
    }),
    success: { status: 202, schema: reconciliationSchema, words: 'The reconciliation; follow it by its id' },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      'idempotency_key_missing',
      'idempotency_key_reused',
      'role_missing',
      'service_unavailable',
    ],
  },
  listReconciliations: {
    operationId: 'listReconciliations',
    group: 'books',
    method: 'GET',
    path: '/v1/operator/reconciliations',
    role: 'operator',
    summary: 'Reconciliations, newest first; kept for 400 days',
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(reconciliationsPageMax).default(10),
      cursor: resource.pageQuery.cursor,
    }),
    success: {
      status: 200,
      schema: resource.pageOf(reconciliationSchema, 'ReconciliationPage'),
      words: 'Reconciliations',
    },
    problems: ['validation_failed', 'cursor_invalid', 'role_missing', 'service_unavailable'],
  },
  getReconciliation: {
    operationId: 'getReconciliation',
    group: 'books',
    method: 'GET',
    path: '/v1/operator/reconciliations/{reconciliationId}',
    role: 'operator',
    summary: 'One reconciliation with its differences',
    params: z.strictObject({ reconciliationId: reconciliationIdSchema }),
    success: { status: 200, schema: reconciliationSchema, words: 'The reconciliation' },
    problems: ['validation_failed', 'not_found', 'role_missing', 'service_unavailable'],
  },
} as const satisfies Record<string, Route>
