import Stripe from 'stripe'
import type { Order } from '../domain/order.ts'
import { callStripe, openStripe, type StripeConfig } from './stripe.ts'

/** Why the provider does not pay a seller. Both may pass: the same transfer is asked for again later. */
export type TransferRefusal = 'insufficient_funds' | 'account_restricted'
/** Why the provider does not take a transfer back. `already_reversed`: less is left of it than was asked for. */
export type ReversalRefusal = 'insufficient_funds' | 'already_reversed'

/** What of an order its transfers need. */
export type TransferredOrder = Pick<Order, 'id' | 'currency' | 'paymentIntentId'>

export type Transfers = {
  /**
   * Pays a seller's connected account out of an order's held funds, once for each number (from 1 on: a later one follows a
   * transfer that was taken back). One that stands is found by order and number, however long ago it was made, so a call
   * whose answer was lost makes no second. The first is drawn from the order's own charge, so that it need not wait until
   * that is available.
   */
  readonly transfer: (
    order: TransferredOrder,
    amountMinor: number,
    destination: string,
    number: number,
  ) => Promise<{ readonly transferId: string } | TransferRefusal>
  /** The transfer of this number, if one was made; however long ago. */
  readonly find: (
    order: TransferredOrder,
    number: number,
  ) => Promise<{ readonly transferId: string; readonly transferMinor: number } | null>
  /** Takes a transfer, or a part of it, back from the seller's account, once for each number (from 1 on). */
  readonly reverse: (
    order: TransferredOrder,
    transferId: string,
    amountMinor: number,
    number: number,
  ) => Promise<{ readonly reversalId: string } | ReversalRefusal>
  /** The reversal of this number, if one was made. */
  readonly findReversal: (transferId: string, number: number) => Promise<{ readonly reversalId: string } | null>
}

/** Transfers of one order, and reversals of one transfer, that are looked through. There is a handful. */
const listedMax = 100
/** A refusal that is replayed under its key is asked anew under the next, up to this many in the key's 24 hours. */
const triesMax = 25

export const openTransfers = (config: StripeConfig): Transfers => {
  const stripe = openStripe(config)

  /** The charge that paid an order. */
  const chargeOf = async (order: TransferredOrder): Promise<string> => {
    const { paymentIntentId } = order
    if (paymentIntentId === undefined) throw new Error(`${order.id} has no payment to transfer from`)
    const intent = await callStripe(() => stripe.paymentIntents.retrieve(paymentIntentId))
    const charge = typeof intent.latest_charge === 'string' ? intent.latest_charge : intent.latest_charge?.id
    if (charge === undefined) throw new Error(`the payment of ${order.id} has no charge`)
    return charge
  }

  const transferOf = async (order: TransferredOrder, number: number): Promise<Stripe.Transfer | undefined> => {
    const made = await callStripe(() => stripe.transfers.list({ transfer_group: order.id, limit: listedMax }))
    return made.data.find(({ metadata }) => metadata['number'] === String(number))
  }
  const reversalOf = async (transferId: string, number: number): Promise<Stripe.TransferReversal | undefined> => {
    const made = await callStripe(() => stripe.transfers.listReversals(transferId, { limit: listedMax }))
    return made.data.find(({ metadata }) => metadata?.['number'] === String(number))
  }

  return {
    find: async (order, number) => {
      const made = await transferOf(order, number)
      return made === undefined ? null : { transferId: made.id, transferMinor: made.amount }
    },
    findReversal: async (transferId, number) => {
      const made = await reversalOf(transferId, number)
      return made === undefined ? null : { reversalId: made.id }
    },
    transfer: async (order, amountMinor, destination, number) => {
      const find = async () => {
        const standing = await transferOf(order, number)
        if (standing === undefined) return null
        if (standing.amount === amountMinor && idOf(standing.destination) === destination) return standing
        throw new Error(`${standing.id} is not the transfer ${number} of ${order.id} that is wanted now`)
      }
      const create = async (idempotencyKey: string) =>
        stripe.transfers.create(
          {
            amount: amountMinor,
            currency: order.currency.toLowerCase(),
            destination,
            transfer_group: order.id,
            metadata: { orderId: order.id, number: String(number) },
            ...(number === 1 && { source_transaction: await chargeOf(order) }),
          },
          { idempotencyKey },
        )
      try {
        return { transferId: (await onlyOnce(`${order.id}:transfer:${number}`, find, create)).id }
      } catch (error) {
        return refusalOf(error)
      }
    },
    reverse: async (order, transferId, amountMinor, number) => {
      const find = async () => {
        const standing = await reversalOf(transferId, number)
        if (standing === undefined) return null
        if (standing.amount === amountMinor) return standing
        throw new Error(`${standing.id} is not the reversal ${number} of ${transferId} that is wanted now`)
      }
      const wanted = { amount: amountMinor, metadata: { orderId: order.id, number: String(number) } }
      const create = (idempotencyKey: string) => stripe.transfers.createReversal(transferId, wanted, { idempotencyKey })
      try {
        return { reversalId: (await onlyOnce(`${order.id}:reversal:${number}`, find, create)).id }
      } catch (error) {
        if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error
        if (isCode(error, 'balance_insufficient')) return 'insufficient_funds'
        const { amount, amount_reversed: reversed } = await callStripe(() => stripe.transfers.retrieve(transferId))
        if (amount - reversed < amountMinor) return 'already_reversed'
        throw error
      }
    },
  }
}

/**
 * Makes what is not found yet. The provider keeps a refusal under its key for a day and replays it, also after its cause is
 * gone; a replay, or a key that was used with other parameters, says that the call of that key is over. If what it was to
 * make is not there then, it was refused, and the next key may be tried. The keys follow from the ids: whoever asks at the
 * same time tries the same ones, and one effect comes of it.
 */
const onlyOnce = async <T>(
  key: string,
  find: () => Promise<T | null>,
  create: (idempotencyKey: string) => Promise<T>,
): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    const standing = await find()
    if (standing !== null) return standing
    try {
      return await callStripe(() => create(attempt === 1 ? key : `${key}:${attempt}`))
    } catch (error) {
      if (!isOver(error) || attempt === triesMax) throw error
    }
  }
}

const isOver = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeIdempotencyError
    ? error.code !== 'idempotency_key_in_use'
    : error instanceof Stripe.errors.StripeInvalidRequestError && error.headers?.['idempotent-replayed'] === 'true'

const idOf = (ref: string | { readonly id: string } | null): string | null =>
  ref === null || typeof ref === 'string' ? ref : ref.id

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError && error.code === code

/** The two refusals that are known to pass; anything else is a fault, and thrown. */
const refusalOf = (error: unknown): TransferRefusal => {
  if (isCode(error, 'balance_insufficient')) return 'insufficient_funds'
  const restricted = ['insufficient_capabilities_for_transfer', 'transfers_not_allowed', 'account_invalid']
  if (restricted.some((code) => isCode(error, code))) return 'account_restricted'
  const gone = error instanceof Stripe.errors.StripeInvalidRequestError && error.param === 'destination'
  if (gone && isCode(error, 'resource_missing')) return 'account_restricted'
  throw error
}
