import { systemActor } from '../domain/actors.ts'
import { advance, advanceHandle, type VersionedOf } from '../domain/aggregate.ts'
import { type Drop, dropDueAt, type DropEvent, type Lot } from '../domain/drop.ts'
import { decideLotDrawn, type DropStep, nextDropStep, offerOrGiveUp } from '../domain/drop-decisions.ts'
import { decideSaleClosed, decideSaleOpened } from '../domain/listing.ts'
import type { Order, OrderStatus } from '../domain/order.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import type { Change } from '../store/commit.ts'
import { listDrop, loadEntry, readEntryIds, readSeed } from '../store/drops.ts'
import { loadForSale, loadHandle } from '../store/handles.ts'
import { loadOrder } from '../store/orders.ts'
import type { AdvanceSale } from './advance-sale.ts'
import type { ApplyDeadline, DeadlineOutcome } from './apply-deadline.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { saleOrderChanges } from './place-sale-order.ts'
import { recordStrike } from './standing.ts'

type Deps = CommitDeps<Store>
type VersionedDrop = VersionedOf<'drop'>

/** One message does so many steps; the sweep finds what is left a minute later. */
export const stepsPerMessage = 250

/**
 * The clock's turn at a drop: binds or frees its handles, opens and ends it, draws, and offers each handle to the next of
 * its order. Each step is a commit of its own, decided on what the drop is then: a worker that dies between two of them, or
 * a message that comes twice, leaves nothing undone and nothing done twice.
 */
export const applyDropDeadline: ApplyDeadline = async (deps, id) => {
  let moved = false
  /** Handles whose orders still run after their window, as slow payments do. */
  const running = new Set<string>()
  for (let step = 0; step < stepsPerMessage; step += 1) {
    const outcome = await takeStep(deps, id, running)
    if (outcome !== 'moved') return moved ? 'moved' : outcome
    moved = true
  }
  return 'moved'
}

const takeStep = (deps: Deps, id: string, running: Set<string>): Promise<DeadlineOutcome> =>
  committing<DeadlineOutcome>(deps, async () => {
    const before = await load(deps.store, 'drop', id)
    if (before === null) return { changes: [], answer: { notDue: null } }
    const now = instant(deps.now())
    const step = nextDropStep(before.state, now, running)
    if (step === null) return { changes: [], answer: { notDue: dropDueAt(before.state) } }
    const decided = await carryOut(deps, before.state, step, now)
    if (decided === 'runs') {
      running.add((step as { readonly lot: Lot }).lot.handle)
      return { changes: [], answer: 'moved' }
    }
    return { changes: changesOf(before, decided, now), answer: 'moved' }
  })

/** What a step comes to: events of the drop, and what is committed together with them. */
type Decided = { readonly events: readonly DropEvent[]; readonly changes: readonly Change[] }

const changesOf = (before: VersionedDrop, { events, changes }: Decided, now: string): readonly Change[] => [
  ...changes,
  { kind: 'drop', before, after: advance('drop', before.state.id, before, events, now, systemActor) },
]

const only = (event: DropEvent): Decided => ({ events: [event], changes: [] })

const carryOut = async (deps: Deps, drop: Drop, step: DropStep, now: string): Promise<Decided | 'runs'> => {
  switch (step.step) {
    case 'bind':
      return bind(deps, drop, step.lot, now)
    case 'announce':
      await listDrop(deps.store, drop)
      return only({ type: 'drop_announced' })
    case 'call_off':
      return only({ type: 'cancel_wanted', cancelReason: 'None of the handles could be bound' })
    case 'open':
      return only({ type: 'drop_opened' })
    case 'end':
      return only({ type: 'drop_ended' })
    case 'draw': {
      const [seed, entryIds] = await Promise.all([
        readSeed(deps.store, drop),
        readEntryIds(deps.store, drop.id, step.lot.handle),
      ])
      return only(decideLotDrawn(drop, step.lot, entryIds, seed))
    }
    case 'publish_seed':
      return only({ type: 'drop_drawn', seed: await readSeed(deps.store, drop) })
    case 'offer':
      return offer(deps, drop, step.lot, now)
    case 'check':
      return check(deps, drop, step.lot, now)
    case 'give_up':
      return giveUp(deps, drop, step.lot, step.why, now)
    case 'close':
      return only({ type: 'drop_closed' })
    case 'free':
      return {
        events: [{ type: 'lot_freed', handle: step.lot.handle }],
        changes: await freed(deps, drop, step.lot, now),
      }
    case 'cancel':
      return only({ type: 'drop_cancelled' })
  }
}

