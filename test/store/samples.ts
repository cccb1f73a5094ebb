import { systemActor } from '../../shared/domain/actors.ts'
import {
  advance,
  advanceHandle,
  advanceOrder,
  type VersionedHandle,
  type VersionedOrder,
} from '../../shared/domain/aggregate.ts'
import type { HandleEvent } from '../../shared/domain/handle.ts'
import { type AuctionEvent, biddersKept, bidKey, shippedAuctionDefaults } from '../../shared/domain/auction.ts'
import { quoteOf } from '../../shared/domain/commission.ts'
import { decideSettled } from '../../shared/domain/order-settlement.ts'
import { type OrderEvent, payByOf } from '../../shared/domain/order.ts'
import {
  decidePayoutPlanned,
  decideSalePaid,
  decideSaleTakenBack,
  offsetMinorOf,
  planOf,
} from '../../shared/domain/seller-payment.ts'
import { settledSaleOf } from '../../shared/domain/seller-sale.ts'
import { payoutsKeptMax, type SellerEvent, yearsKeptMax } from '../../shared/domain/seller.ts'
import { termsInForce } from '../../shared/domain/terms.ts'
import type { CommitContext } from '../../shared/store/commit.ts'

export const start = Date.parse('2026-11-23T12:00:00.000Z')
export const at = (ms: number): string => new Date(start + ms).toISOString()

export const context: CommitContext = {
  random: () => 0.5,
  pause: () => Promise.resolve(),
}

export const contact = { email: 'somebody.with.a.long.name@mail.example.com', locale: 'pt-BR' }

/** A handle as long as the grammar allows, inactive for years. */
export const importedHandle = (name: string): VersionedHandle =>
  advanceHandle(
    name,
    null,
    [
      {
        type: 'handle_imported',
        display: name.toUpperCase(),
        importId: 'imp_0123456789ABCDEFGHJKMNPQRS',
        accountId: `acct_${name}`,
        class: 'ordinary',
        createdAt: '2014-02-16T00:00:00.000Z',
        lastActiveAt: '2021-03-12T23:08:53.084Z',
        suspendedAt: '2022-06-21T18:28:37.105Z',
        followers: 1_906_412,
      },
    ],
    at(0),
    { kind: 'operator', id: 'acct_operator_with_a_name' },
  )

/** The longest appraisal that is stored. */
const appraisal = {
  low: 4_000_000_00,
  expected: 4_500_000_00,
  high: 5_000_000_00,
  tier: 'priority',
  confidence: 42,
  reasons: 'length+13061 first_name+6090 last_name+2372 phrase+1261 foreign_word+1034',
  sales: '15 15 -3010 abcdefghijklmno',
  model: 'v1-0123abcd',
} as const

export const releasedHandle = (before: VersionedHandle): VersionedHandle =>
  advanceHandle(
    before.state.name,
    before,
    [
      {
        type: 'handle_released',
        policyVersion: 12,
        rule: 'ordinary',
        dueAt: at(-1000),
        noticesGiven: 3,
        facts: { lastActiveAt: '2021-03-12T23:08:53.084Z', keptAt: '2022-03-12T23:08:53.084Z' },
        rightsDays: 7,
        firstRefusalDays: 14,
        prospectsDays: 7,
        quarantineDays: 30,
        appraisal,
        priceMinor: appraisal.expected,
        currency: 'USD',
      },
    ],
    at(1000),
    { kind: 'system', runId: 'run_ABCDEFGHJKMNPQRSTVWXYZ0123' },
  )

export const heldHandle = (before: VersionedHandle, orderId: string): VersionedHandle =>
  advanceHandle(before.state.name, before, [{ type: 'handle_held', orderId }], at(2000), {
    kind: 'buyer',
    id: 'acct_b',
  })

