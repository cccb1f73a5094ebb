import { type Movement, movementKey } from '../../shared/domain/book.ts'
import type { Order } from '../../shared/domain/order.ts'
import { type ProviderRefund, refundToMake, refundWanted } from '../../shared/domain/order-refunds.ts'
import type { PaymentMessage } from '../../shared/contract/messages.ts'
import type { Payments } from '../../shared/gateways/payments.ts'
import type { SellerAccounts } from '../../shared/gateways/seller-accounts.ts'
import { ProviderUnavailable } from '../../shared/gateways/stripe.ts'
import type { Transfers } from '../../shared/gateways/transfers.ts'

// A payment provider in memory, with a ledger of its own: of what it was asked to do, and of what people and banks did. It
// keeps the promises that the gateways make of Stripe (the same refund, transfer or reversal is made once), and breaks where
// Stripe may: before it worked, or after.

type Refund = {
  readonly id: string
  readonly amountMinor: number
  readonly purpose: string | null
  status: ProviderRefund['status']
}
type Dispute = { readonly id: string; readonly amountMinor: number; status: 'open' | 'won' | 'lost' }
type Transfer = {
  readonly id: string
  readonly number: number
  readonly amountMinor: number
  readonly destination: string
  readonly reversals: Map<number, { readonly id: string; readonly amountMinor: number }>
}
type Charge = {
  readonly orderId: string
  readonly amountMinor: number
  readonly paymentIntentId: string
  /** Newest first. */
  readonly refunds: Refund[]
  dispute?: Dispute
}
type Connected = { readonly sellerId: string; enabled: boolean; balanceMinor: number }

export type ProviderShares = {
  /** It does not answer, and has done nothing. */
  unavailable: number
  /** It has done what it was asked for, and its answer is lost. */
  answerLost: number
  /** A refund takes its time. */
  slowRefund: number
  /** A transfer is refused for want of funds; a later one is not. */
  insufficient: number
}

export type FakeProvider = ReturnType<typeof openProvider>

