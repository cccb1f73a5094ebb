import type { Core } from '../core.ts'
import type { FormRecord } from '../form.ts'
import { declines, isBankMethod, passesLuhn, testAccounts, testCard } from '../payment-methods.ts'
import { payByBank, payByCard, settlePayment, type Attempt } from '../payments.ts'
import { idOf } from '../resource-types.ts'
import type { SessionSecrets } from '../resources/checkout-sessions.ts'
import { checkoutPage, noSuchPage, successUrl, type Typed } from './checkout-page.ts'

/** An answer to a browser: a page, or the address to go to. */
export type PageAnswer = { status: number; html: string } | { status: 303; location: string }

/** Serves `/c/pay/{session}` and its forms `/card`, `/bank` and `/settle`. */
export const checkoutForms = (core: Core, method: string, path: string, form: FormRecord): PageAnswer => {
  const [, , , id = '', action = ''] = path.split('/')
  if (!core.state.find('checkout.session', id)) return { status: 404, html: noSuchPage() }
  if (method !== 'POST') return show(core, id)
  const requestId = `req_${core.newId('x').slice(3, 17)}`
  const cause = { id: requestId, idempotencyKey: requestId }
  if (action === 'card') return core.transact(cause, () => card(core, id, form))
  if (action === 'bank') return core.transact(cause, () => bank(core, id, form))
  if (action === 'settle') return core.transact(cause, () => settle(core, id, form))
  return { status: 404, html: noSuchPage() }
}

const show = (core: Core, id: string, status = 200, more: { error?: string; typed?: Typed } = {}): PageAnswer => {
  const session = core.state.find('checkout.session', id)
  if (!session) return { status: 404, html: noSuchPage() }
  const lineItems = core.state.findHidden<SessionSecrets>('checkout.session', id)?.lineItems ?? []
  const intent = core.state.find('payment_intent', idOf(session.payment_intent) ?? '')
  return { status, html: checkoutPage({ session, lineItems, intent, base: `/c/pay/${id}`, ...more }) }
}

const text = (form: FormRecord, name: string): string => {
  const value = form[name]
  return typeof value === 'string' ? value.trim() : ''
}

const card = (core: Core, id: string, form: FormRecord): PageAnswer => {
  const session = core.state.find('checkout.session', id)
  if (session?.status !== 'open' || !session.payment_method_types.includes('card')) return show(core, id, 409)
  const number = text(form, 'number').replaceAll(/[\s-]/g, '')
  const expiry = expiryOf(text(form, 'expiry'))
  const typed = { email: text(form, 'email'), name: text(form, 'name'), expiry: text(form, 'expiry'), method: 'card' }
  const refuse = (error: string, status = 422): PageAnswer => show(core, id, status, { error, typed })
  const today = new Date(core.now())
  if (!/^[^@\s]+@[^@\s]+$/.test(typed.email)) return refuse('Your e-mail address is incomplete.')
  if (!passesLuhn(number)) return refuse('Your card number is invalid.')
  if (!expiry) return refuse("Your card's expiration date is incomplete.")
  if (expiry.year * 12 + expiry.month < today.getUTCFullYear() * 12 + today.getUTCMonth() + 1)
    return refuse("Your card's expiration date is in the past.")
  if (!/^\d{3,4}$/.test(text(form, 'cvc'))) return refuse("Your card's security code is incomplete.")
  const { brand, decline: declineName, aftermath } = testCard(number)
  const decline = declineName ? declines[declineName] : undefined
  const attempt = payByCard(
    core,
    session,
    { email: typed.email, name: typed.name || null },
    { brand, last4: number.slice(-4), expMonth: expiry.month, expYear: expiry.year },
    { ...(decline && { decline }), ...(aftermath && { aftermath }) },
  )
  return attempt.result === 'declined' ? refuse(attempt.decline.message, 402) : leave(core, attempt)
}

const expiryOf = (typed: string): { month: number; year: number } | undefined => {
  const [, month = '', year = ''] = /^(\d{1,2})\s*\/?\s*(\d{2}|20\d{2})$/.exec(typed) ?? []
  if (Number(month) < 1 || Number(month) > 12) return undefined
  return { month: Number(month), year: Number(year) < 100 ? 2000 + Number(year) : Number(year) }
}

const bank = (core: Core, id: string, form: FormRecord): PageAnswer => {
  const session = core.state.find('checkout.session', id)
  const method = text(form, 'method')
  if (session?.status !== 'open' || !session.payment_method_types.includes(method) || !isBankMethod(method))
    return show(core, id, 409)
  const typed = { email: text(form, 'email'), name: text(form, 'name'), expiry: '', method }
  const account = testAccounts[method].find(({ number }) => number === text(form, 'account'))
  if (!account) return show(core, id, 422, { error: 'Choose one of the test accounts.', typed })
  if (!/^[^@\s]+@[^@\s]+$/.test(typed.email))
    return show(core, id, 422, { error: 'Your e-mail address is incomplete.', typed })
  const attempt = payByBank(
    core,
    session,
    { email: typed.email, name: typed.name || null },
    {
      method,
      last4: account.number.slice(-4),
      outcome: account.outcome,
      ...(account.failureCode && { failureCode: account.failureCode }),
      ...(account.days && { days: account.days }),
    },
  )
  return leave(core, attempt)
}

const settle = (core: Core, id: string, form: FormRecord): PageAnswer => {
  const session = core.state.find('checkout.session', id)
  const intent = core.state.find('payment_intent', idOf(session?.payment_intent) ?? '')
  const outcome = text(form, 'outcome')
  if (intent && (outcome === 'succeeded' || outcome === 'failed')) settlePayment(core, intent, outcome)
  return { status: 303, location: `/c/pay/${id}` }
}

/** A card payment goes straight back to the shop; a delayed one first to the page where a person may play the bank. */
const leave = (core: Core, attempt: Attempt): PageAnswer => {
  if (attempt.result === 'closed') return show(core, attempt.session.id, 409)
  if (attempt.result === 'processing') return { status: 303, location: `/c/pay/${attempt.session.id}` }
  return { status: 303, location: successUrl(attempt.session) }
}
