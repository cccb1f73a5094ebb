import * as z from 'zod'
import type { Route } from '../route.ts'

/** The description of the API itself. */
export const referenceRoutes = {
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
