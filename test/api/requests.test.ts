import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Route } from '../../shared/contract/route.ts'
import { routes } from '../../shared/contract/routes.ts'
import type { ProblemCode } from '../../shared/contract/problems.ts'
import { lines } from '../fixtures/lines.ts'
import { checkRefused, type Market, startMarket, value } from './market.ts'
import { listPathOf, pathOf } from './paths.ts'

let market: Market
let before: readonly string[]
const tokens = new Map<string, string>()
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed(['quietriver', 'stillwater', 'slowmorning'].map((handle) => market.suspended(handle)))
  await market.sweep()
  for (const sub of ['alice', 'bob', 'operator', 'platform']) tokens.set(sub, await market.system.token(sub))
  const alice = await market.client('alice')
  for (const handle of ['quietriver', 'stillwater']) {
    const { listing } = value(await alice.getHandle({ params: { handle } }))
    if (listing === null) throw new Error(`${handle} is not for sale`)
    value(await alice.placeOrder({ body: { handle, price: listing.price }, idempotencyKey: handle }))
  }
  before = await market.items()
})
afterEach(async () => {
  await market.checkItems(before)
  await market.checkInvariants()
})
afterAll(() => market.stop())

const table = Object.values(routes) as Route[]
const tokenOf = ({ role }: Route) => tokens.get(role === 'user' ? 'alice' : role)
const headers = { 'idempotency-key': 'requests' }

describe('a body that is not what it should be', () => {
  test.each(table.filter(({ body }) => body !== undefined))('$operationId: malformed JSON', async (route) => {
    for (const raw of [
      '',
      ' ',
      '{',
      '{"a":1,}',
      "{'a':1}",
      '{"a":1}}',
      '[1',
      'undefined',
      'NaN',
      '{"a":\u0001}',
      '\ufeff{}',
    ]) {
      await checkRefused(market, 'body_not_json', 'POST', pathOf(route), { token: tokenOf(route), headers, raw })
    }
  })

  test.each(table.filter(({ body }) => body !== undefined))('$operationId: JSON of another kind', async (route) => {
    // Where nothing is needed, an empty object is a request.
    const empty = route.body?.safeParse({}).success === true ? [] : ['{}']
    for (const raw of ['null', 'true', '1', '"text"', '[]', '[{}]', ...empty, '{"a":1}']) {
      await checkRefused(market, 'validation_failed', 'POST', pathOf(route), { token: tokenOf(route), headers, raw })
    }
  })

  test('bytes that are no text, and text that says it is something else', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d])
    for (const type of ['application/json', 'application/octet-stream', 'text/plain', 'multipart/form-data']) {
      await checkRefused(market, 'body_not_json', 'POST', '/v1/orders', {
        token: tokens.get('alice'),
        headers: { ...headers, 'content-type': type },
        raw: bytes,
      })
    }
  })
})

test('an Idempotency-Key that is missing, empty, too long or has spaces', async () => {
  for (const [path, token, body] of [
    ['/v1/orders', 'alice', { handle: 'slowmorning', price: { amountMinor: 100, currency: 'USD' } }],
    ['/v1/operator/imports', 'operator', { format: 'ndjson' }],
  ] as const) {
    for (const key of [undefined, '', ' ', 'two words', 'x'.repeat(129), 'caf\u00e9']) {
      await checkRefused(market, 'idempotency_key_missing', 'POST', path, {
        token: tokens.get(token),
        body,
        ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
      })
    }
  }
})

test('an id outside its grammar', async () => {
  const ids = [
    'x',
    'ord_',
    'imp_123',
    'ord_00000000000000000000000000x',
    'ORD_00000000000000000000000000',
    '%00',
    '..%2f',
  ]
  for (const id of ids) {
    for (const path of [`/v1/orders/${id}`, `/v1/operator/imports/${id}`, `/v1/operator/journal/${id}`]) {
      await checkRefused(market, 'validation_failed', 'GET', path, { token: tokens.get('operator') })
    }
  }
})

