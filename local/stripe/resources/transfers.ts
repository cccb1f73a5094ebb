import type Stripe from 'stripe'
import type { Core } from '../core.ts'
import { formatAmount } from '../money.ts'
import { mergeMetadata } from '../metadata.ts'
import { idOf } from '../resource-types.ts'
import { listPage, required, type Call, type Route } from '../route.ts'
import { invalidParameter, invalidRequest, noSuch } from '../stripe-error.ts'
import { connectedAccount } from './accounts.ts'
import { bookBalanceChange } from './balance-transactions.ts'
import { receivePayment } from './destination-payments.ts'
import { planPayout } from './payouts.ts'

export interface TransferOrder {
  destination: string
  currency: string
  /** Minor units; what is left of the source where it is not given. */
  amount?: number
  source?: Stripe.Charge
  transferGroup?: string
  description?: string
  metadata?: Record<string, string>
}

const create = ({ core, parameters }: Call): Stripe.Transfer => {
  const {
    currency = '',
    description,
    destination = '',
    source_transaction: sourceId,
    transfer_group: transferGroup,
  } = parameters as Record<string, string | undefined>
  const { amount, metadata } = parameters as { amount?: number; metadata?: Record<string, string> }
  return createTransfer(core, {
    destination,
    currency: currency.toLowerCase(),
    ...(amount !== undefined && { amount }),
    ...(sourceId && { source: required(core, 'charge', sourceId, 'source_transaction', 400) }),
    ...(transferGroup && { transferGroup }),
    ...(description && { description }),
    ...(metadata && { metadata }),
  })
}

/**
 * Money goes from the platform's balance to a connected account's. With a source it is taken from that charge, and may be
 * on its way before the charge itself is available. Throws Stripe's 400 where the account may not be paid, or the balance
 * or the source is too small.
 */
export const createTransfer = (core: Core, order: TransferOrder): Stripe.Transfer => {
  const account = connectedAccount(core, order.destination)
  if (!account) throw noSuch('destination', order.destination, 'destination', 400)
  if (account.capabilities?.transfers !== 'active')
    throw invalidRequest(
      'Your destination account needs to have at least one of the following capabilities enabled: transfers, crypto_transfers, legacy_payments',
      { code: 'insufficient_capabilities_for_transfer' },
    )
  const { amount, availableOn } = order.source ? fromSource(core, order, order.source) : fromBalance(core, order)
  const id = core.newId('tr')
  const booked = bookBalanceChange(core, {
    type: 'transfer',
    reportingCategory: 'transfer',
    amount: -amount,
    fee: 0,
    currency: order.currency,
    source: id,
    description: order.description ?? null,
    method: 'bank',
    availableOn,
  })
  const payment = receivePayment(core, account.id, { transfer: id, amount, currency: order.currency, availableOn })
  const transfer: Stripe.Transfer = {
    id,
    object: 'transfer',
    amount,
    amount_reversed: 0,
    balance_transaction: booked.id,
    created: core.seconds(),
    currency: order.currency,
    description: order.description ?? null,
    destination: account.id,
    destination_payment: payment.id,
    livemode: false,
    metadata: mergeMetadata(null, order.metadata),
    reversals: { object: 'list', data: [], has_more: false, url: `/v1/transfers/${id}/reversals` },
    reversed: false,
    source_transaction: order.source?.id ?? null,
    source_type: 'card',
    transfer_group: groupOf(order),
  }
  core.state.insert('transfer', transfer)
  core.emit('transfer.created', transfer)
  planPayout(core, account.id, availableOn)
  return transfer
}

type Drawn = { amount: number; availableOn: number }

const fromBalance = (core: Core, { amount, currency }: TransferOrder): Drawn => {
  if (amount === undefined)
    throw invalidParameter('Missing required param: amount.', { code: 'parameter_missing', param: 'amount' })
  checkAmount(amount)
  const available = core.state.balances(core.seconds()).find((row) => row.currency === currency)?.available ?? 0
  if (amount > available)
    throw invalidRequest(
      'You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance by creating Charges using the 4000000000000077 test card. See: https://stripe.com/docs/testing#available-balance',
      { code: 'balance_insufficient' },
    )
  return { amount, availableOn: core.seconds() }
}

