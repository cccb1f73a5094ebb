import { request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { Route } from '../../shared/contract/route.ts'
import { routes } from '../../shared/contract/routes.ts'
import { bodyBytesMax } from '../../shared/runtime/api.ts'
import { checkRefused, type Market, startMarket, value } from './market.ts'
import { listPathOf, pathOf } from './paths.ts'

let market: Market
let before: readonly string[]
const tokens = new Map<string, string>()
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed([market.suspended('quietriver')])
  await market.sweep()
  for (const sub of ['alice', 'operator', 'platform']) tokens.set(sub, await market.system.token(sub))
  before = await market.items('I#')
})
afterEach(async () => {
  await market.checkItems(before, 'I#')
  await market.checkInvariants()
})
afterAll(() => market.stop())

const mebibyte = 1024 * 1024
const headers = { 'idempotency-key': 'limits' }
const posts = (Object.values(routes) as Route[]).filter(({ method }) => method === 'POST')
const tokenOf = ({ role }: Route) => tokens.get(role === 'user' ? 'alice' : role)

/** Far above what any of these takes; a machine under load must not fail it, a quadratic parser must. */
const secondsMax = 5
/** The resident memory that a request's handling may add, in bytes, while it is handled once more and once more. */
const growthMax = 250 * mebibyte

const bounded = async <T>(work: () => Promise<T>): Promise<T> => {
  const startedMs = performance.now()
  const result = await work()
  expect((performance.now() - startedMs) / 1000).toBeLessThan(secondsMax)
  return result
}

const nested = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels)

