import type Stripe from 'stripe'
import { bankDays } from '../fees.ts'
import { formatAmount } from '../money.ts'
import { isBankMethod, methodNames, testAccounts, type BankMethod } from '../payment-methods.ts'
import type { WireLineItem } from '../resource-types.ts'
import { html, page, type Html } from './html.ts'

/** What the buyer typed, shown again after a refusal. Card number and security code are never shown again. */
export interface Typed {
  email: string
  name: string
  expiry: string
  method: string
}

export interface CheckoutView {
  session: Stripe.Checkout.Session
  lineItems: WireLineItem[]
  /** The state of a delayed payment, once there is one. */
  intent: Stripe.PaymentIntent | undefined
  base: string
  error?: string
  typed?: Typed
}

/** The hosted page in whatever state its session is. */
export const checkoutPage = (view: CheckoutView): string => {
  const { session } = view
  const main =
    session.status === 'open' ? paymentForms(view) : session.status === 'expired' ? expired(session) : completed(view)
  return page(
    session.status === 'open' ? 'Pay · Checkout (local)' : 'Checkout (local)',
    html`<div class="checkout">
      <section class="side" aria-label="Order summary"><div>${summary(view)}</div></section>
      <main class="main"><div>${main}</div></main>
    </div>`,
  )
}

const summary = ({ session, lineItems }: CheckoutView): Html => {
  const currency = session.currency ?? 'usd'
  return html`<span class="badge">Test mode · local</span>
    <p class="soft" style="margin:1rem 0 0">
      ${lineItems.length === 1 ? (lineItems[0]?.description ?? 'Total') : 'Total'}
    </p>
    <p class="total">${formatAmount(session.amount_total ?? 0, currency)}</p>
    <ul class="items">
      ${lineItems.map(
        (item) =>
          html`<li>
            <span>${item.description}<br /><span class="soft">Quantity ${item.quantity ?? 1}</span></span>
            <span>${formatAmount(item.amount_total, currency)}</span>
          </li>`,
      )}
    </ul>
    ${
      session.status === 'open' && session.cancel_url
        ? html`<p><a href="${session.cancel_url}">← Leave without paying</a></p>`
        : null
    }`
}

const paymentForms = ({ session, base, error, typed }: CheckoutView): Html => {
  const chosen = typed?.method ?? session.payment_method_types[0]
  return html`<h1>Pay</h1>
    ${error ? html`<p class="error" role="alert">${error}</p>` : null}
    ${session.payment_method_types.map((method) =>
      isBankMethod(method)
        ? html`<details name="method" ${method === chosen ? { markup: 'open' } : null}>
            <summary>${methodNames[method]}</summary>
            ${bankForm(session, base, method, typed)}
          </details>`
        : html`<details name="method" ${method === chosen ? { markup: 'open' } : null}>
            <summary>Card</summary>
            ${cardForm(session, base, typed)}
          </details>`,
    )}
    <p class="soft">
      No money moves here. Card <code>4242 4242 4242 4242</code> with any later date and any code pays;
      <code>4000 0000 0000 0002</code> is declined, <code>4000 0000 0000 9995</code> lacks funds,
      <code>4000 0000 0000 0259</code> pays and is disputed.
    </p>`
}

const contact = (prefix: string, session: Stripe.Checkout.Session, typed: Typed | undefined): Html =>
  html`<label for="${prefix}-email">E-mail</label>
    <input
      id="${prefix}-email"
      name="email"
      type="email"
      autocomplete="email"
      required
      value="${typed?.email ?? session.customer_email ?? ''}"
      ${session.customer_email ? { markup: 'readonly' } : null}
    />`

