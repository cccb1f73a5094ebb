import type { AccountClaims } from '../domain/eligibility.ts'

/**
 * The hook for a second factor. It is asked for the acts and from the amount that the policy names (`secondFactor`). An
 * adapter that asks a service answers within the patience of a caller, or throws `SecondFactorUnavailable`: the act is then a
 * 503, and never allowed by default.
 */
export type SecondFactor = {
  readonly hasSecondFactor: (account: { readonly id: string; readonly claims: AccountClaims }) => Promise<boolean>
}

/** The service did not answer; asking again later is safe. */
export class SecondFactorUnavailable extends Error {
  override readonly name = 'SecondFactorUnavailable'
}

/** Methods of RFC 8176 by what they prove: something the person knows, has, or is. One that is not here proves nothing. */
const factors = [
  ['pwd', 'pin', 'kba'],
  ['otp', 'sms', 'tel', 'hwk', 'swk', 'sc'],
  ['face', 'fpt', 'iris', 'retina', 'vbm'],
]

/** Values of `acr` that mean more than one factor: OpenID's policy of that name, and NIST's assurance levels 2 and 3. */
const manyFactors: ReadonlySet<string> = new Set([
  'http://schemas.openid.net/pape/policies/2007/06/multi-factor',
  'http://idmanagement.gov/ns/assurance/aal/2',
  'http://idmanagement.gov/ns/assurance/aal/3',
])

/**
 * The shipped adapter reads the token: `amr` with `mfa` or with methods of two kinds (RFC 8176), or an `acr` that means as
 * much. No network.
 */
export const claimedSecondFactor: SecondFactor = {
  hasSecondFactor: async ({ claims: { amr = [], acr } }) =>
    amr.includes('mfa') ||
    factors.filter((methods) => methods.some((method) => amr.includes(method))).length > 1 ||
    (acr !== undefined && manyFactors.has(acr)),
}
