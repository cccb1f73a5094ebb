import Stripe from 'stripe'
import { callStripe, openStripe, type StripeConfig } from './stripe.ts'

/** What the provider says of one chargeback (its own word is dispute). */
export type ChargebackFacts = {
  readonly reason: string
  readonly amountMinor: number
  readonly currency: string
  /** RFC 3339 UTC; null where the bank asks for nothing. */
  readonly respondBy: string | null
  /** Whether evidence can still be given. */
  readonly open: boolean
  readonly outcome: 'won' | 'lost' | null
}

/** The fields of evidence that we fill, each a text of at most `evidenceCharactersMax`. */
export type EvidenceTexts = Readonly<
  Partial<
    Record<
      | 'product_description'
      | 'service_date'
      | 'access_activity_log'
      | 'refund_policy_disclosure'
      | 'cancellation_policy_disclosure'
      | 'refund_refusal_explanation'
      | 'uncategorized_text',
      string
    >
  >
>

export type Chargebacks = {
  readonly read: (chargebackId: string) => Promise<ChargebackFacts>
  /** Puts our evidence beside the chargeback; the bank does not see it yet. The same again changes nothing. */
  readonly stage: (chargebackId: string, texts: EvidenceTexts) => Promise<void>
  /** Shows what is staged to the bank. False: it takes nothing any more. */
  readonly submit: (chargebackId: string) => Promise<boolean>
}

export const openChargebacks = (config: StripeConfig): Chargebacks => {
  const stripe = openStripe(config)
  const retrieve = (id: string) => callStripe(() => stripe.disputes.retrieve(id))
  return {
    read: async (chargebackId) => {
      const { reason, amount, currency, status, evidence_details: details } = await retrieve(chargebackId)
      return {
        reason,
        amountMinor: amount,
        currency,
        respondBy: details.due_by === null ? null : new Date(details.due_by * 1000).toISOString(),
        open: isOpen(status),
        outcome: status === 'won' ? 'won' : status === 'lost' ? 'lost' : null,
      }
    },
    stage: async (chargebackId, texts) => {
      await callStripe(() => stripe.disputes.update(chargebackId, { evidence: texts, submit: false }))
    },
    submit: async (chargebackId) => {
      const { status, evidence_details: details } = await retrieve(chargebackId)
      // What was passed on before, by an earlier delivery of the same wish or in the dashboard, is not passed on again.
      if (!isOpen(status)) return details.submission_count > 0
      try {
        await callStripe(() =>
          stripe.disputes.update(chargebackId, { submit: true }, { idempotencyKey: `${chargebackId}:submit` }),
        )
        return true
      } catch (error) {
        if (error instanceof Stripe.errors.StripeInvalidRequestError) return false
        throw error
      }
    },
  }
}

const isOpen = (status: Stripe.Dispute.Status): boolean => status.endsWith('needs_response')
