import { derivedId } from '../contract/ids.ts'
import type { Money } from '../contract/money.ts'
import { advanceHandle, advanceOrder, type VersionedOrder } from '../domain/aggregate.ts'
import type { Actor } from '../domain/actors.ts'
import { checkHandle } from '../domain/handle-name.ts'
import { decideHold } from '../domain/listing.ts'
import { type Order, payByOf, type Placement, placementOf } from '../domain/order.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { Caller } from '../runtime/caller.ts'
import { loadPurchase } from '../store/handles.ts'
import { loadOrder } from '../store/orders.ts'
import { committing, instant } from './committing.ts'
import { noteContact } from './note-contact.ts'
import { askEligibility, type EligibilityDeps } from './eligibility.ts'
import { partiesOf, screenAccounts, type ScreeningDeps } from './screening.ts'

export type OrderRequest = {
  readonly buyer: Caller
  readonly handle: string
  /** The price the buyer saw; in a Dutch sale the most that the buyer agrees to. */
  readonly price: Money
  readonly idempotencyKey: string
  readonly requestHash: string
}

/**
 * Puts a handle on hold and creates its order in one transaction: of any number of buyers exactly one wins, and the rest
 * hear `handle_on_hold`. The order's id is derived from buyer and key, so a repeat finds the order and gets the first
 * answer, word for word; the same key with another body is `idempotency_key_reused`. Whether the buyer may order is asked
 * while the handle is read.
 */
export const placeOrder = async (
  deps: EligibilityDeps & ScreeningDeps,
  request: OrderRequest,
): Promise<Result<Order>> => {
  const name = checkHandle(request.handle)
  if (!name.ok) return name
  const buyerId = request.buyer.id
  const id = derivedId('ord', buyerId, request.idempotencyKey)
  const buyer: Actor & { id: string } = { kind: 'buyer', id: buyerId }
  const asked = askEligibility(deps, request.buyer, { kind: 'order', amountMinor: request.price.amountMinor })

  let refusedByStore = false
  return committing<Result<Order>>(deps, async () => {
    // A repeat finds no hold where its order has ended, or names another handle: then the order's own condition fails.
    const earlier = refusedByStore ? await loadOrder(deps.store, id) : null
    if (earlier !== null) return { changes: [], answer: firstAnswer(earlier, request) }
    refusedByStore = true
    const [{ handle, standing }, judge] = await Promise.all([loadPurchase(deps.store, name.value, buyerId), asked])
    const barred = await judge(standing)
    if (barred?.code === 'rate_limited') return { changes: [], answer: { ok: false, refusal: barred } }
    const at = instant(deps.now())
    const wanted = { orderId: id, priceMinor: request.price.amountMinor, currency: request.price.currency }
    const decided: ReturnType<typeof decideHold> =
      barred !== null
        ? { ok: false, refusal: barred }
        : handle === null
          ? refuse('not_found', `There is no handle ${name.value}`, 'handle')
          : decideHold(handle.state, wanted, buyer, buyerId, handle.guard, at)
    if (handle === null || !decided.ok) {
      // A repeat meets the hold that its own first request made.
      const placed = await loadOrder(deps.store, id)
      return { changes: [], answer: placed === null ? (decided as Result<never>) : firstAnswer(placed, request) }
    }
    const sellerId = handle.state.listing?.sellerId
    const refused = sellerId === undefined ? null : await screenAccounts(deps, partiesOf(buyerId, sellerId), id)
    if (refused !== null) return { changes: [], answer: { ok: false, refusal: refused } }
    const { events, priceMinor } = decided.value
    if (handle.state.listing?.sellerId !== undefined) await noteContact(deps, request.buyer)
    const { requestHash } = request
    const payBy = payByOf(at, deps.terms)
    const { handOver } = deps
    const placed = placementOf(handle.state, { buyerId, priceMinor, payBy, requestHash, handOver }, deps.terms)
    const order = advanceOrder(id, null, [{ type: 'order_placed', ...placed }], at, buyer)
    const held = advanceHandle(name.value, handle, events, at, buyer)
    return {
      changes: [
        { kind: 'handle', before: handle, after: held, contact: handle.contact },
        { kind: 'order', before: null, after: order },
      ],
      answer: ok(order.state),
    }
  })
}

/** Of an order that was bought in the market; the rest of a placement belongs to sales. */
const placedFields = [
  'handle',
  'display',
  'tier',
  'buyerId',
  'sellerId',
  'quote',
  'priceMinor',
  'currency',
  'termsVersion',
  'payBy',
  'requestHash',
  'handOver',
] as const satisfies readonly (keyof Placement)[]

/** The order as it was created, whatever has become of it. */
const firstAnswer = ({ state }: VersionedOrder, request: OrderRequest): Result<Order> => {
  if (state.requestHash !== request.requestHash) {
    return refuse('idempotency_key_reused', `This key placed ${state.id} with another body`, 'Idempotency-Key')
  }
  const { id, createdAt } = state
  const placed = Object.fromEntries(placedFields.map((field) => [field, state[field]])) as Placement
  return ok({ id, ...placed, status: 'awaiting_payment', createdAt, updatedAt: createdAt, since: createdAt })
}
