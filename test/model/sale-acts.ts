import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Auction } from '../../shared/domain/auction.ts'
import { minimumNext } from '../../shared/domain/auction.ts'
import { priceAt } from '../../shared/domain/listing.ts'
import { offerToken } from '../../shared/domain/offer-link.ts'
import type { PrivateOffer } from '../../shared/domain/private-offer.ts'
import { aggregateKey, readAggregate } from '../../shared/store/items.ts'
import { scanTable } from '../../shared/store/scan.ts'
import { cancelAuction, declineOffer as declineRunnerUp, openAuction } from '../../shared/workflows/auctions.ts'
import { addProspects, closeCampaign, createCampaign } from '../../shared/workflows/campaigns.ts'
import { enterDrop, withdrawFromDrop } from '../../shared/workflows/drop-entries.ts'
import { cancelDrop, createDrop } from '../../shared/workflows/drops.ts'
import { answerOffer, withdrawOffer } from '../../shared/workflows/offer-acts.ts'
import { acceptOffer, counterOffer, declineOffer, openOffer } from '../../shared/workflows/offer-links.ts'
import { buyNow, placeBid } from '../../shared/workflows/place-bid.ts'
import { planOffers, withdrawOffers } from '../../shared/workflows/plan-offers.ts'
import { startCampaign } from '../../shared/workflows/start-campaign.ts'
import { account, type Act, act, one, pick } from './acts.ts'
import { operatorId, usd, type World } from './world.ts'

const sales = (world: World, prefix: string): readonly string[] =>
  world.saleIds.filter((id) => id.startsWith(`${prefix}_`))

const anAuction = async (world: World, number: number): Promise<Auction | undefined> => {
  const id = one(sales(world, 'auc'), number)
  return id === undefined ? undefined : (await world.load('auction', id)).state
}

const later = (world: World, passed: number): string => new Date(world.deps.now() + passed * 60_000).toISOString()

const operator = { id: operatorId, groups: new Set(['operator']), email: null, claims: { verified: true, human: true } }

/** English auctions: bids by proxy, alone and at once, buy-now, cancelling, and a runner-up who declines. */
export const auctionActs: readonly fc.Arbitrary<Act>[] = [
  act(
    'open an auction',
    fc.record({
      number: pick,
      start: fc.integer({ min: 1_00, max: 5_000_00 }),
      reserve: fc.option(fc.integer({ min: 0, max: 2_000_00 }), { nil: undefined }),
      buyNow: fc.option(fc.integer({ min: 1, max: 5_000_00 }), { nil: undefined }),
      from: fc.integer({ min: 0, max: 60 }),
      long: fc.integer({ min: 5, max: 600 }),
    }),
    async (world, { number, start, reserve, buyNow: above, from, long }) => {
      const handle = one(world.names, number)
      if (handle === undefined) return false
      const reserveMinor = reserve === undefined ? undefined : start + reserve
      const opened = await openAuction(world.deps, {
        wanted: {
          handle,
          currency: 'USD',
          startMinor: start,
          reserveMinor,
          buyNowMinor: above === undefined ? undefined : (reserveMinor ?? start) + above,
          startsAt: later(world, from),
          endsAt: later(world, from + long),
        },
        operator,
        ...world.nextKey(),
      })
      if (opened.ok) world.saleIds.push(opened.value.id)
      return true
    },
  ),

  act(
    'bid',
    fc.tuple(pick, account, fc.integer({ min: -100, max: 2_000_00 })),
    async (world, [number, who, more], memory) => {
      const before = await anAuction(world, number)
      if (before === undefined) return false
      const minimum = minimumNext(before)
      const maximum = Math.max(1, minimum + more)
      const { idempotencyKey } = world.nextKey()
      const request = { auctionId: before.id, bidder: world.caller(who), maximum: usd(maximum), idempotencyKey }
      const placed = await placeBid(world.deps, request)
      const { state: after } = await world.load('auction', before.id)
      assert(after.endsAt >= before.endsAt, 'the end moved backwards')
      if (!placed.ok) {
        assert.equal(after.bids, before.bids)
        return true
      }
      memory.bids.set(before.id, [...(memory.bids.get(before.id) ?? []), request.bidder.id])
      assert(
        before.bidders[0]?.bidderId === request.bidder.id || maximum >= minimum,
        'a bid below the minimum was taken',
      )
      assert((after.priceMinor ?? 0) >= (before.priceMinor ?? before.startMinor), 'the price fell')
      // The same request again is answered the same, and bids no second time.
      const again = await placeBid(world.deps, request)
      assert.deepEqual(again.ok ? again.value.bid : again.refusal.code, placed.value.bid)
      return true
    },
  ),

  act(
    'bids at once',
    fc.tuple(pick, fc.array(fc.tuple(account, fc.nat({ max: 3_000_00 })), { minLength: 2, maxLength: 4 })),
    async (world, [number, bids], memory) => {
      const before = await anAuction(world, number)
      if (before === undefined) return false
      const placed = await Promise.all(
        bids.map(([who, more]) =>
          placeBid(world.deps, {
            auctionId: before.id,
            bidder: world.caller(who),
            maximum: usd(minimumNext(before) + more),
            idempotencyKey: world.nextKey().idempotencyKey,
          }),
        ),
      )
      const taken = placed.flatMap((bid, index) => (bid.ok ? [world.caller(bids[index]?.[0] ?? 0).id] : []))
      memory.bids.set(before.id, [...(memory.bids.get(before.id) ?? []), ...taken])
      const { state: after } = await world.load('auction', before.id)
      assert(after.endsAt >= before.endsAt, 'the end moved backwards')
      return true
    },
  ),

  act('buy now', fc.tuple(pick, account), async (world, [number, who]) => {
    const auction = await anAuction(world, number)
    if (auction?.buyNowMinor === undefined) return false
    const { idempotencyKey } = world.nextKey()
    const maximum = usd(auction.buyNowMinor)
    await buyNow(world.deps, { auctionId: auction.id, bidder: world.caller(who), maximum, idempotencyKey })
    return true
  }),

  act('cancel an auction', pick, async (world, number) => {
    const auction = await anAuction(world, number)
    if (auction === undefined) return false
    const cancelled = await cancelAuction(world.deps, { auctionId: auction.id, reason: 'a test' }, operatorId)
    if (cancelled.ok) assert.equal(auction.bids, 0, 'an auction with bids was called off')
    return true
  }),

  act('decline as the runner-up', pick, async (world, number) => {
    const auction = await anAuction(world, number)
    if (auction?.sale === undefined) return false
    const { bidderId, orderId } = auction.sale
    await declineRunnerUp(world.deps, auction.id, bidderId)
    await world.tellEnd(orderId)
    return true
  }),
]

