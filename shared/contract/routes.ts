import * as z from 'zod'
import { importIdSchema, orderIdSchema } from './ids.ts'
import { currencySchema } from './money.ts'
import type { ProblemCode } from './problems.ts'
import { redriveMessagesMax } from './queues.ts'
import * as resource from './resources.ts'

/** Who may call: `public`, any `user` with a token, or a user whose groups claim names `operator` or `platform`. */
export type Role = 'public' | 'user' | 'operator' | 'platform'

export type RouteGroup =
  | 'catalogue'
  | 'reference'
  | 'purchases'
  | 'checkout'
  | 'accounts'
  | 'operator'
  | 'dead-letters'
  | 'stripe-webhook'

export type Route = {
  readonly operationId: string
  readonly group: RouteGroup
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly role: Role
  readonly summary: string
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodObject
  /** POST routes that create or move state ask for an `Idempotency-Key` header. */
  readonly idempotent?: true
  readonly success: { readonly status: 200 | 201 | 202; readonly schema: z.ZodType; readonly words: string }
  readonly problems: readonly ProblemCode[]
}

export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 printable characters without spaces')

const handleParams = z.strictObject({ handle: resource.handleInputSchema })
const orderParams = z.strictObject({ orderId: orderIdSchema })
const importParams = z.strictObject({ importId: importIdSchema })
const protectedNameParams = z.strictObject({ name: resource.handleInputSchema })
const deadLetterParams = z.strictObject({ queue: resource.deadLetterQueueNameSchema })
const handleProblems = ['handle_empty', 'handle_too_long', 'handle_character'] as const

