import * as z from 'zod'
import { handleParams, handleProblems } from '../parameters.ts'
import * as operatorResource from '../operator-resources.ts'
import * as market from '../market-resources.ts'
import { handleSchema } from '../handle-resource.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'

/** What an account holds, and what the platform tells of accounts. */
export const accountRoutes = {
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
      schema: resource.pageOf(market.heldHandleSchema, 'HeldHandlePage'),
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
    body: operatorResource.activitySchema,
    success: { status: 200, schema: handleSchema, words: 'The handle as it stands now' },
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
  getRedirect: {
    operationId: 'getRedirect',
    group: 'accounts',
    method: 'GET',
    path: '/v1/platform/redirects/{handle}',
    role: 'platform',
    summary: 'Where links to a handle in quarantine lead: the account that had it',
    params: handleParams,
    success: { status: 200, schema: operatorResource.redirectSchema, words: 'The redirect' },
    problems: ['validation_failed', ...handleProblems, 'not_found', 'role_missing'],
  },
} as const satisfies Record<string, Route>