/** A handle that cannot be bound is left out, with the reason; the others go on. */
const bind = async (deps: Deps, drop: Drop, lot: Lot, now: string): Promise<Decided> => {
  const { handle: name, askedMinor } = lot
  const handle = await loadForSale(deps.store, name)
  const listing = handle?.state.listing
  if (handle === null || listing === undefined) {
    return only({ type: 'lot_left_out', handle: name, why: 'handle_not_for_sale' })
  }
  // Too late for a drop that is open by now: its entrants were told of other handles.
  if (now >= drop.opensAt) return only({ type: 'lot_left_out', handle: name, why: 'not_bound_in_time' })
  const sale = { mode: 'drop', id: drop.id, startsAt: drop.opensAt } as const
  const decided = decideSaleOpened(handle.state, sale, handle.guard, systemActor, now)
  if (!decided.ok) return only({ type: 'lot_left_out', handle: name, why: decided.refusal.code })
  const priceMinor = askedMinor ?? listing.priceMinor
  const after = advanceHandle(name, handle, decided.value, now, systemActor)
  return {
    events: [{ type: 'lot_bound', handle: name, priceMinor, currency: listing.currency }],
    changes: [{ kind: 'handle', before: handle, after, contact: handle.contact }],
  }
}

/** Orders of one drop are numbered by handle and round. */
const orderNumber = (drop: Drop, lot: Lot, round: number): number =>
  drop.lots.findIndex(({ handle }) => handle === lot.handle) * drop.roundsMax + round

const hourMs = 3_600_000

/** The next of the order gets an order of its own, and the hold with it. Where the handle cannot be sold, it is given up. */
const offer = async (deps: Deps, drop: Drop, lot: Lot, now: string): Promise<Decided> => {
  const { handle, priceMinor, order = [] } = lot
  const round = lot.round + 1
  const entryId = order[round - 1]
  if (entryId === undefined || priceMinor === undefined) throw new Error(`${handle} has nobody to be offered to`)
  const entry = await loadEntry(deps.store, drop.id, handle, entryId)
  if (entry === null) throw new Error(`the entry ${entryId} of ${drop.id} is not there`)
  const { accountId: buyerId } = entry
  const payBy = instant(Date.parse(now) + drop.paymentWindowHours * hourMs)
  const number = orderNumber(drop, lot, round)
  const won = { saleId: drop.id, round: number, handle, buyerId, priceMinor, payBy, actor: systemActor }
  const placed = await saleOrderChanges(deps, won, now)
  if (!placed.ok) return giveUp(deps, drop, lot, placed.refusal.code, now)
  const { changes, order: sold } = placed.value
  return {
    events: [{ type: 'lot_offered', handle, round, entryId, buyerId, orderId: sold.id, payBy }],
    changes,
  }
}

const giveUp = async (deps: Deps, drop: Drop, lot: Lot, why: string, now: string): Promise<Decided> => ({
  events: [{ type: 'lot_unsold', handle: lot.handle, why }],
  changes: await freed(deps, drop, lot, now),
})

/** The handle goes to the open market; nothing to do where it went elsewhere. */
const freed = async (deps: Deps, drop: Drop, { handle: name }: Lot, now: string): Promise<readonly Change[]> => {
  const handle = await loadHandle(deps.store, name)
  if (handle === null) return []
  const decided = decideSaleClosed(handle.state, drop.id, systemActor)
  if (!decided.ok || decided.value.length === 0) return []
  const after = advanceHandle(name, handle, decided.value, now, systemActor)
  return [{ kind: 'handle', before: handle, after, contact: handle.contact }]
}

const openStatuses: ReadonlySet<OrderStatus> = new Set([
  'awaiting_payment',
  'payment_processing',
  'funded',
  'handing_over',
])
const soldStatuses: ReadonlySet<OrderStatus> = new Set(['settled', 'chargeback', 'charged_back'])

/** What the end of a handle's order means: sold, or offered to the next. An order that still runs: nothing. */
const afterOrder = async (deps: Deps, drop: Drop, lot: Lot, order: Order, now: string): Promise<Decided | 'runs'> => {
  if (openStatuses.has(order.status)) return 'runs'
  if (soldStatuses.has(order.status)) return only({ type: 'lot_sold', handle: lot.handle, orderId: order.id })
  const next = offerOrGiveUp(lot)
  return next.step === 'give_up' ? giveUp(deps, drop, lot, next.why, now) : offer(deps, drop, lot, now)
}

const check = async (deps: Deps, drop: Drop, lot: Lot, now: string): Promise<Decided | 'runs'> => {
  const order = lot.orderId === undefined ? null : await loadOrder(deps.store, lot.orderId)
  if (order === null) throw new Error(`${drop.id} offered ${lot.handle} by an order that does not exist`)
  return afterOrder(deps, drop, lot, order.state, now)
}

/**
 * An order that the drop placed has ended: its handle is sold, or offered to the next of its order. Whoever let the window
 * pass has a strike, one a drop; whoever cancels has declined.
 */
export const advanceDrop: AdvanceSale = async (deps, order) => {
  const { saleId } = order
  if (saleId === undefined) return
  await committing<null>(deps, async () => {
    const before = await load(deps.store, 'drop', saleId)
    const lot = before?.state.lots.find(({ orderId }) => orderId === order.id)
    if (before === null || lot?.status !== 'offered') return { changes: [], answer: null }
    const now = instant(deps.now())
    const decided = await afterOrder(deps, before.state, lot, order, now)
    return { changes: decided === 'runs' ? [] : changesOf(before, decided, now), answer: null }
  })
  if (order.status === 'expired') {
    const reason = `${order.handle} was won in a drop and not paid`
    await recordStrike(deps, order.buyerId, { saleId, reason })
  }
  await applyDropDeadline(deps, saleId)
}
