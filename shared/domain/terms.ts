/** The terms of a purchase, as data with a version: an order keeps the version it was placed under. Units last in names. */
export type Terms = {
  readonly version: string
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

export const termsInForce: Terms = {
  version: '2026-11-1',
  paymentWindowMinutes: 60,
  paymentProcessingDays: 7,
  handOverHours: 24,
  refundRetryHours: 24,
  disputeReviewDays: 75,
}

export const dayMs = 86_400_000

/** A duration of the terms that a transition may wait for. */
export type DurationName = Exclude<keyof Terms, 'version'>

/** Whether a deadline is a duration of the terms, and not an instant that its aggregate knows. */
export const isDuration = (name: string): name is DurationName =>
  name !== 'version' && Object.hasOwn(termsInForce, name)

/** Milliseconds of a named duration. */
export const durationMs = (terms: Terms, name: DurationName): number => {
  switch (name) {
    case 'paymentWindowMinutes':
      return terms.paymentWindowMinutes * 60_000
    case 'paymentProcessingDays':
      return terms.paymentProcessingDays * dayMs
    case 'handOverHours':
      return terms.handOverHours * 3_600_000
    case 'refundRetryHours':
      return terms.refundRetryHours * 3_600_000
    case 'disputeReviewDays':
      return terms.disputeReviewDays * dayMs
  }
}
