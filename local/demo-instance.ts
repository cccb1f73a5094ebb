import { type Client, createClient } from '../shared/contract/client.ts'
import type { Problem } from '../shared/contract/problems.ts'
import { callInstance } from './control.ts'
import { asText } from './json.ts'

// How the demonstrations reach an instance: over HTTP as anybody does, with tokens and the clock from its control file.

export const reachInstance = ({ url, instanceFile }: { readonly url: string; readonly instanceFile: string }) => {
  const instance = (route: string, body: Record<string, string | number | boolean> = {}) =>
    callInstance(instanceFile, route, body)
  return {
    instance,
    clientOf: (sub: string): Client =>
      createClient({ baseUrl: url, token: async () => asText((await instance('token', { sub })).token ?? null) }),
    /** Moves the clock and waits for the work that follows. */
    moveClock: async (minutes: number): Promise<void> => {
      await instance('clock/move', { ms: minutes * 60_000, settle: true })
    },
    now: async (): Promise<number> => Date.parse(asText((await instance('clock/now')).now ?? null)),
  }
}

/** The value of an answer that must be a success. */
export const value = <T>(answer: { ok: true; value: T } | { ok: false; problem: Problem }): T =>
  answer.ok ? answer.value : fail(`${answer.problem.code}: ${answer.problem.detail}`)

export const fail = (message: string): never => {
  throw new Error(message)
}

/** A card that works, where it does not matter whose. */
const anybodysCard = '4242 4242 4242 4242'

/** Pays a hosted page. Accounts that pay with one card count as linked, so whoever trades with another has a card of their own. */
export const payByCard = async (url: string, number = anybodysCard): Promise<void> => {
  const form = {
    email: 'alice@example.com',
    number,
    expiry: '12 / 34',
    cvc: '123',
    name: 'Alice Example',
  }
  await submit(`${url}/card`, form)
}

/** The page answers a form with a redirect (to the shop, or to itself) or with what is wrong. */
export const submit = async (url: string, form: Record<string, string>): Promise<void> => {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
  if (response.status >= 400) fail(`the payment page answered ${response.status}`)
}
