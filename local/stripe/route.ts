import type { Core } from './core.ts'
import type { Parameters } from './parameters.ts'
import type { Filter, Range } from './state.ts'
import type { Kind, Resources } from './resource-types.ts'
import { noSuch, StripeError } from './stripe-error.ts'

/** One checked API call, as a resource sees it. */
export interface Call {
  core: Core
  /** The id in the path, '' where there is none. */
  id: string
  parameters: Parameters
}

export interface Route {
  /** Stripe's own name of the operation, in its OpenAPI document. */
  operationId: string
  method: 'GET' | 'POST'
  /** With `{}` for the id. */
  path: string
  /**
   * The parameters that this server acts on, or echoes as Stripe does; `a.b` takes `b` of `a` alone. Others that Stripe
   * knows are refused with 501. `expand`, and a list's paging, need no mention.
   */
  serves: readonly string[]
  /** It may be called in the name of a connected account (`Stripe-Account`); others are then refused with 501. */
  connected?: true
  run(call: Call): object
}

/** The resource named in the path, of the account that asks, or Stripe's 404. */
export const required = <K extends Kind>(
  core: Core,
  kind: K,
  id: string,
  param = 'id',
  status: 400 | 404 = 404,
): Resources[K] => {
  const found = core.state.findOf(core.account, kind, id)
  if (!found) throw noSuch(kind, id, param, status)
  return found
}

/** The page of a list that the parameters ask for, as Stripe's list object. */
export const listPage = <K extends Kind>(
  core: Core,
  kind: K,
  url: string,
  parameters: Parameters,
  fields: Filter['fields'] = {},
): { object: 'list'; data: Resources[K][]; has_more: boolean; url: string } => {
  const text = (name: string): string | undefined => parameters[name] as string | undefined
  const startingAfter = text('starting_after')
  const endingBefore = text('ending_before')
  if (startingAfter && endingBefore)
    throw new StripeError(400, {
      type: 'invalid_request_error',
      message: 'You cannot pass both ending_before and starting_after; pass only one of them.',
    })
  const created = parameters['created'] as number | Range | undefined
  const page = core.state.list(
    kind,
    { account: core.account, fields, ...(created !== undefined && { created }) },
    { limit: limitOf(parameters), ...(startingAfter && { startingAfter }), ...(endingBefore && { endingBefore }) },
  )
  if (!page)
    throw noSuch(kind, startingAfter ?? endingBefore ?? '', startingAfter ? 'starting_after' : 'ending_before', 400)
  return { object: 'list', data: page.data, has_more: page.hasMore, url }
}

/** `limit`: 1 to 100, 10 when it is not given. */
export const limitOf = (parameters: Parameters): number => {
  const limit = (parameters['limit'] as number | undefined) ?? 10
  if (limit >= 1 && limit <= 100) return limit
  throw new StripeError(400, {
    type: 'invalid_request_error',
    code: 'parameter_invalid_integer',
    message:
      limit < 1
        ? 'This value must be greater than or equal to 1.'
        : `This value must be less than or equal to 100 (it currently is '${limit}').`,
    param: 'limit',
  })
}
