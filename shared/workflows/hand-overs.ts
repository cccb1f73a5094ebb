import type * as z from 'zod'
import type { handOverSchema } from '../contract/hand-over.ts'
import type { Actor } from '../domain/actors.ts'
import { handOverRequest, viewHandOver } from '../domain/hand-over.ts'
import { decideHandoverCompleted, decideHandoverFailed } from '../domain/order-decisions.ts'
import type { Order, OrderEvent } from '../domain/order.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { Outbound } from '../gateways/outbound.ts'
import type { EscrowStore, Store } from '../store/client.ts'
import { loadOrder } from '../store/orders.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { orderChanges } from './order-changes.ts'

type HandOverView = z.input<typeof handOverSchema>

/**
 * Asks the platform to hand a handle over, if it is still to be; false: there is nothing to ask. May ask more than once: the
 * message is the same each time.
 * @throws OutboundFailed where it was not taken; the queue brings it again until the order has gone on
 */
export const requestHandOver = async (
  deps: Pick<CommitDeps, 'random' | 'pause'> & {
    readonly store: EscrowStore
    readonly outbound: () => Promise<Outbound>
  },
  orderId: string,
): Promise<boolean> => {
  const order = await loadOrder(deps.store, orderId)
  if (order === null) throw new Error(`there is no order ${orderId}`)
  const request = handOverRequest(order.state)
  if (request === null) return false
  const outbound = await deps.outbound()
  try {
    await outbound.send(request)
  } catch {
    // A moment's fault is over by the second try; what it ends with is the queue's to repeat.
    await deps.pause((1 + deps.random()) * 250)
    await outbound.send(request)
  }
  return true
}

export const getHandOver = async (store: EscrowStore, orderId: string): Promise<Result<HandOverView>> =>
  answer(orderId, (await loadOrder(store, orderId))?.state)

/** The platform says that the buyer has the handle. */
export const completeHandOver = (
  deps: CommitDeps<Store>,
  orderId: string,
  platformId: string,
): Promise<Result<HandOverView>> => tell(deps, orderId, platformId, decideHandoverCompleted)

/** The platform says that it cannot: the buyer is refunded. */
export const failHandOver = (
  deps: CommitDeps<Store>,
  orderId: string,
  reason: string,
  platformId: string,
): Promise<Result<HandOverView>> =>
  tell(deps, orderId, platformId, (order, actor) => decideHandoverFailed(order, reason, actor))

const tell = (
  deps: CommitDeps<Store>,
  orderId: string,
  platformId: string,
  decide: (order: Order, actor: Actor) => Result<readonly OrderEvent[]>,
): Promise<Result<HandOverView>> => {
  const actor = { kind: 'platform', id: platformId } as const
  return committing<Result<HandOverView>>(deps, async () => {
    const order = await loadOrder(deps.store, orderId)
    // An order whose handle this system hands over is none of the platform's.
    if (order === null || viewHandOver(order.state) === null) return { changes: [], answer: answer(orderId, undefined) }
    const decided = decide(order.state, actor)
    if (!decided.ok) return { changes: [], answer: decided }
    const moved = await orderChanges(deps, order, decided.value, instant(deps.now()), actor)
    return moved && { changes: moved.changes, answer: answer(orderId, moved.order) }
  })
}

const answer = (orderId: string, order: Order | undefined): Result<HandOverView> => {
  const view = order === undefined ? null : viewHandOver(order)
  return view === null ? refuse('not_found', `There is no hand-over of ${orderId}`, 'orderId') : ok(view)
}
