import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Stripe from 'stripe'
import { startSystem, type System, type SystemOptions } from '../../local/system.ts'
import type { StripeServer } from '../../local/stripe/server.ts'
import { type Client, createClient } from '../../shared/contract/client.ts'
import type { Money } from '../../shared/contract/money.ts'
import { StripeValidator } from '../stripe/validator.ts'
import type { ShelvesStore } from '../../shared/store/client.ts'
import { caseOptions, stockedState } from './stocked-state.ts'
import { openStore, type Store } from './store.ts'

/** A handle on the open market, as the search answers it. */
export type Offer = { readonly handle: string; readonly price: Money }

/** One HTTP answer as it came, for what the typed client does not tell. */
export type RawAnswer = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The closed code of a problem; undefined for every other body. */
  readonly code: string | undefined
}

export type Market = {
  readonly system: System
  readonly store: Store & ShelvesStore
  readonly stripe: StripeServer
  /** Stripe's own client, straight to the local server: what Stripe says happened. */
  readonly provider: Stripe
  readonly secrets: {
    readonly secretKey: string
    readonly webhookSecret: string
    readonly connectWebhookSecret: string
    /** Those that the template generates, by their names. */
    readonly generated: Readonly<Record<string, string>>
  }
  /** A typed client of an account; tokens are fresh, however far the clock was moved. */
  readonly buyer: (accountId: string) => Client
  /** Sends a request by hand. `as` is an account id. */
  readonly send: (
    method: 'GET' | 'POST',
    path: string,
    request?: { as?: string; key?: string; body?: unknown },
  ) => Promise<RawAnswer>
  /** A handle that no case has used yet. */
  readonly nextOffer: () => Offer
  readonly stop: () => Promise<void>
}

export type MarketOptions = Pick<SystemOptions, 'synth'> & {
  /** Whether handles are on sale; true when not given. Without them nothing happens but what the cases do. */
  readonly stocked?: boolean
}

/** Starts a system of its own in a folder that is gone afterwards. */
export const startMarket = async ({ stocked = true, ...options }: MarketOptions = {}): Promise<Market> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'handle-market-'))
  if (stocked) cpSync(await stockedState(options), dataDir, { recursive: true })
  const system = await startSystem({ dataDir, ...caseOptions, ...options })
  // Every call that the cases make of Stripe is held to Stripe's own description of its API.
  const validator = new StripeValidator()
  system.stripe?.control.setOnCall(validator.onCall)
  const stop = async () => {
    await system.stop()
    validator.verify()
    rmSync(dataDir, { recursive: true, force: true })
  }
  try {
    if (system.stripe === undefined) throw new Error('the system has no Stripe server')
    const secrets = JSON.parse(readFileSync(join(dataDir, 'secrets.json'), 'utf8')) as Market['secrets']
    const offers = stocked ? await offersOf(system) : []
    const { hostname, port } = new URL(system.stripe.url)
    return {
      system,
      store: openStore(system),
      stripe: system.stripe,
      provider: new Stripe(secrets.secretKey, { protocol: 'http', host: hostname, port, telemetry: false }),
      secrets,
      buyer: (accountId) => createClient({ baseUrl: system.url, token: () => system.token(accountId) }),
      send: (method, path, request = {}) => send(system, method, path, request),
      nextOffer: () => {
        const offer = offers.pop()
        if (offer === undefined) throw new Error('every handle of this market is used up')
        return offer
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const offersOf = async (system: System): Promise<Offer[]> => {
  const page = await createClient({ baseUrl: system.url }).searchListings({ query: { limit: 100 } })
  if (!page.ok) throw new Error(page.problem.detail)
  return page.value.items.map(({ handle, price }) => ({ handle, price }))
}

const send = async (
  system: System,
  method: string,
  path: string,
  { as, key, body }: { as?: string; key?: string; body?: unknown },
): Promise<RawAnswer> => {
  const response = await fetch(new URL(path, system.url), {
    method,
    headers: {
      ...(as === undefined ? {} : { authorization: `Bearer ${await system.token(as)}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, code: codeOf(response, text) }
}

const codeOf = (response: Response, text: string): string | undefined => {
  if (response.headers.get('content-type')?.startsWith('application/problem+json') !== true) return undefined
  const { code } = JSON.parse(text) as { code?: unknown }
  return typeof code === 'string' ? code : undefined
}
