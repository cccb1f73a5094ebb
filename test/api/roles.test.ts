import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Route } from '../../shared/contract/route.ts'
import { routes } from '../../shared/contract/routes.ts'
import { routeOf } from './contract-check.ts'
import { pathOf } from './paths.ts'
import { checkRefused, type Market, type Sending, startMarket } from './market.ts'

let market: Market
let before: readonly string[]
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed([market.suspended('quietriver')])
  before = await market.items()
})
afterAll(() => market.stop())

const table = Object.values(routes) as Route[]

/** Requests that would do something, were they allowed. */
const bodies: Readonly<Record<string, unknown>> = {
  placeOrder: { handle: 'quietriver', price: { amountMinor: 100, currency: 'USD' } },
  reportActivity: { handle: 'quietriver', accountId: 'acct_1', activeAt: '2026-11-24T00:00:00.000Z' },
  createImport: { format: 'ndjson' },
  importProtectedNames: { source: 'tmch', names: [{ name: 'quietriver' }] },
  decideCase: { decision: 'dismiss', reason: 'a family' },
  liftSuspension: { reason: 'paid late' },
  withdrawProtectedName: { reason: 'it lapsed' },
  createCampaign: {
    name: 'Spring',
    handles: { list: ['quietriver'] },
    price: { by: 'appraisal' },
    template: { subject: 'An offer', text: '{link}' },
  },
  addProspects: { csv: 'name,email,consent\nA,a@example.com,yes' },
  closeCampaign: { reason: 'it is over' },
  answerOffer: { answer: 'refused' },
  withdrawOffer: { reason: 'it is over' },
  acceptOffer: { price: { amountMinor: 100, currency: 'USD' } },
  counterOffer: { price: { amountMinor: 100, currency: 'USD' } },
}
const sending = (route: Route, token?: string): Sending => ({
  token,
  ...(route.method === 'POST' ? { body: bodies[route.operationId] ?? {} } : {}),
  headers: { 'idempotency-key': 'roles' },
})

describe('case 23: a route for operators or the platform refuses everybody else', () => {
  test.each(table.filter(({ role }) => role === 'operator' || role === 'platform'))(
    'case 23: $operationId ($method $path)',
    async (route) => {
      const others: Record<string, unknown>[] = [
        {},
        { groups: [] },
        { groups: [route.role === 'operator' ? 'platform' : 'operator'] },
        { groups: [`${route.role}s`, route.role.toUpperCase(), `no_${route.role}`] },
        { scope: `market ${route.role}`, role: route.role, [route.role]: true },
      ]
      for (const claims of others) {
        const token = await market.system.token('alice', claims)
        const problem = await checkRefused(market, 'role_missing', route.method, pathOf(route), sending(route, token))
        expect([claims, problem.status]).toEqual([claims, 403])
      }
      const allowed = await market.system.token('someone', { groups: ['buyers', route.role] })
      // No body of its contract, and no Idempotency-Key: allowed, and refused all the same.
      const unfit = route.method === 'POST' ? { body: [], headers: {} } : {}
      const answer = await market.send(route.method, pathOf(route), { ...sending(route, allowed), ...unfit })
      expect(answer.status).not.toBe(403)
      expect(await market.items()).toEqual(before)
    },
  )
})

test.each(table.filter(({ role }) => role !== 'public'))(
  'case 23: $operationId ($method $path) without a token is the gateway’s 401',
  async (route) => {
    const answer = await market.send(route.method, pathOf(route), sending(route))
    expect([answer.status, answer.body]).toEqual([401, { message: 'Unauthorized' }])
    expect(await market.items()).toEqual(before)
  },
)

test.each(table.filter(({ role }) => role === 'public'))(
  'case 23: $operationId ($method $path) is public: a bad token does not matter',
  async (route) => {
    const answer = await market.send(route.method, pathOf(route), sending(route, 'not-a-token'))
    expect([401, 403]).not.toContain(answer.status)
  },
)

test('case 23: routes that do not exist are 404, with a token and without', async () => {
  const token = await market.system.token('alice')
  const paths = [
    '/v1',
    '/v1/',
    '/v2/orders',
    '/V1/orders',
    '/v1//orders',
    '/v1/orders/',
    '/v1/operator',
    '/v1/operator/',
    '/v1/operator/handles/quietriver/release',
    '/v1/operator/imports/imp_00000000000000000000000000/delete',
    '/v1/admin',
    '/v1/platform',
    '/v1/me',
    '/.env',
    '/openapi.yaml',
    '/constructor',
    '/__proto__',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/v1/orders%2Fother',
    '/v1/operator%2Fimports',
    '/v1/handles/a%2Fb',
    '/v1/handles/a%2Fb%2Fc?limit=1',
    '/v1/orders/ord_00000000000000000000000000%2Fcancel',
    '/v1/orders/%2e%2e%2foperator%2fimports',
  ]
  for (const path of paths) {
    for (const method of ['GET', 'POST']) {
      for (const headers of [{}, { authorization: `Bearer ${token}` }]) {
        // A segment with a slash in it belongs to its route, whose own grammar refuses it.
        const matched = routeOf(method, path.split('?')[0] ?? '')
        const answer = await market.send(method, path, { headers })
        const expected =
          matched === undefined
            ? [404]
            : matched.role !== 'public' && headers.authorization === undefined
              ? [401]
              : [400, 404]
        expect(expected).toContain(answer.status)
      }
    }
  }
})

test('case 23: a known path with another method is 404', async () => {
  const token = await market.system.token('operator')
  for (const route of table) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      if (routeOf(method, pathOf(route)) !== undefined) continue
      await checkRefused(market, 'route_unknown', method, pathOf(route), { token })
    }
  }
  expect(await market.items()).toEqual(before)
})

test('case 23: no path made of the words of the table reaches anything that is not in it', async () => {
  const token = await market.system.token('alice')
  const word = fc.constantFrom(
    'v1',
    'operator',
    'imports',
    'platform',
    'activity',
    'orders',
    'journal',
    'me',
    'x',
    '{handle}',
    '$default',
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(word, { minLength: 1, maxLength: 5 }),
      fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
      fc.boolean(),
      async (words, method, withToken) => {
        const path = `/${words.join('/')}`
        const route = routeOf(method, path)
        const answer = await market.send(method, path, withToken ? { token } : {})
        const allowed =
          route === undefined
            ? [404]
            : route.role !== 'public' && !withToken
              ? [401]
              : route.role === 'operator' || route.role === 'platform'
                ? [403]
                : [200, 400, 404]
        expect(allowed).toContain(answer.status)
      },
    ),
    { numRuns: 150 },
  )
  expect(await market.items()).toEqual(before)
})
