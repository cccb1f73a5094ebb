import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPublicKey } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Market, startMarket } from './market.ts'

/** A place that serves everything a verifier could ask for, and counts who comes. */
type Trap = { readonly url: string; readonly visits: string[]; readonly server: Server }

const openTrap = async (keys: readonly JWK[]): Promise<Trap> => {
  const visits: string[] = []
  const server = createServer((request, response) => {
    visits.push(`${request.method} ${request.url}`)
    const url = `http://${request.headers.host}`
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks`, keys }))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, visits, server }
}

let market: Market
let trap: Trap
let realKey: JWK & { kid: string }
let claims: Record<string, unknown>
let own: Awaited<ReturnType<typeof generateKeyPair>>
let ownJwk: JWK

const decodePart = (token: string, at: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[at] ?? '', 'base64url').toString()) as Record<string, unknown>
const encodePart = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url')

beforeAll(async () => {
  market = await startMarket()
  const good = await market.system.token('alice')
  claims = decodePart(good, 1)
  const configuration = await fetch(`${market.system.oidc.issuer}/.well-known/openid-configuration`)
  const { jwks_uri: jwksUri } = (await configuration.json()) as { jwks_uri: string }
  const jwks = (await (await fetch(jwksUri)).json()) as { keys: (JWK & { kid: string })[] }
  const [key] = jwks.keys
  if (key === undefined) throw new Error('the issuer has no key')
  realKey = key
  own = await generateKeyPair('RS256', { extractable: true })
  ownJwk = { ...(await exportJWK(own.publicKey)), kid: 'own', alg: 'RS256', use: 'sig' }
  trap = await openTrap([ownJwk, { ...ownJwk, kid: realKey.kid }])
})
afterAll(async () => {
  trap.server.close()
  await market.stop()
})

/** Signed with a key that the issuer does not have. */
const forge = (header: Partial<JWTHeaderParameters> & Record<string, unknown>, more: Record<string, unknown> = {}) =>
  new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: 'RS256', ...header }).sign(own.privateKey)

/** The answer is the gateway's own, on a route that reads and on one that writes; nothing is written. */
const checkUnauthorized = async (token: string, what: string): Promise<void> => {
  const before = await market.items()
  const reading = await market.send('GET', '/v1/orders', { token })
  const writing = await market.send('POST', '/v1/operator/imports', {
    token,
    body: { format: 'ndjson' },
    headers: { 'idempotency-key': 'x' },
  })
  for (const answer of [reading, writing]) {
    expect([what, answer.status, answer.body]).toEqual([what, 401, { message: 'Unauthorized' }])
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer\b/)
  }
  expect(await market.items()).toEqual(before)
}

test('case 20: a good token opens the door, so that what follows is refused for its own fault', async () => {
  expect((await market.send('GET', '/v1/orders', { token: await market.system.token('alice') })).status).toBe(200)
})

test('case 20: no algorithm, in any spelling, with or without a signature', async () => {
  for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
    const unsigned = `${encodePart({ alg, typ: 'JWT', kid: realKey.kid })}.${encodePart(claims)}.`
    await checkUnauthorized(unsigned, alg)
    const signature = (await market.system.token('alice')).split('.')[2]
    await checkUnauthorized(`${unsigned}${signature}`, `${alg} with a signature`)
  }
})

test('case 20: the public key taken for an HMAC secret', async () => {
  const publicKey = createPublicKey({ key: { ...realKey }, format: 'jwk' })
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  const secrets = [
    Buffer.from(pem),
    Buffer.from(pem.toString().trim()),
    publicKey.export({ type: 'spki', format: 'der' }),
    Buffer.from(realKey.n ?? '', 'base64url'),
    Buffer.from(JSON.stringify(realKey)),
  ]
  for (const [at, secret] of secrets.entries()) {
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      const token = await new SignJWT(claims).setProtectedHeader({ alg, kid: realKey.kid }).sign(secret)
      await checkUnauthorized(token, `${alg} with form ${at} of the key`)
    }
  }
})

test('case 20: another issuer, another audience, or none', async () => {
  const { issuer } = market.system.oidc
  for (const wrong of [
    { iss: 'https://issuer.example' },
    { iss: `${issuer}/` },
    { iss: issuer.toUpperCase() },
    { iss: trap.url },
    { iss: undefined },
    { aud: 'another-api' },
    { aud: ['another-api', 'and-another'] },
    { aud: [] },
    { aud: undefined, client_id: 'another-api' },
  ]) {
    await checkUnauthorized(await market.system.token('operator', wrong), JSON.stringify(wrong))
  }
})

test('case 20: expired by a second, without an end, or not begun', async () => {
  const nowSeconds = Math.floor(market.system.clock.now() / 1000)
  for (const wrong of [{ exp: nowSeconds - 1 }, { exp: undefined }, { nbf: nowSeconds + 60 }]) {
    await checkUnauthorized(await market.system.token('operator', wrong), JSON.stringify(wrong))
  }
})

test('case 20: a token that was good and has been used expires by the clock', async () => {
  const token = await market.system.token('alice', {}, { lifetimeSeconds: 600 })
  expect((await market.send('GET', '/v1/orders', { token })).status).toBe(200)
  await market.system.clock.move(601_000)
  await checkUnauthorized(token, 'expired after use')
})

test('case 20: an unknown key, and a known key id with the signature of another key', async () => {
  await checkUnauthorized(await forge({ kid: 'unknown' }), 'unknown key id')
  await checkUnauthorized(await forge({ kid: realKey.kid }), 'known key id')
  await checkUnauthorized(await forge({}), 'no key id')
})

test('case 20: other claims or another signature under a real head', async () => {
  const token = await market.system.token('alice')
  const [head = '', body = '', signature = ''] = token.split('.')
  const operator = encodePart({ ...claims, sub: 'operator', groups: ['operator'] })
  const other = (await market.system.token('bob')).split('.')[2] ?? ''
  for (const changed of [
    `${head}.${operator}.${signature}`,
    `${head}.${body}.${other}`,
    `${head}.${body}.`,
    `${head}.${body}`,
    `${head}.${body}.${signature}.${signature}`,
    `.${body}.${signature}`,
  ]) {
    await checkUnauthorized(changed, changed.slice(-20))
  }
})

test('case 20: nothing that is no token passes for one', async () => {
  for (const text of ['x', 'null', '{}', 'a.b.c', `${'A'.repeat(5000)}.A.A`]) await checkUnauthorized(text, text)
  for (const authorization of ['', 'Bearer', 'Bearer ', 'Basic YWxpY2U6YWxpY2U=']) {
    const answer = await market.send('GET', '/v1/orders', { headers: { authorization } })
    expect([authorization, answer.status]).toEqual([authorization, 401])
  }
})

test('case 20: no key is fetched from a place that the token names', async () => {
  const places = {
    jku: `${trap.url}/jwks`,
    x5u: `${trap.url}/certificate`,
    jwk: ownJwk,
    x5c: [Buffer.from('certificate').toString('base64')],
  }
  for (const [name, place] of Object.entries(places)) {
    for (const kid of ['own', realKey.kid, `${trap.url}/jwks`]) {
      await checkUnauthorized(await forge({ kid, [name]: place }), `${name} with key id ${kid}`)
    }
  }
  await checkUnauthorized(await forge({ kid: 'own', ...places }, { iss: trap.url }), 'all of them')
  expect(trap.visits).toEqual([])
  // The trap works: whoever asks is counted.
  await fetch(`${trap.url}/jwks`)
  expect(trap.visits).toEqual(['GET /jwks'])
})
