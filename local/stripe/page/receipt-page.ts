import type { Core } from '../core.ts'
import { formatAmount } from '../money.ts'
import type { PageAnswer } from './checkout-forms.ts'
import { noSuchPage } from './checkout-page.ts'
import { html, page } from './html.ts'

/** `/receipts/{charge}`: where a charge's `receipt_url` leads. */
export const receipt = (core: Core, path: string): PageAnswer => {
  const charge = core.state.find('charge', path.slice('/receipts/'.length))
  if (charge?.status !== 'succeeded') return { status: 404, html: noSuchPage() }
  return {
    status: 200,
    html: page(
      'Receipt',
      html`<main class="desk">
        <p class="badge">Test mode · local</p>
        <h1>Receipt</h1>
        <p class="total">${formatAmount(charge.amount, charge.currency)}</p>
        <p>${charge.description ?? 'Payment'} · ${new Date(charge.created * 1000).toISOString().slice(0, 10)}</p>
        ${
          charge.amount_refunded > 0
            ? html`<p>Refunded: ${formatAmount(charge.amount_refunded, charge.currency)}</p>`
            : null
        }
        <p class="soft"><code>${charge.id}</code></p>
      </main>`,
    ),
  }
}
