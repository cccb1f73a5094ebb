import type { Currency } from '../contract/money.ts'
import type { Offset, PayoutPlan, Seller, SellerEvent, SettledSale } from './seller.ts'

// How a seller is paid for one sale: planned first, so that the amount stands before the provider is asked, and then noted
// with what the provider did.

/** What keeps a seller from being paid; null: nothing. */
export const paymentBlockedBy = (seller: Seller | null): 'not_onboarded' | 'restricted' | 'rejected' | null => {
  if (seller === null || seller.status === 'onboarding') return 'not_onboarded'
  return seller.status === 'enabled' ? null : seller.status
}

/**
 * Whether another bank account than before is to be paid, and has been for less than this: whoever took the account over
 * would be paid, and its holder, who was told, has this time to say so.
 */
export const isBankTooNew = ({ payoutReplacedAt }: Seller, hours: number, now: string): boolean =>
  payoutReplacedAt !== undefined && Date.parse(now) - Date.parse(payoutReplacedAt) < hours * 3_600_000

export const planOf = (seller: Seller, orderId: string): PayoutPlan | undefined =>
  seller.plans.find((plan) => plan.orderId === orderId)

/** What goes to debts, in minor units. */
export const offsetMinorOf = (offsets: readonly Offset[]): number =>
  offsets.reduce((total, { amountMinor }) => total + amountMinor, 0)

/** Debts that no plan has reckoned with yet, the oldest first, up to this much. */
const offsetsFrom = (seller: Seller, wantedMinor: number, currency: Currency, orderId: string): readonly Offset[] => {
  const planned = seller.plans.flatMap((plan) => (plan.orderId === orderId ? [] : plan.offsets))
  const offsets: Offset[] = []
  let left = wantedMinor
  for (const debt of seller.debts) {
    const free = debt.amountMinor - offsetMinorOf(planned.filter((offset) => offset.orderId === debt.orderId))
    const amountMinor = debt.currency === currency ? Math.min(free, left) : 0
    if (amountMinor <= 0) continue
    offsets.push({ orderId: debt.orderId, amountMinor })
    left -= amountMinor
  }
  return offsets
}

/** Fixes what of a sale's net goes to debts and what is transferred. A plan that stands is kept. */
export const decidePayoutPlanned = (
  seller: Seller,
  { orderId, netMinor, currency }: Pick<SettledSale, 'orderId' | 'netMinor' | 'currency'>,
): readonly SellerEvent[] =>
  planOf(seller, orderId) !== undefined
    ? []
    : [{ type: 'payout_planned', orderId, offsets: offsetsFrom(seller, netMinor, currency, orderId) }]

/** The provider said no, or the sale is not to be paid any more: its debts are free for another one. */
export const decidePlanDropped = (seller: Seller, orderId: string): readonly SellerEvent[] =>
  planOf(seller, orderId) === undefined ? [] : [{ type: 'plan_dropped', orderId }]

/**
 * The seller was paid. What was transferred is a fact: so what of the net was not goes to debts, as planned.
 * @throws where the debts do not cover it: somebody made a transfer of another amount
 */
export const decideSalePaid = (
  seller: Seller,
  sale: SettledSale,
  { transferId, transferMinor }: { readonly transferId?: string | undefined; readonly transferMinor: number },
): readonly SellerEvent[] => {
  const { orderId, netMinor, currency } = sale
  const offsetMinor = netMinor - transferMinor
  const planned = planOf(seller, orderId)?.offsets ?? []
  const offsets =
    offsetMinorOf(planned) === offsetMinor ? planned : offsetsFrom(seller, Math.max(0, offsetMinor), currency, orderId)
  if (offsetMinorOf(offsets) !== offsetMinor) {
    throw new Error(`${orderId} owes ${netMinor}, and ${transferMinor} were transferred: no debts explain the rest`)
  }
  return [{ type: 'sale_paid', ...sale, ...(transferId !== undefined && { transferId }), transferMinor, offsets }]
}

/** The payment for a sale was taken back; what could not be is owed. */
export const decideSaleTakenBack = (
  sale: SettledSale,
  { reversalId, reversedMinor }: { readonly reversalId?: string | undefined; readonly reversedMinor: number },
): readonly SellerEvent[] => [
  {
    type: 'sale_taken_back',
    ...sale,
    ...(reversalId !== undefined && { reversalId }),
    reversedMinor,
    debtMinor: sale.netMinor - reversedMinor,
  },
]
