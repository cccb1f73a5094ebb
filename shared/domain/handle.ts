import type { Currency } from '../contract/money.ts'
import type { StoredAppraisal } from './appraisal/appraisal.ts'
import type { AccountClass, DueFacts, RuleName } from './release-policy.ts'

/** What the platform's feed says of the account that holds a handle. Instants are RFC 3339 UTC. */
export type Account = {
  readonly accountId: string
  readonly class: AccountClass
  readonly createdAt: string
  readonly lastActiveAt: string
  readonly suspendedAt?: string | undefined
  readonly followers: number
}

/** The account that has the handle; `orderId` where it was bought here. */
export type Holder = Account & {
  readonly orderId?: string | undefined
  /** The last time the holder said by a notice's link that the handle is wanted. */
  readonly keptAt?: string | undefined
}

/** A holder's time of grace: notices go out, and each step of the clock is planned ahead. */
export type Dormancy = {
  /** Names this time of grace: a link from an earlier one does not count. */
  readonly startedAt: string
  readonly rule: RuleName
  readonly policyVersion: number
  /** Notices asked for so far, and when the last one was. */
  readonly attempts: number
  readonly lastAttemptAt: string
  /** Numbers of the attempts that reached the holder's mail server, and of those that did not, or bounced later. */
  readonly given: readonly number[]
  readonly failed: readonly number[]
  /** Told in the notices: the handle is not released earlier, whatever a later policy says. */
  readonly releaseAt: string
  /** When the clock looks again. */
  readonly nextAt: string
}

/** Why a handle was released or reserved: the rule, the policy's version, when it was due, the notices that counted. */
export type Release = {
  readonly rule: RuleName
  readonly policyVersion: number
  readonly dueAt: string
  readonly noticesGiven: number
}

/** How many days each private phase of a listing lasts, one after another; the market opens with the quarantine's end. */
export type PhaseDays = {
  /** Accounts with a recorded right in the name. */
  readonly rightsDays: number
  /** The former holder. */
  readonly firstRefusalDays: number
  /** Prospects, by private offers of operators. */
  readonly prospectsDays: number
  readonly quarantineDays: number
}

/** A Dutch sale: from the market's opening on the price falls from floor + premium to the floor. Amounts are minor units. */
export type Decay = {
  readonly floorMinor: number
  readonly premiumMinor: number
  readonly halfLifeHours: number
  readonly days: number
  /** Where an operator began it later than the market opened. */
  readonly startsAt?: string | undefined
}

export const saleModes = ['auction', 'drop', 'private_offer'] as const
export type SaleMode = (typeof saleModes)[number]

/** Who alone may place an order for the handle: an auction, a drop or a private offer; until it is closed, or until `until`. */
export type Sale = { readonly mode: SaleMode; readonly id: string; readonly until?: string | undefined }

export type Listing = PhaseDays & {
  readonly status: 'open' | 'held'
  /** The asking price in the private phases, and in the market where it does not decay. */
  readonly priceMinor: number
  readonly currency: Currency
  /** When it was released, or put on sale by its holder. */
  readonly openedAt: string
  readonly decay?: Decay | undefined
  readonly sale?: Sale | undefined
  /** The holder who sells it; absent: the platform does. */
  readonly sellerId?: string | undefined
  /** It stands only for the order of an accepted offer: nobody else finds it, and it ends with the hold. */
  readonly unlisted?: true | undefined
  /** The one order it is on hold for. */
  readonly orderId?: string | undefined
}

export type Handle = {
  /** Canonical: lower case, unique. */
  readonly name: string
  /** As its holder writes it. */
  readonly display: string
  readonly status: HandleStatus
  readonly holder: Holder | null
  readonly dormancy: Dormancy | null
  /** The account that lost it by release, for first refusal and for questions. */
  readonly formerHolderId?: string | undefined
  readonly release?: Release | undefined
  readonly appraisal?: StoredAppraisal | undefined
  readonly listing?: Listing | undefined
  /** Why it is kept from the market. */
  readonly reserved?: { readonly code: string; readonly reason: string } | undefined
  /** Refusals of the gate that an operator overruled; the clock then releases it at `at`. */
  readonly overruled?: { readonly codes: readonly string[]; readonly at: string } | undefined
  readonly legalHold?: { readonly reason: string; readonly since: string } | undefined
  /** Accounts with a recorded right in the name, such as the owner of a mark: theirs is the first phase of its sale. */
  readonly rights?: readonly string[] | undefined
  /** Where the account is now that had it before; only until then. */
  readonly movedTo?: Redirect | undefined
}

