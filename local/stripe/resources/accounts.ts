import type Stripe from 'stripe'
import type { Core } from '../core.ts'
import { mergeMetadata } from '../metadata.ts'
import { listPage, required, type Call, type Route } from '../route.ts'
import { platform } from '../state.ts'
import { invalidParameter } from '../stripe-error.ts'

/** What of an account decides whether it may be paid, and is not told as it is. */
export interface AccountSecrets {
  /** What an operator of Stripe, or the platform, has set against it; null: nothing. */
  restriction: Restriction | null
}

/** What Stripe, or the platform, may have against an account (`requirements.disabled_reason`). */
export const restrictions = [
  'listed',
  'other',
  'platform_paused',
  'rejected.fraud',
  'rejected.listed',
  'rejected.other',
  'rejected.terms_of_service',
  'under_review',
] as const
export type Restriction = (typeof restrictions)[number]

/** What a private person has to tell before they may be paid. */
const neededAtFirst: readonly string[] = [
  'business_type',
  'external_account',
  'individual.dob.day',
  'individual.dob.month',
  'individual.dob.year',
  'individual.first_name',
  'individual.last_name',
  'individual.ssn_last_4',
  'tos_acceptance.date',
  'tos_acceptance.ip',
]

const countryCurrency: Readonly<Record<string, string>> = { US: 'usd', GB: 'gbp', JP: 'jpy' }

type Given = Record<string, string | undefined>

const create = ({ core, parameters }: Call): Stripe.Account => {
  const { country = 'US', email, business_type: businessType, default_currency: currency } = parameters as Given
  if (!/^[A-Z]{2}$/.test(country))
    throw invalidParameter(`Country '${country}' is unknown. Try using a 2-character alphanumeric country code.`, {
      code: 'country_unsupported',
      param: 'country',
    })
  const { type, controller } = controllerOf(parameters)
  const id = core.newId('acct').replace('acct_1', 'acct_1L')
  const needed = neededAtFirst.filter((name) => name !== 'business_type' || businessType === undefined)
  const account: Stripe.Account = {
    id,
    object: 'account',
    business_profile: {
      annual_revenue: null,
      estimated_worker_count: null,
      mcc: null,
      minority_owned_business_designation: null,
      name: null,
      product_description: null,
      support_address: null,
      support_email: null,
      support_phone: null,
      support_url: null,
      url: null,
      specified_commercial_transactions_act_url: null,
      ...(parameters['business_profile'] as object | undefined),
    },
    business_type: businessType ?? null,
    capabilities: wanted(parameters) ? { transfers: 'inactive' } : {},
    charges_enabled: false,
    controller,
    country,
    created: core.seconds(),
    default_currency: currency ?? countryCurrency[country] ?? 'eur',
    details_submitted: false,
    email: email ?? null,
    external_accounts: { object: 'list', data: [], has_more: false, url: `/v1/accounts/${id}/external_accounts` },
    future_requirements: nothingRequired,
    groups: null,
    metadata: mergeMetadata(null, parameters['metadata']),
    payouts_enabled: false,
    requirements: { ...due(needed), disabled_reason: 'requirements.past_due' },
    settings: settingsOf(parameters),
    tos_acceptance: { date: null, ip: null, user_agent: null },
    type,
  }
  const secrets: AccountSecrets = { restriction: null }
  core.state.insert('account', account, secrets)
  return account
}

const wanted = (parameters: Call['parameters']): boolean =>
  (parameters['capabilities'] as { transfers?: { requested?: boolean } } | undefined)?.transfers?.requested === true

/** `type` is the older way to say it: each stands for a controller, and the controller of an Express account for it. */
const controllerOf = (
  parameters: Call['parameters'],
): { type: Stripe.Account.Type; controller: Stripe.Account.Controller } => {
  const type = parameters['type'] as 'custom' | 'express' | 'standard' | undefined
  const given = parameters['controller'] as Stripe.AccountCreateParams.Controller | undefined
  if (type && given)
    throw invalidParameter('You may only specify one of these parameters: type, controller.', { param: 'controller' })
  const standard = type === 'standard'
  const dashboard =
    given?.stripe_dashboard?.type ?? (type === undefined || standard ? 'full' : type === 'custom' ? 'none' : type)
  const controller = {
    fees: {
      payer: given?.fees?.payer ?? (standard ? 'account' : type ? (`application_${type}` as 'application') : 'account'),
    },
    is_controller: true,
    losses: { payments: given?.losses?.payments ?? (type && !standard ? 'application' : 'stripe') },
    requirement_collection: given?.requirement_collection ?? (type === 'custom' ? 'application' : 'stripe'),
    stripe_dashboard: { type: dashboard },
    type: 'application' as const,
  }
  return { type: type ?? 'none', controller }
}

const settingsOf = (parameters: Call['parameters']): Stripe.Account.Settings => {
  const given = parameters['settings'] as { payouts?: { schedule?: { interval?: string } } } | undefined
  return {
    branding: { icon: null, logo: null, primary_color: null, secondary_color: null },
    card_payments: {
      statement_descriptor_prefix: null,
      statement_descriptor_prefix_kana: null,
      statement_descriptor_prefix_kanji: null,
    },
    dashboard: { display_name: null, timezone: 'Etc/UTC' },
    payments: {
      statement_descriptor: null,
      statement_descriptor_kana: null,
      statement_descriptor_kanji: null,
      statement_descriptor_prefix_kana: null,
      statement_descriptor_prefix_kanji: null,
    },
    payouts: {
      debit_negative_balances: false,
      schedule: { delay_days: 2, interval: given?.payouts?.schedule?.interval ?? 'daily' },
      statement_descriptor: null,
    },
  }
}

