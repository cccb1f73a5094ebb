import { derivedId } from '../contract/ids.ts'
import { advance, advanceHandle, aggregateName } from '../domain/aggregate.ts'
import { type Auction, type AuctionEvent, shippedAuctionDefaults } from '../domain/auction.ts'
import { decideAuctionCancel, decideDecline } from '../domain/auction-close.ts'
import { type AuctionWanted, decideOpen } from '../domain/auction-opening.ts'
import { checkHandle } from '../domain/handle-name.ts'
import type { Entry } from '../domain/journal.ts'
import { decideSaleOpened } from '../domain/listing.ts'
import type { ReleasePolicy } from '../domain/release-policy.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { Caller } from '../runtime/caller.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import { load } from '../store/aggregates.ts'
import type { EscrowStore, Store } from '../store/client.ts'
import { loadForSale } from '../store/handles.ts'
import { entryPageKey, queryEntries } from '../store/journal.ts'
import { advanceAuction } from './advance-auction.ts'
import { auctionChanges, type VersionedAuction } from './auction-changes.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { noteDevice } from './links.ts'
import { cancelOrder } from './order-acts.ts'

export type OpenRequest = {
  readonly wanted: AuctionWanted
  readonly operator: Caller
  readonly idempotencyKey: string
  readonly requestHash: string
}

export type OpenDeps = CommitDeps<Store> & {
  readonly policy: () => Promise<ReleasePolicy>
  /** 128 random bits as text, another one each time. */
  readonly secret: () => string
}

/**
 * Opens an auction and binds its handle to it in one transaction: nobody can buy the handle otherwise until it ends. Asked
 * again under the same key, it answers with the auction as it stands.
 */
export const openAuction = async (deps: OpenDeps, request: OpenRequest): Promise<Result<Auction>> => {
  const { wanted, operator, idempotencyKey, requestHash } = request
  const operatorId = operator.id
  const name = checkHandle(wanted.handle)
  if (!name.ok) return name
  const id = derivedId('auc', operatorId, idempotencyKey)
  const actor = { kind: 'operator', id: operatorId } as const
  // Bidders are held against it: an operator must not bid by another account.
  const standing = await load(deps.store, 'standing', operatorId)
  await noteDevice(deps, operator, standing?.state ?? null)
  return committing<Result<Auction>>(deps, async () => {
    const earlier = await load(deps.store, 'auction', id)
    if (earlier !== null) {
      const isSame = earlier.state.requestHash === requestHash
      const reused = refuse('idempotency_key_reused', `This key opened ${id} with another body`, 'Idempotency-Key')
      return { changes: [], answer: isSame ? ok(earlier.state) : reused }
    }
    const handle = await loadForSale(deps.store, name.value)
    if (handle === null) {
      return { changes: [], answer: refuse('not_found', `There is no handle ${name.value}`, 'handle') }
    }
    const at = instant(deps.now())
    const { auction: defaults = shippedAuctionDefaults } = await deps.policy()
    const opened = decideOpen(
      { ...wanted, handle: name.value },
      defaults,
      { display: handle.state.display, tier: handle.state.appraisal?.tier ?? 'common' },
      { openedBy: operatorId, aliasKey: deps.secret(), requestHash },
      at,
    )
    if (!opened.ok) return { changes: [], answer: opened }
    const auction = advance('auction', id, null, opened.value, at, actor)
    const { startsAt } = auction.state
    const bound = decideSaleOpened(handle.state, { mode: 'auction', id, startsAt }, handle.guard, actor, at)
    if (!bound.ok) return { changes: [], answer: bound }
    const after = advanceHandle(name.value, handle, bound.value, at, actor)
    return {
      changes: [
        { kind: 'auction', before: null, after: auction },
        { kind: 'handle', before: handle, after, contact: handle.contact },
      ],
      answer: ok(auction.state),
    }
  })
}

/** Calls an auction off that nobody has bid in; its handle is free in the same commit. */
export const cancelAuction = async (
  deps: CommitDeps<Store>,
  request: { readonly auctionId: string; readonly reason: string },
  operatorId: string,
): Promise<Result<Auction>> =>
  committing<Result<Auction>>(deps, async () => {
    const auction = await load(deps.store, 'auction', request.auctionId)
    if (auction === null) return { changes: [], answer: unknownAuction(request.auctionId) }
    const decided = decideAuctionCancel(auction.state, request.reason)
    if (!decided.ok) return { changes: [], answer: decided }
    if (decided.value.length === 0) return { changes: [], answer: ok(auction.state) }
    const actor = { kind: 'operator', id: operatorId } as const
    const step = await auctionChanges(deps, auction, decided.value, instant(deps.now()), actor)
    return step.ok
      ? { changes: step.value.changes, answer: ok(step.value.auction.state) }
      : { changes: [], answer: step }
  })

/** The runner-up declines: its order is cancelled, and the auction hears of it at once. */
export const declineOffer = async (
  deps: CommitDeps<Store>,
  auctionId: string,
  buyerId: string,
): Promise<Result<Auction>> => {
  const auction = await load(deps.store, 'auction', auctionId)
  if (auction === null) return unknownAuction(auctionId)
  const decided = decideDecline(auction.state, { kind: 'buyer', id: buyerId })
  if (!decided.ok) return decided
  const order = await cancelOrder(deps, decided.value.orderId, buyerId)
  if (!order.ok) return order
  return ok(await advanceAuction(deps, order.value))
}

export const getAuction = async (store: EscrowStore, auctionId: string): Promise<Result<Auction>> => {
  const auction = await load(store, 'auction', auctionId)
  return auction === null ? unknownAuction(auctionId) : ok(auction.state)
}

export type BidPage = {
  readonly auction: Auction
  readonly entries: readonly Entry<AuctionEvent>[]
  readonly nextCursor: string | null
}

/**
 * Entries of an auction, newest first; the first page begins with the one on its item. One that was replaced a moment ago
 * may still be on its way to the archive: the bids' numbers show it.
 */
export const listBids = async (
  store: EscrowStore,
  auctionId: string,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Result<BidPage>> => {
  const aggregate = aggregateName('auction', auctionId)
  const scope = `bids ${auctionId}`
  const after = decodeCursor(scope, page.cursor, entryPageKey(aggregate))
  if (!after.ok) return after
  const head: VersionedAuction | null = await load(store, 'auction', auctionId)
  if (head === null) return unknownAuction(auctionId)
  const { items, next } = await queryEntries(store, aggregate, { limit: page.limit, after: after.value })
  const filed = (items as readonly Entry<AuctionEvent>[]).filter(({ seq }) => seq < head.entry.seq)
  return ok({
    auction: head.state,
    entries: page.cursor === undefined ? [head.entry, ...filed] : filed,
    nextCursor: encodeCursor(scope, next),
  })
}

const unknownAuction = (auctionId: string) => refuse('not_found', `There is no auction ${auctionId}`, 'auctionId')