/** The table: gateway routes, validation, OpenAPI, the typed client and the role tests all read it. */
export const routes = {
  searchListings: {
    operationId: 'searchListings',
    group: 'catalogue',
    method: 'GET',
    path: '/v1/listings',
    role: 'public',
    summary: 'Search the open market by the first characters of a handle, in alphabetical order',
    query: z.strictObject({ ...resource.pageQuery, prefix: z.string().max(15).optional() }),
    success: {
      status: 200,
      schema: resource.pageOf(resource.listingCardSchema, 'ListingPage'),
      words: 'Handles for sale',
    },
    problems: ['validation_failed', 'cursor_invalid', ...handleProblems],
  },
  getHandle: {
    operationId: 'getHandle',
    group: 'catalogue',
    method: 'GET',
    path: '/v1/handles/{handle}',
    role: 'public',
    summary: 'One handle: its status, appraisal, listing, and who acts next',
    params: handleParams,
    success: { status: 200, schema: resource.handleSchema, words: 'The handle' },
    problems: ['validation_failed', ...handleProblems, 'not_found'],
  },
  listSales: {
    operationId: 'listSales',
    group: 'catalogue',
    method: 'GET',
    path: '/v1/sales',
    role: 'public',
    summary: 'The public sales history of one month, newest first',
    query: z.strictObject({
      ...resource.pageQuery,
      month: z
        .string()
        .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month as YYYY-MM')
        .optional()
        .meta({ description: 'Default: the present month (UTC)' }),
    }),
    success: { status: 200, schema: resource.pageOf(resource.saleSchema, 'SalePage'), words: 'Sales' },
    problems: ['validation_failed', 'cursor_invalid'],
  },
  placeOrder: {
    operationId: 'placeOrder',
    group: 'purchases',
    method: 'POST',
    path: '/v1/orders',
    role: 'user',
    summary: 'Buy a handle: puts it on hold for you until the payment deadline',
    body: z.strictObject({
      handle: resource.handleInputSchema,
      price: z
        .strictObject({ amountMinor: z.int().min(1).max(1_000_000_000), currency: currencySchema })
        .meta({ description: 'The price you saw; refused with the present one where it has changed' }),
    }),
    idempotent: true,
    success: { status: 201, schema: resource.orderSchema, words: 'The order, awaiting payment' },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      ...handleProblems,
      'idempotency_key_missing',
      'idempotency_key_reused',
      'not_found',
      'handle_on_hold',
      'handle_not_for_sale',
      'price_changed',
      'service_unavailable',
    ],
  },
  listOrders: {
    operationId: 'listOrders',
    group: 'purchases',
    method: 'GET',
    path: '/v1/orders',
    role: 'user',
    summary: 'Your orders, newest first',
    query: z.strictObject(resource.pageQuery),
    success: { status: 200, schema: resource.pageOf(resource.orderSchema, 'OrderPage'), words: 'Your orders' },
    problems: ['validation_failed', 'cursor_invalid'],
  },
  getOrder: {
    operationId: 'getOrder',
    group: 'purchases',
    method: 'GET',
    path: '/v1/orders/{orderId}',
    role: 'user',
    summary: 'One of your orders',
    params: orderParams,
    success: { status: 200, schema: resource.orderSchema, words: 'The order' },
    problems: ['validation_failed', 'not_found'],
  },
  cancelOrder: {
    operationId: 'cancelOrder',
    group: 'purchases',
    method: 'POST',
    path: '/v1/orders/{orderId}/cancel',
    role: 'user',
    summary: 'Cancel an order before it is paid; the handle goes back on sale',
    params: orderParams,
    success: { status: 200, schema: resource.orderSchema, words: 'The order, cancelled (again: the same)' },
    problems: ['validation_failed', 'not_found', 'transition_not_allowed', 'service_unavailable'],
  },
  openCheckout: {
    operationId: 'openCheckout',
    group: 'checkout',
    method: 'POST',
    path: '/v1/orders/{orderId}/checkout',
    role: 'user',
    summary: 'Open the hosted payment page of an order; asking again gives the same page',
    params: orderParams,
    success: { status: 200, schema: resource.checkoutSchema, words: 'Where to pay' },
    problems: ['validation_failed', 'not_found', 'checkout_closed', 'request_in_progress', 'service_unavailable'],
  },
  listMyHandles: {
    operationId: 'listMyHandles',
    group: 'accounts',
    method: 'GET',
    path: '/v1/me/handles',
    role: 'user',
    summary: 'The handles you acquired here, newest first',
    query: z.strictObject(resource.pageQuery),
    success: {
      status: 200,
      schema: resource.pageOf(resource.heldHandleSchema, 'HeldHandlePage'),
      words: 'Your handles',
    },
    problems: ['validation_failed', 'cursor_invalid'],
  },
  reportActivity: {
    operationId: 'reportActivity',
    group: 'accounts',
    method: 'POST',
    path: '/v1/platform/activity',
    role: 'platform',
    summary: 'The platform tells that an account was active; an inactive handle is then kept',
    body: resource.activitySchema,
    success: { status: 200, schema: resource.handleSchema, words: 'The handle as it stands now' },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      ...handleProblems,
      'not_found',
      'handle_not_active',
      'handle_not_held_by_account',
      'role_missing',
      'service_unavailable',
    ],
  },
  createImport: {
    operationId: 'createImport',
    group: 'operator',
    method: 'POST',
    path: '/v1/operator/imports',
    role: 'operator',
    summary: 'Begin the import of an account feed; PUT the file to the URL in the answer',
    body: z.strictObject({
      format: z.enum(['ndjson', 'csv']),
      compression: z.enum(['none', 'gzip']).default('none'),
    }),
    idempotent: true,
    success: { status: 201, schema: resource.newImportSchema, words: 'The import and where to put the feed' },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      'idempotency_key_missing',
      'idempotency_key_reused',
      'role_missing',
    ],
  },
  getImport: {
    operationId: 'getImport',
    group: 'operator',
    method: 'GET',
    path: '/v1/operator/imports/{importId}',
    role: 'operator',
    summary: 'The progress of an import',
    params: importParams,
    success: { status: 200, schema: resource.importSchema, words: 'The import' },
    problems: ['validation_failed', 'not_found', 'role_missing'],
  },
  listImportRejects: {
    operationId: 'listImportRejects',
    group: 'operator',
    method: 'GET',
    path: '/v1/operator/imports/{importId}/rejects',
    role: 'operator',
    summary: 'The lines that were not imported, with line number and reason',
    params: importParams,
    query: z.strictObject(resource.pageQuery),
    success: { status: 200, schema: resource.pageOf(resource.rejectSchema, 'RejectPage'), words: 'Rejected lines' },
    problems: ['validation_failed', 'cursor_invalid', 'not_found', 'role_missing'],
  },
  importProtectedNames: {
    operationId: 'importProtectedNames',
    group: 'operator',
    method: 'POST',
    path: '/v1/operator/protected-names',
    role: 'operator',
    summary: 'Protect marks and names of one source; the same again changes nothing',
    body: z.strictObject({
      source: resource.markSourceSchema,
      names: z
        .array(
          z.strictObject({
            name: z.string().max(200),
            owner: z.string().trim().min(1).max(100).optional().meta({ description: 'Whose mark it is' }),
          }),
        )
        .min(1)
        .max(resource.marksPerRequestMax),
    }),
    success: {
      status: 200,
      schema: z.object({ items: z.array(resource.protectionOutcomeSchema) }).meta({ id: 'ProtectionOutcomes' }),
      words: 'What became of each name, in their order',
    },
    problems: ['validation_failed', 'body_not_json', 'body_too_large', 'role_missing', 'service_unavailable'],
  },
  getProtectedName: {
    operationId: 'getProtectedName',
    group: 'operator',
    method: 'GET',
    path: '/v1/operator/protected-names/{name}',
    role: 'operator',
    summary: 'Whether and why a name is protected',
    params: protectedNameParams,
    success: { status: 200, schema: resource.protectedNameSchema, words: 'What protects it' },
    problems: ['validation_failed', ...handleProblems, 'role_missing'],
  },
  withdrawProtectedName: {
    operationId: 'withdrawProtectedName',
    group: 'operator',
    method: 'POST',
    path: '/v1/operator/protected-names/{name}/withdraw',
    role: 'operator',
    summary: 'Take an imported name away again, of one source or of every one; again: the same answer',
    params: protectedNameParams,
    body: z.strictObject({
      reason: z.string().trim().min(1).max(200),
      source: resource.markSourceSchema.optional(),
    }),
    success: { status: 200, schema: resource.protectedNameSchema, words: 'What protects it still' },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      ...handleProblems,
      'role_missing',
      'protection_not_imported',
      'service_unavailable',
    ],
  },
  listJournal: {
    operationId: 'listJournal',
    group: 'operator',
    method: 'GET',
    path: '/v1/operator/journal/{aggregateId}',
    role: 'operator',
    summary:
      'Every journal entry of one handle (`handle:name`), order (`order:ord_…`) or protected look (`look:skeleton`)',
    params: z.strictObject({
      aggregateId: z
        .string()
        .regex(/^((?:handle|look):[a-z0-9_]{1,15}|order:ord_[0-9A-HJKMNP-TV-Z]{26})$/, 'an aggregate id'),
    }),
    success: {
      status: 200,
      schema: z.object({ entries: z.array(resource.journalEntrySchema) }).meta({ id: 'Journal' }),
      words: 'The journal, complete and in order',
    },
    problems: ['validation_failed', 'not_found', 'role_missing'],
  },
  listDeadLetterQueues: {
    operationId: 'listDeadLetterQueues',
    group: 'dead-letters',
    method: 'GET',
    path: '/v1/operator/dead-letters',
    role: 'operator',
    summary: 'How much work failed every time, by queue',
    success: {
      status: 200,
      schema: z.object({ queues: z.array(resource.deadLetterQueueSchema) }).meta({ id: 'DeadLetterQueues' }),
      words: 'Every queue, also the empty ones',
    },
    problems: ['role_missing', 'service_unavailable'],
  },
  listDeadLetters: {
    operationId: 'listDeadLetters',
    group: 'dead-letters',
    method: 'GET',
    path: '/v1/operator/dead-letters/{queue}',
    role: 'operator',
    summary: 'The messages of one queue that failed every time, with the reason; they stay where they are',
    params: deadLetterParams,
    query: z.strictObject({ limit: resource.pageQuery.limit }),
    success: {
      status: 200,
      schema: z
        .object({ messages: z.int().min(0), items: z.array(resource.deadLetterSchema) })
        .meta({ id: 'DeadLetterList' }),
      words: 'Dead letters',
    },
    problems: ['validation_failed', 'role_missing', 'service_unavailable'],
  },
  redriveDeadLetters: {
    operationId: 'redriveDeadLetters',
    group: 'dead-letters',
    method: 'POST',
    path: '/v1/operator/dead-letters/{queue}/redrive',
    role: 'operator',
    summary: `Send dead letters back to their queue, at most ${redriveMessagesMax} a call; safe to repeat`,
    params: deadLetterParams,
    success: { status: 200, schema: resource.redriveSchema, words: 'How many were moved and are left' },
    problems: ['validation_failed', 'redrive_by_hand', 'role_missing', 'service_unavailable'],
  },
  receiveStripeEvent: {
    operationId: 'receiveStripeEvent',
    group: 'stripe-webhook',
    method: 'POST',
    path: '/v1/webhooks/stripe',
    role: 'public',
    summary: 'Signed events of the payment provider',
    success: { status: 200, schema: z.object({ received: z.literal(true) }), words: 'Queued' },
    problems: ['signature_invalid', 'body_too_large', 'service_unavailable'],
  },
  getOpenApi: {
    operationId: 'getOpenApi',
    group: 'reference',
    method: 'GET',
    path: '/openapi.json',
    role: 'public',
    summary: 'This description',
    success: { status: 200, schema: z.looseObject({ openapi: z.string() }), words: 'OpenAPI 3.1' },
    problems: [],
  },
} as const satisfies Record<string, Route>

export type OperationId = keyof typeof routes
