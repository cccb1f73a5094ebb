/** People of the local system. Their name is their account id, their client id and their secret. */
export interface TestUser {
  readonly sub: string
  readonly groups: readonly string[]
  readonly email: string
  /** What the platform says of the account, as claims of its tokens. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** An account that may do everything: old, verified, a person, signed in with a second factor. The time is the token's. */
export const ordinaryClaims = {
  account_created_at: '2020-01-01T00:00:00Z',
  verified: true,
  human: true,
  amr: ['pwd', 'otp'],
} as const

function user(sub: string, ...groups: string[]): TestUser {
  return { sub, groups, email: `${sub}@example.com`, claims: { ...ordinaryClaims, device_id: `device-of-${sub}` } }
}

export const testUsers: readonly TestUser[] = [
  user('operator', 'operator'),
  user('platform', 'platform'),
  user('alice'),
  user('bob'),
  user('carol'),
  user('dave'),
]

/** The scope that every ready-made token has. */
export const marketScope = 'market'
