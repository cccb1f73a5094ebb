import type Stripe from 'stripe'
import type { Core } from '../core.ts'
import { randomText } from '../ids.ts'
import type { Parameters } from '../parameters.ts'
import type { StoredAccountLink } from '../resource-types.ts'
import { required, type Call, type Route } from '../route.ts'
import { invalidParameter } from '../stripe-error.ts'

/** A link is for the person who asked for it, now: it opens once, within five minutes. */
const linkSeconds = 5 * 60
/** Whoever has opened it has this long to fill in the form. */
const formSeconds = 60 * 60

const create = ({ core, parameters }: Call): Stripe.AccountLink => {
  const { account: accountId = '', type } = parameters as Record<string, string | undefined>
  const account = required(core, 'account', accountId, 'account', 400)
  if (type === 'account_update')
    throw invalidParameter(
      `You cannot create \`account_update\` type Account Links for this account. Valid types are \`account_onboarding\`.`,
      { param: 'type' },
    )
  const id = randomText(24)
  const link: StoredAccountLink = {
    id,
    object: 'account_link',
    created: core.seconds(),
    expires_at: core.seconds() + linkSeconds,
    url: `${core.publicUrl}/setup/${id}`,
    account: account.id,
    refreshUrl: urlOf(parameters, 'refresh_url'),
    returnUrl: urlOf(parameters, 'return_url'),
    openedAt: null,
  }
  core.state.insert('account_link', link)
  const { created, expires_at, object, url } = link
  return { object, created, expires_at, url }
}

const urlOf = (parameters: Parameters, name: string): string => {
  const url = parameters[name] as string | undefined
  if (url === undefined)
    throw invalidParameter(`Missing required param: ${name}.`, { code: 'parameter_missing', param: name })
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw invalidParameter('Not a valid URL', { code: 'url_invalid', param: name })
  return url
}

/** What a link is good for now. `spent`: it was opened before, or is too old; its owner is sent to ask for another. */
export const linkState = (core: Core, link: StoredAccountLink): 'fresh' | 'open' | 'spent' => {
  if (link.openedAt !== null) return link.openedAt + formSeconds > core.seconds() ? 'open' : 'spent'
  return link.expires_at > core.seconds() ? 'fresh' : 'spent'
}

export const accountLinkRoutes: readonly Route[] = [
  {
    operationId: 'PostAccountLinks',
    method: 'POST',
    path: '/v1/account_links',
    // Nothing is asked for later that is not asked for at once, so either choice of fields is served.
    serves: ['account', 'collection_options.fields', 'refresh_url', 'return_url', 'type'],
    run: create,
  },
]
