import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { Role } from '../contract/route.ts'
import type { AccountClaims } from '../domain/eligibility.ts'

/**
 * Who calls, from claims that API Gateway has verified. `id` is the platform's account id (`sub`); `email` is there only
 * where the issuer says that it has verified it.
 */
export type Caller = {
  readonly id: string
  readonly groups: ReadonlySet<string>
  readonly email: string | null
  readonly claims: AccountClaims
}

type Claims = Readonly<Record<string, unknown>>

type WithClaims = APIGatewayProxyEventV2 & {
  readonly requestContext: { readonly authorizer?: { readonly jwt?: { readonly claims?: Claims } } }
}

/** The caller of a request that came through the JWT authoriser; null on public routes. */
export const callerOf = (event: APIGatewayProxyEventV2): Caller | null => {
  const claims = (event as WithClaims).requestContext.authorizer?.jwt?.claims
  const sub = claims?.['sub']
  if (claims === undefined || typeof sub !== 'string' || sub === '') return null
  return {
    id: sub,
    groups: wordsOf(claims['cognito:groups'] ?? claims['groups']),
    email: emailOf(claims),
    claims: accountClaimsOf(claims),
  }
}

/** API Gateway hands a boolean claim over as text. An address too long or without its sign is none. */
const emailOf = (claims: Claims): string | null => {
  const email = claims['email']
  return isTrue(claims['email_verified']) && typeof email === 'string' && /^[^\s@]{1,64}@[^\s@]{1,255}$/.test(email)
    ? email
    : null
}

/** API Gateway hands an array claim over as text, `[operator platform]`; what we read so has no spaces. */
const wordsOf = (claim: unknown): ReadonlySet<string> => {
  if (Array.isArray(claim)) return new Set(claim.map(String))
  if (typeof claim !== 'string') return new Set()
  return new Set(
    claim
      .replace(/^\[|\]$/g, '')
      .split(/\s+/)
      .filter((group) => group !== ''),
  )
}

/**
 * What the token says of the account. API Gateway hands every claim over as text. Whatever does not read as it should
 * counts against the account: no age, no sign-in, credentials changed at a time that never cools off.
 */
const accountClaimsOf = (claims: Claims): AccountClaims => {
  const changed = claims['credentials_changed_at']
  return {
    accountCreatedAt: instantOf(claims['account_created_at']),
    verified: isTrue(claims['verified']),
    deviceId: textOf(claims['device_id']),
    credentialsChangedAt: changed === undefined ? undefined : (instantOf(changed) ?? neverCooled),
    authTime: instantOf(claims['auth_time']),
    human: isTrue(claims['human']),
    amr: [...wordsOf(claims['amr'])],
    acr: textOf(claims['acr']),
  }
}

const neverCooled = '9999-01-01T00:00:00.000Z'

/** Seconds since 1970, as OpenID Connect writes `auth_time`, or RFC 3339 with a zone; years of four digits. */
const instantOf = (claim: unknown): string | undefined => {
  const text = typeof claim === 'number' ? String(claim) : claim
  if (typeof text !== 'string') return undefined
  const ms = /^\d{1,11}(\.\d+)?$/.test(text)
    ? Number(text) * 1000
    : /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text)
      ? Date.parse(text)
      : Number.NaN
  return ms >= 0 && ms < Date.parse(neverCooled) ? new Date(ms).toISOString() : undefined
}

const isTrue = (claim: unknown): boolean => claim === true || claim === 'true'

const textOf = (claim: unknown): string | undefined =>
  typeof claim === 'string' && claim !== '' ? claim.slice(0, 256) : undefined

export const mayCall = (role: Role, caller: Caller | null): boolean =>
  role === 'public' || (caller !== null && (role === 'user' || caller.groups.has(role)))
