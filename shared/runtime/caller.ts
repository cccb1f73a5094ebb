import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { Role } from '../contract/route.ts'

/**
 * Who calls, from claims that API Gateway has verified. `id` is the platform's account id (`sub`); `email` is there only
 * where the issuer says that it has verified it.
 */
export type Caller = { readonly id: string; readonly groups: ReadonlySet<string>; readonly email: string | null }

type WithClaims = APIGatewayProxyEventV2 & {
  readonly requestContext: { readonly authorizer?: { readonly jwt?: { readonly claims?: Record<string, unknown> } } }
}

/** The caller of a request that came through the JWT authoriser; null on public routes. */
export const callerOf = (event: APIGatewayProxyEventV2): Caller | null => {
  const claims = (event as WithClaims).requestContext.authorizer?.jwt?.claims
  const sub = claims?.['sub']
  if (typeof sub !== 'string' || sub === '') return null
  return { id: sub, groups: groupsOf(claims?.['cognito:groups'] ?? claims?.['groups']), email: emailOf(claims) }
}

/** API Gateway hands a boolean claim over as text. An address too long or without its sign is none. */
const emailOf = (claims: Record<string, unknown> | undefined): string | null => {
  const email = claims?.['email']
  const isVerified = String(claims?.['email_verified']) === 'true'
  return isVerified && typeof email === 'string' && /^[^\s@]{1,64}@[^\s@]{1,255}$/.test(email) ? email : null
}

/** API Gateway hands an array claim over as text, `[operator platform]`; group names have no spaces. */
const groupsOf = (claim: unknown): ReadonlySet<string> => {
  if (Array.isArray(claim)) return new Set(claim.map(String))
  if (typeof claim !== 'string') return new Set()
  return new Set(
    claim
      .replace(/^\[|\]$/g, '')
      .split(/\s+/)
      .filter((group) => group !== ''),
  )
}

export const mayCall = (role: Role, caller: Caller | null): boolean =>
  role === 'public' || (caller !== null && (role === 'user' || caller.groups.has(role)))
