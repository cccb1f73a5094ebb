import type { AccountClaims } from '../domain/eligibility.ts'

/**
 * The hook for a proof of humanity. It is asked for the acts that the policy names (`humanFor`). An adapter that asks a
 * service answers within the patience of a caller, or throws `HumanityUnavailable`: the act is then a 503, and never allowed
 * by default.
 */
export type Humanity = {
  readonly isHuman: (account: { readonly id: string; readonly claims: AccountClaims }) => Promise<boolean>
}

/** The service did not answer; asking again later is safe. */
export class HumanityUnavailable extends Error {
  override readonly name = 'HumanityUnavailable'
}

/** The shipped adapter: the platform proves it, and says so in the token (`human`). No network. */
export const claimedHumanity: Humanity = { isHuman: async ({ claims }) => claims.human }
