import type { ProblemCode } from './problems.ts'

/** What every route can answer that lets a user commit to something. */
export const eligibilityProblems = [
  'account_suspended',
  'account_too_young',
  'humanity_required',
  'verification_required',
  'cooling_off',
  'step_up_required',
  'second_factor_required',
  'cap_reached',
  'rate_limited',
] as const satisfies readonly ProblemCode[]