describe('case 24: a body over the limit is 413, whoever refuses it', () => {
  test.each(posts)('case 24: 10 MB and more to $operationId', async (route) => {
    for (const bytes of [10_000_000, 10 * mebibyte + 1]) {
      const answer = await bounded(() =>
        market.send('POST', pathOf(route), { token: tokenOf(route), headers, raw: Buffer.alloc(bytes, '{"a":') }),
      )
      expect([answer.status, answer.type]).toEqual([413, 'application/json'])
    }
  })

  test.each(posts.filter(({ body }) => body !== undefined))(
    'case 24: one byte over the limit to $operationId is a problem, one less is read',
    async (route) => {
      const path = pathOf(route)
      const fill = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`
      const sending = { token: tokenOf(route), headers }
      const over = await checkRefused(market, 'body_too_large', 'POST', path, {
        ...sending,
        raw: fill(bodyBytesMax + 1),
      })
      expect(over.status).toBe(413)
      await checkRefused(market, 'validation_failed', 'POST', path, { ...sending, raw: fill(bodyBytesMax) })
      // Counted in bytes, not in characters.
      const wide = `{"a":"${'字'.repeat(bodyBytesMax / 2)}"}`
      await checkRefused(market, 'body_too_large', 'POST', path, { ...sending, raw: wide })
    },
  )

  test('case 24: a body without a length is cut off at the limit', async () => {
    const { hostname, port } = new URL(market.system.url)
    const authorization = `Bearer ${tokens.get('alice')}`
    const sending = request({ hostname, port, method: 'POST', path: '/v1/orders', headers: { authorization } })
    const ended = new Promise<number | string | undefined>((resolve) => {
      sending.on('response', (response) => resolve(response.statusCode))
      // The gateway need not wait for the rest: who still sends may find the connection closed.
      sending.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    })
    let sentBytes = 0
    const piece = Buffer.alloc(mebibyte, ' ')
    const more = () => {
      if (sending.destroyed || sentBytes >= 64 * mebibyte) return
      sentBytes += piece.length
      sending.write(piece, () => setImmediate(more))
    }
    more()
    expect([413, 'EPIPE', 'ECONNRESET']).toContain(await bounded(() => ended))
    sending.destroy()
    expect(sentBytes).toBeLessThan(20 * mebibyte)
  })
})

describe('case 24: nesting costs no more than its bytes', () => {
  const shapes: [string, string, string][] = [
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
    ['lists in a field', '{"handle":[', ']}'],
  ]
  test.each(shapes)('case 24: 100,000 levels of %s', async (_, open, close) => {
    for (const route of posts.filter(({ body }) => body !== undefined)) {
      const sending = { token: tokenOf(route), headers, raw: nested(100_000, open, close) }
      await bounded(() => checkRefused(market, 'body_too_large', 'POST', pathOf(route), sending))
    }
  })

  test.each(shapes)('case 24: as many levels of %s as fit the limit', async (_, open, close) => {
    const levels = Math.floor((bodyBytesMax - 1) / (open.length + close.length + 1))
    const inner = open.startsWith('{') ? `${open.repeat(levels)}1${close.repeat(levels)}` : nested(levels, open, close)
    for (const route of posts.filter(({ body }) => body !== undefined)) {
      const sending = { token: tokenOf(route), headers, raw: inner }
      await bounded(() => checkRefused(market, 'validation_failed', 'POST', pathOf(route), sending))
      const unclosed = { ...sending, raw: open.repeat(levels) }
      await bounded(() => checkRefused(market, 'body_not_json', 'POST', pathOf(route), unclosed))
    }
  })

  test('case 24: an unsigned webhook of 100,000 levels is refused for its signature', async () => {
    const raw = nested(100_000, '[', ']')
    await bounded(() => checkRefused(market, 'signature_invalid', 'POST', '/v1/webhooks/stripe', { raw }))
    const over = `"${'x'.repeat(5 * bodyBytesMax)}"`
    await bounded(() => checkRefused(market, 'body_too_large', 'POST', '/v1/webhooks/stripe', { raw: over }))
  })

  test('case 24: a line of the feed with thousands of levels is one reject', async () => {
    const imported = await bounded(() =>
      market.importFeed(`${nested(8_000, '[', ']')}\n${'{"a":'.repeat(2_500)}1${'}'.repeat(2_500)}\n`),
    )
    expect(imported).toMatchObject({ status: 'complete', lines: 2, rejected: 2 })
    expect((await market.rejects(imported.id)).map(({ line, code }) => [line, code])).toEqual([
      [1, 'line_not_json'],
      [2, 'field_invalid'],
    ])
  })
})

/** The most rows that a page of this route may have: 100, or fewer where a row is long. */
const rowsMax = ({ query }: Route): number => {
  const { properties } = z.toJSONSchema(query ?? z.object({}), { io: 'input' })
  const { maximum } = z.object({ maximum: z.number().max(100) }).parse(properties?.['limit'])
  return maximum
}

describe('case 24: a page has at most 100 rows', () => {
  test.each((Object.values(routes) as Route[]).filter(({ query }) => query?.shape['limit'] !== undefined))(
    'case 24: $operationId with other limits',
    async (route) => {
      const path = listPathOf(route)
      const token = tokenOf(route)
      for (const limit of ['10000', '101', '0', '-1', '1.5', '1e400', 'NaN', 'all', '9007199254740993', '20,30']) {
        const problem = await checkRefused(market, 'validation_failed', 'GET', `${path}limit=${limit}`, { token })
        expect([limit, problem.field]).toEqual([limit, 'limit'])
      }
      const answer = await market.send('GET', `${path}limit=${rowsMax(route)}`, { token })
      // What a path names does not exist.
      expect(answer.status).toBe(/Id\}/.test(route.path) ? 404 : 200)
    },
  )

  test('case 24: a cursor of 10,000 characters, and a handle of 5,000', async () => {
    await checkRefused(market, 'validation_failed', 'GET', `/v1/listings?cursor=${'A'.repeat(10_000)}`)
    await checkRefused(market, 'validation_failed', 'GET', `/v1/handles/${'a'.repeat(5_000)}`)
    await checkRefused(market, 'validation_failed', 'GET', `/v1/listings?prefix=${'a'.repeat(5_000)}`)
  })
})

test('case 24: a feed that unpacks to a thousand times its size is read piece by piece', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * mebibyte, 'x'))
  expect(bomb.length).toBeLessThan(mebibyte / 8)
  const lines = await market.importFeed(bomb, { compression: 'gzip' })
  expect(lines).toMatchObject({ status: 'complete', lines: 1, rejected: 1 })
  expect(await market.rejects(lines.id)).toMatchObject([{ line: 1, code: 'line_too_long' }])
  const table = await market.importFeed(bomb, { format: 'csv', compression: 'gzip' })
  expect(table).toMatchObject({ status: 'failed', lines: 0 })
  expect(table.failure).toMatch(/record/i)
})

test('case 24: memory does not follow the number of large bodies', async () => {
  const large = Buffer.alloc(10_000_000, '[')
  const middle = Buffer.alloc(4_000_000, '[')
  const send = async (times: number) => {
    for (let at = 0; at < times; at += 1) {
      const raw = at % 2 === 0 ? large : middle
      const sending = { token: tokens.get('alice'), headers, raw }
      const answer = await bounded(() => market.send('POST', '/v1/orders', sending))
      expect(answer.status).toBe(413)
    }
  }
  await send(10)
  const start = process.memoryUsage.rss()
  await send(30)
  expect(process.memoryUsage.rss() - start).toBeLessThan(growthMax)
  const alice = await market.client('alice')
  expect(value(await alice.searchListings({})).items).toHaveLength(1)
})
