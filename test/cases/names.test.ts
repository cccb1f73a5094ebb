import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Route } from '../../shared/contract/route.ts'
import { routes } from '../../shared/contract/routes.ts'
import { checkRefused, type Market, startMarket } from '../api/market.ts'

// Case 26, for every door there is: the table of routes says where a name comes in, so a new route is found by itself.

let market: Market
let before: readonly string[]
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed([market.suspended('paypal'), market.suspended('quietriver')])
  await market.sweep()
  before = await market.items()
})
afterAll(() => market.stop())

const disguises = {
  'a Cyrillic letter': 'p\u0430ypal',
  'a zero-width joiner': 'pay\u200dpal',
  'full width': '\uff50\uff41\uff59\uff50\uff41\uff4c',
} as const

const price = { amountMinor: 100, currency: 'USD' }
const reason = 'a test'
/** A body that is in order but for the name: with it the name is what is refused. Without one a route answers 400 too. */
const bodies: Readonly<Record<string, (handle: string) => unknown>> = {
  placeOrder: (handle) => ({ handle, price }),
  reportActivity: (handle) => ({ handle, accountId: 'acct_1', activeAt: '2026-11-24T00:00:00.000Z' }),
  watchHandle: () => ({}),
  stopWatching: () => ({}),
  placeLegalHold: () => ({ reason }),
  liftLegalHold: () => ({ reason }),
  overruleGate: () => ({ code: 'protected_name', reason }),
  changeListing: () => ({ price, dutch: null, reason }),
  recordRight: () => ({ accountId: 'acct_1', ground: 'a mark' }),
  withdrawRight: () => ({ accountId: 'acct_1', reason }),
}

const takesHandle = ({ path, body }: Route): boolean =>
  path.includes('{handle}') || Object.hasOwn(body?.shape ?? {}, 'handle')

const doors = (Object.values(routes) as Route[]).filter(takesHandle)

const askWith = async (route: Route, handle: string) => {
  const { role, method, operationId, path } = route
  const body = bodies[operationId] ?? (method === 'POST' ? (name: string) => ({ handle: name }) : undefined)
  return {
    path: path.replace('{handle}', encodeURIComponent(handle)),
    sending: {
      token: role === 'public' ? undefined : await market.system.token(role === 'user' ? 'alice' : role),
      ...(body === undefined ? {} : { body: body(handle) }),
      headers: { 'idempotency-key': 'disguise' },
    },
  }
}

test.each(doors)('case 26: $operationId ($method $path) refuses what is no handle', async (route) => {
  for (const [name, disguise] of Object.entries(disguises)) {
    const { path, sending } = await askWith(route, disguise)
    const answer = await market.send(route.method, path, sending)
    expect([name, answer.status]).toEqual([name, 400])
    const isWhole = route.method === 'GET' || Object.hasOwn(bodies, route.operationId)
    expect([name, answer.body]).toMatchObject([name, isWhole ? { code: 'handle_character' } : {}])
  }
  await market.checkItems(before)
})

test.each(['PayPal', 'PAYPAL', 'paypa1', 'pay_pal', 'p4ypal'])(
  'case 26: %s is the protected name or looks like it, so it is not for sale: 409, or 404 where it is no handle of ours',
  async (handle) => {
    const known = handle.toLowerCase() === 'paypal'
    const code = known ? 'handle_not_for_sale' : 'not_found'
    const problem = await checkRefused(market, code, 'POST', '/v1/orders', {
      token: await market.system.token('alice'),
      headers: { 'idempotency-key': `order-${handle}` },
      body: { handle, price },
    })
    expect(problem.status).toBe(known ? 409 : 404)
    await market.checkItems(before)
  },
)
