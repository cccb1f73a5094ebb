import type { Currency } from '../contract/money.ts'
import { findTransition, type Machine } from './transitions.ts'

// An account that sells its own handles, and how it is paid: what the payment provider says of its connected account, what
// it was paid for which sale, and what it owes after a chargeback. Amounts are minor units, instants RFC 3339 UTC.

/**
 * `onboarding`: the provider still asks for something before the first payment. `restricted`: it could be paid, and cannot
 * now. `rejected`: the provider will not pay it. An account that never began has no seller at all.
 */
export type SellerStatus = 'onboarding' | 'enabled' | 'restricted' | 'rejected'

/** What the provider asks for, in its own field names, and why it does not pay now, in its own word. */
export type SellerRequirements = {
  readonly requirementsDue: readonly string[]
  readonly disabledReason?: string | undefined
}

/** What the provider sent to the seller's bank, in the currency of that bank account. */
export type SellerPayout = {
  readonly id: string
  readonly amountMinor: number
  /** ISO 4217, upper case; any currency. */
  readonly currency: string
  readonly status: 'pending' | 'in_transit' | 'paid' | 'failed' | 'canceled'
  readonly arrivalAt: string
  readonly failureCode?: string | undefined
}

export type Debt = { readonly orderId: string; readonly amountMinor: number; readonly currency: Currency }

/** So much of a sale's net goes to the debt of an earlier one. */
export type Offset = { readonly orderId: string; readonly amountMinor: number }

/** Written before the provider is asked for a transfer, so that its amount stands whatever happens meanwhile. */
export type PayoutPlan = {
  readonly orderId: string
  readonly plannedAt: string
  readonly offsets: readonly Offset[]
}

/** What a seller made in one year (UTC). What was taken back counts against the year it was taken back in. */
export type YearTotals = {
  readonly year: number
  readonly currency: Currency
  readonly sales: number
  readonly grossMinor: number
  readonly commissionMinor: number
  readonly netMinor: number
  /** To the connected account, less what was taken back from there. */
  readonly transferredMinor: number
}

export type Seller = SellerRequirements & {
  readonly accountId: string
  /** The connected account at the provider; one for ever. */
  readonly stripeAccountId: string
  readonly status: SellerStatus
  readonly createdAt: string
  readonly updatedAt: string
  /** When it entered `status`. */
  readonly since: string
  /** ISO 3166, two letters: where the seller is resident, as it told when it began. */
  readonly country: string
  /** The hash of the bank account that is paid out to (`domain/standing.ts`); absent: none was given yet. */
  readonly payoutHash?: string | undefined
  /** When it took the place of another one last. */
  readonly payoutReplacedAt?: string | undefined
  /** Newest first. */
  readonly payouts: readonly SellerPayout[]
  /** Oldest first; they are paid off in this order. */
  readonly debts: readonly Debt[]
  readonly plans: readonly PayoutPlan[]
  /** Newest first. */
  readonly years: readonly YearTotals[]
}

/**
 * A sale as its settlement with the seller: gross = commission + net. Where a payment was taken back although its chargeback
 * was won, and is made again, gross and commission are nothing: the sale was counted and stands.
 */
export type SettledSale = {
  readonly orderId: string
  readonly handle: string
  readonly currency: Currency
  readonly grossMinor: number
  readonly commissionMinor: number
  readonly netMinor: number
}

export type SellerMovement =
  | ({
      /** The seller was paid for a sale: net = offsets + transfer. */
      readonly type: 'sale_paid'
      /** Absent: debts took all of it. */
      readonly transferId?: string | undefined
      readonly transferMinor: number
      readonly offsets: readonly Offset[]
    } & SettledSale)
  | ({
      /** The payment for a sale was taken back after a chargeback: net = reversed + debt. */
      readonly type: 'sale_taken_back'
      /** Absent: the connected account had too little, so all of it is owed. */
      readonly reversalId?: string | undefined
      readonly reversedMinor: number
      readonly debtMinor: number
    } & SettledSale)

