import type { Currency } from '../contract/money.ts'

export type OfferStatus =
  | 'planned'
  | 'offered'
  | 'opened'
  | 'countered'
  | 'answered'
  | 'pledged'
  | 'closed'
  | 'accepted'
  | 'sold'
  | 'lapsed'
  | 'outbid'
  | 'declined'
  | 'expired'
  | 'withdrawn'

/** `exclusive`: a handle is offered to one prospect at a time. `sealed`: to all of them at once, and the highest wins. */
export type OfferMode = 'exclusive' | 'sealed'

/** What an offer is from its planning on, as its campaign then said it. Amounts are minor units. */
export type OfferPlan = {
  readonly campaignId: string
  readonly operatorId: string
  /** Which row of the campaign's prospects; name and address lie beside the journal, under this. */
  readonly prospect: string
  /** SHA-256 of the address: the proof of whom it was for, which outlives the address. */
  readonly addressHash: string
  readonly handle: string
  readonly display: string
  readonly mode: OfferMode
  /** What the campaign asks of every prospect of the handle; in a sealed round the least amount. */
  readonly priceMinor: number
  /** Why that differs from what an earlier campaign asked. */
  readonly priceReason?: string | undefined
  readonly currency: Currency
  readonly exclusivityHours: number
  readonly counterRoundsMax: number
  readonly paymentHours: number
}

/** One price that was asked: the first by the campaign, the others by an operator's answers. */
export type AskedPrice = { readonly priceMinor: number; readonly at: string; readonly reason?: string | undefined }

/** What a mail of an offer is about. */
export type MailSubject = 'offer' | 'answer' | 'won' | 'outbid' | 'withdrawn'

/** The newest mail that is wanted or was tried; an older one that was not sent yet is not sent any more. */
export type OfferMail = {
  readonly number: number
  readonly about: MailSubject
  readonly result: 'wanted' | 'sent' | 'failed'
  readonly reason?: string | undefined
}

/** How the operator answers a counter-offer. */
export type CounterAnswer = 'accepted' | 'new_price' | 'refused'

/** One handle offered to one prospect. Instants are RFC 3339 UTC. */
export type PrivateOffer = OfferPlan & {
  readonly id: string
  readonly status: OfferStatus
  readonly plannedAt: string
  readonly updatedAt: string
  /** The price that binds now: the newest that was asked. */
  readonly askedMinor: number
  readonly asked: readonly AskedPrice[]
  /** Until then it can be answered. */
  readonly until?: string | undefined
  /** The prospect's newest counter-offer, and how many there were. */
  readonly counterMinor?: number | undefined
  readonly counters: number
  readonly openedAt?: string | undefined
  readonly termsAskedAt?: string | undefined
  /** In a sealed round: the amount that its account stands for, and since when. */
  readonly pledge?: { readonly amountMinor: number; readonly at: string } | undefined
  /** The first account that accepted. */
  readonly accountId?: string | undefined
  readonly orderId?: string | undefined
  /** The price that was accepted. */
  readonly agreedMinor?: number | undefined
  readonly mail?: OfferMail | undefined
  /** The mail service took the first mail. */
  readonly sentAt?: string | undefined
  readonly complainedAt?: string | undefined
  /** Why it was declined or withdrawn. */
  readonly reason?: string | undefined
}

export type WithdrawalReason =
  | 'operator'
  | 'campaign_closed'
  | 'handle_gone'
  | 'unsubscribed'
  | 'contact_gone'
  | 'undeliverable'
  | 'complaint'

/** What moves an offer from state to state. */
export type OfferStep =
  | ({ readonly type: 'offer_planned' } & OfferPlan)
  | { readonly type: 'offer_made'; readonly priceMinor: number; readonly until: string }
  | { readonly type: 'offer_opened' }
  | { readonly type: 'offer_countered'; readonly amountMinor: number }
  | {
      readonly type: 'counter_answered'
      readonly answer: CounterAnswer
      readonly priceMinor: number
      readonly until: string
      /** Why the price differs from what other prospects of the handle are asked. */
      readonly reason?: string | undefined
    }
  | { readonly type: 'offer_pledged'; readonly accountId: string; readonly amountMinor: number }
  | { readonly type: 'round_closed' }
  | {
      readonly type: 'offer_accepted'
      readonly accountId: string
      readonly orderId: string
      readonly priceMinor: number
    }
  | { readonly type: 'offer_outbid' }
  | { readonly type: 'offer_sold' }
  | { readonly type: 'offer_lapsed'; readonly orderStatus: string }
  | { readonly type: 'offer_declined'; readonly reason: 'prospect' | 'unsubscribed' }
  | { readonly type: 'offer_expired' }
  | { readonly type: 'offer_withdrawn'; readonly reason: WithdrawalReason; readonly words?: string | undefined }

/** What is noted of an offer in whatever state it is. */
type NoteEvent =
  | { readonly type: 'terms_asked' }
  | { readonly type: 'mail_wanted'; readonly number: number; readonly about: MailSubject }
  | {
      readonly type: 'mail_sent'
      readonly number: number
      readonly messageId: string
      readonly addressHash: string
    }
  | { readonly type: 'mail_failed'; readonly number: number; readonly reason: string }
  | { readonly type: 'mail_complained'; readonly number: number }

export type OfferEvent = OfferStep | NoteEvent
