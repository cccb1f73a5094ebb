/**
 * The rules of one release and sale, as data with a version. Every decision stores the version it used. Durations carry
 * their unit last in the name.
 */
export type AccountClass = 'ordinary' | 'verified' | 'government' | 'memorial'
export const accountClasses = ['ordinary', 'verified', 'government', 'memorial'] as const

export type Policy = {
  readonly version: string
  /** Days without activity after which a handle is due for release; null: never. */
  readonly inactivityDays: Readonly<Record<AccountClass, number | null>>
  /** Days after a suspension; applies to ordinary accounts, whatever their activity. Null: never. */
  readonly suspensionDays: number | null
  /** An order waits this long for its payment. Stripe keeps a Checkout Session open for 30 minutes at least. */
  readonly paymentWindowMinutes: number
  /** Slow methods (bank transfer) settle in days. */
  readonly paymentProcessingDays: number
  /** A funded order whose hand-over does not happen is refunded. */
  readonly handOverHours: number
  /** A refund that was not confirmed is asked for again. */
  readonly refundRetryHours: number
  /** A dispute that the provider has not decided is brought up again. */
  readonly disputeReviewDays: number
}

/** 365 days is the mildest published rule among large platforms (Twitch: 12 months; TikTok 180 days). */
export const policyInForce: Policy = {
  version: '2026-11-1',
  inactivityDays: { ordinary: 365, verified: 1095, government: null, memorial: null },
  suspensionDays: 90,
  paymentWindowMinutes: 60,
  paymentProcessingDays: 7,
  handOverHours: 24,
  refundRetryHours: 24,
  disputeReviewDays: 75,
}

const dayMs = 86_400_000

/** Milliseconds of each named duration of the policy that a transition may wait for. */
export const durationMs = (policy: Policy, name: DurationName): number => {
  switch (name) {
    case 'paymentWindowMinutes':
      return policy.paymentWindowMinutes * 60_000
    case 'paymentProcessingDays':
      return policy.paymentProcessingDays * dayMs
    case 'handOverHours':
      return policy.handOverHours * 3_600_000
    case 'refundRetryHours':
      return policy.refundRetryHours * 3_600_000
    case 'disputeReviewDays':
      return policy.disputeReviewDays * dayMs
  }
}

export type DurationName =
  | 'paymentWindowMinutes'
  | 'paymentProcessingDays'
  | 'handOverHours'
  | 'refundRetryHours'
  | 'disputeReviewDays'

/** When an account's handle is due for release (RFC 3339), or null where the policy never releases it. */
export const releaseDueAt = (
  account: {
    readonly class: AccountClass
    readonly lastActiveAt: string
    readonly suspendedAt?: string | undefined
  },
  policy: Policy,
): string | null => {
  const days = policy.inactivityDays[account.class]
  if (days === null) return null
  const inactive = Date.parse(account.lastActiveAt) + days * dayMs
  const suspended =
    account.suspendedAt !== undefined && account.class === 'ordinary' && policy.suspensionDays !== null
      ? Date.parse(account.suspendedAt) + policy.suspensionDays * dayMs
      : Infinity
  return new Date(Math.min(inactive, suspended)).toISOString()
}