export type SellerEvent =
  | { readonly type: 'onboarding_begun'; readonly stripeAccountId: string; readonly country: string }
  | ({ readonly type: 'seller_enabled' } & SellerRequirements)
  | ({ readonly type: 'seller_restricted' } & SellerRequirements)
  | ({ readonly type: 'seller_rejected' } & SellerRequirements)
  | ({ readonly type: 'requirements_changed' } & SellerRequirements)
  | { readonly type: 'payout_account_seen'; readonly payoutHash: string }
  /** Another one was known before: the platform tells the account's holder. */
  | { readonly type: 'payout_account_replaced'; readonly payoutHash: string }
  | { readonly type: 'payout_told'; readonly payout: SellerPayout }
  | { readonly type: 'payout_planned'; readonly orderId: string; readonly offsets: readonly Offset[] }
  | { readonly type: 'plan_dropped'; readonly orderId: string }
  | SellerMovement

type StatusEvent = 'onboarding_begun' | 'seller_enabled' | 'seller_restricted' | 'seller_rejected'

/** Whether a seller can be paid, as the provider says. What else is told of it moves nothing, and is not drawn. */
export const sellerMachine: Machine<SellerStatus, StatusEvent> = {
  name: 'seller',
  states: { onboarding: 'resting', enabled: 'resting', restricted: 'resting', rejected: 'resting' },
  transitions: [
    { from: null, on: 'onboarding_begun', to: 'onboarding', by: ['seller', 'system'] },
    { from: 'onboarding', on: 'seller_enabled', to: 'enabled', by: ['system'] },
    { from: 'onboarding', on: 'seller_rejected', to: 'rejected', by: ['system'] },
    { from: 'enabled', on: 'seller_restricted', to: 'restricted', by: ['system'] },
    { from: 'enabled', on: 'seller_rejected', to: 'rejected', by: ['system'] },
    { from: 'restricted', on: 'seller_enabled', to: 'enabled', by: ['system'] },
    { from: 'restricted', on: 'seller_rejected', to: 'rejected', by: ['system'] },
    { from: 'rejected', on: 'seller_restricted', to: 'restricted', by: ['system'] },
    { from: 'rejected', on: 'seller_enabled', to: 'enabled', by: ['system'] },
  ],
}

/** Kept on the seller's item; older payouts are in the journal. */
export const payoutsKeptMax = 6
export const yearsKeptMax = 8
export const requirementsKeptMax = 50

/** Folds one event, which happened at `at`, into the state; an illegal one is an impossible state and throws. */
export const evolveSeller = (accountId: string, before: Seller | null, event: SellerEvent, at: string): Seller => {
  if (event.type === 'onboarding_begun') {
    if (before !== null) throw new Error(`${event.type} happened twice to the seller ${accountId}`)
    const { type: _, ...begun } = event
    const times = { createdAt: at, updatedAt: at, since: at }
    const nothing = { requirementsDue: [], payouts: [], debts: [], plans: [], years: [] }
    return { accountId, ...begun, status: 'onboarding', ...times, ...nothing }
  }
  if (before === null) throw new Error(`${event.type} happened to the seller ${accountId} before it began`)
  const seller = { ...before, updatedAt: at }
  switch (event.type) {
    case 'seller_enabled':
    case 'seller_restricted':
    case 'seller_rejected': {
      const row = findTransition(sellerMachine, before.status, event.type)
      if (row === undefined) throw new Error(`${event.type} happened to the seller ${accountId}, ${before.status}`)
      return { ...withRequirements(seller, event), status: row.to, since: at }
    }
    case 'requirements_changed':
      return withRequirements(seller, event)
    case 'payout_account_seen':
      return { ...seller, payoutHash: event.payoutHash }
    case 'payout_account_replaced':
      return { ...seller, payoutHash: event.payoutHash, payoutReplacedAt: at }
    case 'payout_told': {
      const others = before.payouts.filter(({ id }) => id !== event.payout.id)
      const payouts = [event.payout, ...others].toSorted((a, b) => (a.arrivalAt < b.arrivalAt ? 1 : -1))
      return { ...seller, payouts: payouts.slice(0, payoutsKeptMax) }
    }
    case 'payout_planned': {
      const { orderId, offsets } = event
      return { ...seller, plans: [...before.plans, { orderId, plannedAt: at, offsets }] }
    }
    case 'plan_dropped':
      return withoutPlan(seller, event.orderId)
    case 'sale_paid':
      return {
        ...withoutPlan(seller, event.orderId),
        debts: paidOff(before.debts, event.offsets),
        years: withMovement(before.years, event, at),
      }
    case 'sale_taken_back': {
      const { orderId, debtMinor: amountMinor, currency } = event
      const debts = withDebt(before.debts, { orderId, amountMinor, currency })
      return { ...seller, debts, years: withMovement(before.years, event, at) }
    }
  }
}

