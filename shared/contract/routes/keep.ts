import * as z from 'zod'
import * as market from '../market-resources.ts'
import type { Page, Route } from '../route.ts'

/** What a holder can answer to a notice. Public: the token is the right. */
export const keepRoutes = {
  keepHandle: {
    operationId: 'keepHandle',
    group: 'keep',
    method: 'POST',
    path: '/v1/keep',
    role: 'public',
    summary: "Keep a handle by the token of its notice's link: works once, and until the handle is released",
    body: z.strictObject({ token: z.string().min(1).max(200) }),
    success: { status: 200, schema: market.keptHandleSchema, words: 'The handle is kept' },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      'keep_link_invalid',
      'keep_link_used',
      'keep_link_expired',
      'transition_not_allowed',
      'service_unavailable',
    ],
  },
} as const satisfies Record<string, Route>

/** The page that a notice's link opens: to look changes nothing, its button keeps the handle. */
export const keepPages = {
  showKeepLink: { operationId: 'showKeepLink', group: 'keep', method: 'GET', path: '/keep/{token}', role: 'public' },
  useKeepLink: { operationId: 'useKeepLink', group: 'keep', method: 'POST', path: '/keep/{token}', role: 'public' },
} as const satisfies Record<string, Page>
