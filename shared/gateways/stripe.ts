import { setTimeout as pause } from 'node:timers/promises'
import Stripe from 'stripe'

export type StripeConfig = {
  readonly secretKey: string
  /** Only where the API is not at Stripe's public address. */
  readonly apiUrl?: string | undefined
  /** A worker's patience when not given. */
  readonly patience?: Patience
}

/** How long one try may take, in milliseconds, and how many follow the first. */
export type Patience = { readonly timeoutMs: number; readonly retries: number }

const workersPatience: Patience = { timeoutMs: 8_000, retries: 3 }

/**
 * Where a person waits: 3 tries of 3.5 s and at most 1.5 s between them end before the function does (15 s), so that a
 * Stripe that says nothing is a 503 with Retry-After and not a function that was stopped.
 */
export const callersPatience: Patience = { timeoutMs: 3_500, retries: 2 }

/** Stripe's own client. It retries connection faults, 409 and 5xx under the same idempotency key; 429 is left to us. */
export const openStripe = ({ secretKey, apiUrl, patience = workersPatience }: StripeConfig): Stripe => {
  const at = apiUrl === undefined ? {} : address(apiUrl)
  const { timeoutMs: timeout, retries: maxNetworkRetries } = patience
  return new Stripe(secretKey, { maxNetworkRetries, timeout, telemetry: false, ...at })
}

const address = (apiUrl: string) => {
  const url = new URL(apiUrl)
  const protocol = url.protocol === 'http:' ? ('http' as const) : ('https' as const)
  return { protocol, host: url.hostname, port: url.port === '' ? (protocol === 'http' ? 80 : 443) : Number(url.port) }
}

/** The provider did not answer, or answered that it cannot now; a repeat under the same key is safe. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable'
}

const rateLimitTries = 3

/**
 * Asks again, later and under the same key, where Stripe says 429; turns faults that pass into `ProviderUnavailable`;
 * everything else is thrown as it is.
 */
export const callStripe = async <T>(call: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      if (error instanceof Stripe.errors.StripeRateLimitError && attempt < rateLimitTries) {
        await pause((1 + Math.random()) * 250 * 2 ** (attempt - 1))
        continue
      }
      const passing =
        error instanceof Stripe.errors.StripeConnectionError ||
        error instanceof Stripe.errors.StripeRateLimitError ||
        error instanceof Stripe.errors.StripeAPIError
      if (!passing) throw error
      throw new ProviderUnavailable(`Stripe: ${error.type}`, { cause: error })
    }
  }
}
