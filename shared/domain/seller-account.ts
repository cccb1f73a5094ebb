import {
  evolveSeller,
  payoutsKeptMax,
  requirementsKeptMax,
  type Seller,
  type SellerEvent,
  type SellerPayout,
  type SellerRequirements,
  type SellerStatus,
} from './seller.ts'

// The mirror of a seller's connected account: what is read at the provider becomes events where it is news.

/** A connected account as the provider has it now. */
export type ConnectedAccount = {
  readonly stripeAccountId: string
  /** ISO 3166. */
  readonly country: string
  /** It can be given money. */
  readonly transfersEnabled: boolean
  /** The money can go on to its bank. */
  readonly payoutsEnabled: boolean
  readonly disabledReason: string | null
  readonly requirementsDue: readonly string[]
  /** The hash of the bank account; null: none was given yet. */
  readonly payoutHash: string | null
}

/** A seller is paid only where the money can go all the way. One that never could is still being taken in. */
const statusOf = (
  { transfersEnabled, payoutsEnabled, disabledReason }: ConnectedAccount,
  before: SellerStatus,
): SellerStatus => {
  if (disabledReason?.startsWith('rejected') === true) return 'rejected'
  if (transfersEnabled && payoutsEnabled) return 'enabled'
  return before === 'onboarding' ? 'onboarding' : 'restricted'
}

/**
 * The account was made by us, and nothing was noted of it yet: by the door that made it, or by the provider's word where
 * that door was cut off.
 */
export const decideBegun = (
  accountId: string,
  { stripeAccountId, country, ...facts }: ConnectedAccount,
): readonly SellerEvent[] => {
  const begun: SellerEvent = { type: 'onboarding_begun', stripeAccountId, country }
  const seller = evolveSeller(accountId, null, begun, '')
  return [begun, ...decideMirror(seller, { stripeAccountId, country, ...facts })]
}

/** What is new about a seller's account; nothing where all of it is known. */
export const decideMirror = (seller: Seller, facts: ConnectedAccount): readonly SellerEvent[] => {
  const status = statusOf(facts, seller.status)
  const requirements: SellerRequirements = {
    requirementsDue: [...facts.requirementsDue].toSorted().slice(0, requirementsKeptMax),
    ...(facts.disabledReason !== null && { disabledReason: facts.disabledReason }),
  }
  const events: SellerEvent[] = []
  if (status !== seller.status && status !== 'onboarding') events.push({ type: `seller_${status}`, ...requirements })
  else if (!isSame(seller, requirements)) events.push({ type: 'requirements_changed', ...requirements })
  const { payoutHash } = facts
  if (payoutHash !== null && payoutHash !== seller.payoutHash) {
    events.push({ type: `payout_account_${seller.payoutHash === undefined ? 'seen' : 'replaced'}`, payoutHash })
  }
  return events
}

const isSame = (one: SellerRequirements, other: SellerRequirements): boolean =>
  one.disabledReason === other.disabledReason &&
  one.requirementsDue.length === other.requirementsDue.length &&
  one.requirementsDue.every((field, index) => field === other.requirementsDue[index])

/** Payouts that are new, or went on. */
export const decidePayoutsTold = (seller: Seller, payouts: readonly SellerPayout[]): readonly SellerEvent[] => {
  const oldest = seller.payouts.at(-1)?.arrivalAt ?? ''
  return payouts
    .filter((payout) => {
      const known = seller.payouts.find(({ id }) => id === payout.id)
      // One that is older than all that are kept was told before, and has left the list.
      if (known === undefined) return seller.payouts.length < payoutsKeptMax || payout.arrivalAt > oldest
      return (
        known.status !== payout.status ||
        known.arrivalAt !== payout.arrivalAt ||
        known.failureCode !== payout.failureCode
      )
    })
    .toReversed()
    .map((payout) => ({ type: 'payout_told', payout }))
}