describe('a handle outside the grammar', () => {
  // A URL cannot carry an empty segment, nor half of a surrogate pair.
  const handles = lines('handles/invalid.txt')
    .map(([code = '', , , text = '']) => ({ code: code as ProblemCode, handle: text }))
    .filter(({ handle }) => handle !== '' && handle.isWellFormed())

  test('in the path, the prefix and the bodies', async () => {
    expect(handles.length).toBeGreaterThan(20)
    const activeAt = new Date(market.system.clock.now()).toISOString()
    for (const { code, handle } of handles) {
      const encoded = encodeURIComponent(handle)
      const problem = await checkRefused(market, code, 'GET', `/v1/handles/${encoded}`)
      expect(problem.field).toBe('handle')
      const tooLong = handle.length > 15
      await checkRefused(market, tooLong ? 'validation_failed' : code, 'GET', `/v1/listings?prefix=${encoded}`)
      const order = { handle, price: { amountMinor: 100, currency: 'USD' } }
      await checkRefused(market, code, 'POST', '/v1/orders', { token: tokens.get('alice'), headers, body: order })
      const report = { handle, accountId: 'acct_1', activeAt }
      await checkRefused(market, code, 'POST', '/v1/platform/activity', { token: tokens.get('platform'), body: report })
    }
  })

  test('half of a surrogate pair, and nothing', async () => {
    const raw = '{"handle":"ab\\ud83d","price":{"amountMinor":100,"currency":"USD"}}'
    await checkRefused(market, 'handle_character', 'POST', '/v1/orders', { token: tokens.get('alice'), headers, raw })
    const body = { handle: '', price: { amountMinor: 100, currency: 'USD' } }
    await checkRefused(market, 'validation_failed', 'POST', '/v1/orders', { token: tokens.get('alice'), headers, body })
  })
})

describe('a cursor that is not one of ours', () => {
  const lists = table.filter(({ query }) => query?.shape['cursor'] !== undefined)
  const encode = (cursor: unknown) => Buffer.from(JSON.stringify(cursor)).toString('base64url')

  test.each(lists)('$operationId: garbage, and other shapes', async (route) => {
    const scope = 'listings '
    const key = { pk: 'H#a' }
    for (const cursor of [
      'x',
      '!!!',
      '%00',
      'e30',
      encode(null),
      encode([]),
      encode({ scope }),
      encode({ key }),
      encode({ scope: 'other', key }),
      encode({ scope, key, more: 1 }),
      encode({ scope, key: { pk: 1 } }),
      encode({ scope, key: { pk: 'x'.repeat(600) } }),
    ]) {
      const path = `${listPathOf(route)}cursor=${cursor}`
      await checkRefused(market, 'cursor_invalid', 'GET', path, { token: tokenOf(route) })
    }
  })

  test('a cursor of the right question with a key that was made up', async () => {
    const ask = async (path: string, scope: string, key: Record<string, string>, sub = 'alice') =>
      checkRefused(market, 'cursor_invalid', 'GET', `${path}cursor=${encode({ scope, key })}`, {
        token: tokens.get(sub),
      })
    const keys: Record<string, string>[] = [
      {},
      { pk: 'H#x' },
      { pk: 'H#x', sk: 'handle' },
      { pk: 'H#x', sk: 'handle', shelf: 'q' },
      { pk: '', sk: '', shelf: '', shelfKey: '' },
      { a: 'b' },
      { pk: 'H#x', sk: 'handle', shelf: 'q', shelfKey: 'x', more: 'x' },
    ]
    for (const key of keys) {
      await ask('/v1/listings?prefix=q&', 'listings q', key)
      await ask('/v1/sales?month=2026-11&', 'sales 2026-11', key)
      await ask('/v1/orders?', 'orders alice', key)
      await ask('/v1/me/handles?', 'handles alice', key)
    }
    for (const place of [
      { segment: 'zz' },
      { segment: '' },
      { after: 'quiet' },
      { segment: 'q', after: '' },
      { segment: 'q', after: 'r' },
      { segment: 'q', after: 'quiet river' },
      { segment: 'q', after: 'quiet', more: 'x' },
    ]) {
      await ask('/v1/listings?prefix=q&', 'listings {"prefix":"q"}', place)
    }
    // A place that is one, but of another question.
    await ask('/v1/listings?prefix=qu&', 'listings {"prefix":"q"}', { segment: 'q', after: 'quietriver' })
    await ask('/v1/orders?', 'orders alice', {
      pk: 'O#ord_00000000000000000000000000',
      sk: 'order',
      buyerId: 'bob',
      createdAt: '2026-01-01T00:00:00.000Z',
    })
    const head = before.find((item) => item.includes('"sk":"import"'))?.replace(/^\S+ /, '') ?? '{}'
    const { id } = JSON.parse(head) as { id: string }
    for (const line of ['x', '-1', '1e9', '', '1.5']) {
      await ask(`/v1/operator/imports/${id}/rejects?`, `rejects ${id}`, { line }, 'operator')
    }
  })

  test('a real cursor goes on where the page ended, and only there', async () => {
    const token = tokens.get('alice')
    const first = (await market.send('GET', '/v1/orders?limit=1', { token })).body as {
      items: { handle: string }[]
      nextCursor: string
    }
    const second = (await market.send('GET', `/v1/orders?limit=1&cursor=${first.nextCursor}`, { token })).body as {
      items: { handle: string }[]
    }
    expect([...first.items, ...second.items].map(({ handle }) => handle).toSorted()).toEqual([
      'quietriver',
      'stillwater',
    ])
    await checkRefused(market, 'cursor_invalid', 'GET', `/v1/me/handles?cursor=${first.nextCursor}`, { token })
    await checkRefused(market, 'cursor_invalid', 'GET', `/v1/orders?cursor=${first.nextCursor}`, {
      token: tokens.get('bob'),
    })
  })
})

