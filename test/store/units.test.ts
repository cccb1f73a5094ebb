import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { systemActor } from '../../shared/domain/actors.ts'
import { advance } from '../../shared/domain/aggregate.ts'
import { handlesPerDropMax } from '../../shared/contract/drop.ts'
import { type DropTerms, entryIdOf } from '../../shared/domain/drop.ts'
import { skeleton } from '../../shared/domain/handle-name.ts'
import { negotiationIdOf, offerLimits } from '../../shared/domain/negotiation.ts'
import { shelfRows, wordShelf } from '../../shared/domain/shelf-rows.ts'
import { marksPerLookMax } from '../../shared/domain/protected-names.ts'
import { decideTraitSeen, traitOf } from '../../shared/domain/standing.ts'
import { listedBids } from '../../shared/domain/own-bids.ts'
import { load } from '../../shared/store/aggregates.ts'
import { type AuctionMail, claimAuctionMail, recordAuctionMail } from '../../shared/store/auction-mails.ts'
import { listBids } from '../../shared/store/bid-lists.ts'
import { commit, commitAll } from '../../shared/store/commit.ts'
import { dueIds } from '../../shared/store/due.ts'
import {
  loadForSale,
  loadHandle,
  loadHandles,
  loadLook,
  loadPurchase,
  queryHolder,
  queryNames,
  viewHandle,
} from '../../shared/store/handles.ts'
import { enterDrop, readEntryIds } from '../../shared/store/drops.ts'
import { entriesAfter, fileEntries, filedEntries, queryEntries } from '../../shared/store/journal.ts'
import { linkAccount } from '../../shared/store/links.ts'
import { loadOrder, queryBuyer, querySales, recentOrders, settlingOrderIds } from '../../shared/store/orders.ts'
import { createReconciliation, loadReconciliation } from '../../shared/store/reconciliations.ts'
import { loadStandings } from '../../shared/store/standings.ts'
import { countMade, countReceived, queryMade, queryReceived } from '../../shared/store/negotiations.ts'
import { noteRequestKey } from '../../shared/store/request-keys.ts'
import { countRequest } from '../../shared/store/velocity.ts'
import { loadDemand, loadWatch, loadWatches, markTold, queryWatches, writeWatch } from '../../shared/store/watches.ts'
import { watchesPerPage } from '../../shared/workflows/send-alerts.ts'
import { listOwnBids } from '../../shared/workflows/own-bids.ts'
import { loadPolicy } from '../../shared/store/policy.ts'
import { queryRows, writeRows } from '../../shared/store/shelves.ts'
import { countUnits, type Units } from './counted.ts'
import { startStore, type TestStore } from './engine.ts'
import {
  at,
  contact,
  context,
  fullAuction,
  graceOf,
  handedOver,
  heldHandle,
  importedHandle,
  placedOrder,
  releasedHandle,
  sellersSale,
  settledOrder,
} from './samples.ts'

let store: TestStore
const measured = new Map<string, Units>()

/** The longest handle there is, so that every figure is an upper bound. */
const name = 'abcdefghijklmno'
const shape = skeleton(name)
const id = 'ord_ABCDEFGHJKMNPQRSTVWXYZ0123'
const dropId = 'drp_ABCDEFGHJKMNPQRSTVWXYZ0123'
const dropTerms: DropTerms = {
  title: 'A hundred short ones, for those who write',
  method: 'draw',
  opensAt: at(3_600_000),
  closesAt: at(90_000_000),
  questions: [],
  entriesPerAccountMax: 1,
  paymentWindowHours: 48,
  roundsMax: 3,
  reviewHours: 72,
  commitment: '0'.repeat(64),
  aliasKey: '1'.repeat(64),
  createdBy: 'acct_operator_with_a_name',
  requestHash: 'BDhb7-nFo4_fg2agynvcBq',
}

