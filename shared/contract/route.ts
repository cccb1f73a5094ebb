import type * as z from 'zod'
import type { ProblemCode } from './problems.ts'

/** Who may call: `public`, any `user` with a token, or a user whose groups claim names `operator` or `platform`. */
export type Role = 'public' | 'user' | 'operator' | 'platform'

export type RouteGroup =
  | 'catalogue'
  | 'discovery'
  | 'reference'
  | 'purchases'
  | 'checkout'
  | 'auctions'
  | 'accounts'
  | 'hand-overs'
  | 'keep'
  | 'operator'
  | 'dead-letters'
  | 'release-plans'
  | 'runs'
  | 'books'
  | 'watches'
  | 'authorisations'
  | 'cases'
  | 'disputes'
  | 'drops'
  | 'campaigns'
  | 'private-offers'
  | 'sellers'
  | 'trading'
  | 'listings'
  | 'offers'
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
  readonly success: {
    readonly status: 200 | 201 | 202
    readonly schema: z.ZodType
    readonly words: string
    /** The schema is that of a page of CSV, and the body its text. */
    readonly csv?: true
  }
  readonly problems: readonly ProblemCode[]
}

/** A page for people, beside the API: HTML, and not in the OpenAPI document. */
export type Page = Pick<Route, 'operationId' | 'group' | 'method' | 'path' | 'role'>
