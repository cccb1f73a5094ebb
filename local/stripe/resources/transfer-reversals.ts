import type Stripe from 'stripe'
import type { Core } from '../core.ts'
import { formatAmount } from '../money.ts'
import { mergeMetadata } from '../metadata.ts'
import { idOf } from '../resource-types.ts'
import { listPage, required, type Call, type Route } from '../route.ts'
import { invalidParameter, invalidRequest } from '../stripe-error.ts'
import { bookBalanceChange } from './balance-transactions.ts'
import { refundPayment } from './destination-payments.ts'

const shownMax = 10

/**
 * Takes a transfer back, in full or in part: never more than is left of it, nor more than the connected account has
 * available (docs.stripe.com/connect/separate-charges-and-transfers). Throws Stripe's 400 then.
 */
export const reverseTransfer = (
  core: Core,
  transfer: Stripe.Transfer,
  order: { amount?: number; metadata?: Record<string, string> } = {},
): Stripe.TransferReversal => {
  const left = transfer.amount - transfer.amount_reversed
  const { currency } = transfer
  if (left === 0) throw invalidRequest(`Transfer ${transfer.id} is already fully reversed.`)
  const amount = order.amount ?? left
  if (amount < 1)
    throw invalidParameter('Invalid positive integer', { code: 'parameter_invalid_integer', param: 'amount' })
  if (amount > left)
    throw invalidRequest(
      `Reversal amount (${formatAmount(amount, currency)}) is greater than unreversed amount on transfer (${formatAmount(left, currency)})`,
      { param: 'amount' },
    )
  const accountId = idOf(transfer.destination) ?? ''
  const available =
    core.state.balances(core.seconds(), accountId).find((row) => row.currency === currency)?.available ?? 0
  if (amount > available)
    throw invalidRequest('Insufficient funds in the connected account to complete this reversal.', {
      code: 'balance_insufficient',
    })
  const payment = core.state.find('charge', idOf(transfer.destination_payment) ?? '')
  if (!payment) throw new Error(`${transfer.id} has no payment in ${accountId}`)
  const id = core.newId('trr')
  const booked = bookBalanceChange(core, {
    type: 'transfer_refund',
    reportingCategory: 'transfer_reversal',
    amount,
    fee: 0,
    currency,
    source: id,
    description: `REFUND FOR TRANSFER (${transfer.description ?? ''})`,
    method: 'bank',
  })
  const refund = refundPayment(core, accountId, payment, { id, amount })
  const reversal: Stripe.TransferReversal = {
    id,
    object: 'transfer_reversal',
    amount,
    balance_transaction: booked.id,
    created: core.seconds(),
    currency,
    destination_payment_refund: refund.id,
    metadata: mergeMetadata(null, order.metadata),
    source_refund: null,
    transfer: transfer.id,
  }
  core.state.insert('transfer_reversal', reversal)
  const reversed = transfer.amount_reversed + amount
  const changed: Stripe.Transfer = {
    ...transfer,
    amount_reversed: reversed,
    reversed: reversed === transfer.amount,
    reversals: {
      ...transfer.reversals,
      data: [reversal, ...transfer.reversals.data].slice(0, shownMax),
      has_more: transfer.reversals.data.length >= shownMax,
    },
  }
  core.state.update('transfer', changed)
  core.emit('transfer.reversed', changed)
  return reversal
}

const create = ({ core, id, parameters }: Call): Stripe.TransferReversal => {
  const { amount, metadata } = parameters as { amount?: number; metadata?: Record<string, string> }
  return reverseTransfer(core, required(core, 'transfer', id, 'transfer'), {
    ...(amount !== undefined && { amount }),
    ...(metadata && { metadata }),
  })
}

const list = ({ core, id, parameters }: Call): object => {
  required(core, 'transfer', id, 'transfer')
  return listPage(core, 'transfer_reversal', `/v1/transfers/${id}/reversals`, parameters, { transfer: id })
}

export const transferReversalRoutes: readonly Route[] = [
  {
    operationId: 'PostTransfersIdReversals',
    method: 'POST',
    path: '/v1/transfers/{}/reversals',
    serves: ['amount', 'metadata'],
    run: create,
  },
  {
    operationId: 'GetTransfersIdReversals',
    method: 'GET',
    path: '/v1/transfers/{}/reversals',
    serves: [],
    run: list,
  },
]