const withRequirements = (seller: Seller, { requirementsDue, disabledReason }: SellerRequirements): Seller => {
  const { disabledReason: _, ...rest } = seller
  return { ...rest, requirementsDue, ...(disabledReason !== undefined && { disabledReason }) }
}

const withoutPlan = (seller: Seller, orderId: string): Seller => ({
  ...seller,
  plans: seller.plans.filter((plan) => plan.orderId !== orderId),
})

/** One debt an order. */
const withDebt = (debts: readonly Debt[], debt: Debt): readonly Debt[] => {
  if (debt.amountMinor === 0) return debts
  if (!debts.some(({ orderId }) => orderId === debt.orderId)) return [...debts, debt]
  return debts.map((one) =>
    one.orderId === debt.orderId ? { ...one, amountMinor: one.amountMinor + debt.amountMinor } : one,
  )
}

const paidOff = (debts: readonly Debt[], offsets: readonly Offset[]): readonly Debt[] =>
  debts
    .map((debt) => ({ ...debt, amountMinor: debt.amountMinor - offsetOf(offsets, debt.orderId) }))
    .filter(({ amountMinor }) => amountMinor > 0)

const offsetOf = (offsets: readonly Offset[], orderId: string): number =>
  sum(offsets.filter((offset) => offset.orderId === orderId))

const sum = (amounts: readonly { readonly amountMinor: number }[]): number =>
  amounts.reduce((total, { amountMinor }) => total + amountMinor, 0)

const noTotals = (year: number, currency: Currency): YearTotals => ({
  year,
  currency,
  sales: 0,
  grossMinor: 0,
  commissionMinor: 0,
  netMinor: 0,
  transferredMinor: 0,
})

/** The totals of a year in a currency; zeros where nothing happened. */
export const totalsOf = (years: readonly YearTotals[], year: number, currency: Currency): YearTotals =>
  years.find((one) => one.year === year && one.currency === currency) ?? noTotals(year, currency)

/** The totals after one more movement. A payment of what was counted before (its gross is nothing) is no further sale. */
export const addMovement = (totals: YearTotals, movement: SellerMovement): YearTotals => {
  const sign = movement.type === 'sale_paid' ? 1 : -1
  const moved = movement.type === 'sale_paid' ? movement.transferMinor : -movement.reversedMinor
  return {
    ...totals,
    sales: totals.sales + (movement.grossMinor === 0 ? 0 : sign),
    grossMinor: totals.grossMinor + sign * movement.grossMinor,
    commissionMinor: totals.commissionMinor + sign * movement.commissionMinor,
    netMinor: totals.netMinor + sign * movement.netMinor,
    transferredMinor: totals.transferredMinor + moved,
  }
}

const withMovement = (years: readonly YearTotals[], movement: SellerMovement, at: string): readonly YearTotals[] => {
  const year = Number(at.slice(0, 4))
  const before = totalsOf(years, year, movement.currency)
  return [addMovement(before, movement), ...years.filter((one) => one !== before)]
    .toSorted((a, b) => b.year - a.year)
    .slice(0, yearsKeptMax)
}

/** What is owed in one currency, in minor units. */
export const debtMinorOf = (seller: Seller, currency: Currency): number =>
  sum(seller.debts.filter((debt) => debt.currency === currency))