test('a month that is none', async () => {
  for (const month of ['2026', '2026-13', '2026-00', '26-01', '2026-1', '2026-01-01', 'now', '']) {
    await checkRefused(market, 'validation_failed', 'GET', `/v1/sales?month=${month}`)
  }
})

describe('a webhook', () => {
  const path = '/v1/webhooks/stripe'
  const raw = JSON.stringify({ id: 'evt_1', object: 'event', type: 'checkout.session.completed', data: { object: {} } })
  const sign = (secret: string, atSeconds: number) =>
    `t=${atSeconds},v1=${createHmac('sha256', secret).update(`${atSeconds}.${raw}`).digest('hex')}`
  const secretOf = () => {
    const file = readFileSync(join(market.system.dataDir, 'secrets.json'), 'utf8')
    return (JSON.parse(file) as { webhookSecret: string }).webhookSecret
  }
  const nowSeconds = () => Math.floor(market.system.clock.now() / 1000)

  test('with no signature, a malformed one, or that of another secret', async () => {
    for (const signature of [
      undefined,
      '',
      'x',
      't=1',
      'v1=00',
      `t=${nowSeconds()}`,
      `t=${nowSeconds()},v1`,
      `t=${nowSeconds()},v1==`,
      `t=${nowSeconds()},v1=`,
      sign('whsec_other', nowSeconds()),
    ]) {
      await checkRefused(market, 'signature_invalid', 'POST', path, {
        raw,
        ...(signature === undefined ? {} : { headers: { 'stripe-signature': signature } }),
      })
    }
  })

  test('with a signature that is stale, from the future, or for another body', async () => {
    const secret = secretOf()
    for (const seconds of [-301, 310]) {
      const signature = sign(secret, nowSeconds() + seconds)
      await checkRefused(market, 'signature_invalid', 'POST', path, { raw, headers: { 'stripe-signature': signature } })
    }
    const changed = raw.replace('evt_1', 'evt_2')
    const signature = sign(secret, nowSeconds())
    await checkRefused(market, 'signature_invalid', 'POST', path, {
      raw: changed,
      headers: { 'stripe-signature': signature },
    })
    expect(market.system.logs.lines().filter((line) => line.includes(secret))).toEqual([])
  })
})
