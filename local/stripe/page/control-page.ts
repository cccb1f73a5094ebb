import type { Core } from '../core.ts'
import { formatAmount } from '../money.ts'
import { idOf } from '../resource-types.ts'
import { everyAccount } from '../state.ts'
import { html, page, type Html } from './html.ts'

const rowsShown = 20

/** `/_local`: the newest payments, disputes and deliveries, with the buttons of everybody who is not the buyer. */
export const controlPage = (core: Core): string => {
  const recent = { limit: rowsShown }
  const sessions = core.state.list('checkout.session', {}, recent)?.data ?? []
  const charges = core.state.list('charge', {}, recent)?.data ?? []
  const disputes = core.state.list('dispute', {}, recent)?.data ?? []
  const accounts = core.state.list('account', {}, recent)?.data ?? []
  const transfers = core.state.list('transfer', {}, recent)?.data ?? []
  const payouts = core.state.list('payout', { account: everyAccount }, recent)?.data ?? []
  return page(
    'Local Stripe',
    html`<main class="desk">
      <h1>Local Stripe <span class="badge">${new Date(core.now()).toISOString()}</span></h1>
      <h2>Checkout Sessions</h2>
      ${table(
        ['Session', 'Amount', 'Status', 'Reference', ''],
        sessions.map((session) => [
          html`<code>${session.id.slice(0, 24)}…</code>`,
          formatAmount(session.amount_total ?? 0, session.currency ?? 'usd'),
          `${session.status ?? ''} · ${session.payment_status}`,
          session.client_reference_id ?? '',
          html`<a href="/c/pay/${session.id}">Open page</a>`,
        ]),
      )}
      <h2>Charges</h2>
      ${table(
        ['Charge', 'Amount', 'Status', 'Refunded', ''],
        charges.map((charge) => [
          html`<code>${charge.id}</code>`,
          formatAmount(charge.amount, charge.currency),
          `${charge.status}${charge.disputed ? ' · disputed' : ''} ${charge.failure_code ?? ''}`,
          formatAmount(charge.amount_refunded, charge.currency),
          charge.status === 'pending'
            ? html`<div class="row">
                ${button('settle', 'The money arrives', { payment_intent: idOf(charge.payment_intent) ?? '', outcome: 'succeeded' })}
                ${button('settle', 'The debit fails', { payment_intent: idOf(charge.payment_intent) ?? '', outcome: 'failed' })}
              </div>`
            : charge.status === 'succeeded' && !charge.disputed && !charge.refunded
              ? html`<div class="row">
                  ${button('refund', 'Refund', { charge: charge.id })}
                  ${button('dispute', 'Dispute', { charge: charge.id })}
                </div>`
              : '',
        ]),
      )}
      <h2>Disputes</h2>
      ${table(
        ['Dispute', 'Amount', 'Reason', 'Status', ''],
        disputes.map((dispute) => [
          html`<code>${dispute.id}</code>`,
          formatAmount(dispute.amount, dispute.currency),
          dispute.reason,
          dispute.status,
          /needs_response|under_review/.test(dispute.status)
            ? html`<div class="row">
                ${button('close-dispute', 'Seller wins', { dispute: dispute.id, outcome: 'won' })}
                ${button('close-dispute', 'Seller loses', { dispute: dispute.id, outcome: 'lost' })}
              </div>`
            : '',
        ]),
      )}
      <h2>Connected accounts</h2>
      ${table(
        ['Account', 'Transfers', 'Payouts', 'Against it', ''],
        accounts.map((account) => [
          html`<code>${account.id}</code>`,
          account.capabilities?.transfers ?? 'not asked for',
          account.payouts_enabled ? 'enabled' : 'disabled',
          account.requirements?.disabled_reason ?? '',
          html`<div class="row">
            ${button('onboard', 'Complete', { account: account.id })}
            ${button('onboard', 'Ask for a document', { account: account.id, outcome: 'document' })}
            ${button('restrict-account', 'Restrict', { account: account.id })}
            ${button('lift-restriction', 'Lift', { account: account.id })}
            ${button('pay-out', 'Pay out now', { account: account.id })}
          </div>`,
        ]),
      )}
      <h2>Transfers</h2>
      ${table(
        ['Transfer', 'Amount', 'Reversed', 'To', 'Group', ''],
        transfers.map((transfer) => [
          html`<code>${transfer.id}</code>`,
          formatAmount(transfer.amount, transfer.currency),
          formatAmount(transfer.amount_reversed, transfer.currency),
          html`<code>${idOf(transfer.destination) ?? ''}</code>`,
          transfer.transfer_group ?? '',
          transfer.reversed ? '' : button('reverse-transfer', 'Reverse', { transfer: transfer.id }),
        ]),
      )}
      <h2>Payouts of connected accounts</h2>
      ${table(
        ['Payout', 'Amount', 'Status', ''],
        payouts.map((payout) => [
          html`<code>${payout.id}</code>`,
          formatAmount(payout.amount, payout.currency),
          `${payout.status} ${payout.failure_code ?? ''}`,
          payout.status === 'failed'
            ? ''
            : html`<div class="row">
                ${payout.status === 'in_transit' ? button('settle-payout', 'It arrives', { payout: payout.id, outcome: 'paid' }) : null}
                ${button('settle-payout', 'It comes back', { payout: payout.id, outcome: 'failed' })}
              </div>`,
        ]),
      )}
      <h2>Webhook deliveries</h2>
      ${table(
        ['Event', 'Endpoint', 'Status', 'Attempts', ''],
        core.state
          .listDeliveries(rowsShown)
          .map((delivery) => [
            html`<code>${core.state.find('event', delivery.event)?.type ?? ''}</code><br /><span class="soft"
                >${delivery.event}</span
              >`,
            delivery.url,
            `${delivery.status} ${delivery.responseStatus ?? delivery.error ?? ''}`,
            String(delivery.attempts),
            button('replay-delivery', 'Send again', { delivery: delivery.id }),
          ]),
      )}
    </main>`,
  )
}

const table = (heads: string[], rows: (string | Html)[][]): Html =>
  rows.length === 0
    ? html`<p class="soft">None yet.</p>`
    : html`<table>
        <thead>
          <tr>
            ${heads.map((head) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                ${row.map((cell) => html`<td>${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>`

const button = (action: string, label: string, fields: Record<string, string>): Html =>
  html`<form method="post" action="/_local/${action}">
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button class="quiet" type="submit">${label}</button>
  </form>`
