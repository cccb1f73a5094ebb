import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { System } from '../../local/system.ts'
import { ask, rows, startFixture } from './fixture/start.ts'

let system: System
beforeAll(async () => {
  system = await startFixture()
})
afterAll(() => system.stop())

describe('the HTTP API', () => {
  it('makes payload format 2.0 of a request', async () => {
    const answer = await fetch(`${system.url}/open/echo?a=1&a=2&b=x%20y`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: 'one=1; two=2', 'X-Mixed-Case': 'kept' },
      body: '{"hello":"wörld"}',
    })
    expect(await answer.json()).toMatchObject({
      version: '2.0',
      routeKey: 'POST /open/{what}',
      rawPath: '/open/echo',
      rawQueryString: 'a=1&a=2&b=x%20y',
      queryStringParameters: { a: '1,2', b: 'x y' },
      pathParameters: { what: 'echo' },
      cookies: ['one=1', 'two=2'],
      headers: { 'x-mixed-case': 'kept' },
      requestContext: {
        http: { method: 'POST', path: '/open/echo' },
        stage: '$default',
        routeKey: 'POST /open/{what}',
      },
      body: '{"hello":"wörld"}',
      isBase64Encoded: false,
    })
  })

  it('hands binary bodies over in base64', async () => {
    const bytes = Buffer.from([0, 1, 254, 255])
    const answer = await fetch(`${system.url}/open/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
    })
    expect(await answer.json()).toMatchObject({ body: bytes.toString('base64'), isBase64Encoded: true })
  })

  it('decodes path parameters, greedy ones with their slashes', async () => {
    const answer = await fetch(`${system.url}/files/a/b%20c/d`)
    expect(await answer.json()).toMatchObject({ pathParameters: { path: 'a/b c/d' }, rawPath: '/files/a/b c/d' })
  })

  it('answers an unknown route as API Gateway does', async () => {
    const answer = await fetch(`${system.url}/nowhere`)
    expect([answer.status, await answer.json()]).toEqual([404, { message: 'Not Found' }])
  })

  it('refuses more than 10 MB before any function sees it', async () => {
    const answer = await fetch(`${system.url}/open/echo`, { method: 'POST', body: Buffer.alloc(10 * 1024 * 1024 + 1) })
    expect([answer.status, await answer.json()]).toEqual([413, { message: 'Request Entity Too Large' }])
  })

  it('refuses an event of more than 6 MB', async () => {
    const body = 'x'.repeat(7 * 1024 * 1024)
    const answer = await fetch(`${system.url}/open/echo`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body,
    })
    expect(answer.status).toBe(413)
  })

  it('answers 500 without a trace when a function throws, exits or returns too much', async () => {
    for (const what of ['throw', 'exit', 'large']) {
      const { status, body } = await ask(system, what)
      expect([what, status, body]).toEqual([what, 500, { message: 'Internal Server Error' }])
    }
    expect((await ask(system, 'echo')).status).toBe(200)
  })

  it('ends a function at its own time limit, and its environment with it', async () => {
    const started = performance.now()
    const answer = await fetch(`${system.url}/short`)
    expect(answer.status).toBe(500)
    expect(performance.now() - started).toBeLessThan(3_000)
    expect(system.functions.alive().sleep).toBeUndefined()
  })

  it('throttles above reserved concurrency', async () => {
    const answers = await Promise.all(Array.from({ length: 3 }, () => fetch(`${system.url}/one`)))
    const statuses = answers.map(({ status }) => status).toSorted((left, right) => left - right)
    expect(statuses).toEqual([200, 503, 503])
  })
})

describe('an environment', () => {
  it("has its function's variables and nothing of ours", async () => {
    process.env.LOCAL_TEST_LEAK = 'leaked'
    const { body } = await ask(system, 'env')
    const env = body.env as Record<string, string>
    expect(env.LOCAL_TEST_LEAK).toBeUndefined()
    expect(env.PATH).toBeUndefined()
    expect(env).toMatchObject({
      AWS_LAMBDA_FUNCTION_NAME: 'fixture-api',
      AWS_REGION: 'us-east-1',
      RESULTS_TABLE: system.tables.results,
      BUCKET: 'fixture-uploads',
      AWS_ENDPOINT_URL: system.door.endpoint,
    })
  })

  it('lives on the one clock, with its Date in every form', async () => {
    const dayMs = 86_400_000
    await system.clock.move(40 * dayMs)
    const { body } = await ask(system, 'env')
    const expected = Date.now() + 40 * dayMs
    for (const seen of [body.now, Date.parse(String(body.date)), Date.parse(String(body.text))]) {
      expect(Math.abs(Number(seen) - expected)).toBeLessThan(5_000)
    }
    expect(body.parsed).toBe(0)
  })

  it('is fired by a schedule once, however many due times the clock passes', async () => {
    await system.clock.move(10 * 3_600_000, { settle: true })
    const before = (await rows(system, 'tick')).length
    await system.clock.move(5 * 3_600_000, { settle: true })
    const ticks = await rows(system, 'tick')
    expect(ticks.length - before).toBe(1)
    expect(ticks[0]?.type).toBe('Scheduled Event')
  })
})
