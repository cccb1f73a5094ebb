import { setTimeout as pause } from 'node:timers/promises'
import { policyInForce } from '../domain/policy.ts'

/** Policy, clock, randomness and pauses of a running function; tests give workflows their own. */
export const running = {
  policy: policyInForce,
  now: () => Date.now(),
  random: () => Math.random(),
  pause: async (ms: number): Promise<void> => {
    await pause(ms)
  },
} as const
