import type Stripe from 'stripe'
import type { Core } from '../core.ts'
import { randomText } from '../ids.ts'
import { createLineItems } from '../line-items.ts'
import { mergeMetadata } from '../metadata.ts'
import type { Parameters } from '../parameters.ts'
import { eligibleMethods, isMethod, type Method } from '../payment-methods.ts'
import { idOf, type WireLineItem } from '../resource-types.ts'
import { limitOf, listPage, required, type Call, type Route } from '../route.ts'
import { invalidParameter, invalidRequest, noSuch, unserved } from '../stripe-error.ts'

/** What a session keeps for the payment and the API does not show. */
export interface SessionSecrets {
  lineItems: WireLineItem[]
  paymentIntentData: {
    capture_method?: 'automatic' | 'automatic_async' | 'manual'
    description?: string
    metadata?: Record<string, string>
    receipt_email?: string
    statement_descriptor?: string
    statement_descriptor_suffix?: string
    transfer_group?: string
  }
}

const lifeMinSeconds = 30 * 60
const lifeMaxSeconds = 24 * 60 * 60
const amountMax = 99_999_999
/** Stripe's minimum charge: 50 cents, or the like of it. */
const amountMin: Readonly<Record<string, number>> = { usd: 50, eur: 50, gbp: 30, jpy: 50 }

const create = ({ core, parameters }: Call): Stripe.Checkout.Session => {
  const text = (name: string): string | null => (parameters[name] as string | undefined) ?? null
  const mode = text('mode')
  if (!mode) throw invalidParameter('Missing required param: mode.', { code: 'parameter_missing', param: 'mode' })
  if (mode !== 'payment') throw unserved(`Checkout Sessions of mode ${mode}`)
  const uiMode = text('ui_mode') ?? 'hosted_page'
  if (uiMode !== 'hosted_page' && uiMode !== 'hosted') throw unserved(`Checkout Sessions of ui_mode ${uiMode}`)
  const successUrl = urlOf(parameters, 'success_url')
  if (!successUrl)
    throw invalidParameter('Missing required param: success_url.', { code: 'parameter_missing', param: 'success_url' })
  const lineItems = createLineItems(core, parameters['line_items'])
  const currency = lineItems[0]?.currency ?? 'usd'
  const total = lineItems.reduce((sum, item) => sum + item.amount_total, 0)
  checkAmount(total, currency)
  const id = `cs_test_a1${randomText(56)}`
  const email = text('customer_email')
  const session: Stripe.Checkout.Session = {
    id,
    object: 'checkout.session',
    adaptive_pricing: { enabled: false },
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: (parameters['allowed_payment_method_types'] as string[] | undefined) ?? null,
    amount_subtotal: total,
    amount_total: total,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: text('billing_address_collection') as 'auto' | null,
    cancel_url: urlOf(parameters, 'cancel_url'),
    client_reference_id: text('client_reference_id'),
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: core.seconds(),
    currency,
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: null,
    customer_account: null,
    customer_creation: 'if_required',
    customer_details: email === null ? null : customerDetails(email, null),
    customer_email: email,
    discounts: [],
    ...(parameters['excluded_payment_method_types'] !== undefined && {
      excluded_payment_method_types: parameters['excluded_payment_method_types'] as string[],
    }),
    expires_at: expiryOf(core, parameters['expires_at'] as number | undefined),
    integration_identifier: null,
    invoice: null,
    invoice_creation: {
      enabled: false,
      invoice_data: {
        account_tax_ids: null,
        custom_fields: null,
        description: null,
        footer: null,
        issuer: null,
        metadata: {},
        rendering_options: null,
      },
    },
    livemode: false,
    locale: text('locale') as Stripe.Checkout.Session.Locale | null,
    managed_payments: null,
    metadata: mergeMetadata(null, parameters['metadata']),
    mode: 'payment',
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: 'if_required',
    payment_method_configuration_details: null,
    payment_method_options: { card: { request_three_d_secure: 'automatic' } },
    payment_method_types: offered(parameters, currency),
    payment_status: 'unpaid',
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: text('submit_type') as Stripe.Checkout.Session.SubmitType | null,
    subscription: null,
    success_url: successUrl,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    url: `${core.publicUrl}/c/pay/${id}`,
    wallet_options: null,
  }
  const secrets: SessionSecrets = {
    lineItems,
    paymentIntentData: (parameters['payment_intent_data'] ?? {}) as SessionSecrets['paymentIntentData'],
  }
  core.state.insert('checkout.session', session, secrets)
  core.at(session.expires_at, 'expire_session', id)
  return session
}

