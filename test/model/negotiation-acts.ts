import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Order } from '../../shared/domain/order.ts'
import { liveAmount, type Negotiation, type Party } from '../../shared/domain/negotiation.ts'
import { rangeOf } from '../../shared/domain/negotiation-acts.ts'
import { askedParty } from '../../shared/domain/negotiation-machine.ts'
import type { Result } from '../../shared/domain/result.ts'
import type { Caller } from '../../shared/runtime/caller.ts'
import { makeOffer } from '../../shared/workflows/make-offer.ts'
import {
  acceptOffer,
  blockBuyer,
  counterOffer,
  declineOffer,
  withdrawOffer,
} from '../../shared/workflows/negotiation-acts.ts'
import { changeOfferSettings } from '../../shared/workflows/offer-settings.ts'
import { account, type Act, act, one, pick } from './acts.ts'
import { usd, type World } from './world.ts'

const amount = fc.integer({ min: 30_00, max: 900_00 })

const aNegotiation = async (world: World, number: number): Promise<Negotiation | undefined> => {
  const id = one(
    world.saleIds.filter((saleId) => saleId.startsWith('off_')),
    number,
  )
  return id === undefined ? undefined : (await world.load('negotiation', id)).state
}

const callerOf = (world: World, negotiation: Negotiation, side: Party): Caller =>
  world.callerOf(side === 'buyer' ? negotiation.proposerId : negotiation.holderId)

/** The side that is asked, or by `wrong` the other one. */
const sideOf = (negotiation: Negotiation, isWrong: boolean): Party => {
  const asked = askedParty(negotiation) ?? 'buyer'
  return isWrong ? (asked === 'buyer' ? 'holder' : 'buyer') : asked
}

const accept = async (world: World, negotiation: Negotiation, side: Party): Promise<boolean> => {
  const { amountMinor } = liveAmount(negotiation)
  const accepted = await acceptOffer(world.deps, negotiation.id, callerOf(world, negotiation, side), {
    amount: usd(amountMinor),
  })
  if (accepted.ok) world.inbox.push({ kind: 'accepted', offerId: negotiation.id })
  return accepted.ok
}

const isNew = (world: World, made: Result<Negotiation>): void => {
  if (!made.ok) return
  const { id, status } = made.value
  if (!world.saleIds.includes(id)) world.saleIds.push(id)
  if (status === 'accepted') world.inbox.push({ kind: 'accepted', offerId: id })
}

