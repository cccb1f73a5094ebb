import type { Currency } from '../contract/money.ts'
import { keyedId } from '../contract/ids.ts'

// Offers of a user for a handle that somebody holds: one negotiation for each pair of buyer and holder of a handle.

/** `buyer` makes the offer, `holder` has the handle. */
export type Party = 'buyer' | 'holder'

export const otherParty = (party: Party): Party => (party === 'buyer' ? 'holder' : 'buyer')

export type NegotiationStatus =
  | 'awaiting_holder'
  | 'awaiting_buyer'
  | 'accepted'
  | 'sold'
  | 'lapsed'
  | 'declined'
  | 'withdrawn'
  | 'expired'

/** Why an offer was declined. What the holder did, and what the holder's rules did, are one thing to the buyer. */
export type DeclineReason = 'holder' | 'blocked' | 'below_floor' | 'another_accepted' | 'handle_gone'

/** What a holder says of an offer that is reported. Closed: nobody writes about anybody here. */
export const reportReasons = ['harassment', 'lured_off_platform', 'stolen_account', 'other'] as const
export type ReportReason = (typeof reportReasons)[number]

/** One amount that was named, in minor units. */
export type NamedAmount = { readonly by: Party; readonly amountMinor: number; readonly at: string }

/** One offer that was begun, and the request that began it. */
export type OfferTry = { readonly at: string; readonly key: string; readonly hash: string }

/** What an offer is from its beginning on: later settings of the holder change nothing about it. */
export type OfferOpening = {
  readonly handle: string
  readonly display: string
  readonly proposerId: string
  readonly holderId: string
  /** The order by which the holder bought the handle here; absent: it came by the feed. */
  readonly holding?: string | undefined
  readonly currency: Currency
  /** Counter-offers of both sides together. */
  readonly roundsMax: number
  /** What each side has for each answer. */
  readonly answerHours: number
}

/** Amounts are minor units, instants RFC 3339 UTC. */
export type Negotiation = OfferOpening & {
  readonly id: string
  readonly status: NegotiationStatus
  /** Grows with each step that changes what can be answered, over all tries. */
  readonly version: number
  /** Of this try, oldest first. The last one is live; each one before is void. */
  readonly amounts: readonly NamedAmount[]
  /** Until when the newest amount can be answered. */
  readonly answerBy: string
  /** A card is authorised for the buyer's newest amount until then. */
  readonly fundedUntil?: string | undefined
  /** The offers of this pair in the days that count, oldest first. */
  readonly tries: readonly OfferTry[]
  /** When the holder, or a rule of the holder's, declined last. */
  readonly declinedAt?: string | undefined
  /** Why this try was declined. */
  readonly reason?: DeclineReason | undefined
  /** How often an order was placed: each has a number of its own. */
  readonly acceptances: number
  readonly orderId?: string | undefined
  readonly agreedMinor?: number | undefined
  readonly payBy?: string | undefined
  /** What an operator looks into. */
  readonly caseId?: string | undefined
  readonly openedAt: string
  /** When this try began. */
  readonly madeAt: string
  readonly updatedAt: string
}

/** What moves a negotiation from state to state. */
export type NegotiationStep =
  | ({
      readonly type: 'offer_made'
      readonly amountMinor: number
      readonly answerBy: string
      readonly fundedUntil?: string | undefined
      readonly requestKey: string
      readonly requestHash: string
    } & OfferOpening)
  | {
      readonly type: 'offer_countered'
      readonly by: Party
      readonly amountMinor: number
      readonly answerBy: string
      /** Of a buyer's amount. */
      readonly fundedUntil?: string | undefined
    }
  | {
      readonly type: 'offer_accepted'
      /** `bound`: by the holder's own bound, at once. */
      readonly by: Party | 'bound'
      readonly amountMinor: number
      readonly orderId: string
      readonly payBy: string
    }
  | { readonly type: 'offer_declined'; readonly reason: DeclineReason }
  | { readonly type: 'offer_withdrawn' }
  | { readonly type: 'offer_expired'; readonly waitedFor: Party }
  | { readonly type: 'offer_sold' }
  | { readonly type: 'offer_lapsed'; readonly orderStatus: string }

