import assert from 'node:assert/strict'
import type { Auction, AuctionEvent } from '../../shared/domain/auction.ts'
import type { Drop } from '../../shared/domain/drop.ts'
import type { Order } from '../../shared/domain/order.ts'
import type { Negotiation } from '../../shared/domain/negotiation.ts'
import type { PrivateOffer } from '../../shared/domain/private-offer.ts'
import { parseAggregate } from '../../shared/domain/aggregate.ts'
import { aggregateAt, readAggregate, readOrder } from '../../shared/store/items.ts'
import { scanTable } from '../../shared/store/scan.ts'
import { auditTables } from '../../shared/workflows/audit-tables.ts'
import { readJournal } from '../../shared/workflows/read-journal.ts'
import type { Memory } from './acts.ts'
import { checkNegotiation } from './negotiation-acts.ts'
import type { World } from './world.ts'

/** What must hold of a market whatever was done to it, once nothing is being done. */
export const checkLaws = async (world: World, memory: Memory): Promise<void> => {
  const { store } = world
  // One buyer a handle, held money what open orders cost, postings what the events move, chains whole: the audit's own.
  const report = await auditTables(store)
  assert.deepEqual(report.faults, [])
  assert.equal(report.ledgerSumMinor, 0)

  const orders: Order[] = []
  const auctions: Auction[] = []
  const drops: Drop[] = []
  const offers: PrivateOffer[] = []
  const negotiations: Negotiation[] = []
  for await (const item of scanTable(store.db, store.escrowTable)) {
    const kind = parseAggregate(aggregateAt(item) ?? '')?.kind
    if (kind === 'order') orders.push(readOrder(item).state)
    else if (kind === 'auction') auctions.push(readAggregate('auction', item).state)
    else if (kind === 'drop') drops.push(readAggregate('drop', item).state)
    else if (kind === 'negotiation') negotiations.push(readAggregate('negotiation', item).state)
    else if (kind === 'private_offer') offers.push(readAggregate('private_offer', item).state)
  }
  for (const auction of auctions) await checkAuction(world, auction, orders, memory)
  for (const drop of drops) checkDrop(drop, orders)
  for (const offer of offers) checkOffer(offer, orders)
  for (const negotiation of negotiations) checkNegotiation(negotiation, orders)
}

const checkAuction = async (
  world: World,
  auction: Auction,
  orders: readonly Order[],
  memory: Memory,
): Promise<void> => {
  const mine = orders.filter(({ saleId }) => saleId === auction.id)
  const least = Math.max(auction.startMinor, auction.reserveMinor ?? 0)
  for (const { priceMinor } of mine) assert(priceMinor >= least, `${auction.id} sold below its minimum`)
  assert(mine.filter(({ settledAt }) => settledAt !== undefined).length <= 1, `${auction.id} has two buyers`)
  if (auction.status === 'sold') assert.equal(mine.filter(({ settledAt }) => settledAt !== undefined).length, 1)

  const journal = await readJournal(world.store, `auction:${auction.id}`)
  assert(journal.ok)
  const events = journal.value.flatMap((entry) => entry.events as readonly AuctionEvent[])
  const bids = events.flatMap((event) => (event.type === 'bid_placed' ? [event] : []))
  // No bid that was answered with yes is missing, and the end never moves backwards.
  const accepted = events.filter(({ type }) => type === 'bid_placed' || type === 'maximum_raised').length
  assert(accepted >= (memory.bids.get(auction.id) ?? []).length, `${auction.id} lost a bid`)
  assert.equal(bids.length, auction.bids)
  for (const [index, bid] of bids.entries()) {
    const before = bids[index - 1]
    if (before === undefined) continue
    assert(bid.endsAt >= before.endsAt, `the end of ${auction.id} moved backwards`)
    assert(bid.priceMinor >= before.priceMinor, `the price of ${auction.id} fell`)
  }
}

const checkDrop = (drop: Drop, orders: readonly Order[]): void => {
  for (const lot of drop.lots) {
    const mine = orders.filter(({ saleId, handle }) => saleId === drop.id && handle === lot.handle)
    for (const { priceMinor } of mine)
      assert.equal(priceMinor, lot.priceMinor, `${lot.handle} was sold at another price`)
    assert(mine.filter(({ settledAt }) => settledAt !== undefined).length <= 1, `${lot.handle} has two buyers`)
    const buyers = mine.map(({ buyerId }) => buyerId)
    assert.equal(new Set(buyers).size, buyers.length, `${lot.handle} was offered to one account twice`)
    assert(buyers.length <= drop.roundsMax, `${lot.handle} was offered more often than the drop says`)
  }
}

const checkOffer = (offer: PrivateOffer, orders: readonly Order[]): void => {
  const order = orders.find(({ id }) => id === offer.orderId)
  if (offer.orderId === undefined) return
  assert(order !== undefined, `${offer.id} names an order that does not exist`)
  assert.equal(order.handle, offer.handle)
}