const cardForm = (session: Stripe.Checkout.Session, base: string, typed: Typed | undefined): Html =>
  html`<form method="post" action="${base}/card">
    ${contact('card', session, typed)}
    <label for="card-number">Card number</label>
    <input
      id="card-number"
      name="number"
      inputmode="numeric"
      autocomplete="cc-number"
      required
      maxlength="23"
      placeholder="4242 4242 4242 4242"
    />
    <div class="pair">
      <div>
        <label for="card-expiry">Expires (MM / YY)</label>
        <input
          id="card-expiry"
          name="expiry"
          inputmode="numeric"
          autocomplete="cc-exp"
          required
          maxlength="7"
          placeholder="12 / 34"
          value="${typed?.expiry ?? ''}"
        />
      </div>
      <div>
        <label for="card-cvc">Security code</label>
        <input
          id="card-cvc"
          name="cvc"
          inputmode="numeric"
          autocomplete="cc-csc"
          required
          maxlength="4"
          placeholder="123"
        />
      </div>
    </div>
    <label for="card-name">Name on card</label>
    <input id="card-name" name="name" autocomplete="cc-name" required value="${typed?.name ?? ''}" />
    <button type="submit">Pay ${formatAmount(session.amount_total ?? 0, session.currency ?? 'usd')}</button>
  </form>`

const bankForm = (session: Stripe.Checkout.Session, base: string, method: BankMethod, typed: Typed | undefined): Html =>
  html`<form method="post" action="${base}/bank">
    <input type="hidden" name="method" value="${method}" />
    ${contact(method, session, typed)}
    <label for="${method}-name">Account holder</label>
    <input id="${method}-name" name="name" autocomplete="name" required value="${typed?.name ?? ''}" />
    <label for="${method}-account">Test account</label>
    <select id="${method}-account" name="account">
      ${testAccounts[method].map((account) => html`<option value="${account.number}">${account.number} · ${account.label}</option>`)}
    </select>
    <p class="soft">
      The bank answers after ${bankDays} days of this server's clock (or as the account says), or when you say so on the
      next page.
    </p>
    <button type="submit">
      Pay ${formatAmount(session.amount_total ?? 0, session.currency ?? 'usd')} from this account
    </button>
  </form>`

const expired = (session: Stripe.Checkout.Session): Html =>
  html`<h1>This page has expired</h1>
    <p>The time to pay is over, or the seller closed this page. Nothing was charged.</p>
    ${session.cancel_url ? html`<p><a href="${session.cancel_url}">Back to the shop</a></p>` : null}`

const completed = ({ session, intent, base }: CheckoutView): Html => {
  const back = html`<p><a href="${successUrl(session)}">Continue to the shop</a></p>`
  if (session.payment_status === 'paid')
    return html`<h1><span class="good">✓</span> Paid</h1>
      <p>This order has been paid. It cannot be paid twice.</p>
      ${back}`
  if (intent?.capture_method === 'manual' && intent.status !== 'requires_payment_method')
    return html`<h1><span class="good">✓</span> Authorised</h1>
      <p>The bank keeps the amount for up to seven days. Nothing was charged.</p>
      ${back}`
  if (intent?.status !== 'processing')
    return html`<h1>The payment failed</h1>
      <p>${intent?.last_payment_error?.message ?? 'The bank refused the debit.'} Nothing was charged.</p>
      ${back}`
  return html`<h1>The payment is under way</h1>
    <p>The bank has been asked and answers later. The shop has been told that the payment is pending.</p>
    ${back}
    <h2>Play the bank</h2>
    <div class="row">
      ${(['succeeded', 'failed'] as const).map(
        (outcome) =>
          html`<form method="post" action="${base}/settle">
            <input type="hidden" name="outcome" value="${outcome}" />
            <button class="quiet" type="submit">
              ${outcome === 'succeeded' ? 'The money arrives' : 'The debit fails'}
            </button>
          </form>`,
      )}
    </div>`
}

/** Where Stripe sends the buyer: `success_url` with the session's id put in. */
export const successUrl = (session: Stripe.Checkout.Session): string =>
  (session.success_url ?? '/').replaceAll('{CHECKOUT_SESSION_ID}', session.id)

/** For links that lead nowhere. */
export const noSuchPage = (): string =>
  page(
    'Not found',
    html`<main class="desk">
      <h1>Not found</h1>
      <p>There is no such Checkout page on this server.</p>
    </main>`,
  )
