import type { Actor } from '../domain/actors.ts'
import { advanceHandle, advanceOrder, type VersionedHandle, type VersionedOrder } from '../domain/aggregate.ts'
import type { HandleEvent, Holder } from '../domain/handle.ts'
import { decideForOrder } from '../domain/listing.ts'
import { handleTouchOf, type HandleTouch } from '../domain/order-handle.ts'
import { evolveOrder, type Order, type OrderEvent } from '../domain/order.ts'
import { sellerOf } from '../domain/order-money.ts'
import { replacementNames, redirectTo } from '../domain/replacement.ts'
import { termsOf } from '../domain/terms.ts'
import type { Change } from '../store/commit.ts'
import { type LoadedHandle, loadHandle } from '../store/handles.ts'
import type { CommitDeps } from './committing.ts'

type Deps = Pick<CommitDeps, 'store'>

type Moved = { readonly changes: readonly Change[]; readonly order: Order }

/**
 * The changes that these events of an order need: the order's own, its handle's where an event touches it, and those of the
 * handle that the seller has instead, so that all are committed or none. No events: no changes. Null: the handle no longer
 * fits the order as it was read, because somebody moved both in between; the caller reads again.
 */
export const orderChanges = async (
  deps: Deps,
  before: VersionedOrder,
  events: readonly OrderEvent[],
  at: string,
  actor: Actor,
): Promise<Moved | null> => {
  if (events.length === 0) return { changes: [], order: before.state }
  const touches = touchesOf(before.state, events, at)
  if (touches.length === 0) return moved(before, events, at, actor, [])

  const handle = await loadHandle(deps.store, before.state.handle)
  if (handle === null) throw new Error(`${before.state.id} is for ${before.state.handle}, which does not exist`)
  // The buyer has sold the handle on, or lost it: what becomes of the order no longer touches it.
  if (isHandedOver(before.state) && hasMovedOn(handle, before.state.id)) return moved(before, events, at, actor, [])
  for (const touch of touches) {
    if (!decideForOrder(handle.state, touch, actor).ok) return null
  }
  if (before.state.sellerId === undefined) {
    const after = advanceHandle(handle.state.name, handle, touches as HandleEvent[], at, actor)
    return moved(before, events, at, actor, [{ kind: 'handle', before: handle, after, contact: handle.contact }])
  }
  return usersSale(deps, before, events, touches, handle, at, actor)
}

const moved = (
  before: VersionedOrder,
  events: readonly OrderEvent[],
  at: string,
  actor: Actor,
  others: readonly Change[],
): Moved => {
  const after = advanceOrder(before.state.id, before, events, at, actor)
  return { changes: [{ kind: 'order', before, after }, ...others], order: after.state }
}

const touchesOf = (order: Order, events: readonly OrderEvent[], at: string): HandleTouch[] => {
  const touches = []
  let state = order
  for (const event of events) {
    const touch = handleTouchOf(state, event)
    if (touch !== null) touches.push(touch)
    state = evolveOrder(state.id, state, event, at)
  }
  return touches
}

const isHandedOver = ({ handedOverAt, settledAt }: Order): boolean =>
  handedOverAt !== undefined || settledAt !== undefined

const hasMovedOn = ({ state }: VersionedHandle, orderId: string): boolean =>
  state.holder?.orderId !== orderId || state.listing?.orderId !== undefined

/** Where a user sells, a hand-over gives the seller another handle, and a return takes that one out of use. */
const usersSale = async (
  deps: Deps,
  before: VersionedOrder,
  events: readonly OrderEvent[],
  touches: readonly HandleTouch[],
  handle: LoadedHandle,
  at: string,
  actor: Actor,
): Promise<Moved> => {
  const order = before.state
  const terms = termsOf(order.termsVersion)
  let told = events
  let contact = handle.contact
  const others: Change[] = []
  const handleEvents: HandleEvent[] = []
  for (const touch of touches) {
    if (touch.type === 'handle_handed_over') {
      const granted = await grantedTo(deps, order, handle, at, actor)
      const name = granted.after.state.name
      const redirects = order.replacement?.redirect === true
      handleEvents.push({ ...touch, ...(redirects && { movedTo: redirectTo(name, sellerOf(order), at, terms) }) })
      told = told.map((event) => (event.type === 'handover_completed' ? { ...event, replacedBy: name } : event))
      others.push({ kind: 'handle', before: null, after: granted.after, contact: granted.contact })
      contact = undefined
    } else if (touch.type === 'handle_returned') {
      const replacement = order.replacedBy === undefined ? null : await loadHandle(deps.store, order.replacedBy)
      const stands = replacement !== null && !hasMovedOn(replacement, order.id) && replacement.state.status === 'active'
      handleEvents.push({ ...touch, ...sellersAccount(order, stands ? replacement.state.holder : null, at) })
      contact = stands ? replacement.contact : undefined
      if (stands) {
        const movedTo = redirectTo(order.handle, sellerOf(order), at, terms)
        const retired: HandleEvent = { type: 'handle_retired', orderId: order.id, movedTo }
        const after = advanceHandle(replacement.state.name, replacement, [retired], at, actor)
        others.push({ kind: 'handle', before: replacement, after, contact: replacement.contact })
      }
    } else {
      handleEvents.push(touch)
    }
  }
  const after = advanceHandle(handle.state.name, handle, handleEvents, at, actor)
  return moved(before, told, at, actor, [{ kind: 'handle', before: handle, after, contact }, ...others])
}

/** The handle that the seller's account has from now on: the one it asked for where that is free, else a generated one. */
const grantedTo = async (deps: Deps, order: Order, { state, contact }: LoadedHandle, at: string, actor: Actor) => {
  for (const { name, display } of replacementNames(order)) {
    if ((await loadHandle(deps.store, name)) !== null) continue
    const granted: HandleEvent = {
      type: 'handle_granted',
      display,
      orderId: order.id,
      ...sellersAccount(order, state.holder, at),
    }
    return { after: advanceHandle(name, null, [granted], at, actor), contact }
  }
  throw new Error(`no handle is free for the seller of ${order.id}`)
}

/** The seller's account as the platform's feed last told it, counted as active since now. */
const sellersAccount = (order: Order, known: Holder | null, at: string) => ({
  accountId: sellerOf(order),
  class: known?.class ?? ('ordinary' as const),
  createdAt: at,
  lastActiveAt: at,
  followers: known?.followers ?? 0,
})