export const placedOrder = (id: string, handle: VersionedHandle, buyerId = 'acct_b', ms = 2000): VersionedOrder =>
  advanceOrder(
    id,
    null,
    [
      {
        type: 'order_placed',
        handle: handle.state.name,
        display: handle.state.display,
        tier: 'priority',
        buyerId,
        priceMinor: appraisal.expected,
        currency: 'USD',
        termsVersion: termsInForce.version,
        payBy: payByOf(at(ms), termsInForce),
        requestHash: 'BDhb7-nFo4_fg2agynvcBq',
      },
    ],
    at(ms),
    { kind: 'buyer', id: buyerId },
  )

export const settledOrder = (before: VersionedOrder, ms = 3000): VersionedOrder =>
  advanceOrder(
    before.state.id,
    before,
    [
      { type: 'payment_captured', paymentIntentId: 'pi_10VbsDlyinvus7414JK0yoHT' },
      { type: 'handover_started' },
      { type: 'order_settled' },
    ],
    at(ms),
    systemActor,
  )

export const handedOver = (before: VersionedHandle, orderId: string, accountId = 'acct_b'): VersionedHandle =>
  advanceHandle(before.state.name, before, [{ type: 'handle_handed_over', orderId, accountId }], at(3000), systemActor)

/** A user's sale whose seller is to be paid, after that, and its seller before and after: as much on it as is kept. */
export const sellersSale = (id: string, handle: VersionedHandle) => {
  const orderId = id.replace(/.$/, '9')
  const seller = { accountId: 'acct_seller_with_a_name', stripeAccountId: 'acct_1LvbsDlyinvus741' }
  const [placing] = placedOrder(orderId, handle).entry.events
  if (placing?.type !== 'order_placed') throw new Error('an order begins by its placing')
  const placed = { ...placing, sellerId: seller.accountId, quote: quoteOf(placing.priceMinor) }
  const before: OrderEvent[] = [
    placed,
    { type: 'payment_captured', paymentIntentId: 'pi_10VbsDlyinvus7414JK0yoHT' },
    { type: 'handover_started' },
    { type: 'handover_completed', replacedBy: 'abcdefgh_12345' },
    { type: 'inspection_ended' },
    { type: 'transfer_wanted' },
  ]
  const settling = advanceOrder(orderId, null, before, at(3000), systemActor)
  const sale = settledSaleOf(settling.state)
  const owing = Array.from({ length: 3 }, (_, index) => ({ ...sale, orderId: `${orderId.slice(0, -1)}${index}` }))
  let state = advance(
    'seller',
    seller.accountId,
    null,
    [{ type: 'onboarding_begun', stripeAccountId: seller.stripeAccountId, country: 'US' }],
    at(0),
    systemActor,
  )
  const then = (events: readonly SellerEvent[], year = 0) => {
    const instant = new Date(Date.parse(at(0)) - year * 365 * 86_400_000).toISOString()
    state = advance('seller', seller.accountId, state, events, instant, systemActor)
    return state
  }
  then([
    { type: 'seller_enabled', requirementsDue: [] },
    { type: 'payout_account_seen', payoutHash: 'BDhb7-nFo4_fg2agynvcBq' },
  ])
  for (let index = 0; index < payoutsKeptMax; index += 1) {
    const payout = { id: `po_10VbsDlyinvus7414JK0yoH${index}`, amountMinor: sale.netMinor, currency: 'USD' }
    then([{ type: 'payout_told', payout: { ...payout, status: 'paid', arrivalAt: at(index) } }])
  }
  for (let year = yearsKeptMax; year > 0; year -= 1) {
    for (const one of owing) then(decideSaleTakenBack(one, { reversedMinor: sale.netMinor - 1_00 }), year - 1)
  }
  const [known, planned] = [state, then(decidePayoutPlanned(state.state, sale))]
  const plan = planOf(planned.state, orderId)?.offsets ?? []
  const offsetMinor = offsetMinorOf(plan)
  const paid = { transferId: 'tr_10VbsDlyinvus7414JK0yoHT', transferMinor: sale.netMinor - offsetMinor }
  const settledEvents = decideSettled(settling.state, { transferId: paid.transferId, offsetMinor })
  if (!settledEvents.ok) throw new Error(settledEvents.refusal.message)
  const settled = advanceOrder(orderId, settling, settledEvents.value, at(4000), systemActor)
  return { settling, settled, known, planned, paid: then(decideSalePaid(planned.state, sale, paid)) }
}