/** `tell`: an event of the provider's, which may be delivered late, again and in any order. */
export const openProvider = (
  random: () => number,
  shares: Readonly<ProviderShares>,
  tell: (message: PaymentMessage) => void,
) => {
  const charges = new Map<string, Charge>()
  /** Orders by their payment. */
  const paidOrders = new Map<string, string>()
  const closedPages = new Set<string>()
  const transfers = new Map<string, Transfer[]>()
  const connected = new Map<string, Connected>()
  const movements = new Map<string, number>()
  let ids = 0

  const newId = (prefix: string): string => {
    ids += 1
    return `${prefix}_${ids}`
  }
  const befalls = (share: number): boolean => random() < share
  const move = (kind: Movement['kind'], reference: string, amountMinor: number): void => {
    const key = movementKey({ kind, reference })
    movements.set(key, (movements.get(key) ?? 0) + amountMinor)
  }
  /** One call of the API: it may fail before, or after it worked. */
  const called = async <T>(work: () => T): Promise<T> => {
    await Promise.resolve()
    if (befalls(shares.unavailable)) throw new ProviderUnavailable('no answer')
    const answer = work()
    await Promise.resolve()
    if (befalls(shares.answerLost)) throw new ProviderUnavailable('it worked, and nobody heard')
    return answer
  }
  const envelope = (type: string) => ({ eventId: newId('evt'), type, livemode: false })
  const tellOfCharge = (charge: Charge, step: 'opened' | 'won' | 'lost' | null): void => {
    const { paymentIntentId, dispute } = charge
    const told =
      step === null || dispute === undefined ? null : { id: dispute.id, step, amountMinor: dispute.amountMinor }
    tell({ kind: 'charge', ...envelope('charge.updated'), account: null, paymentIntentId, dispute: told })
  }
  const tellOfCheckout = (charge: Charge, step: 'processing' | 'paid' | 'failed'): void => {
    const { orderId, paymentIntentId, amountMinor } = charge
    const more = { account: null, step, orderId, paymentIntentId, amountMinor, currency: 'usd' }
    tell({ kind: 'checkout', ...envelope('checkout.session.completed'), ...more })
  }
  const chargeOf = (orderId: string): Charge => {
    const charge = charges.get(orderId)
    if (charge === undefined) throw new Error(`${orderId} was not paid`)
    return charge
  }
  const sumOf = (refunds: readonly Refund[]): number => refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
  const standingOf = ({ refunds }: Charge): Refund[] => refunds.filter(({ status }) => status !== 'failed')
  const refundsOf = ({ refunds }: Charge): ProviderRefund[] =>
    refunds.map(({ id, amountMinor, status, purpose }) => ({ refundId: id, amountMinor, status, purpose })).toReversed()
  const makeRefund = (charge: Charge, amountMinor: number, purpose: string | null): void => {
    const status = befalls(shares.slowRefund) ? 'pending' : 'succeeded'
    const refund: Refund = { id: newId('re'), amountMinor, purpose, status }
    charge.refunds.unshift(refund)
    if (status === 'succeeded') succeed(charge, refund)
  }
  const succeed = (charge: Charge, refund: Refund): void => {
    refund.status = 'succeeded'
    move('refund', refund.id, -refund.amountMinor)
    tellOfCharge(charge, null)
  }

  const payments: Payments = {
    openCheckout: () => Promise.reject(new Error('nobody asks for a page here')),
    closeCheckout: (order) => called(() => void closedPages.add(order.id)),
    refund: (order: Order) =>
      called(() => {
        const charge = chargeOf(order.id)
        const wanted = refundWanted(order)
        const missing = wanted === null ? null : refundToMake(order, wanted, refundsOf(charge))
        if (missing !== null) {
          if (charge.dispute !== undefined && charge.dispute.status !== 'won') throw new ProviderUnavailable('disputed')
          makeRefund(charge, missing.amountMinor, missing.purpose)
        }
        return refundsOf(charge)
      }),
    readRefunds: (paymentIntentId) => called(() => refundsOf(chargeOf(paidOrders.get(paymentIntentId) ?? ''))),
    readPayment: (paymentIntentId) =>
      called(() => {
        const charge = charges.get(paidOrders.get(paymentIntentId) ?? '')
        if (charge === undefined) throw new Error(`there is no payment ${paymentIntentId}`)
        const { orderId, amountMinor } = charge
        const refunds = refundsOf(charge)
        return { orderId, paymentIntentId, captured: true, amountMinor, currency: 'usd', refunds }
      }),
  }

  const factsOf = (stripeAccountId: string) => {
    const account = connected.get(stripeAccountId)
    if (account === undefined) throw new Error(`there is no account ${stripeAccountId}`)
    const { sellerId, enabled } = account
    return {
      stripeAccountId,
      sellerId,
      transfersEnabled: enabled,
      payoutsEnabled: enabled,
      disabledReason: enabled ? null : 'under_review',
      requirementsDue: [],
      country: 'US',
      bankFingerprint: null,
    }
  }
  const sellerAccounts: SellerAccounts = {
    create: () => Promise.reject(new Error('no seller begins here')),
    onboardingLink: () => Promise.reject(new Error('no seller begins here')),
    read: (stripeAccountId) => called(() => factsOf(stripeAccountId)),
    listPayouts: () => called(() => []),
  }

  const transferOf = (orderId: string, number: number) =>
    transfers.get(orderId)?.find((transfer) => transfer.number === number)
  const byId = (transferId: string): Transfer => {
    for (const made of transfers.values()) for (const one of made) if (one.id === transferId) return one
    throw new Error(`there is no transfer ${transferId}`)
  }
  const gateway: Transfers = {
    find: ({ id }, number) =>
      called(() => {
        const made = transferOf(id, number)
        return made === undefined ? null : { transferId: made.id, transferMinor: made.amountMinor }
      }),
    findReversal: (transferId, number) =>
      called(() => {
        const made = byId(transferId).reversals.get(number)
        return made === undefined ? null : { reversalId: made.id }
      }),
    transfer: ({ id: orderId }, amountMinor, destination, number) =>
      called(() => {
        const standing = transferOf(orderId, number)
        if (standing !== undefined) {
          if (standing.amountMinor === amountMinor && standing.destination === destination)
            return { transferId: standing.id }
          throw new Error(
            `${standing.id} of ${standing.amountMinor} is not the transfer that is wanted now: ${amountMinor}`,
          )
        }
        const account = connected.get(destination)
        if (account?.enabled !== true) return 'account_restricted' as const
        if (befalls(shares.insufficient)) return 'insufficient_funds' as const
        const made: Transfer = { id: newId('tr'), number, amountMinor, destination, reversals: new Map() }
        transfers.set(orderId, [...(transfers.get(orderId) ?? []), made])
        account.balanceMinor += amountMinor
        move('transfer', made.id, -amountMinor)
        return { transferId: made.id }
      }),
    reverse: (_order, transferId, amountMinor, number) =>
      called(() => {
        const transfer = byId(transferId)
        const standing = transfer.reversals.get(number)
        if (standing !== undefined) return { reversalId: standing.id }
        const reversed = [...transfer.reversals.values()].reduce((sum, one) => sum + one.amountMinor, 0)
        if (transfer.amountMinor - reversed < amountMinor) return 'already_reversed' as const
        const account = connected.get(transfer.destination)
        if (account === undefined || account.balanceMinor < amountMinor) return 'insufficient_funds' as const
        account.balanceMinor -= amountMinor
        const reversal = { id: newId('trr'), amountMinor }
        transfer.reversals.set(number, reversal)
        move('reversal', reversal.id, amountMinor)
        return { reversalId: reversal.id }
      }),
  }

  return {
    payments,
    sellerAccounts,
    transfers: gateway,
    charges: charges as ReadonlyMap<string, Readonly<Charge>>,
    movements: movements as ReadonlyMap<string, number>,

    /** Somebody pays at the order's page. False: it is closed, or was paid. */
    pay: ({ id: orderId, priceMinor }: Order, slowly: boolean): boolean => {
      if (charges.has(orderId) || closedPages.has(orderId)) return false
      const charge: Charge = { orderId, amountMinor: priceMinor, paymentIntentId: newId('pi'), refunds: [] }
      charges.set(orderId, charge)
      paidOrders.set(charge.paymentIntentId, orderId)
      if (slowly) tellOfCheckout(charge, 'processing')
      move('capture', charge.paymentIntentId, priceMinor)
      tellOfCheckout(charge, 'paid')
      return true
    },
    /** Somebody gives money back in the provider's dashboard. */
    refundFromDashboard: (orderId: string, amountMinor: number): boolean => {
      const charge = chargeOf(orderId)
      if (charge.dispute !== undefined || sumOf(standingOf(charge)) + amountMinor > charge.amountMinor) return false
      makeRefund(charge, amountMinor, null)
      return true
    },
    /** Refunds under way arrive, or come back. */
    settleRefunds: (comesBack: () => boolean): void => {
      for (const charge of charges.values()) {
        for (const refund of charge.refunds.filter(({ status }) => status === 'pending')) {
          if (comesBack()) {
            refund.status = 'failed'
            tellOfCharge(charge, null)
          } else succeed(charge, refund)
        }
      }
    },
    /** The payer's bank takes back what the charge still is. False: it was disputed already, or nothing is left. */
    dispute: (orderId: string): boolean => {
      const charge = chargeOf(orderId)
      const amountMinor = charge.amountMinor - sumOf(standingOf(charge))
      const isRefunding = charge.refunds.some(({ status }) => status === 'pending')
      if (charge.dispute !== undefined || isRefunding || amountMinor === 0) return false
      charge.dispute = { id: newId('dp'), amountMinor, status: 'open' }
      move('chargeback', charge.dispute.id, -amountMinor)
      tellOfCharge(charge, 'opened')
      return true
    },
    /** The bank decides. */
    closeDispute: (orderId: string, outcome: 'won' | 'lost'): boolean => {
      const charge = chargeOf(orderId)
      const { dispute } = charge
      if (dispute?.status !== 'open') return false
      dispute.status = outcome
      if (outcome === 'won') move('chargeback_returned', dispute.id, dispute.amountMinor)
      tellOfCharge(charge, outcome)
      return true
    },
    /** A seller's account is made, restricted or let free; the marketplace is told. */
    setAccount: (stripeAccountId: string, sellerId: string, enabled: boolean): void => {
      const known = connected.get(stripeAccountId)
      if (known === undefined) connected.set(stripeAccountId, { sellerId, enabled, balanceMinor: 0 })
      else known.enabled = enabled
      tell({ kind: 'account', ...envelope('account.updated'), account: stripeAccountId })
    },
    /** What an account has goes to its bank. */
    payOut: (stripeAccountId: string): void => {
      const account = connected.get(stripeAccountId)
      if (account !== undefined) account.balanceMinor = 0
    },
  }
}