/** Drops by draw: created, entered, taken back, called off; the clock does the rest. */
export const dropActs: readonly fc.Arbitrary<Act>[] = [
  act(
    'announce a drop',
    fc.tuple(pick, pick, fc.integer({ min: 10, max: 120 })),
    async (world, [first, second, long]) => {
      const handles = [...new Set([one(world.names, first), one(world.names, second)])].flatMap((handle) =>
        handle === undefined ? [] : [{ handle }],
      )
      if (handles.length === 0 || sales(world, 'drp').length >= 8) return false
      const body = {
        title: 'A drop',
        method: 'draw' as const,
        handles,
        opensAt: later(world, 15),
        closesAt: later(world, 15 + long),
        questions: [],
        entriesPerAccountMax: 2,
        paymentWindowHours: 2,
        roundsMax: 2,
        reviewHours: 1,
      }
      const created = await createDrop(world.deps, { body, ...world.nextKey() }, operatorId)
      if (created.ok) world.saleIds.push(created.value.id)
      return true
    },
  ),

  act(
    'enter',
    fc.tuple(pick, pick, fc.uniqueArray(account, { minLength: 1, maxLength: 4 })),
    async (world, [number, which, accounts]) => {
      const id = one(sales(world, 'drp'), number)
      if (id === undefined) return false
      const { lots } = (await world.load('drop', id)).state
      const wanted = { handle: lots[which % lots.length]?.handle ?? '', answers: [] }
      await Promise.all(accounts.map((who) => enterDrop(world.deps, id, wanted, world.caller(who))))
      return true
    },
  ),

  act('take an entry back', fc.tuple(pick, pick, account), async (world, [number, which, who]) => {
    const id = one(sales(world, 'drp'), number)
    if (id === undefined) return false
    const { lots } = (await world.load('drop', id)).state
    await withdrawFromDrop(world.deps, id, lots[which % lots.length]?.handle ?? '', world.caller(who).id)
    return true
  }),

  act('call a drop off', fc.tuple(pick, fc.nat({ max: 3 })), async (world, [number, chance]) => {
    const id = one(sales(world, 'drp'), number)
    if (id === undefined || chance > 0) return false
    await cancelDrop(world.deps, id, 'a test', operatorId)
    return true
  }),
]

const offerSortKey = aggregateKey('private_offer', '').sk

