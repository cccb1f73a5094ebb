import { expect, test } from 'vitest'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'

const asked = (amr: readonly string[] | undefined, acr?: string) =>
  claimedSecondFactor.hasSecondFactor({ id: 'acct_1', claims: { verified: true, human: true, amr, acr } })

test.each([
  [['mfa'], true],
  [['pwd', 'otp'], true],
  [['hwk', 'fpt'], true],
  [['pwd'], false],
  [['pwd', 'pin'], false],
  [['otp', 'sms'], false],
  [['pwd', 'rba'], false],
  [['pwd', 'constructor'], false],
  [[], false],
  [undefined, false],
] as const)('methods %j count as a second factor: %s', async (amr, expected) => {
  expect(await asked(amr)).toBe(expected)
})

test('an assurance level that means two factors is enough, one that is unknown is none', async () => {
  expect(await asked([], 'http://idmanagement.gov/ns/assurance/aal/2')).toBe(true)
  expect(await asked(['pwd'], 'http://idmanagement.gov/ns/assurance/aal/1')).toBe(false)
  expect(await asked(['pwd'], '2')).toBe(false)
})
