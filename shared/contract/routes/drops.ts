import * as z from 'zod'
import {
  answerCharactersMax,
  applicationSchema,
  dropCardSchema,
  dropEntrySchema,
  dropSchema,
  newDropFields,
  publicEntrySchema,
  questionsMax,
  scoreMax,
} from '../drop.ts'
import { eligibilityProblems } from '../eligibility-problems.ts'
import { dropIdSchema, entryIdSchema } from '../ids.ts'
import { handleProblems, reasonSchema } from '../parameters.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'

const dropParams = z.strictObject({ dropId: dropIdSchema })
const ofHandle = { handle: resource.handleInputSchema }
const entryQuery = z.strictObject({ ...resource.pageQuery, ...ofHandle })

const bodyProblems = ['validation_failed', 'body_not_json', 'body_too_large'] as const

/** Drops: timed batches of handles by verifiable draw or by application. */
export const dropRoutes = {
  listDrops: {
    operationId: 'listDrops',
    group: 'drops',
    method: 'GET',
    path: '/v1/drops',
    role: 'public',
    summary: 'Announced drops, newest first',
    query: z.strictObject(resource.pageQuery),
    success: { status: 200, schema: resource.pageOf(dropCardSchema, 'DropPage'), words: 'Drops' },
    problems: ['validation_failed', 'cursor_invalid'],
  },
  getDrop: {
    operationId: 'getDrop',
    group: 'drops',
    method: 'GET',
    path: '/v1/drops/{dropId}',
    role: 'public',
    summary: 'One drop: its handles, its times, the commitment to its seed, and the seed once it is drawn',
    params: dropParams,
    success: { status: 200, schema: dropSchema, words: 'The drop' },
    problems: ['validation_failed', 'not_found'],
  },
  listDropEntries: {
    operationId: 'listDropEntries',
    group: 'drops',
    method: 'GET',
    path: '/v1/drops/{dropId}/entries',
    role: 'public',
    summary: 'The sealed entries for one handle, in ascending order, once the drop is drawn; pseudonymous',
    params: dropParams,
    query: entryQuery,
    success: { status: 200, schema: resource.pageOf(publicEntrySchema, 'PublicEntryPage'), words: 'Entries' },
    problems: ['validation_failed', 'cursor_invalid', ...handleProblems, 'not_found', 'drop_not_drawn'],
  },
  enterDrop: {
    operationId: 'enterDrop',
    group: 'drops',
    method: 'POST',
    path: '/v1/drops/{dropId}/entries',
    role: 'user',
    summary: 'Enter for one handle of a drop while it is open: one entry an account a handle',
    params: dropParams,
    body: z.strictObject({
      ...ofHandle,
      answers: z.array(z.string().max(answerCharactersMax)).max(questionsMax).default([]),
    }),
    success: { status: 200, schema: dropEntrySchema, words: 'Your entry (again: the same)' },
    problems: [
      ...bodyProblems,
      ...handleProblems,
      'not_found',
      ...eligibilityProblems,
      'answers_missing',
      'drop_not_open',
      'drop_ended',
      'entry_limit',
      'service_unavailable',
    ],
  },
  withdrawFromDrop: {
    operationId: 'withdrawFromDrop',
    group: 'drops',
    method: 'POST',
    path: '/v1/drops/{dropId}/entries/withdraw',
    role: 'user',
    summary: 'Take your entry for one handle back, before the drop ends',
    params: dropParams,
    body: z.strictObject(ofHandle),
    success: {
      status: 200,
      schema: z
        .object({ dropId: dropIdSchema, handle: z.string(), entered: z.literal(false) })
        .meta({ id: 'EntryWithdrawn' }),
      words: 'You are not entered (again: the same)',
    },
    problems: [...bodyProblems, ...handleProblems, 'not_found', 'drop_not_open', 'drop_ended', 'service_unavailable'],
  },
  listMyEntries: {
    operationId: 'listMyEntries',
    group: 'drops',
    method: 'GET',
    path: '/v1/drops/{dropId}/entries/mine',
    role: 'user',
    summary: 'Your entries in a drop, with the ids by which the draw names them',
    params: dropParams,
    success: {
      status: 200,
      schema: z.object({ items: z.array(dropEntrySchema) }).meta({ id: 'MyEntries' }),
      words: 'Your entries',
    },
    problems: ['validation_failed', 'not_found'],
  },
  createDrop: {
    operationId: 'createDrop',
    group: 'drops',
    method: 'POST',
    path: '/v1/operator/drops',
    role: 'operator',
    summary: 'Create a drop; its handles are bound to it, and it is announced with the commitment to its seed',
    body: z.strictObject(newDropFields),
    idempotent: true,
    success: { status: 201, schema: dropSchema, words: 'The drop, being prepared' },
    problems: [
      ...bodyProblems,
      ...handleProblems,
      'drop_invalid',
      'idempotency_key_missing',
      'idempotency_key_reused',
      'role_missing',
      'service_unavailable',
    ],
  },
  cancelDrop: {
    operationId: 'cancelDrop',
    group: 'drops',
    method: 'POST',
    path: '/v1/operator/drops/{dropId}/cancel',
    role: 'operator',
    summary: 'Call a drop off before it opens; its handles go back to the market',
    params: dropParams,
    body: z.strictObject({ reason: reasonSchema }),
    success: { status: 200, schema: dropSchema, words: 'The drop (again: the same)' },
    problems: [...bodyProblems, 'not_found', 'transition_not_allowed', 'role_missing', 'service_unavailable'],
  },
  listApplications: {
    operationId: 'listApplications',
    group: 'drops',
    method: 'GET',
    path: '/v1/operator/drops/{dropId}/applications',
    role: 'operator',
    summary: 'The applications for one handle, with their answers',
    params: dropParams,
    query: entryQuery,
    success: { status: 200, schema: resource.pageOf(applicationSchema, 'ApplicationPage'), words: 'Applications' },
    problems: ['validation_failed', 'cursor_invalid', ...handleProblems, 'not_found', 'role_missing'],
  },
  reviewApplication: {
    operationId: 'reviewApplication',
    group: 'drops',
    method: 'POST',
    path: '/v1/operator/drops/{dropId}/applications/{entryId}/review',
    role: 'operator',
    summary: 'Accept an application with a score, or decline it, after the end and before the decision',
    params: z.strictObject({ dropId: dropIdSchema, entryId: entryIdSchema }),
    body: z.strictObject({
      ...ofHandle,
      accepted: z.boolean(),
      score: z.int().min(1).max(scoreMax).default(1).meta({ description: 'The highest is served first' }),
      reason: reasonSchema,
    }),
    success: { status: 200, schema: applicationSchema, words: 'The application as it stands now' },
    problems: [
      ...bodyProblems,
      ...handleProblems,
      'not_found',
      'drop_ended',
      'shortlist_full',
      'transition_not_allowed',
      'role_missing',
      'service_unavailable',
    ],
  },
} as const satisfies Record<string, Route>
