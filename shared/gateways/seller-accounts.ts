import Stripe from 'stripe'
import type { SellerPayout } from '../domain/seller.ts'
import { callStripe, openStripe, type StripeConfig } from './stripe.ts'

/** What the provider says of a seller's connected account, read now. */
export type SellerAccountFacts = {
  readonly stripeAccountId: string
  /** The seller it was made for; null: it is none of ours. */
  readonly sellerId: string | null
  /** Transfers to it are possible. */
  readonly transfersEnabled: boolean
  /** What it has is paid out to its owner's bank. */
  readonly payoutsEnabled: boolean
  /** The provider's own word for why it is closed, for example `requirements.past_due` or `rejected.fraud`. */
  readonly disabledReason: string | null
  /** What its owner still has to tell, in the provider's words; never more than `requirementsMax`. */
  readonly requirementsDue: readonly string[]
  /** ISO 3166. */
  readonly country: string
  /** The same for the same bank account or card, whosever it is; null: none was given yet. */
  readonly bankFingerprint: string | null
}

export type SellerAccounts = {
  /**
   * The connected account of a seller, made where there is none yet: asked again within a day, the same one. Two requests
   * at once: `in_progress` to the later. A country (ISO 3166, two letters) that the provider does not serve: `country_not_served`.
   */
  readonly create: (
    sellerId: string,
    country: string,
  ) => Promise<SellerAccountFacts | 'in_progress' | 'country_not_served'>
  /** A page where the seller tells the provider who they are. It opens once and soon, so each is made anew. */
  readonly onboardingLink: (
    stripeAccountId: string,
    back: { readonly returnUrl: string; readonly refreshUrl: string },
  ) => Promise<{ readonly url: string; readonly expiresAt: string }>
  readonly read: (stripeAccountId: string) => Promise<SellerAccountFacts>
  /** The newest payouts to the seller's bank, newest first. */
  readonly listPayouts: (stripeAccountId: string, limit: number) => Promise<readonly SellerPayout[]>
}

export const requirementsMax = 50

export const openSellerAccounts = (config: StripeConfig): SellerAccounts => {
  const stripe = openStripe(config)
  return {
    create: async (sellerId, country) => {
      try {
        return factsOf(
          await callStripe(() =>
            stripe.accounts.create(accountOf(sellerId, country), {
              idempotencyKey: `${sellerId}:account:${country}`,
            }),
          ),
        )
      } catch (error) {
        if (isCode(error, 'idempotency_key_in_use')) return 'in_progress'
        if (isCode(error, 'country_unsupported')) return 'country_not_served'
        throw error
      }
    },
    onboardingLink: async (account, { returnUrl, refreshUrl }) => {
      const link = await callStripe(() =>
        stripe.accountLinks.create({
          account,
          type: 'account_onboarding',
          return_url: returnUrl,
          refresh_url: refreshUrl,
          // All at once, so that a seller is not stopped half a year later by a question that could have been asked now.
          collection_options: { fields: 'eventually_due' },
        }),
      )
      return { url: link.url, expiresAt: new Date(link.expires_at * 1000).toISOString() }
    },
    read: async (stripeAccountId) => factsOf(await callStripe(() => stripe.accounts.retrieve(stripeAccountId))),
    listPayouts: async (stripeAccount, limit) => {
      const { data } = await callStripe(() => stripe.payouts.list({ limit }, { stripeAccount }))
      return data.map(payoutOf)
    },
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Stripe.errors.StripeError && error.code === code

/**
 * The provider asks for what it needs and shows the seller a small dashboard; the platform bears its fees and its losses.
 * Every parameter comes from seller and country, so that asking again under the same key is the same request.
 */
const accountOf = (sellerId: string, country: string): Stripe.AccountCreateParams => ({
  country,
  controller: {
    fees: { payer: 'application' },
    losses: { payments: 'application' },
    requirement_collection: 'stripe',
    stripe_dashboard: { type: 'express' },
  },
  capabilities: { transfers: { requested: true } },
  business_profile: { product_description: 'Sells user names on the platform' },
  metadata: { sellerId },
})

const factsOf = (account: Stripe.Account): SellerAccountFacts => ({
  stripeAccountId: account.id,
  sellerId: account.metadata?.['sellerId'] ?? null,
  transfersEnabled: account.capabilities?.transfers === 'active',
  payoutsEnabled: account.payouts_enabled,
  disabledReason: account.requirements?.disabled_reason ?? null,
  requirementsDue: (account.requirements?.currently_due ?? []).slice(0, requirementsMax),
  country: account.country ?? '',
  bankFingerprint: account.external_accounts?.data[0]?.fingerprint ?? null,
})

const payoutStatuses = new Set<string>(['pending', 'in_transit', 'paid', 'failed', 'canceled'])

const payoutOf = ({ id, amount, currency, status, arrival_date, failure_code }: Stripe.Payout): SellerPayout => ({
  id,
  amountMinor: amount,
  currency: currency.toUpperCase(),
  status: payoutStatuses.has(status) ? (status as SellerPayout['status']) : 'pending',
  arrivalAt: new Date(arrival_date * 1000).toISOString(),
  ...(failure_code !== null && { failureCode: failure_code }),
})