export type NegotiationEvent =
  | NegotiationStep
  | { readonly type: 'offer_reported'; readonly reason: ReportReason; readonly caseId: string }
  /** The card that was authorised for it is not needed any more. */
  | { readonly type: 'funding_ended' }

/** Figures against harassment, and the limits of what holders can set. Units are last in the names. */
export const offerLimits = {
  /** After the holder declined. */
  coolingHours: 24,
  /** Offers of one buyer for one handle to one holder. */
  triesMax: 3,
  triesDays: 30,
  openPerHandleMax: 50,
  openPerBuyerMax: 20,
  blockedMax: 200,
  roundsMin: 1,
  roundsMax: 10,
  roundsDefault: 5,
  answerHoursMin: 48,
  answerHoursMax: 168,
  answerHoursDefault: 48,
} as const

/**
 * The id of what a buyer and a holder have going about a handle: the same for ever. Under the handle's own key, for both of
 * them know the id, and neither may find out by trying who the other is.
 */
export const negotiationIdOf = (aliasKey: string, proposerId: string, handle: string, holderId: string): string =>
  keyedId('off', aliasKey, proposerId, handle, holderId)

/** The name under which one side knows the other: the same in one negotiation, and another one in the next. */
export const aliasOf = (id: string, party: Party): string => {
  const from = party === 'buyer' ? 4 : 10
  return `${party}-${id.slice(from, from + 6).toLowerCase()}`
}

/** The newest amount of a side in this try; undefined: it named none. */
export const newestOf = ({ amounts }: Pick<Negotiation, 'amounts'>, party: Party): number | undefined =>
  amounts.findLast(({ by }) => by === party)?.amountMinor

/** The one amount that can be accepted. */
export const liveAmount = ({ amounts }: Pick<Negotiation, 'amounts'>): NamedAmount => {
  const live = amounts.at(-1)
  if (live === undefined) throw new Error('an offer has an amount')
  return live
}

/** Counter-offers so far. */
export const roundsUsed = ({ amounts }: Pick<Negotiation, 'amounts'>): number => amounts.length - 1

/** Whether a card stands for the buyer's newest amount as long as it can be answered. */
export const isFunded = ({ fundedUntil, answerBy }: Pick<Negotiation, 'fundedUntil' | 'answerBy'>): boolean =>
  fundedUntil !== undefined && fundedUntil >= answerBy

/** What a holder's list of open offers goes by: funded ones first, then the highest bid. */
export const offerRank = (negotiation: Negotiation): string =>
  `${isFunded(negotiation) ? 1 : 0} ${String(newestOf(negotiation, 'buyer') ?? 0).padStart(12, '0')}`

/** The lists that an offer can stand in. */
export const offerGroups = ['open', 'accepted', 'ended'] as const
export type OfferGroup = (typeof offerGroups)[number]

export const groupOf = ({ status }: Pick<Negotiation, 'status'>): OfferGroup => {
  switch (status) {
    case 'awaiting_holder':
    case 'awaiting_buyer':
      return 'open'
    case 'accepted':
      return 'accepted'
    case 'sold':
    case 'lapsed':
    case 'declined':
    case 'withdrawn':
    case 'expired':
      return 'ended'
  }
}

/** Whether its holder is told of it: an offer below the floor never troubles anybody. */
export const isToldToHolder = ({ reason }: Pick<Negotiation, 'reason'>): boolean => reason !== 'below_floor'

/** Which side of it an account is; null: neither, or a holder who is not told of it. */
export const sideOf = (negotiation: Negotiation, accountId: string): Party | null => {
  if (negotiation.proposerId === accountId) return 'buyer'
  return negotiation.holderId === accountId && isToldToHolder(negotiation) ? 'holder' : null
}
