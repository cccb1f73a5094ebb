import * as z from 'zod'
import { similarNamesSchema } from '../market-resources.ts'
import { handleParams, handleProblems } from '../parameters.ts'
import type { Route } from '../route.ts'

/** What needs the word lists to be answered. */
export const discoveryRoutes = {
  findSimilarNames: {
    operationId: 'findSimilarNames',
    group: 'discovery',
    method: 'GET',
    path: '/v1/handles/{handle}/similar',
    role: 'public',
    summary: 'Names for sale that are like this one, which may be taken or unheard of',
    params: handleParams,
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(50).default(20) }),
    success: { status: 200, schema: similarNamesSchema, words: 'Similar names, the most alike first' },
    problems: ['validation_failed', ...handleProblems],
  },
} as const satisfies Record<string, Route>
