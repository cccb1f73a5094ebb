import type Stripe from 'stripe'
import type { CheckOutcome } from '../onboarding.ts'
import { payoutAccounts } from '../resources/bank-accounts.ts'
import { html, page, type Html } from './html.ts'

/** What the seller typed, shown again after a refusal. The number of the person is never shown again. */
export interface TypedOnboarding {
  firstName: string
  lastName: string
  birth: string
  bankAccount: string
  outcome: string
}

export interface OnboardingView {
  account: Stripe.Account
  action: string
  returnUrl: string
  error?: string
  typed?: TypedOnboarding
}

const outcomeLabels: Readonly<Record<CheckOutcome, string>> = {
  complete: 'Everything is in order',
  pending: 'It takes a day of the clock',
  document: 'A document is asked for: no transfers until then',
}

/** The hosted form in which a seller tells who they are and where their money goes. */
export const onboardingPage = ({ account, action, returnUrl, error, typed }: OnboardingView): string =>
  page(
    'Get paid · Connect (local)',
    html`<div class="checkout">
      <section class="side" aria-label="Account"><div>${summary(account, returnUrl)}</div></section>
      <main class="main">
        <div>
          <h1>Tell us who is paid</h1>
          ${error ? html`<p class="error" role="alert">${error}</p>` : null}
          <form method="post" action="${action}">${fields(typed)}</form>
          <p class="soft">
            No money moves here, and nothing that is typed leaves this machine. Any name, any date of birth of an adult
            and any four digits do.
          </p>
        </div>
      </main>
    </div>`,
  )

const summary = (account: Stripe.Account, returnUrl: string): Html => {
  const owed = account.requirements?.currently_due ?? []
  return html`<span class="badge">Test mode · local</span>
    <p class="soft" style="margin:1rem 0 0">Account</p>
    <p><code>${account.id}</code></p>
    ${
      owed.length > 0
        ? html`<p class="soft">Still to be told:</p>
            <ul class="items">
              ${owed.map((name) => html`<li><code>${name}</code></li>`)}
            </ul>`
        : html`<p class="soft">Nothing is missing. What you send again replaces what there is.</p>`
    }
    <p><a href="${returnUrl}">← Leave without finishing</a></p>`
}

const fields = (typed: TypedOnboarding | undefined): Html =>
  html`<div class="pair">
      <div>
        <label for="first-name">First name</label>
        <input id="first-name" name="first_name" autocomplete="given-name" required value="${typed?.firstName ?? ''}" />
      </div>
      <div>
        <label for="last-name">Last name</label>
        <input id="last-name" name="last_name" autocomplete="family-name" required value="${typed?.lastName ?? ''}" />
      </div>
    </div>
    <label for="birth">Date of birth</label>
    <input id="birth" name="birth" type="date" autocomplete="bday" required value="${typed?.birth ?? ''}" />
    <label for="ssn">Last four digits of the social security number</label>
    <input
      id="ssn"
      name="ssn_last_4"
      inputmode="numeric"
      autocomplete="off"
      required
      maxlength="4"
      placeholder="0000"
    />
    <label for="bank-account">Test bank account for payouts</label>
    <select id="bank-account" name="bank_account">
      ${payoutAccounts.map(
        ({ number, label }) =>
          html`<option value="${number}" ${number === typed?.bankAccount ? { markup: 'selected' } : null}>
            ${number} · ${label}
          </option>`,
      )}
    </select>
    <label for="outcome">What the check of this finds</label>
    <select id="outcome" name="outcome">
      ${Object.entries(outcomeLabels).map(
        ([value, label]) =>
          html`<option value="${value}" ${value === typed?.outcome ? { markup: 'selected' } : null}>${label}</option>`,
      )}
    </select>
    <button type="submit">Agree and submit</button>`

/** For links that lead nowhere. */
export const noSuchLinkPage = (): string =>
  page(
    'Not found',
    html`<main class="desk">
      <h1>Not found</h1>
      <p>There is no such link on this server.</p>
    </main>`,
  )