/** Offers for handles that somebody holds: settings, bids and asks in turn and out of it, and everything at once. */
export const negotiationActs: readonly fc.Arbitrary<Act>[] = [
  act('hold a handle', account, async (world, who) => {
    if (world.names.length >= 24) return false
    await world.hold(who)
    return true
  }),

  act(
    'take offers',
    fc.record({
      number: pick,
      offers: fc.constantFrom<'on' | 'off'>('on', 'on', 'on', 'off'),
      floor: fc.option(fc.integer({ min: 1, max: 100_00 }), { nil: undefined }),
      above: fc.option(fc.integer({ min: 0, max: 600_00 }), { nil: undefined }),
      roundsMax: fc.integer({ min: 1, max: 6 }),
    }),
    async (world, { number, offers, floor, above, roundsMax }) => {
      const handle = one(world.names, number)
      if (handle === undefined) return false
      const { holder } = (await world.load('handle', handle)).state
      if (holder === null) return false
      await changeOfferSettings(world.deps, handle, world.callerOf(holder.accountId), {
        offers,
        from: 'anyone',
        roundsMax,
        ...(floor === undefined ? {} : { floor: usd(floor) }),
        ...(above === undefined ? {} : { autoAccept: usd((floor ?? 1) + above) }),
      })
      return true
    },
  ),

  act('offer', fc.tuple(pick, account, amount), async (world, [number, who, amountMinor]) => {
    const handle = one(world.names, number)
    if (handle === undefined) return false
    const request = { handle, amount: usd(amountMinor), buyer: world.caller(who), ...world.nextKey() }
    const made = await makeOffer(world.deps, request)
    isNew(world, made)
    const again = await makeOffer(world.deps, request)
    assert(!made.ok || (again.ok && again.value.id === made.value.id), 'a repeat made another offer')
    return true
  }),

  act('offers of many at once', fc.tuple(pick, amount), async (world, [number, amountMinor]) => {
    const handle = one(world.names, number)
    if (handle === undefined) return false
    const offers = [0, 1, 2, 3].map((who) =>
      makeOffer(world.deps, {
        handle,
        amount: usd(amountMinor + who),
        buyer: world.caller(who),
        ...world.nextKey(),
      }),
    )
    for (const made of await Promise.all(offers)) isNew(world, made)
    return true
  }),

  act('counter', fc.tuple(pick, fc.nat({ max: 100 }), fc.boolean()), async (world, [number, share, isWrong]) => {
    const negotiation = await aNegotiation(world, number)
    if (negotiation === undefined) return false
    const range = rangeOf(negotiation, null)
    const least = range?.leastMinor ?? 1
    const width = Math.min(range?.mostMinor ?? least, least + 300_00) - least
    const side = sideOf(negotiation, isWrong && share % 4 === 0)
    const countered = await counterOffer(world.deps, negotiation.id, callerOf(world, negotiation, side), {
      amount: usd(least + Math.floor((width * share) / 100)),
    })
    if (countered.ok && countered.value.negotiation.status === 'accepted') {
      world.inbox.push({ kind: 'accepted', offerId: negotiation.id })
    }
    return true
  }),

  act('accept', fc.tuple(pick, fc.nat({ max: 5 })), async (world, [number, wrong]) => {
    const negotiation = await aNegotiation(world, number)
    if (negotiation === undefined) return false
    const isAsked = wrong > 0
    const accepted = await accept(world, negotiation, sideOf(negotiation, !isAsked))
    assert(!accepted || isAsked || negotiation.status === 'accepted', 'accepted out of turn')
    return true
  }),

  act('accept all for a handle at once', pick, async (world, number) => {
    const negotiation = await aNegotiation(world, number)
    if (negotiation === undefined) return false
    const ids = world.saleIds.filter((id) => id.startsWith('off_'))
    const all = await Promise.all(ids.map(async (id) => (await world.load('negotiation', id)).state))
    const open = all.filter(({ handle, status }) => handle === negotiation.handle && status === 'awaiting_holder')
    const accepted = await Promise.all(open.map((other) => accept(world, other, 'holder')))
    assert(accepted.filter(Boolean).length <= 1, `${negotiation.handle} was sold twice`)
    return true
  }),

  act('leave', fc.tuple(pick, fc.nat({ max: 5 })), async (world, [number, how]) => {
    const negotiation = await aNegotiation(world, number)
    if (negotiation === undefined) return false
    const { id, proposerId, holderId } = negotiation
    if (how === 0) await blockBuyer(world.deps, id, holderId)
    else if (how < 3) await declineOffer(world.deps, id, holderId, {})
    else await withdrawOffer(world.deps, id, proposerId, {})
    return true
  }),

  act('everything about one offer at once', fc.tuple(pick, amount), async (world, [number, amountMinor]) => {
    const negotiation = await aNegotiation(world, number)
    if (negotiation === undefined) return false
    const { id, proposerId, holderId } = negotiation
    await Promise.all([
      accept(world, negotiation, 'holder'),
      accept(world, negotiation, 'buyer'),
      counterOffer(world.deps, id, callerOf(world, negotiation, 'holder'), { amount: usd(amountMinor) }),
      declineOffer(world.deps, id, holderId, {}),
      withdrawOffer(world.deps, id, proposerId, {}),
    ])
    return true
  }),
]

/** What must hold of a negotiation whatever was done to it. */
export const checkNegotiation = (negotiation: Negotiation, orders: readonly Order[]): void => {
  const { id, amounts, roundsMax, orderId, agreedMinor, proposerId, handle } = negotiation
  assert(amounts.length <= roundsMax + 1, `${id} has more rounds than it told`)
  const of = (party: Party) => amounts.filter(({ by }) => by === party).map(({ amountMinor }) => amountMinor)
  const [bids, asks] = [of('buyer'), of('holder')]
  assert.deepEqual(
    bids,
    [...new Set(bids)].toSorted((a, b) => a - b),
  )
  assert.deepEqual(
    asks,
    [...new Set(asks)].toSorted((a, b) => b - a),
  )
  assert(Math.max(...bids) < Math.min(...asks, Number.POSITIVE_INFINITY), `a bid of ${id} reached an ask`)
  const mine = orders.filter(({ saleId }) => saleId === id)
  assert(mine.filter(({ settledAt }) => settledAt !== undefined).length <= negotiation.acceptances)
  assert.equal(mine.length, negotiation.acceptances, `${id} has other orders than acceptances`)
  if (orderId === undefined) return
  const order = mine.find((one_) => one_.id === orderId)
  assert(order !== undefined, `${id} names an order that does not exist`)
  assert.deepEqual([order.handle, order.priceMinor, order.buyerId], [handle, agreedMinor, proposerId])
}
