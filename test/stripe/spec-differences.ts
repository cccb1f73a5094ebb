import type { Complaint } from './openapi.ts'

/** A place where the client's types (which win) are newer than Stripe's OpenAPI document in this repository. */
export interface Difference {
  why: string
  explains(complaint: Complaint, body: unknown): boolean
}

/** A value that the client's set has and the document's, being older, has not. */
const newerValue = (field: string, value: string, why: string): Difference => ({
  why,
  explains: ({ path }, body) => path.endsWith(`/${field}`) && at(body, path) === value,
})

const at = (body: unknown, path: string): unknown =>
  path
    .split('/')
    .slice(1)
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], body)

export const knownDifferences: readonly Difference[] = [
  newerValue(
    'cancellation_reason',
    'expired',
    'PaymentIntent.cancellation_reason: the client adds `expired`, made by Stripe itself.',
  ),
  newerValue('type', 'none', 'Account.type: the client adds `none`, of accounts that are made by `controller`.'),
]