const graceFacts = {
  lastActiveAt: '2021-03-12T23:08:53.084Z',
  keptAt: '2022-03-12T23:08:53.084Z',
} as const

/** The steps of a grace period, each with all the marks that can be on it: begun, told for the last time, kept. */
export const graceOf = (before: VersionedHandle): [VersionedHandle, VersionedHandle, VersionedHandle] => {
  const { name } = before.state
  const [releaseAt, nextAt] = [at(42 * 86_400_000), at(14 * 86_400_000)]
  const started: HandleEvent[] = [
    { type: 'dormancy_started', policyVersion: 12, rule: 'ordinary', dueAt: at(-1000), facts: graceFacts },
    { type: 'notice_wanted', attempt: 1, of: 3, releaseAt, nextAt },
  ]
  const dormant = advanceHandle(name, before, started, at(1000), systemActor)
  const messageId = '0100018f3c9d7c1e-1b2c3d4e-5f60-4718-8a9b-0c1d2e3f4a5b-000000'
  const addressHash = 'q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c'
  const proof = { type: 'notice_given', attempt: 1, messageId, addressHash, nextAt: releaseAt } as const
  const noticed = advanceHandle(name, dormant, [proof], at(2000), systemActor)
  const holder = { kind: 'holder', id: before.state.holder?.accountId ?? '' } as const
  return [dormant, noticed, advanceHandle(name, noticed, [{ type: 'handle_kept' }], at(3000), holder)]
}

const bidderId = (number: number): string => `acct_bidder_with_a_name_${number}`

/** An auction with as many bidders as its item keeps, before a bid, after it, and after one that moves the end. */
export const fullAuction = (handle: string) => {
  const id = 'auc_ABCDEFGHJKMNPQRSTVWXYZ0123'
  const bidOf = (number: number, endsAt: string): AuctionEvent => ({
    type: 'bid_placed',
    number,
    bidderId: bidderId(number),
    maxMinor: 4_000_000_00 + number * 5_000_00,
    amountMinor: 4_000_000_00 + number * 5_000_00,
    priceMinor: 4_000_000_00 + number * 5_000_00,
    leaderId: bidderId(number),
    endsAt,
    key: bidKey(bidderId(number), 'key'),
  })
  const endsAt = at(7 * 86_400_000)
  const { durationHours: _, ...terms } = shippedAuctionDefaults
  const events: AuctionEvent[] = [
    {
      type: 'auction_opened',
      handle,
      display: handle.toUpperCase(),
      tier: 'priority',
      sellerId: 'platform',
      openedBy: 'acct_operator_with_a_name',
      currency: 'USD',
      startMinor: 1_000_000_00,
      reserveMinor: 4_000_000_00,
      buyNowMinor: 9_000_000_00,
      startsAt: at(0),
      endsAt,
      ...terms,
      aliasKey: 'BDhb7-nFo4_fg2agynvcBq',
      requestHash: 'BDhb7-nFo4_fg2agynvcBq',
    },
    { type: 'auction_started' },
    ...Array.from({ length: biddersKept }, (_, number) => bidOf(number + 1, endsAt)),
  ]
  const opened = advance('auction', id, null, events.slice(0, -1), at(0), { kind: 'operator', id: 'acct_operator' })
  const place = (before: typeof opened, number: number, end: string) =>
    advance(
      'auction',
      id,
      before,
      [bidOf(number, end), { type: 'leader_outbid', bidderId: bidderId(number - 1) }],
      at(number),
      { kind: 'buyer', id: bidderId(number) },
    )
  const auction = place(opened, biddersKept, endsAt)
  const bid = place(auction, biddersKept + 1, endsAt)
  return { auction, bid, lateBid: place(bid, biddersKept + 2, at(7 * 86_400_000 + 3_600_000)) }
}