/** What Checkout knows of the buyer. */
export const customerDetails = (
  email: string | null,
  name: string | null,
): Stripe.Checkout.Session.CustomerDetails => ({
  address: null,
  business_name: null,
  email,
  individual_name: null,
  name,
  phone: null,
  tax_exempt: 'none',
  tax_ids: null,
})

const urlOf = (parameters: Parameters, name: string): string | null => {
  const url = parameters[name] as string | undefined
  if (url === undefined) return null
  if (!/^https?:\/\//.test(url) || !URL.canParse(url.replaceAll('{CHECKOUT_SESSION_ID}', 'id')))
    throw invalidParameter('Not a valid URL', { code: 'url_invalid', param: name })
  return url
}

const checkAmount = (total: number, currency: string): void => {
  const least = amountMin[currency] ?? 50
  if (total < least)
    throw invalidParameter(
      `The Checkout Session's total amount must be at least ${least} ${currency} in minor units.`,
      {
        code: 'amount_too_small',
        param: 'line_items',
      },
    )
  if (total > amountMax)
    throw invalidParameter(`The Checkout Session's total amount must be no more than ${amountMax} in minor units.`, {
      code: 'amount_too_large',
      param: 'line_items',
    })
}

const expiryOf = (core: Core, given: number | undefined): number => {
  const created = core.seconds()
  if (given === undefined) return created + lifeMaxSeconds
  if (given < created + lifeMinSeconds)
    throw invalidParameter('The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.', {
      param: 'expires_at',
    })
  if (given > created + lifeMaxSeconds)
    throw invalidParameter('The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.', {
      param: 'expires_at',
    })
  return given
}

/**
 * The methods the buyer may choose from. `allowed_payment_method_types` and `excluded_payment_method_types` narrow the
 * eligible ones; `payment_method_types` (API versions before 2026-09-30) names them outright.
 */
const offered = (parameters: Parameters, currency: string): Method[] => {
  const names = (name: string): string[] | undefined => parameters[name] as string[] | undefined
  // A debit cannot be authorised and captured later.
  const manual =
    (parameters['payment_intent_data'] as SessionSecrets['paymentIntentData'] | undefined)?.capture_method === 'manual'
  const eligible = eligibleMethods(currency).filter((method) => !manual || method === 'card')
  const explicit = names('payment_method_types')
  if (explicit) {
    const foreign = explicit.find((name) => !isMethod(name))
    if (foreign) throw unserved(`the payment method ${foreign}`)
    const misfit = explicit.find((name) => !eligible.includes(name as Method))
    if (misfit)
      throw invalidParameter(`The payment method type provided: ${misfit} is invalid for the currency ${currency}.`, {
        param: 'payment_method_types',
      })
    return explicit as Method[]
  }
  const allowed = names('allowed_payment_method_types')
  const excluded = names('excluded_payment_method_types') ?? []
  const offers = eligible.filter((method) => (allowed?.includes(method) ?? true) && !excluded.includes(method))
  if (offers.length === 0)
    throw invalidParameter('No valid payment method types for this Checkout Session.', {
      param: allowed ? 'allowed_payment_method_types' : 'excluded_payment_method_types',
    })
  return offers
}

/** Changes a session and keeps it. */
export const changeSession = (
  core: Core,
  session: Stripe.Checkout.Session,
  changes: Partial<Stripe.Checkout.Session>,
): Stripe.Checkout.Session => {
  const changed: Stripe.Checkout.Session = { ...session, ...changes }
  core.state.update('checkout.session', changed)
  return changed
}

/** Ends an open session, and the PaymentIntent of a declined attempt with it. Others are returned as they are. */
export const expireSession = (core: Core, session: Stripe.Checkout.Session): Stripe.Checkout.Session => {
  if (session.status !== 'open') return session
  const intent = core.state.find('payment_intent', idOf(session.payment_intent) ?? '')
  if (intent) {
    const cancelled: Stripe.PaymentIntent = {
      ...intent,
      status: 'canceled',
      canceled_at: core.seconds(),
      cancellation_reason: 'expired',
    }
    core.state.update('payment_intent', cancelled)
    core.emit('payment_intent.canceled', cancelled)
  }
  const expired = changeSession(core, session, { status: 'expired', url: null })
  core.emit('checkout.session.expired', expired)
  return expired
}

const expire = ({ core, id }: Call): Stripe.Checkout.Session => {
  const session = required(core, 'checkout.session', id, 'session')
  if (session.status !== 'open')
    throw invalidRequest(
      `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status}.`,
    )
  return expireSession(core, session)
}

const retrieve = ({ core, id }: Call): Stripe.Checkout.Session => required(core, 'checkout.session', id, 'session')

const list = ({ core, parameters }: Call): object => {
  const { payment_intent, status } = parameters as Record<string, string | undefined>
  return listPage(core, 'checkout.session', '/v1/checkout/sessions', parameters, { payment_intent, status })
}

const lineItemPage = ({ core, id, parameters }: Call): object => {
  required(core, 'checkout.session', id, 'session')
  const items = core.state.findHidden<SessionSecrets>('checkout.session', id)?.lineItems ?? []
  const after = parameters['starting_after'] as string | undefined
  const before = parameters['ending_before'] as string | undefined
  const cursor = after ?? before
  const at = items.findIndex((item) => item.id === cursor)
  if (cursor && at < 0) throw noSuch('item', cursor, after ? 'starting_after' : 'ending_before', 400)
  const limit = limitOf(parameters)
  const from = after ? at + 1 : before ? Math.max(0, at - limit) : 0
  const to = before ? at : from + limit
  return {
    object: 'list',
    data: items.slice(from, to),
    has_more: before ? from > 0 : to < items.length,
    url: `/v1/checkout/sessions/${id}/line_items`,
  }
}

/** The list that `expand[]=line_items` includes. */
export const includedLineItems = (core: Core, id: string): object => lineItemPage({ core, id, parameters: {} })

const paymentIntentData = [
  'capture_method',
  'description',
  'metadata',
  'receipt_email',
  'statement_descriptor',
  'statement_descriptor_suffix',
  'transfer_group',
]

export const checkoutSessionRoutes: readonly Route[] = [
  {
    operationId: 'PostCheckoutSessions',
    method: 'POST',
    path: '/v1/checkout/sessions',
    serves: [
      'allowed_payment_method_types',
      'billing_address_collection',
      'cancel_url',
      'client_reference_id',
      'customer_email',
      'excluded_payment_method_types',
      'expires_at',
      'line_items.metadata',
      'line_items.price_data.currency',
      'line_items.price_data.product_data.description',
      'line_items.price_data.product_data.images',
      'line_items.price_data.product_data.metadata',
      'line_items.price_data.product_data.name',
      'line_items.price_data.product_data.unit_label',
      'line_items.price_data.tax_behavior',
      'line_items.price_data.unit_amount',
      'line_items.price_data.unit_amount_decimal',
      'line_items.quantity',
      'locale',
      'metadata',
      'mode',
      ...paymentIntentData.map((name) => `payment_intent_data.${name}`),
      'payment_method_types',
      'submit_type',
      'success_url',
      'ui_mode',
    ],
    run: create,
  },
  {
    operationId: 'GetCheckoutSessions',
    method: 'GET',
    path: '/v1/checkout/sessions',
    serves: ['created', 'payment_intent', 'status'],
    run: list,
  },
  {
    operationId: 'GetCheckoutSessionsSession',
    method: 'GET',
    path: '/v1/checkout/sessions/{}',
    serves: [],
    run: retrieve,
  },
  {
    operationId: 'PostCheckoutSessionsSessionExpire',
    method: 'POST',
    path: '/v1/checkout/sessions/{}/expire',
    serves: [],
    run: expire,
  },
  {
    operationId: 'GetCheckoutSessionsSessionLineItems',
    method: 'GET',
    path: '/v1/checkout/sessions/{}/line_items',
    serves: [],
    run: lineItemPage,
  },
]
