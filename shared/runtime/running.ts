import { setTimeout as pause } from 'node:timers/promises'
import { termsInForce } from '../domain/terms.ts'
import { readConfig } from './config.ts'

/** Terms, who hands over, clock, randomness and pauses of a running function; tests give workflows their own. */
export const running = {
  terms: termsInForce,
  handOver: readConfig('HAND_OVER').HAND_OVER,
  now: () => Date.now(),
  random: () => Math.random(),
  pause: async (ms: number): Promise<void> => {
    await pause(ms)
  },
} as const
