import type { EligibilityRules } from '../contract/eligibility.ts'
import { refuse, type Refusal } from './result.ts'

/**
 * The rules before anybody published others: mild where little is at stake, and asking more as the amount grows. A week
 * keeps off accounts made for a drop; verification, sign-in and waiting go by what a stolen account could lose.
 */
export const shippedEligibility: EligibilityRules = {
  accountAgeDaysMin: {
    order: 7,
    bid: 30,
    offer: 30,
    apply: 30,
    watch: 0,
    authorise: 30,
    list: 30,
    sell: 30,
    payout: 30,
  },
  verifiedFromMinor: 500_000,
  stepUp: { fromMinor: 1_000_000, maxAuthAgeMinutes: 60 },
  secondFactor: { fromMinor: 500_000, acts: ['list', 'sell', 'payout'] },
  coolingOff: [
    { fromMinor: 0, hours: 1 },
    { fromMinor: 100_000, hours: 24 },
    { fromMinor: 1_000_000, hours: 72 },
  ],
  humanFor: ['bid', 'apply'],
  openOrdersMax: 10,
  ordersPerDayMax: 50,
  strikes: { max: 2, countedDays: 365, suspensionDays: 90 },
  suspendedFrom: ['bid', 'offer', 'apply', 'authorise', 'list', 'sell'],
  authorisation: { fromMinor: 100_000, percent: 10 },
  velocity: {
    windowSeconds: 60,
    order: 60,
    bid: 120,
    offer: 30,
    apply: 30,
    watch: 60,
    authorise: 10,
    list: 30,
    sell: 30,
    payout: 10,
  },
}

/** Rules that were published before some of them existed go by the shipped ones there. */
export const completeRules = (published: EligibilityRules): EligibilityRules => ({
  ...shippedEligibility,
  ...published,
  accountAgeDaysMin: { ...shippedEligibility.accountAgeDaysMin, ...published.accountAgeDaysMin },
  velocity: { ...shippedEligibility.velocity, ...published.velocity },
})

/** Refuses rules that contradict themselves, with the field at fault. */
export const checkEligibilityRules = ({ coolingOff }: EligibilityRules): Refusal | null => {
  for (const [index, row] of coolingOff.entries()) {
    const before = coolingOff[index - 1]
    if (before === undefined || (row.fromMinor > before.fromMinor && row.hours > before.hours)) continue
    const words = 'Each row of the cooling-off begins at a larger amount than the one before, and waits longer'
    return refuse('policy_invalid', words, `eligibility.coolingOff.${index}`).refusal
  }
  return null
}
