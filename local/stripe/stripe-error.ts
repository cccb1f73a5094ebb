/** The `error` object of Stripe's answers. */
export interface ErrorBody {
  type: 'invalid_request_error' | 'idempotency_error' | 'card_error' | 'api_error'
  message: string
  code?: string
  param?: string
  decline_code?: string
  charge?: string
}

/** A refusal as Stripe words it: HTTP status and the `error` object of the answer. */
export class StripeError extends Error {
  override readonly name = 'StripeError'
  readonly status: number
  readonly body: ErrorBody
  /** True once the endpoint itself ran: Stripe saves such answers under the idempotency key, earlier ones not. */
  readonly executed: boolean

  constructor(status: number, body: ErrorBody, executed = false) {
    super(body.message)
    this.status = status
    this.body = body
    this.executed = executed
  }
}

/** 400 by the endpoint itself, with Stripe's code and the parameter at fault where it has them. */
export const invalidRequest = (message: string, more: { code?: string; param?: string } = {}): StripeError =>
  new StripeError(400, { type: 'invalid_request_error', message, ...more }, true)

/** 400 for a parameter, before the endpoint does anything: not saved under the idempotency key, as at Stripe. */
export const invalidParameter = (message: string, more: { code?: string; param?: string } = {}): StripeError =>
  new StripeError(400, { type: 'invalid_request_error', message, ...more })

/** "No such charge: 'ch_1'": 404 where the id stands in the path, 400 where it is a parameter. */
export const noSuch = (kind: string, id: string, param: string, status: 400 | 404 = 404): StripeError =>
  new StripeError(
    status,
    { type: 'invalid_request_error', code: 'resource_missing', message: `No such ${kind}: '${id}'`, param },
    true,
  )

/** 501 for what Stripe has and this server does not: never silently ignored. */
export const unserved = (what: string): StripeError =>
  new StripeError(501, {
    type: 'api_error',
    code: 'local_server_unserved',
    message: `The local Stripe server does not serve ${what}. See docs/stripe-local.md for what it serves and how to add to it.`,
  })

/** The JSON of an error answer, with the documentation link that Stripe adds to known codes. */
export const errorJson = (body: ErrorBody, requestId: string): string =>
  JSON.stringify({
    error: {
      ...body,
      ...(body.code && { doc_url: `https://stripe.com/docs/error-codes/${body.code.replaceAll('_', '-')}` }),
      request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}`,
    },
  })
