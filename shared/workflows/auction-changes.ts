import type { Actor } from '../domain/actors.ts'
import { advance, advanceHandle, type VersionedOf } from '../domain/aggregate.ts'
import type { Auction, AuctionEvent, AuctionSale } from '../domain/auction.ts'
import { decideSaleClosed } from '../domain/listing.ts'
import { ok, type Result } from '../domain/result.ts'
import type { Change } from '../store/commit.ts'
import { loadHandle } from '../store/handles.ts'
import type { Store } from '../store/client.ts'
import type { CommitDeps } from './committing.ts'
import { saleOrderChanges } from './place-sale-order.ts'

export type VersionedAuction = VersionedOf<'auction'>

export type AuctionStep = { readonly changes: readonly Change[]; readonly auction: VersionedAuction }

/**
 * The changes that these events of an auction need, to be committed together: its own; the order and the hold of whoever is
 * to pay; and the freeing of the handle where the auction ends without a buyer. Refused where the handle cannot be sold.
 */
export const auctionChanges = async (
  deps: CommitDeps<Store>,
  before: VersionedAuction,
  events: readonly AuctionEvent[],
  at: string,
  actor: Actor,
): Promise<Result<AuctionStep>> => {
  const { state } = before
  const auction = advance('auction', state.id, before, events, at, actor)
  const change: Change = { kind: 'auction', before, after: auction }
  const sale = events.find((event) => event.type === 'auction_won' || event.type === 'runner_up_offered')
  if (sale !== undefined) {
    const placed = await saleOrderChanges(deps, { ...orderOf(auction, sale), actor }, at)
    return placed.ok ? ok({ changes: [change, ...placed.value.changes], auction }) : placed
  }
  if (events.some(({ type }) => type === 'auction_unsold' || type === 'auction_cancelled')) {
    const freed = await handleFreed(deps, state, at, actor)
    return ok({ changes: freed === null ? [change] : [change, freed], auction })
  }
  return ok({ changes: [change], auction })
}

const orderOf = ({ state }: VersionedAuction, { bidderId, priceMinor, round, payBy }: AuctionSale) => ({
  saleId: state.id,
  round,
  handle: state.handle,
  buyerId: bidderId,
  priceMinor,
  payBy,
})

/** The handle's part where an auction ends without a buyer; null: it is bound to this auction no more. */
const handleFreed = async (
  deps: Pick<CommitDeps<Store>, 'store'>,
  { id, handle: name }: Auction,
  at: string,
  actor: Actor,
): Promise<Change | null> => {
  const handle = await loadHandle(deps.store, name)
  if (handle === null) throw new Error(`${id} is of ${name}, which does not exist`)
  const decided = decideSaleClosed(handle.state, id, actor)
  if (!decided.ok) throw new Error(`${id} cannot free ${name}: ${decided.refusal.message}`)
  if (decided.value.length === 0) return null
  const after = advanceHandle(name, handle, decided.value, at, actor)
  return { kind: 'handle', before: handle, after, contact: handle.contact }
}