beforeAll(async () => {
  const plain = await startStore()
  const units = countUnits(plain.client)
  // A document client builds on the plain one, whose middleware it shares.
  store = {
    ...plain,
    db: DynamoDBDocumentClient.from(plain.client, { marshallOptions: { removeUndefinedValues: true } }),
  }
  const measure = async (pattern: string, work: () => Promise<unknown>) => {
    measured.set(pattern, await units.of(work))
  }
  const imported = importedHandle(name)
  const released = releasedHandle(imported)
  const [dormant, noticed, kept] = graceOf(importedHandle('grace_of_a_hand'))
  const held = heldHandle(released, id)
  const placed = placedOrder(id, released)
  const settled = settledOrder(placed)
  const sold = handedOver(held, id)

  await measure('import a new account', () =>
    commitAll(store, context, [{ kind: 'handle', before: null, after: imported, contact }]),
  )
  await measure('find what is due (one shard)', async () => {
    for await (const _page of dueIds(
      store.db,
      { table: store.handlesTable, sortKey: 'dueFrom' },
      'suspended#00',
      '2026-12-01T00:00:00.000Z',
    ))
      continue
  })
  await measure('read a handle and its skeleton before release', () => loadHandles(store, [name], [shape]))
  await measure('read the release policy', () => loadPolicy(store))
  const inactive = importedHandle('grace_of_a_hand')
  await commit(store, context, [{ kind: 'handle', before: null, after: inactive, contact }])
  await measure('begin the grace period', () =>
    commitAll(store, context, [{ kind: 'handle', before: inactive, after: dormant, contact }]),
  )
  await measure('record that a notice was given', () =>
    commit(store, context, [{ kind: 'handle', before: dormant, after: noticed, contact }]),
  )
  await measure('keep a handle', () =>
    commit(store, context, [{ kind: 'handle', before: noticed, after: kept, contact }]),
  )
  await measure('release, appraise and list', () =>
    commitAll(store, context, [{ kind: 'handle', before: imported, after: released }]),
  )
  await measure('file a replaced entry', () => fileEntries(store, [imported.entry]))
  for (let index = 10; index < 30; index += 1) {
    const other = importedHandle(`abcdefghijklm${index}`)
    await commit(store, context, [{ kind: 'handle', before: null, after: other }])
    await commit(store, context, [{ kind: 'handle', before: other, after: releasedHandle(other) }])
  }
  await measure('search page (20 names of one prefix)', () =>
    queryNames(store, 'a', { from: 'abc', to: 'abc~', backwards: false, limit: 20 }),
  )
  const rows = Array.from({ length: 20 }, (_, index) =>
    shelfRows(releasedHandle(importedHandle(`abcdefghijklm${10 + index}`)).state, () => ['abc']),
  ).flat()
  await writeRows(store, rows, [])
  await measure('write a row of the search', () => writeRows(store, rows.slice(0, 1), []))
  await measure('search page (20 rows of one word)', () =>
    queryRows(store, wordShelf('abc'), { from: '0', to: '~', backwards: false, limit: 20 }),
  )
  await measure('handle page', () => viewHandle(store, name))
  await measure('read a handle to decide', () => loadHandle(store, name))
  // A look with as many marks as there may be, of sources and owners of the usual length.
  const by = { kind: 'operator', id: 'acct_operator_with_a_name' } as const
  let full = advance('look', shape, null, [{ type: 'account_protected', handle: name, importId: id }], at(0), by)
  for (let index = 1; index <= marksPerLookMax; index += 1) {
    const mark = {
      name: `abcdefghi_jkmn${index}`,
      source: `register_${index}`,
      owner: 'A Company with a Name GmbH & Co. KG',
    }
    const more = advance('look', shape, full, [{ type: 'mark_protected', ...mark }], at(index), by)
    if (index === 1) {
      await commitAll(store, context, [{ kind: 'look', before: null, after: full }])
      await measure('protect or withdraw a name', () =>
        commitAll(store, context, [{ kind: 'look', before: full, after: more }]),
      )
    } else await commit(store, context, [{ kind: 'look', before: full, after: more }])
    full = more
  }
  await measure('read a protected look to decide', () => loadLook(store, shape))
  await measure('read a handle for sale and its skeleton', () => loadForSale(store, name))
  await measure("read a handle for sale, its skeleton and the buyer's standing", () =>
    loadPurchase(store, name, 'acct_b'),
  )
  const limit = { route: 'order', accountId: 'acct_b', windowSeconds: 60, max: 60 }
  await measure('count a request', () => countRequest(store, limit, Date.parse(at(0))))
  await measure('place an order (hold)', () =>
    commit(store, context, [
      { kind: 'handle', before: released, after: held },
      { kind: 'order', before: null, after: placed },
    ]),
  )
  await measure('read an order', () => loadOrder(store, id))
  await measure('fund, hand over and settle', () =>
    commit(store, context, [
      { kind: 'order', before: placed, after: settled },
      { kind: 'handle', before: held, after: sold },
    ]),
  )
  const watch = { handle: name, accountId: 'acct_b', createdAt: at(0), updatedAt: at(0), told: new Set<string>() }
  const backorder = { ...watch, maxPriceMinor: 1_000_00, email: contact.email, updatedAt: at(1) }
  await measure('make a watch', () => writeWatch(store, context, null, watch))
  await measure('read a watch to change it', () => loadWatch(store, name, 'acct_b'))
  await measure('make a backorder of a watch', () => writeWatch(store, context, watch, backorder))
  await measure('what an account watches (one handle)', () => loadWatches(store, 'acct_b'))
  await measure('read the demand for a name', () => loadDemand(store, [name]))
  await measure('read a page of watches to tell them', () => queryWatches(store, name, { limit: watchesPerPage }))
  await measure('mark that a watch was told', () => markTold(store, backorder, '12 released', true))
  const card = traitOf('card', 'fingerprint')
  const seen = advance('standing', 'acct_b', null, decideTraitSeen(null, card), at(0), systemActor)
  await measure('learn a card or a device of an account: the index', () => linkAccount(store, card, 'acct_b'))
  await measure('learn a card or a device of an account: the standing', () =>
    commit(store, context, [{ kind: 'standing', before: null, after: seen }]),
  )
  await measure('hold a bidder against seller, operator and leader', () =>
    loadStandings(store, ['acct_b', 'acct_s', 'acct_o', 'acct_l']),
  )
  await measure("a buyer's last orders", () => recentOrders(store, 'acct_b', at(0), 50))
  const { auction, bid, lateBid } = fullAuction(name)
  await commit(store, context, [{ kind: 'auction', before: null, after: auction }])
  await measure('read an auction to bid', () => load(store, 'auction', auction.state.id))
  await measure('place a bid', () => commit(store, context, [{ kind: 'auction', before: auction, after: bid }]))
  await measure('place a bid that moves the end', () =>
    commit(store, context, [{ kind: 'auction', before: bid, after: lateBid }]),
  )
  const listed = listedBids(auction.state, bid.state)
  await measure('list a bid for its bidder', () => listBids(store, listed))
  await measure('a page of the auctions that an account has bid in (one)', () =>
    listOwnBids(store, listed[0]?.accountId ?? '', { limit: 20 }),
  )
  const mail: AuctionMail = {
    auctionId: bid.state.id,
    bidder: 'bidder_ABCDEFGH',
    about: 'leader_outbid',
    toldThrough: 99_999_999,
    claimedAt: at(0),
  }
  await measure('claim a mail to a bidder', () => claimAuctionMail(store, mail, { seq: 1, notAfter: at(0) }))
  const sent = { ...mail, sentAt: at(0), messageId: 'm'.repeat(60), addressHash: 'h'.repeat(43) }
  await measure('record a mail to a bidder', () => recordAuctionMail(store, sent))
  await fileEntries(store, [auction.entry, bid.entry])
  await measure('the visible bids of an auction (20)', () => queryEntries(store, bid.entry.aggregate, { limit: 20 }))
  // A negotiation of as many rounds as there may be, between accounts of the usual length.
  const buyer = { kind: 'buyer', id: 'acct_buyer_with_a_name' } as const
  const holding = { accountId: 'acct_holder_with_a_name', orderId: id }
  const offerId = negotiationIdOf('key', buyer.id, name, holding.accountId)
  const opening = {
    handle: name,
    display: name.toUpperCase(),
    proposerId: buyer.id,
    holderId: holding.accountId,
    holding: id,
    currency: 'USD',
    roundsMax: offerLimits.roundsMax,
    answerHours: offerLimits.answerHoursMax,
    requestKey: 'a-key-of-thirty-six-characters-long',
    requestHash: 'BDhb7-nFo4_fg2agynvcBq',
  } as const
  const offerMade = { type: 'offer_made', ...opening, amountMinor: 1, answerBy: at(1), fundedUntil: at(1) } as const
  const keyed = advance('offer_rules', name, null, [{ type: 'offers_keyed', aliasKey: 'k'.repeat(22) }], at(0), buyer)
  let offer = advance('negotiation', offerId, null, [offerMade], at(0), buyer)
  await measure('note the key of an offer', () =>
    noteRequestKey(store, { accountId: buyer.id, route: 'offers', key: 'k', requestHash: 'h' }, 0),
  )
  await measure('make the first offer for a handle', () =>
    commit(store, context, [
      { kind: 'offer_rules', before: null, after: keyed },
      { kind: 'negotiation', before: null, after: offer },
    ]),
  )
  for (let round = 1; round <= offerLimits.roundsMax; round += 1) {
    const by = round % 2 === 1 ? 'holder' : 'buyer'
    const amountMinor = by === 'holder' ? 999_999_99 - round : round
    const countered = { type: 'offer_countered', by, amountMinor, answerBy: at(round + 1) } as const
    const before = offer
    offer = advance('negotiation', offerId, before, [countered], at(round), { kind: by, id: holding.accountId })
    const after = offer
    const write = () => commit(store, context, [{ kind: 'negotiation', before, after }])
    if (round === offerLimits.roundsMax) await measure('the last counter-offer', write)
    else await write()
  }
  await measure('read an offer with its handle and its rules', () =>
    Promise.all([load(store, 'negotiation', offerId), load(store, 'offer_rules', name), loadHandle(store, name)]),
  )
  await measure("how many open offers there are: a buyer's", () => countMade(store, buyer.id, 20))
  await measure('how many open offers there are: for a handle', () => countReceived(store, holding.accountId, name, 50))
  await measure('a page of the offers made (one)', () => queryMade(store, 'open', buyer.id, { limit: 20 }))
  await measure('a page of the offers received (one)', () =>
    queryReceived(store, 'open', holding.accountId, { limit: 20 }),
  )
  // A drop of as many handles as there may be: its entries cost the same, its own item grows with them.
  const lots = Array.from({ length: handlesPerDropMax }, (_, index) => ({ handle: `abcdefghijk_${index + 100}` }))
  const created = advance('drop', dropId, null, [{ type: 'drop_created', ...dropTerms, lots }], at(0), {
    kind: 'operator',
    id: 'acct_operator_with_a_name',
  })
  await commit(store, context, [{ kind: 'drop', before: null, after: created }])
  const [lot] = created.state.lots
  const entryId = entryIdOf(created.state, lot?.handle ?? '', 'acct_b')
  const entry = {
    entryId,
    handle: lot?.handle ?? '',
    accountId: 'acct_b',
    answers: ['a'.repeat(300)],
    enteredAt: at(0),
  }
  const unlimited = { ...created.state, entriesPerAccountMax: handlesPerDropMax }
  await measure('read a drop of a hundred handles', () => load(store, 'drop', dropId))
  await measure('enter a drop with a limit of its own', () => enterDrop(store, context, created.state, entry))
  await measure('enter a drop without', () => enterDrop(store, context, unlimited, { ...entry, handle: 'another' }))
  await measure('all entries for a handle (a few)', () => readEntryIds(store, dropId, entry.handle))
  await measure("a buyer's orders", () => queryBuyer(store, 'acct_b', { limit: 20 }))
  await measure("a buyer's handles", () => queryHolder(store, 'acct_b', { limit: 20 }))
  await measure('sales of a month', () => querySales(store, '2026-11', { limit: 20 }))
  const trade = sellersSale(id, released)
  const { accountId: sellerId } = trade.known.state
  await commit(store, context, [{ kind: 'order', before: null, after: trade.settling }])
  await commit(store, context, [{ kind: 'seller', before: null, after: trade.known }])
  await measure('read a seller to pay', () => load(store, 'seller', sellerId))
  await measure('which sales of a seller wait (one)', () => settlingOrderIds(store, sellerId, 1_000))
  await measure('plan the payment of a sale', () =>
    commit(store, context, [{ kind: 'seller', before: trade.known, after: trade.planned }]),
  )
  await measure('note that a seller was paid', () =>
    commit(store, context, [
      { kind: 'order', before: trade.settling, after: trade.settled },
      { kind: 'seller', before: trade.planned, after: trade.paid },
    ]),
  )
  await fileEntries(store, [trade.known.entry, trade.planned.entry])
  await measure("a page of a seller's statement (a few)", () =>
    entriesAfter(store, trade.known.entry.aggregate, 0, 2_000),
  )
  const report = { id: 'rec_1', startedBy: 'acct_operator', createdAt: at(0), requestHash: 'x' }
  await measure('ask for a reconciliation', () => createReconciliation(store, report))
  await measure('read a reconciliation that agrees', () => loadReconciliation(store, report.id))
  await measure('the filed entries of one aggregate', () => filedEntries(store, `handle:${name}`))
}, 120_000)
afterAll(() => store.stop())

