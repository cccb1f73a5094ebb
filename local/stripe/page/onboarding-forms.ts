import type { Core } from '../core.ts'
import type { FormRecord } from '../form.ts'
import { checkOutcomes, submitOnboarding } from '../onboarding.ts'
import type { StoredAccountLink } from '../resource-types.ts'
import { linkState } from '../resources/account-links.ts'
import { payoutAccounts } from '../resources/bank-accounts.ts'
import type { PageAnswer } from './checkout-forms.ts'
import { noSuchLinkPage, onboardingPage, type TypedOnboarding } from './onboarding-page.ts'

/**
 * Serves `/setup/{link}` and the form it leads to, `/setup/{link}/form`. The link opens once; whoever comes with one that
 * is spent is sent to where another is made (`refresh_url`).
 */
export const onboardingForms = (core: Core, method: string, path: string, form: FormRecord): PageAnswer => {
  const [, , id = '', action = ''] = path.split('/')
  const link = core.state.find('account_link', id)
  if (!link) return { status: 404, html: noSuchLinkPage() }
  const state = linkState(core, link)
  if (action === '') {
    if (state !== 'fresh') return { status: 303, location: link.refreshUrl }
    core.uncaused(() => core.state.update('account_link', { ...link, openedAt: core.seconds() }))
    return { status: 303, location: `/setup/${id}/form` }
  }
  if (action !== 'form') return { status: 404, html: noSuchLinkPage() }
  if (state !== 'open') return { status: 303, location: link.refreshUrl }
  return method === 'POST' ? submit(core, link, form) : show(core, link)
}

const show = (core: Core, link: StoredAccountLink, error?: string, typed?: TypedOnboarding): PageAnswer => {
  const account = core.state.find('account', link.account)
  if (!account) return { status: 404, html: noSuchLinkPage() }
  return {
    status: error === undefined ? 200 : 422,
    html: onboardingPage({
      account,
      action: `/setup/${link.id}/form`,
      returnUrl: link.returnUrl,
      ...(error !== undefined && { error }),
      ...(typed && { typed }),
    }),
  }
}

const text = (form: FormRecord, name: string): string => {
  const value = form[name]
  return typeof value === 'string' ? value.trim() : ''
}

const submit = (core: Core, link: StoredAccountLink, form: FormRecord): PageAnswer => {
  const typed: TypedOnboarding = {
    firstName: text(form, 'first_name'),
    lastName: text(form, 'last_name'),
    birth: text(form, 'birth'),
    bankAccount: text(form, 'bank_account'),
    outcome: text(form, 'outcome'),
  }
  const refuse = (error: string): PageAnswer => show(core, link, error, typed)
  const account = core.state.find('account', link.account)
  if (!account) return { status: 404, html: noSuchLinkPage() }
  const outcome = checkOutcomes.find((one) => one === typed.outcome)
  if (typed.firstName === '' || typed.lastName === '') return refuse('Your name is incomplete.')
  if (!isAdult(typed.birth, core.now())) return refuse('You must be at least 18 years old to use Stripe.')
  if (!/^\d{4}$/.test(text(form, 'ssn_last_4'))) return refuse('The last four digits of your number are incomplete.')
  if (!payoutAccounts.some(({ number }) => number === typed.bankAccount)) return refuse('Choose a test account.')
  if (!outcome) return refuse('Choose what the check finds.')
  const requestId = `req_${core.newId('x').slice(3, 17)}`
  core.transact({ id: requestId, idempotencyKey: null }, () => submitOnboarding(core, account, typed, outcome))
  return { status: 303, location: link.returnUrl }
}

/** A date of birth (`1990-01-31`) that is a day, and eighteen years or more ago. */
const isAdult = (birth: string, now: number): boolean => {
  const at = Date.parse(`${birth}T00:00:00Z`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(birth) || Number.isNaN(at) || birth < '1900') return false
  const eighteenth = new Date(at)
  eighteenth.setUTCFullYear(eighteenth.getUTCFullYear() + 18)
  return eighteenth.getTime() <= now
}