const fromSource = (core: Core, order: TransferOrder, source: Stripe.Charge): Drawn => {
  const booked = core.state.find('balance_transaction', idOf(source.balance_transaction) ?? '')
  if (source.status !== 'succeeded' || !booked)
    throw invalidRequest(`${source.id} has not succeeded: nothing can be transferred from it.`, {
      param: 'source_transaction',
    })
  if (source.currency !== order.currency)
    throw invalidRequest(
      `The currency of source_transaction's balance transaction (${source.currency}) must be the same as the transfer currency (${order.currency})`,
      { param: 'currency' },
    )
  if (order.transferGroup && source.transfer_group && order.transferGroup !== source.transfer_group)
    throw invalidRequest(
      `You cannot use a transfer_group of ${order.transferGroup} because the source_transaction has a transfer_group of ${source.transfer_group}.`,
      { param: 'transfer_group' },
    )
  // What was reversed counts too: the source has been drawn on once.
  const drawn = (
    core.state.list('transfer', { fields: { source_transaction: source.id } }, { limit: 100 })?.data ?? []
  ).reduce((sum, transfer) => sum + transfer.amount, 0)
  const amount = order.amount ?? source.amount - drawn
  checkAmount(amount)
  if (amount + drawn > source.amount)
    throw invalidRequest(
      `Transfers using this transaction as a source must not exceed the source amount of ${formatAmount(source.amount, source.currency)}.${drawn > 0 ? ` (There is already a transfer using this source, amounting to ${formatAmount(drawn, source.currency)}.)` : ''}`,
      { param: 'amount' },
    )
  return { amount, availableOn: booked.available_on }
}

const checkAmount = (amount: number): void => {
  if (amount < 1)
    throw invalidParameter('Invalid positive integer', { code: 'parameter_invalid_integer', param: 'amount' })
}

/** Stripe puts a transfer from a charge into that charge's group, and makes one where it has none. */
const groupOf = ({ transferGroup, source }: TransferOrder): string | null =>
  transferGroup ?? source?.transfer_group ?? (source ? `group_${source.id}` : null)

const retrieve = ({ core, id }: Call): Stripe.Transfer => required(core, 'transfer', id, 'transfer')

const list = ({ core, parameters }: Call): object => {
  const { destination, transfer_group } = parameters as Record<string, string | undefined>
  return listPage(core, 'transfer', '/v1/transfers', parameters, { destination, transfer_group })
}

const update = ({ core, id, parameters }: Call): Stripe.Transfer => {
  const transfer = required(core, 'transfer', id, 'transfer')
  const { description } = parameters as Record<string, string | undefined>
  const changed: Stripe.Transfer = {
    ...transfer,
    metadata: mergeMetadata(transfer.metadata, parameters['metadata']),
    ...(description !== undefined && { description }),
  }
  core.state.update('transfer', changed)
  core.emit('transfer.updated', changed, { metadata: transfer.metadata })
  return changed
}

export const transferRoutes: readonly Route[] = [
  {
    operationId: 'PostTransfers',
    method: 'POST',
    path: '/v1/transfers',
    serves: ['amount', 'currency', 'description', 'destination', 'metadata', 'source_transaction', 'transfer_group'],
    run: create,
  },
  {
    operationId: 'GetTransfers',
    method: 'GET',
    path: '/v1/transfers',
    serves: ['created', 'destination', 'transfer_group'],
    run: list,
  },
  { operationId: 'GetTransfersTransfer', method: 'GET', path: '/v1/transfers/{}', serves: [], run: retrieve },
  {
    operationId: 'PostTransfersTransfer',
    method: 'POST',
    path: '/v1/transfers/{}',
    serves: ['description', 'metadata'],
    run: update,
  },
]
