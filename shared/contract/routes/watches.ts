import * as z from 'zod'
import { eligibilityProblems } from '../eligibility-problems.ts'
import { amountMinorMax, currencySchema, moneySchema } from '../money.ts'
import { handleParams, handleProblems } from '../parameters.ts'
import { instantSchema } from '../resources.ts'
import type { Page, Route } from '../route.ts'

export const watchSchema = z
  .object({
    handle: z.string(),
    kind: z.enum(['watch', 'backorder']),
    maxPrice: moneySchema.nullable().meta({ description: 'Of a backorder: the most you would pay' }),
    mail: z.boolean().meta({ description: 'Whether alerts go to your e-mail address too' }),
    since: instantSchema,
  })
  .meta({
    id: 'Watch',
    description:
      'A wish to be told when a handle comes to market, opens, changes its price or is about to close. A backorder is ' +
      'told first. Neither gives a right to the handle: a purchase, a drop or an auction does.',
  })

const watchProblems = ['validation_failed', ...handleProblems, 'service_unavailable'] as const

/** Watches and backorders of an account, on any handle there may be. */
export const watchRoutes = {
  watchHandle: {
    operationId: 'watchHandle',
    group: 'watches',
    method: 'POST',
    path: '/v1/handles/{handle}/watch',
    role: 'user',
    summary: 'Watch a handle, held or not, or change your watch; with a price it is a backorder',
    params: handleParams,
    body: z.strictObject({
      maxPrice: z
        .strictObject({ amountMinor: z.int().min(1).max(amountMinorMax), currency: currencySchema })
        .optional()
        .meta({ description: 'Makes it a backorder: told first. It is no bid, and nothing is charged' }),
      mail: z
        .boolean()
        .default(false)
        .meta({ description: 'Your consent to alerts by e-mail, to the verified address of your token' }),
    }),
    success: { status: 200, schema: watchSchema, words: 'Your watch (again: the same)' },
    problems: [
      ...watchProblems,
      ...eligibilityProblems,
      'body_not_json',
      'body_too_large',
      'address_not_verified',
      'watch_limit',
    ],
  },
  stopWatching: {
    operationId: 'stopWatching',
    group: 'watches',
    method: 'POST',
    path: '/v1/handles/{handle}/watch/remove',
    role: 'user',
    summary: 'End your watch or backorder of a handle; your address goes with it',
    params: handleParams,
    success: {
      status: 200,
      schema: z.object({ handle: z.string(), watched: z.literal(false) }).meta({ id: 'WatchEnded' }),
      words: 'It is not watched any more (again: the same)',
    },
    problems: [...watchProblems],
  },
  listWatches: {
    operationId: 'listWatches',
    group: 'watches',
    method: 'GET',
    path: '/v1/me/watches',
    role: 'user',
    summary: 'The handles you watch, by name',
    success: {
      status: 200,
      schema: z.object({ items: z.array(watchSchema) }).meta({ id: 'WatchList' }),
      words: 'Your watches and backorders; there is a limit to them, so they are one page',
    },
    problems: [],
  },
} as const satisfies Record<string, Route>

/** The page that the links of an alert's mail open, and that the mail's own header names (RFC 8058). */
export const watchPages = {
  showAlertLink: {
    operationId: 'showAlertLink',
    group: 'watches',
    method: 'GET',
    path: '/alerts/{token}',
    role: 'public',
  },
  useAlertLink: {
    operationId: 'useAlertLink',
    group: 'watches',
    method: 'POST',
    path: '/alerts/{token}',
    role: 'public',
  },
} as const satisfies Record<string, Page>
