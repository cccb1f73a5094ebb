import { type Actor, systemActor } from '../domain/actors.ts'
import { advance, type VersionedOf } from '../domain/aggregate.ts'
import { payoutsKeptMax, type Seller, type SellerEvent } from '../domain/seller.ts'
import { decideBegun, decideMirror, decidePayoutsTold, type ConnectedAccount } from '../domain/seller-account.ts'
import { traitOf } from '../domain/standing.ts'
import type { SellerAccountFacts, SellerAccounts } from '../gateways/seller-accounts.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import type { Change } from '../store/commit.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { noteTrait } from './links.ts'

export type MirrorDeps = CommitDeps<Store> & { readonly sellerAccounts: () => Promise<SellerAccounts> }

/** One seller's part of a commit; null where nothing happened to it. */
export const sellerChange = (
  accountId: string,
  before: VersionedOf<'seller'> | null,
  events: readonly SellerEvent[],
  now: string,
  actor: Actor,
): Extract<Change, { readonly kind: 'seller' }> | null =>
  events.length === 0
    ? null
    : { kind: 'seller', before, after: advance('seller', accountId, before, events, now, actor) }

/** Loads a seller, decides on it and commits what was decided, again while others are faster. */
export const changeSeller = (
  deps: CommitDeps<Store>,
  accountId: string,
  actor: Actor,
  decide: (seller: Seller | null) => readonly SellerEvent[],
): Promise<Seller | null> =>
  committing<Seller | null>(deps, async () => {
    const before = await load(deps.store, 'seller', accountId)
    const change = sellerChange(accountId, before, decide(before?.state ?? null), instant(deps.now()), actor)
    return change === null
      ? { changes: [], answer: before?.state ?? null }
      : { changes: [change], answer: change.after.state }
  })

/**
 * The provider's word on a connected account. It comes in any order and more than once, so the account is read as it stands
 * now. Answers the seller after it, or why it was refused.
 */
export const mirrorAccount = async (deps: MirrorDeps, stripeAccountId: string): Promise<Seller | string> =>
  mirror(deps, await (await deps.sellerAccounts()).read(stripeAccountId))

/** The same for an account that was read, or made, a moment ago. */
export const mirror = async (deps: CommitDeps<Store>, account: SellerAccountFacts): Promise<Seller | string> => {
  const { sellerId: accountId, stripeAccountId, bankFingerprint } = account
  if (accountId === null) return 'its account names no seller'
  const trait = bankFingerprint === null ? null : traitOf('payout', bankFingerprint)
  const before = await load(deps.store, 'seller', accountId)
  if (before !== null && before.state.stripeAccountId !== stripeAccountId) return `${accountId} has another account`
  if (trait !== null && before?.state.payoutHash !== trait.hash) await noteTrait(deps, accountId, trait)
  const facts: ConnectedAccount = { ...account, payoutHash: trait?.hash ?? null }
  const seller = await changeSeller(deps, accountId, systemActor, (known) => {
    if (known === null) return decideBegun(accountId, facts)
    return known.stripeAccountId === stripeAccountId ? decideMirror(known, facts) : []
  })
  return seller?.stripeAccountId === stripeAccountId ? seller : `${accountId} has another account`
}

/** The newest payouts of a seller, as they stand now at the provider. */
export const mirrorPayouts = async (deps: MirrorDeps, { accountId, stripeAccountId }: Seller): Promise<void> => {
  const payouts = await (await deps.sellerAccounts()).listPayouts(stripeAccountId, payoutsKeptMax)
  await changeSeller(deps, accountId, systemActor, (known) => (known === null ? [] : decidePayoutsTold(known, payouts)))
}
