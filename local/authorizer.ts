import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose'
import type { Clock } from './clock.ts'
import { isObject, type Json } from './json.ts'
import type { AuthorizerPlan } from './plan.ts'

export type Verdict =
  | { readonly kind: 'allowed'; readonly claims: Record<string, string>; readonly scopes: string[] | null }
  | { readonly kind: 'unauthorized'; readonly challenge: string }
  | { readonly kind: 'forbidden'; readonly challenge: string }

/** API Gateway's JWT authorisers take RSA signatures only. */
const algorithms = ['RS256', 'RS384', 'RS512']
const verifiedMax = 10_000

/**
 * A JWT authoriser of an HTTP API. Keys come from the configured issuer's discovery document and from nowhere else:
 * what a token's header says about keys (`jku`, `x5u`, `jwk`) is not read.
 */
export class Authorizer {
  readonly #plan: AuthorizerPlan
  readonly #clock: Clock
  #keys: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined
  /** Signatures that were verified: the same bytes verify again. Times are judged anew on every request. */
  readonly #verified = new Map<string, JWTPayload>()

  constructor(plan: AuthorizerPlan, clock: Clock) {
    this.#plan = plan
    this.#clock = clock
  }

  async judge(authorization: string | undefined, scopes: readonly string[]): Promise<Verdict> {
    if (authorization === undefined || authorization.trim() === '') {
      return { kind: 'unauthorized', challenge: 'Bearer' }
    }
    const token = authorization.replace(/^Bearer\s+/i, '').trim()
    const payload = await this.#verify(token)
    if (typeof payload === 'string') {
      return {
        kind: 'unauthorized',
        challenge: `Bearer scope="${scopes.join(' ')}" error="invalid_token" error_description="${payload}"`,
      }
    }
    const given = typeof payload.scope === 'string' ? payload.scope.split(' ') : []
    if (scopes.length > 0 && !scopes.some((scope) => given.includes(scope))) {
      return { kind: 'forbidden', challenge: `Bearer scope="${scopes.join(' ')}" error="insufficient_scope"` }
    }
    return { kind: 'allowed', claims: stringClaims(payload), scopes: scopes.length > 0 ? given : null }
  }

  /** The claims of a good token, or what is wrong with it. */
  async #verify(token: string): Promise<JWTPayload | string> {
    const known = this.#verified.get(token)
    const nowSeconds = this.#clock.now() / 1000
    if (known !== undefined) {
      if (known.exp !== undefined && known.exp <= nowSeconds) return 'the token has expired'
      if (known.nbf !== undefined && known.nbf > nowSeconds) return 'the token is not active yet'
      return known
    }
    try {
      this.#keys ??= this.#discover()
      const { payload } = await jwtVerify(token, await this.#keys, {
        algorithms,
        issuer: this.#plan.issuer,
        requiredClaims: ['exp'],
        currentDate: new Date(this.#clock.now()),
      })
      const audience = payload.aud === undefined ? [String(payload.client_id)] : [payload.aud].flat()
      if (!audience.some((one) => this.#plan.audience.includes(one))) return 'the token has an invalid audience'
      if (this.#verified.size >= verifiedMax) this.#verified.clear()
      this.#verified.set(token, payload)
      return payload
    } catch (error) {
      if (error instanceof errors.JWTExpired) return 'the token has expired'
      if (error instanceof errors.JOSEError) return 'the token is invalid'
      this.#keys = undefined
      // A token that cannot be parsed at all makes jose throw a TypeError; an issuer that is down a fetch error.
      return error instanceof TypeError && error.cause === undefined
        ? 'the token is invalid'
        : 'the issuer cannot be reached'
    }
  }

  async #discover(): Promise<ReturnType<typeof createRemoteJWKSet>> {
    const issuer = this.#plan.issuer.replace(/\/$/, '')
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`)
    const document = (await answer.json()) as Json
    if (!answer.ok || !isObject(document) || typeof document.jwks_uri !== 'string') {
      throw new Error(`${issuer} has no discovery document`)
    }
    return createRemoteJWKSet(new URL(document.jwks_uri), { cooldownDuration: 1_000 })
  }
}

/** Claims reach a function as text: a list `["a","b"]` becomes `[a b]`, as API Gateway writes it. */
export function stringClaims(payload: JWTPayload): Record<string, string> {
  const claims: Record<string, string> = {}
  for (const [name, value] of Object.entries(payload)) {
    if (value === undefined) continue
    if (Array.isArray(value)) claims[name] = `[${value.map(String).join(' ')}]`
    else claims[name] = typeof value === 'string' ? value : JSON.stringify(value)
  }
  return claims
}