export const nothingRequired: Stripe.Account.FutureRequirements & Stripe.Account.Requirements = {
  alternatives: [],
  current_deadline: null,
  currently_due: [],
  disabled_reason: null,
  errors: [],
  eventually_due: [],
  past_due: [],
  pending_verification: [],
}

/** The requirements of an account that lacks these fields and may not be paid until they are told. */
export const due = (
  fields: readonly string[],
  errors: Stripe.Account.Requirements.Error[] = [],
): Stripe.Account.Requirements => ({
  ...nothingRequired,
  currently_due: [...fields],
  errors,
  eventually_due: [...fields],
  past_due: [...fields],
})

const disabledReason = (
  requirements: Stripe.Account.Requirements,
  restriction: Restriction | null,
): Stripe.Account.Requirements.DisabledReason | null => {
  if (restriction !== null) return restriction
  if ((requirements.past_due ?? []).length > 0) return 'requirements.past_due'
  return (requirements.pending_verification ?? []).length > 0 ? 'requirements.pending_verification' : null
}

/**
 * Keeps a changed account and tells of it, in the account's own name, by `account.updated`. Whether it may be paid follows
 * from what it still owes: everything told and nothing against it makes `transfers` active.
 */
export const changeAccount = (
  core: Core,
  account: Stripe.Account,
  changes: Partial<Stripe.Account>,
): Stripe.Account => {
  const merged: Stripe.Account = { ...account, ...changes }
  const restriction = core.state.findHidden<AccountSecrets>('account', account.id)?.restriction ?? null
  const requirements = { ...nothingRequired, ...merged.requirements }
  const disabled = disabledReason(requirements, restriction)
  const asked = 'transfers' in (merged.capabilities ?? {})
  const open = merged.details_submitted && disabled === null
  const bank = merged.external_accounts?.data[0]
  const changed: Stripe.Account = {
    ...merged,
    capabilities: asked
      ? { transfers: open ? 'active' : disabled === 'requirements.pending_verification' ? 'pending' : 'inactive' }
      : {},
    charges_enabled: open && asked,
    payouts_enabled: open && bank !== undefined && bank.object === 'bank_account' && bank.status !== 'errored',
    requirements: { ...requirements, disabled_reason: disabled },
  }
  core.state.update('account', changed)
  const previous = Object.fromEntries(
    Object.entries(account).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(changed[name as keyof Stripe.Account]),
    ),
  )
  core.within(account.id, () => core.emit('account.updated', changed, previous))
  return changed
}

/** Sets something against an account, or (null) lifts it: it cannot be paid meanwhile, and Stripe pays nothing out. */
export const restrictAccount = (
  core: Core,
  account: Stripe.Account,
  restriction: Restriction | null,
): Stripe.Account => {
  const secrets: AccountSecrets = { restriction }
  core.state.hide('account', account.id, secrets)
  return changeAccount(core, account, {})
}

const retrieve = ({ core, id }: Call): Stripe.Account => required(core, 'account', id, 'account')

const list = ({ core, parameters }: Call): object => listPage(core, 'account', '/v1/accounts', parameters)

const update = ({ core, id, parameters }: Call): Stripe.Account => {
  const account = required(core, 'account', id, 'account')
  const { email } = parameters as Given
  return changeAccount(core, account, {
    metadata: mergeMetadata(account.metadata ?? {}, parameters['metadata']),
    ...(email !== undefined && { email }),
    ...(wanted(parameters) && { capabilities: { transfers: account.capabilities?.transfers ?? 'inactive' } }),
  })
}

/** Every connected account of the platform, by its id; undefined where there is none. */
export const connectedAccount = (core: Core, id: string): Stripe.Account | undefined =>
  core.state.findOf(platform, 'account', id)

const served = ['business_type', 'capabilities.transfers', 'email', 'metadata']

export const accountRoutes: readonly Route[] = [
  {
    operationId: 'PostAccounts',
    method: 'POST',
    path: '/v1/accounts',
    serves: [
      ...served,
      'business_profile.mcc',
      'business_profile.name',
      'business_profile.product_description',
      'business_profile.url',
      'controller.fees',
      'controller.losses',
      'controller.requirement_collection',
      'controller.stripe_dashboard',
      'country',
      'default_currency',
      'settings.payouts.schedule.interval',
      'type',
    ],
    run: create,
  },
  { operationId: 'GetAccounts', method: 'GET', path: '/v1/accounts', serves: ['created'], run: list },
  { operationId: 'GetAccountsAccount', method: 'GET', path: '/v1/accounts/{}', serves: [], run: retrieve },
  {
    operationId: 'PostAccountsAccount',
    method: 'POST',
    path: '/v1/accounts/{}',
    serves: ['capabilities.transfers', 'email', 'metadata'],
    run: update,
  },
]
