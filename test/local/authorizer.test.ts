import { exportJWK, generateKeyPair, SignJWT, type JWTHeaderParameters, type JWTPayload } from 'jose'
import { createHmac, createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { close, listen } from '../../local/ports.ts'
import type { System } from '../../local/system.ts'
import { startFixture } from './fixture/start.ts'

let system: System
let trapUrl: string
let trapped = 0
const trap = createServer((_, answer) => {
  trapped += 1
  answer.end('{"keys":[]}')
})

beforeAll(async () => {
  trapUrl = `http://127.0.0.1:${await listen(trap, 0)}`
  system = await startFixture()
})
afterAll(async () => {
  await system.stop()
  await close(trap)
})

const get = async (path: string, authorization?: string) => {
  const answer = await fetch(`${system.url}${path}`, authorization === undefined ? {} : { headers: { authorization } })
  return { status: answer.status, challenge: answer.headers.get('www-authenticate'), body: await answer.json() }
}
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const claims = (): JWTPayload => {
  const now = Math.floor(system.clock.now() / 1000)
  return { iss: system.oidc.issuer, aud: 'fixture', sub: 'mallory', iat: now, exp: now + 600 }
}
const realKey = () => {
  const { keys } = JSON.parse(readFileSync(join(system.dataDir, 'oidc', 'keys.json'), 'utf8')) as {
    keys: [{ kid: string; n: string; e: string }]
  }
  return keys[0]
}
/** Signs with a key of our own, under any header. */
const foreign = async (header: Partial<JWTHeaderParameters> = {}) => {
  const { privateKey } = await generateKeyPair('RS256')
  return new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid: realKey().kid, ...header }).sign(privateKey)
}

describe('the JWT authoriser', () => {
  it('lets a good token through, with every claim as text', async () => {
    const { status, body } = await get(
      '/private',
      `Bearer ${await system.token('operator', { 'cognito:groups': ['operator', 'x'] })}`,
    )
    expect(status).toBe(200)
    expect(body).toMatchObject({
      requestContext: {
        authorizer: {
          jwt: { claims: { sub: 'operator', groups: '[operator]', 'cognito:groups': '[operator x]' }, scopes: null },
        },
      },
    })
  })

  it('takes a token of the issuer itself, by client credentials', async () => {
    const answer = await fetch(`${system.oidc.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('alice:alice').toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'market' }),
    })
    const { access_token: token } = (await answer.json()) as { access_token: string }
    const { status, body } = await get('/private', `Bearer ${token}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ requestContext: { authorizer: { jwt: { claims: { sub: 'alice' } } } } })
  })

  it('asks for a scope where the route names one', async () => {
    const without = await get('/scoped', await system.token('alice'))
    expect(without).toMatchObject({ status: 403, body: { message: 'Forbidden' } })
    expect(without.challenge).toContain('insufficient_scope')
    expect((await get('/scoped', await system.token('alice', { scope: 'market admin' }))).status).toBe(200)
  })

  const refused: [string, () => Promise<string | undefined>][] = [
    ['no token', () => Promise.resolve(undefined)],
    ['no JWT at all', () => Promise.resolve('Bearer nonsense')],
    ['alg none', () => Promise.resolve(`Bearer ${part({ alg: 'none' })}.${part(claims())}.`)],
    [
      'the public key used as an HMAC secret',
      () => {
        const { kid, n, e } = realKey()
        const pem = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' }).export({
          type: 'spki',
          format: 'pem',
        })
        const unsigned = `${part({ alg: 'HS256', kid })}.${part(claims())}`
        return Promise.resolve(`Bearer ${unsigned}.${createHmac('sha256', pem).update(unsigned).digest('base64url')}`)
      },
    ],
    ['another issuer', () => system.token('alice', { iss: 'https://elsewhere.example.com' })],
    ['another audience', () => system.token('alice', { aud: 'something-else' })],
    ['expired', () => system.token('alice', {}, { lifetimeSeconds: -1 })],
    ['not active yet', () => system.token('alice', { nbf: Math.floor(system.clock.now() / 1000) + 3_600 })],
    ['without an expiry', () => system.token('alice', { exp: undefined })],
    ["another key under the issuer's key id", () => foreign()],
    ['an unknown key id', () => foreign({ kid: 'unknown' })],
    ['a key set of its own by jku', () => foreign({ kid: 'mine', jku: `${trapUrl}/jwks` })],
    ['a certificate of its own by x5u', () => foreign({ kid: 'mine', x5u: `${trapUrl}/cert` })],
    [
      'a key of its own in the header',
      async () => {
        const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
        const jwk = await exportJWK(publicKey)
        return new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', jwk }).sign(privateKey)
      },
    ],
    [
      'changed claims under a good signature',
      async () => {
        const [header, , signature] = (await system.token('alice')).split('.')
        return `Bearer ${header}.${part({ ...claims(), groups: ['operator'] })}.${signature}`
      },
    ],
  ]

  it.each(refused)('refuses %s with 401', async (_, token) => {
    const { status, body, challenge } = await get('/private', await token())
    expect([status, body]).toEqual([401, { message: 'Unauthorized' }])
    expect(challenge).toMatch(/^Bearer/)
  })

  it('refuses a token that it accepted before, once the clock is past its end', async () => {
    const token = await system.token('alice', {}, { lifetimeSeconds: 60 })
    expect((await get('/private', token)).status).toBe(200)
    await system.clock.move(61_000)
    expect((await get('/private', token)).status).toBe(401)
  })

  it('never fetched a key from where a token pointed', () => {
    expect(trapped).toBe(0)
  })
})
