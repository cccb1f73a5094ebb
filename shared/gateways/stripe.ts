import Stripe from 'stripe'

export type StripeConfig = {
  readonly secretKey: string
  /** Only where the API is not at Stripe's public address. */
  readonly apiUrl?: string | undefined
}

/** Stripe's own client. It retries connection faults, 409, 429 and 5xx under the same idempotency key. */
export const openStripe = ({ secretKey, apiUrl }: StripeConfig): Stripe => {
  const at = apiUrl === undefined ? {} : address(apiUrl)
  return new Stripe(secretKey, { maxNetworkRetries: 3, timeout: 8_000, telemetry: false, ...at })
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

/** Turns faults that pass into `ProviderUnavailable`; everything else is thrown as it is. */
export const callStripe = async <T>(call: () => Promise<T>): Promise<T> => {
  try {
    return await call()
  } catch (error) {
    const passing =
      error instanceof Stripe.errors.StripeConnectionError ||
      error instanceof Stripe.errors.StripeRateLimitError ||
      error instanceof Stripe.errors.StripeAPIError
    if (!passing) throw error
    throw new ProviderUnavailable(`Stripe: ${error.type}`, { cause: error })
  }
}
