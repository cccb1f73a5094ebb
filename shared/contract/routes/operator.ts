import * as z from 'zod'
import { accountIdSchema, importIdSchema } from '../ids.ts'
import { salePriceSchema } from '../money.ts'
import { handleParams, handleProblems, reasonSchema } from '../parameters.ts'
import { releasePolicyFields, releasePolicySchema } from '../release-policy.ts'
import * as operatorResource from '../operator-resources.ts'
import { handleSchema } from '../handle-resource.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'

const importParams = z.strictObject({ importId: importIdSchema })

const protectedNameParams = z.strictObject({ name: resource.handleInputSchema })

const operatorActProblems = [
  'validation_failed',
  'body_not_json',
  'body_too_large',
  ...handleProblems,
  'not_found',
  'transition_not_allowed',
  'role_missing',
  'service_unavailable',
] as const

/** What the handle team does. */
export const operatorRoutes = {
  publishPolicy: {
    operationId: 'publishPolicy',
    group: 'operator',
    method: 'POST',
    path: '/v1/operator/policies',
    role: 'operator',
    summary: 'Publish the next version of the release policy; it decides from the next sweep on',
    body: z.strictObject({
      basedOn: z.int().min(1).meta({ description: 'The version in force that you looked at' }),
      ...releasePolicyFields,
    }),
    idempotent: true,
    success: { status: 201, schema: releasePolicySchema, words: 'The policy now in force' },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      'idempotency_key_missing',
      'idempotency_key_reused',
      'policy_invalid',
      'policy_changed',
      'role_missing',
      'service_unavailable',
    ],
  },
  placeLegalHold: {
    operationId: 'placeLegalHold',
    group: 'operator',
    method: 'POST',
    path: '/v1/operator/handles/{handle}/legal-hold',
    role: 'operator',
    summary: 'Keep a handle as it is, whatever is due, until the hold is lifted',
    params: handleParams,
    body: z.strictObject({ reason: reasonSchema }),
    success: { status: 200, schema: handleSchema, words: 'The handle (again: the same)' },
    problems: [...operatorActProblems],
  },
  liftLegalHold: {
    operationId: 'liftLegalHold',
    group: 'operator',
    method: 'POST',
    path: '/v1/operator/handles/{handle}/legal-hold/lift',
    role: 'operator',
    summary: 'Lift a legal hold; what is due then begins anew',
    params: handleParams,
    body: z.strictObject({ reason: reasonSchema }),
    success: { status: 200, schema: handleSchema, words: 'The handle (again: the same)' },
    problems: [...operatorActProblems],
  },
  overruleGate: {
    operationId: 'overruleGate',
    group: 'operator',
    method: 'POST',
    path: '/v1/operator/handles/{handle}/overrule',
    role: 'operator',
    summary: 'Let a name through that the gate refused for this code; the next sweep releases it',
    params: handleParams,
    body: z.strictObject({ code: z.string().min(1).max(40), reason: reasonSchema }),
    success: { status: 200, schema: handleSchema, words: 'The handle (again: the same)' },
    problems: [...operatorActProblems],
  },
  changeListing: {
    operationId: 'changeListing',
    group: 'operator',
    method: 'POST',
    path: '/v1/operator/handles/{handle}/listing',
    role: 'operator',
    summary: 'Set the price of a released handle, or sell it by a Dutch sale',
    params: handleParams,
    body: z.strictObject({
      price: salePriceSchema.meta({ description: 'Asked in the private phases, and in the market where it is fixed' }),
      dutch: z
        .strictObject({
          floor: salePriceSchema,
          premium: salePriceSchema.meta({ description: 'Asked above the floor at the start' }),
          halfLifeHours: z.int().min(1).max(720),
          days: z.int().min(1).max(90),
        })
        .nullable()
        .meta({ description: 'null: a fixed price' }),
      reason: reasonSchema,
    }),
    success: { status: 200, schema: handleSchema, words: 'The handle' },
    problems: [...operatorActProblems, 'handle_not_for_sale', 'handle_in_sale'],
  },
  recordRight: {
    operationId: 'recordRight',
    group: 'operator',
    method: 'POST',
    path: '/v1/operator/handles/{handle}/rights',
    role: 'operator',
    summary: 'Record that an account has a right in a name: it may buy first when the name is released',
    params: handleParams,
    body: z.strictObject({
      accountId: accountIdSchema,
      ground: reasonSchema.meta({ description: 'The right: a mark and its register' }),
    }),
    success: { status: 200, schema: handleSchema, words: 'The handle (again: the same)' },
    problems: [...operatorActProblems, 'rights_full'],
  },
  withdrawRight: {
    operationId: 'withdrawRight',
    group: 'operator',
    method: 'POST',
    path: '/v1/operator/handles/{handle}/rights/withdraw',
    role: 'operator',
    summary: 'Withdraw a recorded right in a name',
    params: handleParams,
    body: z.strictObject({ accountId: accountIdSchema, reason: reasonSchema }),
    success: { status: 200, schema: handleSchema, words: 'The handle (again: the same)' },
    problems: [...operatorActProblems],
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
    success: { status: 201, schema: operatorResource.newImportSchema, words: 'The import and where to put the feed' },
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
    success: { status: 200, schema: operatorResource.importSchema, words: 'The import' },
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
    success: {
      status: 200,
      schema: resource.pageOf(operatorResource.rejectSchema, 'RejectPage'),
      words: 'Rejected lines',
    },
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
      source: operatorResource.markSourceSchema,
      names: z
        .array(
          z.strictObject({
            name: z.string().max(200),
            owner: z.string().trim().min(1).max(100).optional().meta({ description: 'Whose mark it is' }),
          }),
        )
        .min(1)
        .max(operatorResource.marksPerRequestMax),
    }),
    success: {
      status: 200,
      schema: z.object({ items: z.array(operatorResource.protectionOutcomeSchema) }).meta({ id: 'ProtectionOutcomes' }),
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
    success: { status: 200, schema: operatorResource.protectedNameSchema, words: 'What protects it' },
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
      source: operatorResource.markSourceSchema.optional(),
    }),
    success: { status: 200, schema: operatorResource.protectedNameSchema, words: 'What protects it still' },
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
      'Every journal entry of an aggregate, oldest first: a handle (`handle:name`), an order (`order:ord_…`), a protected look (`look:skeleton`), a release plan (`plan:pln_…`), an account as a buyer (`standing:<account id>`), the policy (`policy:release`) and so on',
    params: z.strictObject({
      aggregateId: z.string().regex(/^[a-z_]{1,20}:[\x21-\x7e]{1,64}$/, 'the kind and the id of an aggregate'),
    }),
    success: {
      status: 200,
      schema: z.object({ entries: z.array(operatorResource.journalEntrySchema) }).meta({ id: 'Journal' }),
      words: 'The journal, complete and in order',
    },
    problems: ['validation_failed', 'not_found', 'journal_sealed', 'role_missing'],
  },
} as const satisfies Record<string, Route>
