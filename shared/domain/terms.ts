/**
 * The terms of a purchase, as data with a version: an order keeps the version it was placed under, and its deadlines follow
 * that version whatever comes later. Units last in names.
 */
export type Terms = {
  readonly version: string
  /** An order waits this long for its payment. Stripe keeps a Checkout Session open for 30 minutes at least. */
  readonly paymentWindowMinutes: number
  /** Who agreed on a price in a negotiation pays within this time. */
  readonly offerPaymentHours: number
  /** Slow methods (bank transfer) settle in days. */
  readonly paymentProcessingDays: number
  /** A funded order whose hand-over does not happen is refunded. */
  readonly handOverHours: number
  /** The buyer of a user's handle looks at it for so long before the seller is paid. */
  readonly inspectionDays: number
  /** A seller whose sale is disputed is waited for so long; then an operator decides without an answer. */
  readonly disputeAnswerDays: number
  /** A dispute between buyer and seller that nobody has decided is brought up again. */
  readonly disputeReviewDays: number
  /** A seller who could not be paid is tried again. */
  readonly payoutRetryHours: number
  /** A refund that was not confirmed is asked for again. */
  readonly refundRetryHours: number
  /** A chargeback that the bank has not decided is brought up again. */
  readonly chargebackReviewDays: number
  /** A handle that was bought here can be sold again only after this time: longer than the inspection of its sale. */
  readonly resaleCoolingDays: number
  /** A handle that was sold, or given back, may say so long where its former holder is now. */
  readonly redirectDays: number
  /** Minor units: a dispute about more, or a refund out of goodwill of more, is for two operators to decide. */
  readonly secondApprovalMinor: number
}

export const termsInForce: Terms = {
  version: '2026-11-1',
  paymentWindowMinutes: 60,
  offerPaymentHours: 48,
  paymentProcessingDays: 7,
  handOverHours: 24,
  inspectionDays: 3,
  disputeAnswerDays: 4,
  disputeReviewDays: 10,
  payoutRetryHours: 24,
  refundRetryHours: 24,
  chargebackReviewDays: 75,
  resaleCoolingDays: 7,
  redirectDays: 30,
  secondApprovalMinor: 1_000_00,
}

/** Every version there was. */
const versions: readonly Terms[] = [termsInForce]

/** @throws where there was never such a version */
export const termsOf = (version: string): Terms => {
  const found = versions.find((terms) => terms.version === version)
  if (found === undefined) throw new Error(`there are no terms ${version}`)
  return found
}

export const dayMs = 86_400_000
const hourMs = 3_600_000

/** A duration of the terms that a transition may wait for. */
export type DurationName = Exclude<keyof Terms, 'version' | 'secondApprovalMinor'>

/** Whether a deadline is a duration of the terms, and not an instant that its aggregate knows. */
export const isDuration = (name: string): name is DurationName =>
  /(Minutes|Hours|Days)$/.test(name) && Object.hasOwn(termsInForce, name)

/** Milliseconds of a named duration, by the unit in its name. */
export const durationMs = (terms: Terms, name: DurationName): number => {
  if (name.endsWith('Minutes')) return terms[name] * 60_000
  return terms[name] * (name.endsWith('Hours') ? hourMs : dayMs)
}
