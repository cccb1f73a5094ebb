import { expect } from 'vitest'
import type * as z from 'zod'
import type { offerSchema, offerSettingsSchema } from '../../shared/contract/offers.ts'
import type { Problem } from '../../shared/contract/problems.ts'
import { type Market, startMarket, value } from './market.ts'

export type Offer = z.infer<typeof offerSchema>
export type Settings = z.infer<typeof offerSettingsSchema>

export const hourMs = 3_600_000
export const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' as const })
export const holderOf = (handle: string): string => `holder_of_${handle}`

/** The closed code of a refusal, or the status of a success. */
export const codeOf = ({ status, body }: { readonly status: number; readonly body: unknown }): string | number =>
  status < 300 ? status : (body as Problem).code

/** A market in which accounts hold handles by the feed, and what tests of offers do in it. */
export type OfferMarket = Awaited<ReturnType<typeof startOfferMarket>>

export const startOfferMarket = async (handles: number, more: (market: Market) => readonly unknown[] = () => []) => {
  const market = await startMarket()
  const names = Array.from(
    { length: handles },
    (_, n) => `held${String.fromCharCode(97 + Math.floor(n / 26), 97 + (n % 26))}`,
  )
  await market.importFeed([
    ...names.map((name) => market.account(name, 3, { accountId: holderOf(name) })),
    ...(more(market) as ReturnType<Market['account']>[]),
  ])
  await market.sweep()
  const left = [...names]

  let numbers = 0
  const fresh = (word: string): string => {
    numbers += 1
    return `${word}_${numbers}`
  }
  /** A handle that no test has used, as it was imported. */
  const nextHandle = (): string => {
    const handle = left.pop()
    if (handle === undefined) throw new Error('every handle of this market is used up')
    return handle
  }
  const post = async (as: string, path: string, body?: unknown, key = fresh('key'), claims = {}) =>
    market.send('POST', path, {
      token: await market.system.token(as, claims),
      headers: { 'idempotency-key': key },
      ...(body === undefined ? {} : { body }),
    })
  const get = async (as: string, path: string) => market.send('GET', path, { token: await market.system.token(as) })

  const set = async (handle: string, settings: Readonly<Record<string, unknown>> = {}) => {
    const path = `/v1/me/handles/${handle}/offer-settings`
    const answer = await post(holderOf(handle), path, { offers: 'on', ...settings })
    expect(answer).toMatchObject({ status: 200, body: { handle } })
    return answer.body as Settings
  }
  /** A handle that no test has used, whose holder takes offers. */
  const open = async (settings: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    const handle = nextHandle()
    await set(handle, settings)
    return handle
  }
  const offer = (as: string, handle: string, amountMinor: number, key?: string, claims = {}) =>
    post(as, '/v1/offers', { handle, amount: usd(amountMinor) }, key, claims)
  const offered = async (as: string, handle: string, amountMinor: number): Promise<Offer> => {
    const answer = await offer(as, handle, amountMinor)
    expect(answer).toMatchObject({ status: 201, body: { handle, side: 'made' } })
    return answer.body as Offer
  }
  const act = (as: string, { id }: Pick<Offer, 'id'>, what: string, body: unknown = {}, claims = {}) =>
    post(as, `/v1/offers/${id}/${what}`, what === 'block' ? undefined : body, undefined, claims)
  const done = async (as: string, one: Offer, what: string, body?: unknown): Promise<Offer> => {
    const answer = await act(as, one, what, body)
    expect(answer).toMatchObject({ status: 200, body: { id: one.id } })
    return answer.body as Offer
  }
  const seen = async (as: string, { id }: Pick<Offer, 'id'>): Promise<Offer> =>
    (await get(as, `/v1/offers/${id}`)).body as Offer
  /** Every page of a list. */
  const list = async (as: string, query: string): Promise<Offer[]> => {
    const found: Offer[] = []
    let cursor: string | null = null
    do {
      const path: string = `/v1/offers?${query}${cursor === null ? '' : `&cursor=${cursor}`}`
      const page = (await get(as, path)).body as { readonly items: Offer[]; readonly nextCursor: string | null }
      found.push(...page.items)
      cursor = page.nextCursor
    } while (cursor !== null)
    return found
  }
  /** So much later, with a sweep of the deadlines after it and all the work that follows. */
  const pass = async (hours: number): Promise<void> => {
    await market.system.clock.move(Math.round(hours * hourMs), { settle: true })
    const sweep = market.system.schedules.names.find((name) => name.endsWith('sweep-deadlines'))
    market.system.schedules.fire(sweep ?? '')
    await market.system.idle()
  }
  const authorise = async (as: string, amountMinor: number): Promise<void> => {
    const body = { amount: usd(amountMinor) }
    const page = value(await (await market.client(as)).openAuthorisation({ body, idempotencyKey: fresh('card') }))
    const form = { email: 'a@example.com', number: '4242 4242 4242 4242', expiry: '12 / 34', cvc: '123', name: 'A' }
    await fetch(`${page.url}/card`, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
    await market.system.idle()
  }
  /** The sales for which an account's card is kept; null: none is. */
  const neededBy = async (as: string) =>
    value(await (await market.client(as)).getStanding({})).authorisation?.neededBy ?? null

  return {
    market,
    names,
    left,
    fresh,
    nextHandle,
    post,
    get,
    set,
    open,
    offer,
    offered,
    act,
    done,
    seen,
    list,
    pass,
    authorise,
    neededBy,
  }
}
