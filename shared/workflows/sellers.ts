import type * as z from 'zod'
import type { onboardingSchema, operatorSellerSchema, reportingSchema, sellerSchema } from '../contract/seller.ts'
import { usd } from '../contract/money.ts'
import { reportingStateOf } from '../domain/reporting-thresholds.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { debtMinorOf, type Seller, type SellerPayout, totalsOf } from '../domain/seller.ts'
import { offsetMinorOf } from '../domain/seller-payment.ts'
import type { Caller } from '../runtime/caller.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import { checkEligibility, type EligibilityDeps } from './eligibility.ts'
import { mirror, type MirrorDeps } from './mirror-seller.ts'
import { screenAccounts, type ScreeningDeps } from './screening.ts'

/**
 * The hosted page on which a seller tells who it is and which bank is paid. The connected account is made once, under a key
 * derived from the seller; each request gets a link of its own, since one works once. Whoever holds such a link decides who
 * is paid, so that every one is an act of its own.
 */
export const beginOnboarding = async (
  deps: MirrorDeps & EligibilityDeps & ScreeningDeps & { readonly publicUrl: string },
  caller: Caller,
  country: string,
): Promise<Result<z.input<typeof onboardingSchema>>> => {
  const barred = await checkEligibility(deps, caller, { kind: 'payout' })
  if (barred !== null) return { ok: false, refusal: barred }
  const screened = await screenAccounts(deps, [{ accountId: caller.id, role: 'seller' }], 'onboarding')
  if (screened !== null) return { ok: false, refusal: screened }
  const seller = (await load(deps.store, 'seller', caller.id))?.state ?? null
  if (seller !== null && seller.country !== country) {
    return refuse('transition_not_allowed', `You began as resident in ${seller.country}`, 'country')
  }
  if (seller?.status === 'rejected') {
    return refuse('transition_not_allowed', 'The payment provider has rejected this account', undefined, {
      status: seller.status,
    })
  }
  const accounts = await deps.sellerAccounts()
  const begun = seller ?? (await beginAccount(deps, caller.id, country))
  if (begun === 'in_progress') {
    return refuse('request_in_progress', 'The account is being made by another request; ask again')
  }
  if (begun === 'country_not_served') {
    return refuse('country_not_served', `The payment provider pays nobody in ${country}`, 'country')
  }
  const back = (result: string) => `${deps.publicUrl}/?seller=${result}`
  const pages = { returnUrl: back('told'), refreshUrl: back('link_used') }
  const link = await accounts.onboardingLink(begun.stripeAccountId, pages)
  return ok({ ...link, seller: viewSeller(caller.id, begun) })
}

const beginAccount = async (
  deps: MirrorDeps,
  accountId: string,
  country: string,
): Promise<Seller | 'in_progress' | 'country_not_served'> => {
  const account = await (await deps.sellerAccounts()).create(accountId, country)
  if (typeof account === 'string') return account
  const noted = await mirror(deps, account)
  if (typeof noted === 'string') throw new Error(`the account of ${accountId} was not noted: ${noted}`)
  return noted
}

export const getSeller = async (store: Store, accountId: string): Promise<Result<z.input<typeof sellerSchema>>> =>
  ok(viewSeller(accountId, (await load(store, 'seller', accountId))?.state ?? null))

export const getSellerOf = async (
  store: Store,
  accountId: string,
): Promise<Result<z.input<typeof operatorSellerSchema>>> => {
  const seller = (await load(store, 'seller', accountId))?.state ?? null
  const planned = (seller?.plans ?? []).map(({ orderId, plannedAt, offsets }) => ({
    orderId,
    plannedAt,
    offset: usd(offsetMinorOf(offsets)),
  }))
  return ok({ ...viewSeller(accountId, seller), stripeAccountId: seller?.stripeAccountId ?? null, planned })
}

/** A year of a seller beside the thresholds of reports to tax authorities; `year` absent: this one. */
export const getSellerYear = async (
  deps: { readonly store: Store; readonly now: () => number },
  accountId: string,
  asked: string | undefined,
): Promise<Result<z.input<typeof reportingSchema>>> => {
  const seller = (await load(deps.store, 'seller', accountId))?.state ?? null
  const totals = totalsOf(seller?.years ?? [], yearOf(asked, deps.now()), 'USD')
  const thresholds = reportingStateOf(totals, seller?.country ?? null).map(({ threshold, concerns, ...state }) => {
    const { countries: _, ...told } = threshold
    return { ...told, ...state, concernsYou: concerns }
  })
  return ok({ ...totals, thresholds })
}

export const yearOf = (asked: string | undefined, now: number): number =>
  asked === undefined ? new Date(now).getUTCFullYear() : Number(asked)

const nextActs: Readonly<Record<Seller['status'] | 'none', string | null>> = {
  none: 'Begin the onboarding: POST /v1/me/seller/onboarding',
  onboarding: 'Go on with the onboarding: POST /v1/me/seller/onboarding',
  enabled: null,
  restricted: 'Tell the payment provider what it asks for: POST /v1/me/seller/onboarding',
  rejected: null,
}

const viewSeller = (accountId: string, seller: Seller | null): z.input<typeof sellerSchema> => {
  const status = seller?.status ?? 'none'
  return {
    accountId,
    status,
    since: seller?.since ?? null,
    country: seller?.country ?? null,
    requirementsDue: [...(seller?.requirementsDue ?? [])],
    disabledReason: seller?.disabledReason ?? null,
    nextAct: nextActs[status],
    debt: usd(seller === null ? 0 : debtMinorOf(seller, 'USD')),
    debts: (seller?.debts ?? []).map(({ orderId, amountMinor, currency }) => ({
      orderId,
      amount: { amountMinor, currency },
    })),
    payouts: (seller?.payouts ?? []).map(viewPayout),
  }
}

const viewPayout = ({ id: payoutId, failureCode, ...payout }: SellerPayout) => ({
  payoutId,
  ...payout,
  failureCode: failureCode ?? null,
})
