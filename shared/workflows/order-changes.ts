import type { Actor } from '../domain/actors.ts'
import { advanceHandle, advanceOrder, type VersionedOrder } from '../domain/aggregate.ts'
import { decideForOrder } from '../domain/listing.ts'
import { evolveOrder, handleEventOf, type Order, type OrderEvent } from '../domain/order.ts'
import type { Change } from '../store/commit.ts'
import { loadHandle } from '../store/handles.ts'
import type { CommitDeps } from './committing.ts'

/**
 * The changes that these events of an order need: the order's own, and its handle's where an event touches it, so that
 * both are committed or neither. No events: no changes. Null: the handle no longer fits the order as it was read, because
 * somebody moved both in between; the caller reads again.
 */
export const orderChanges = async (
  deps: Pick<CommitDeps, 'store'>,
  before: VersionedOrder,
  events: readonly OrderEvent[],
  at: string,
  actor: Actor,
): Promise<{ readonly changes: readonly Change[]; readonly order: Order } | null> => {
  if (events.length === 0) return { changes: [], order: before.state }
  const after = advanceOrder(before.state.id, before, events, at, actor)
  const change: Change = { kind: 'order', before, after }
  const touching = handleEvents(before.state, events, at)
  if (touching.length === 0) return { changes: [change], order: after.state }

  const handle = await loadHandle(deps.store, before.state.handle)
  if (handle === null) throw new Error(`${before.state.id} is for ${before.state.handle}, which does not exist`)
  for (const event of touching) {
    if (!decideForOrder(handle.state, event, actor).ok) return null
  }
  const handleAfter = advanceHandle(handle.state.name, handle, touching, at, actor)
  return {
    changes: [change, { kind: 'handle', before: handle, after: handleAfter, contact: handle.contact }],
    order: after.state,
  }
}

const handleEvents = (order: Order, events: readonly OrderEvent[], at: string) => {
  const touching = []
  let state = order
  for (const event of events) {
    const handleEvent = handleEventOf(state, event)
    if (handleEvent !== null) touching.push(handleEvent)
    state = evolveOrder(state.id, state, event, at)
  }
  return touching
}
