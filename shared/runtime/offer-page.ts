import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type * as z from 'zod'
import type { offerViewSchema } from '../contract/campaign.ts'
import { checkoutMaxMinor, formatMoney, type Money, usd } from '../contract/money.ts'
import { statusOf } from '../contract/problems.ts'
import { escapeHtml } from '../domain/html.ts'
import { minute } from '../domain/minute.ts'
import { refuse, type Result } from '../domain/result.ts'
import { htmlPage, htmlResponse, linkHeaders } from './html-page.ts'

// The page behind a private offer's link. Opening it changes nothing but that it was opened; buttons act. To accept, a
// prospect signs in: the platform's app does that by the API, with the same token.

type OfferView = z.input<typeof offerViewSchema>

/** What a form of the page asks for. */
export type OfferFormAct =
  | { readonly kind: 'counter'; readonly price: Money }
  | { readonly kind: 'decline' }
  | { readonly kind: 'terms' }
  | { readonly kind: 'none'; readonly refused: Result<never> }

const formCharactersMax = 1_000

/** Reads the page's own form. Amounts are written as people do: `1200` or `1,200.50`, in dollars. */
export const actOfForm = (event: APIGatewayProxyEventV2): OfferFormAct => {
  const raw = event.isBase64Encoded ? Buffer.from(event.body ?? '', 'base64').toString('utf8') : (event.body ?? '')
  const form = new URLSearchParams(raw.slice(0, formCharactersMax))
  switch (form.get('act')) {
    case 'decline':
      return { kind: 'decline' }
    case 'terms':
      return { kind: 'terms' }
    case 'counter': {
      const [, whole = '', cents = ''] =
        /^\$?(\d{1,3}(?:,\d{3})*|\d{1,9})(?:\.(\d{2}))?$/.exec((form.get('amount') ?? '').trim()) ?? []
      const amountMinor = Number(whole.replaceAll(',', '')) * 100 + Number(cents)
      if (whole !== '' && amountMinor >= 1 && amountMinor <= checkoutMaxMinor) {
        return { kind: 'counter', price: usd(amountMinor) }
      }
      return { kind: 'none', refused: refuse('validation_failed', 'Write an amount such as 1,200.50', 'amount') }
    }
    default:
      return { kind: 'none', refused: refuse('validation_failed', 'The form asks for nothing that there is', 'act') }
  }
}

const page = (status: number, title: string, body: string): APIGatewayProxyStructuredResultV2 =>
  htmlResponse(status, htmlPage(title, `<h1>${escapeHtml(title)}</h1>${body}`), linkHeaders)

const paragraph = (words: string): string => `<p>${escapeHtml(words)}</p>`

/** Refusals say what can be done, and nothing of whose the link is. */
const refusedPage = (refused: Extract<Result<never>, { ok: false }>): APIGatewayProxyStructuredResultV2 => {
  const { code, message } = refused.refusal
  const status = statusOf(code)
  switch (code) {
    case 'offer_link_invalid':
      return page(
        status,
        'This link cannot be used',
        paragraph('Open it from the e-mail once more, or copy all of it.'),
      )
    case 'offer_link_used':
      return page(
        status,
        'This link has done its work',
        paragraph('The offer was answered. Your orders are in your account.'),
      )
    case 'offer_link_expired':
      return page(status, 'This offer has ended', paragraph('It can no longer be answered.'))
    default:
      return page(status, 'That is not possible', paragraph(`${message}.`))
  }
}

const button = (act: string, label: string): string =>
  `<form method="post"><button name="act" value="${act}">${escapeHtml(label)}</button></form>`

/** `step` is what led here. */
export const offerPage = (
  step: 'shown' | 'countered' | 'terms' | 'declined',
  result: Result<OfferView>,
): APIGatewayProxyStructuredResultV2 => {
  if (!result.ok) return refusedPage(result)
  const offer = result.value
  if (step === 'declined') return page(200, 'The offer is declined', paragraph('You need not do anything else.'))
  const price = formatMoney(offer.price)
  const isSealed = offer.mode === 'sealed'
  const title = `@${offer.display} for ${isSealed ? `${price} or more` : price}`
  const counter =
    offer.counter === null
      ? ''
      : paragraph(
          offer.status === 'countered'
            ? `Your counter-offer of ${formatMoney(offer.counter)} was sent. You will have an answer by e-mail; the price above stands meanwhile.`
            : `Your last counter-offer was ${formatMoney(offer.counter)}; it was answered with the price above.`,
        )
  const mayCounter = !isSealed && offer.countersLeft > 0 && offer.status !== 'countered'
  const body = [
    paragraph(`The offer stands until ${minute(offer.until)}.`),
    counter,
    paragraph(
      'To accept, sign in to your account in the app and open this link there: the handle is then on hold for you.',
    ),
    mayCounter
      ? `<form method="post"><label>Or name your price in dollars (${offer.countersLeft} of ${offer.counterRoundsMax} left): <input name="amount" inputmode="decimal" required></label> <button name="act" value="counter">Send</button></form>`
      : '',
    step === 'terms'
      ? `<ul>${offer.terms.words.map((words) => `<li>${escapeHtml(words)}</li>`).join('')}</ul>`
      : button('terms', 'Show the terms'),
    button('decline', 'Decline'),
  ]
  return page(200, title, body.join(''))
}

/** Asks before it unsubscribes, because scanners of mail open links; mail programs post without asking (RFC 8058). */
export const unsubscribePage = (step: 'ask' | 'done', result: Result<null>): APIGatewayProxyStructuredResultV2 => {
  if (!result.ok) return refusedPage(result)
  return step === 'done'
    ? page(200, 'You are unsubscribed', paragraph('No campaign writes to this address any more.'))
    : page(
        200,
        'No more offers?',
        paragraph('Press the button, and no campaign writes to this address any more. An open offer ends.') +
          '<form method="post"><button>Unsubscribe</button></form>',
      )
}
