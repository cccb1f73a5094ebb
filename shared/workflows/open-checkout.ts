import { ok, refuse, type Result } from '../domain/result.ts'
import type { Payments } from '../gateways/payments.ts'
import type { EscrowStore } from '../store/client.ts'
import { getOrder } from './orders.ts'

export type CheckoutDeps = {
  readonly store: EscrowStore
  readonly payments: Payments
  readonly publicUrl: string
  readonly now: () => number
}

/**
 * The hosted payment page of an unpaid order. Its provider key and every parameter are derived from the order, so asking
 * again gives the same page, and nothing of it needs to be kept: no write, one call to the provider.
 */
export const openCheckout = async (
  deps: CheckoutDeps,
  orderId: string,
  buyerId: string,
): Promise<Result<{ orderId: string; url: string; expiresAt: string }>> => {
  const order = await getOrder(deps.store, orderId, buyerId)
  if (!order.ok) return order
  if (order.value.status !== 'awaiting_payment') {
    return refuse('checkout_closed', `The order is ${order.value.status}`, undefined, { status: order.value.status })
  }
  const checkout = await deps.payments.openCheckout(order.value, deps.publicUrl, deps.now())
  if (checkout === 'too_late') {
    return refuse('checkout_closed', 'Too little of the payment window is left to open a payment page')
  }
  if (checkout === 'in_progress') {
    return refuse('request_in_progress', 'The payment page is being opened by another request; ask again')
  }
  if ('opensAt' in checkout) {
    const { opensAt } = checkout
    return refuse('checkout_closed', `A payment page can be opened again from ${opensAt} on`, undefined, { opensAt })
  }
  return ok({ orderId, url: checkout.url, expiresAt: checkout.expiresAt })
}
