import fc from 'fast-check'
import assert from 'node:assert/strict'
import { priceAt } from '../../shared/domain/listing.ts'
import type { Order } from '../../shared/domain/order.ts'
import { cancelOrder } from '../../shared/workflows/order-acts.ts'
import { placeOrder } from '../../shared/workflows/place-order.ts'
import { usd, type World } from './world.ts'

/** What the acts of one run remember, to hold the market to it later. */
export type Memory = {
  /** Acts that found something to act on. */
  steps: number
  /** The latest end of each auction that was ever seen. */
  readonly ends: Map<string, string>
  /** Bids of each auction that were accepted, in their order. */
  readonly bids: Map<string, string[]>
}

export const newMemory = (): Memory => ({ steps: 0, ends: new Map(), bids: new Map() })

/** `races`: it does several things at once, so that what comes of it depends on who is faster. */
export type Act = fc.AsyncCommand<Memory, World> & { readonly races: boolean }

/** One kind of act; `run` answers false where there was nothing to act on. */
export const act = <T>(
  name: string,
  picks: fc.Arbitrary<T>,
  run: (world: World, picked: T, memory: Memory) => Promise<boolean>,
  races = name.endsWith(' at once'),
): fc.Arbitrary<Act> =>
  picks.map((picked) => ({
    races,
    check: () => true,
    run: async (memory, world) => {
      if (await run(world, picked, memory)) memory.steps += 1
    },
    toString: () => `${name} ${JSON.stringify(picked)}`,
  }))

export const pick = fc.nat({ max: 1_000 })
export const account = fc.nat({ max: 6 })
/** Mostly some minutes, sometimes days. */
const minutes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 20 }) },
  { weight: 2, arbitrary: fc.integer({ min: 20, max: 180 }) },
  { weight: 1, arbitrary: fc.integer({ min: 180, max: 4 * 24 * 60 }) },
)

/** One of many, by a number of any size, the newest ones more often. */
export const one = <T>(of: readonly T[], number: number): T | undefined => {
  const newest = of.slice(-8)
  const from = number % 3 === 0 ? of : newest
  return from.length === 0 ? undefined : from[number % from.length]
}

/** One of the orders that were placed, as it stands. */
export const anOrder = async (world: World, number: number): Promise<Order | undefined> =>
  one(await world.orders(), number)

/** What is done in any market: released, bought, paid, cancelled. */
export const marketActs: readonly fc.Arbitrary<Act>[] = [
  act(
    'release',
    fc.tuple(fc.integer({ min: 1_00, max: 50_000_00 }), fc.boolean()),
    async (world, [priceMinor, isDutch]) => {
      if (world.names.length >= 24) return false
      await world.release(priceMinor, isDutch)
      return true
    },
  ),

  act('buy', fc.tuple(pick, account, fc.integer({ min: -1, max: 2 })), async (world, [number, who, more]) => {
    const name = one(world.names, number)
    if (name === undefined) return false
    const { listing } = (await world.load('handle', name)).state
    const asked = listing === undefined ? 1 : priceAt(listing, world.at())
    const placed = await placeOrder(world.deps, {
      buyer: world.caller(who),
      handle: name,
      price: usd(Math.max(1, asked + more)),
      ...world.nextKey(),
    })
    if (!placed.ok) return true
    // The price of this very instant, however much more the buyer agreed to.
    assert.equal(placed.value.priceMinor, asked)
    assert(listing?.decay === undefined ? more === 0 : more >= 0, `${more} more was taken for the price`)
    assert(asked >= (listing?.decay?.floorMinor ?? asked), 'below the floor of a Dutch sale')
    return true
  }),

  act('pay', pick, async (world, number) => {
    const order = await anOrder(world, number)
    if (order === undefined) return false
    await world.pay(order)
    return true
  }),

  act('pay twice at once', pick, async (world, number) => {
    const order = await anOrder(world, number)
    if (order === undefined) return false
    await Promise.all([world.pay(order), world.pay(order)])
    return true
  }),

  act('cancel', pick, async (world, number) => {
    const order = await anOrder(world, number)
    if (order === undefined) return false
    await cancelOrder(world.deps, order.id, order.buyerId)
    await world.tellEnd(order.id)
    return true
  }),

  act('pay and cancel at once', pick, async (world, number) => {
    const order = await anOrder(world, number)
    if (order === undefined) return false
    await Promise.all([world.pay(order), cancelOrder(world.deps, order.id, order.buyerId)])
    await world.tellEnd(order.id)
    return true
  }),
]

/** Time and messages, as they come: late, again, and in no order. */
export const clockActs: readonly fc.Arbitrary<Act>[] = [
  act('time passes', minutes, (world, passed) => {
    world.tick(passed * 60_000)
    return Promise.resolve(true)
  }),

  act('sweep', fc.constant(0), async (world) => {
    await world.sweep()
    return true
  }),

  act('deliver', fc.tuple(pick, fc.boolean()), async (world, [number, again]) => {
    const message = world.inbox[number % Math.max(1, world.inbox.length)]
    if (message === undefined) return false
    // Delivered again later, or not: at least once, and in no order.
    if (!again) world.inbox.splice(world.inbox.indexOf(message), 1)
    await world.deliver(message)
    return true
  }),

  act('deliver all', fc.constant(0), async (world) => {
    const messages = world.inbox.splice(0)
    for (const message of messages.toReversed()) await world.deliver(message)
    return messages.length > 0
  }),
]