/** The table of docs/data-model.md, which is the budget: what it says is what the engine counts. */
const documented = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'data-model.md'), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 9 && /^[\d.]+$/.test(cells[3] ?? ''))
  .map(
    ([, pattern = '', , calls, read, indexRead, write, indexWrite]) =>
      [
        pattern,
        {
          calls: Number(calls),
          read: Number(read),
          indexRead: Number(indexRead),
          write: Number(write),
          indexWrite: Number(indexWrite),
        },
      ] as const,
  )

it.each(documented)('"%s" costs what docs/data-model.md says', (pattern, units) => {
  expect(measured.get(pattern)).toEqual(units)
})

it('docs/data-model.md lists every access pattern', () => {
  expect(documented.map(([pattern]) => pattern).toSorted()).toEqual([...measured.keys()].toSorted())
})

it('a purchase, hold to settlement with its archive, costs at most 12 write units', () => {
  const of = (pattern: string) => measured.get(pattern)?.write ?? Number.NaN
  // Filed afterwards: the release entry, the hold entry and the order's first entry.
  expect(
    of('place an order (hold)') + of('fund, hand over and settle') + 3 * of('file a replaced entry'),
  ).toBeLessThanOrEqual(12)
})

it('release, appraisal and listing cost at most 4 write units with index writes and archive', () => {
  const release = measured.get('release, appraise and list')
  expect(
    (release?.write ?? Number.NaN) + (release?.indexWrite ?? 0) + (measured.get('file a replaced entry')?.write ?? 0),
  ).toBeLessThanOrEqual(4)
})