const anOffer = async (world: World, number: number): Promise<PrivateOffer | undefined> => {
  const found: PrivateOffer[] = []
  for await (const item of scanTable(world.store.db, world.store.escrowTable)) {
    if (item['sk'] === offerSortKey) found.push(readAggregate('private_offer', item).state)
  }
  return one(
    found.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    number,
  )
}

const tokenOf = (world: World, offer: PrivateOffer): string => offerToken(offer.id, world.deps.offerSecret)

/** Private offers: campaigns one at a time and sealed; opened, countered, answered, accepted, declined, withdrawn. */
export const offerActs: readonly fc.Arbitrary<Act>[] = [
  act(
    'start a campaign',
    fc.tuple(pick, fc.boolean(), fc.integer({ min: 1, max: 48 })),
    async (world, [number, isSealed, hours]) => {
      const handle = one(world.names, number)
      if (handle === undefined || sales(world, 'cmp').length >= 6) return false
      const { listing } = (await world.load('handle', handle)).state
      if (listing === undefined) return false
      const draft = {
        name: 'A campaign',
        mode: isSealed ? ('sealed' as const) : ('exclusive' as const),
        handles: { list: [handle] },
        price: { by: 'amount' as const, amountMinor: Math.max(1, priceAt(listing, world.at())) },
        priceReason: 'the price of the day',
        exclusivityHours: hours,
        counterRoundsMax: 2,
        paymentHours: 2,
        template: { subject: 'A name for you', text: 'Hello {name}, {handle} costs {price} until {until}: {link}' },
      }
      const created = await createCampaign(world.deps, { draft, ...world.nextKey() }, operator)
      if (!created.ok) return true
      const { id } = created.value
      const rows = [1, 2, 3].map((row) => `Prospect ${row},p${row}@example.com,Example,yes`)
      const csv = ['name,email,organisation,consent', ...rows].join('\n')
      await addProspects(world.deps, id, { csv, ...world.nextKey() }, operatorId)
      const started = await startCampaign(world.deps, id, operatorId)
      if (!started.ok) return true
      world.saleIds.push(id)
      await planOffers(world.deps, id)
      return true
    },
  ),

  act('open an offer', pick, async (world, number) => {
    const offer = await anOffer(world, number)
    if (offer === undefined) return false
    await openOffer(world.deps, tokenOf(world, offer))
    return true
  }),

  act('counter', fc.tuple(pick, fc.integer({ min: 1, max: 100 })), async (world, [number, percent]) => {
    const offer = await anOffer(world, number)
    if (offer === undefined) return false
    const amount = Math.max(1, Math.floor(((offer.askedMinor ?? 1) * percent) / 100))
    await counterOffer(world.deps, tokenOf(world, offer), usd(amount))
    return true
  }),

  act(
    'answer a counter-offer',
    fc.tuple(pick, fc.constantFrom('accepted' as const, 'refused' as const)),
    async (world, [number, answer]) => {
      const offer = await anOffer(world, number)
      if (offer === undefined) return false
      await answerOffer(world.deps, offer.id, { answer, reason: 'a test' }, operatorId)
      return true
    },
  ),

  act(
    'accept an offer, twice or once',
    fc.tuple(pick, account, fc.boolean()),
    async (world, [number, who, isAgain]) => {
      const offer = await anOffer(world, number)
      if (offer === undefined) return false
      const accept = () => acceptOffer(world.deps, tokenOf(world, offer), usd(offer.askedMinor), world.caller(who))
      const [accepted] = await Promise.all([accept(), ...(isAgain ? [accept()] : [])])
      if (accepted.ok && accepted.value.order !== null) {
        assert.equal(accepted.value.order.priceMinor, offer.askedMinor, 'another price than the one that was asked')
      }
      return true
    },
  ),

  act('decline an offer', pick, async (world, number) => {
    const offer = await anOffer(world, number)
    if (offer === undefined) return false
    await declineOffer(world.deps, tokenOf(world, offer))
    return true
  }),

  act('withdraw an offer', fc.tuple(pick, fc.nat({ max: 3 })), async (world, [number, chance]) => {
    const offer = await anOffer(world, number)
    if (offer === undefined || chance > 0) return false
    await withdrawOffer(world.deps, offer.id, 'a test', operatorId)
    return true
  }),

  act('close a campaign', fc.tuple(pick, fc.nat({ max: 5 })), async (world, [number, chance]) => {
    const id = one(sales(world, 'cmp'), number)
    if (id === undefined || chance > 0) return false
    await closeCampaign(world.deps, id, 'a test', operatorId)
    await withdrawOffers(world.deps, id)
    return true
  }),
]
