/** People of the local system. Their name is their account id, their client id and their secret. */
export interface TestUser {
  readonly sub: string
  readonly groups: readonly string[]
  readonly email: string
}

function user(sub: string, ...groups: string[]): TestUser {
  return { sub, groups, email: `${sub}@example.com` }
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