/** The account's present handle, and until when the old one may say so. */
export type Redirect = { readonly handle: string; readonly accountId: string; readonly until: string }

export type HandleStatus = 'active' | 'dormant' | 'unreachable' | 'released' | 'reserved' | 'locked'

/** What a release or a reservation was decided on. `facts` are absent where an operator's word alone decided. */
export type Grounds = Release & { readonly facts?: DueFacts | undefined }

export type HandleEvent =
  | ({ readonly type: 'handle_imported'; readonly display: string; readonly importId: string } & Account)
  | ({
      readonly type: 'account_updated'
      readonly display: string
      /** The feed that told it; absent where the platform reported it by API. */
      readonly importId?: string | undefined
    } & Omit<Account, 'accountId' | 'createdAt'>)
  | {
      readonly type: 'dormancy_started'
      readonly policyVersion: number
      readonly rule: RuleName
      readonly dueAt: string
      readonly facts: DueFacts
    }
  | {
      readonly type: 'notice_wanted'
      readonly attempt: number
      /** How many notices must count. */
      readonly of: number
      readonly releaseAt: string
      readonly nextAt: string
    }
  | {
      readonly type: 'notice_given'
      readonly attempt: number
      /** The mail service's id of the message, and the hash of the address it went to: the proof. */
      readonly messageId: string
      readonly addressHash: string
      readonly nextAt: string
    }
  | {
      readonly type: 'notice_failed'
      readonly attempt: number
      readonly reason: string
      readonly messageId?: string | undefined
      readonly nextAt: string
    }
  | { readonly type: 'grace_extended'; readonly policyVersion: number; readonly releaseAt: string }
  | { readonly type: 'contact_failed'; readonly policyVersion: number }
  | { readonly type: 'handle_kept' }
  | { readonly type: 'dormancy_ended'; readonly reason: 'returned' | 'contact' | 'policy' | 'legal_hold' }
  | { readonly type: 'legal_hold_placed'; readonly reason: string }
  | { readonly type: 'legal_hold_lifted'; readonly reason: string }
  | ({
      readonly type: 'handle_released'
      readonly appraisal: StoredAppraisal
      readonly priceMinor: number
      readonly currency: Currency
      readonly decay?: Decay | undefined
    } & PhaseDays &
      Grounds)
  | ({ readonly type: 'handle_reserved'; readonly code: string; readonly reason: string } & Grounds)
  | { readonly type: 'gate_overruled'; readonly code: string; readonly reason: string }
  | { readonly type: 'right_recorded'; readonly accountId: string; readonly ground: string }
  | { readonly type: 'right_withdrawn'; readonly accountId: string; readonly reason: string }
  | {
      readonly type: 'listing_changed'
      readonly priceMinor: number
      /** Absent: a fixed price. */
      readonly decay?: Decay | undefined
      readonly reason: string
    }
  | ({ readonly type: 'sale_opened' } & Sale)
  | { readonly type: 'sale_closed'; readonly id: string }
  | {
      readonly type: 'listing_opened'
      readonly sellerId: string
      readonly priceMinor: number
      readonly currency: Currency
      readonly appraisal?: StoredAppraisal | undefined
      readonly unlisted?: true | undefined
    }
  | { readonly type: 'listing_closed' }
  | { readonly type: 'handle_held'; readonly orderId: string }
  | { readonly type: 'hold_lifted'; readonly orderId: string }
  | {
      readonly type: 'handle_handed_over'
      readonly orderId: string
      readonly accountId: string
      readonly movedTo?: Redirect | undefined
    }
  /** The seller's account has this handle from now on, instead of the one it sold. */
  | ({ readonly type: 'handle_granted'; readonly orderId: string; readonly display: string } & Account)
  | ({ readonly type: 'handle_returned'; readonly orderId: string } & Account)
  /** It stood in for the one that was given back; nobody else gets it. */
  | { readonly type: 'handle_retired'; readonly orderId: string; readonly movedTo: Redirect }
  | { readonly type: 'handle_locked'; readonly orderId: string; readonly reason: string }
  | { readonly type: 'handle_unlocked'; readonly orderId: string }
