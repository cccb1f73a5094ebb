import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { verifySale } from '../../local/verify-sale.ts'
import { checkRefused, type Market, startMarket, value } from './market.ts'
import { buyFromUser, clientOf, newKey, usd } from './users-sale.ts'

let market: Market
let orderId: string
const names = ['amberlight', 'bluewater', 'coldspring', 'darkforest']
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed(names.map((handle) => market.account(handle, 1, { accountId: `sam_${handle}` })))
  orderId = await buyFromUser(market, {
    handle: 'amberlight',
    seller: 'sam_amberlight',
    buyer: 'bea',
    priceMinor: 300_00,
  })
  const body = { reason: 'impersonation' as const, words: 'The account pretends to be somebody else' }
  const dispute = value(await as('bea').openDispute({ params: { orderId }, body, idempotencyKey: newKey() }))
  const params = { disputeId: dispute.id }
  const words = 'It never said that it was anybody'
  value(await as('sam_amberlight').addStatement({ params, body: { words }, idempotencyKey: newKey() }))
  const split = { outcome: 'split' as const, refund: usd(100_00), reason: 'both have a point', basedOn: 2 }
  value(await operator().decideDispute({ params, body: split }))
  await market.system.settle()
})
afterEach(() => market.checkInvariants())
afterAll(() => market.stop())

const as = (sub: string) => clientOf(market, sub)
const operator = (sub = 'olga') => clientOf(market, sub, { groups: ['operator'] })
const timelineOf = async (sub: string, of = orderId) => value(await as(sub).getTimeline({ params: { orderId: of } }))

test('the timeline tells each side every step, the amounts that concern it, and roles instead of accounts', async () => {
  const [buyers, sellers] = [await timelineOf('bea'), await timelineOf('sam_amberlight')]
  const steps = (timeline: typeof buyers) => timeline.steps.map(({ by, event }) => `${by} ${event}`)
  expect(steps(buyers).slice(0, 8)).toEqual([
    'buyer order_placed',
    'system payment_captured',
    'system handover_started',
    'system handover_completed',
    'buyer dispute_opened',
    'seller dispute_answered',
    'operator dispute_split',
    'operator refund_wanted',
  ])
  expect(steps(buyers)).toContain('system part_refund_completed')
  expect(steps(sellers)).toContain('system transfer_wanted')
  expect(steps(buyers)).not.toContain('system transfer_wanted')
  const amounts = (timeline: typeof buyers) =>
    new Set(timeline.steps.flatMap((step) => step.amounts.map(({ what }) => what)))
  expect([...amounts(buyers)].toSorted()).toEqual(['price', 'refund'])
  expect([...amounts(sellers)].toSorted()).toEqual(['commission', 'net', 'price', 'refund'])
  const split = sellers.steps.find(({ event }) => event === 'dispute_split')
  expect(split?.amounts).toContainEqual({ what: 'net', amount: usd(160_00) })
  const all = JSON.stringify([buyers, sellers])
  for (const account of ['"bea"', 'sam_amberlight', 'olga']) expect(all).not.toContain(account)
  for (const { steps: told } of [buyers, sellers]) {
    expect(told.map(({ at }) => at)).toEqual(told.map(({ at }) => at).toSorted())
  }
})

test('the timeline says who acts next and by when; a stranger is told of no order, and an operator of any', async () => {
  const other = await buyFromUser(market, {
    handle: 'bluewater',
    seller: 'sam_bluewater',
    buyer: 'bea',
    priceMinor: 90_00,
  })
  const inspected = await timelineOf('bea', other)
  expect(inspected).toMatchObject({ status: 'inspection', you: 'buyer', disputeId: null, next: { actor: 'buyer' } })
  const body = { reason: 'other' as const, words: 'I do not know what this is' }
  value(await as('bea').openDispute({ params: { orderId: other }, body, idempotencyKey: newKey() }))
  expect(await timelineOf('sam_bluewater', other)).toMatchObject({ you: 'seller', next: { actor: 'seller' } })
  expect(value(await operator().getTimeline({ params: { orderId: other } })).you).toBe('operator')
  await checkRefused(market, 'not_found', 'GET', `/v1/orders/${other}/timeline`, {
    token: await market.system.token('eve'),
  })
})

test('an exported sale verifies by itself, and any one character that is changed is found', async () => {
  const sale = value(await operator().exportSale({ params: { orderId } }))
  expect(sale.mails.map(({ to, about }) => `${about} ${to}`)).toEqual(
    expect.arrayContaining(['handover_completed seller', 'dispute_split seller']),
  )
  expect(sale.journals.map(({ aggregate, whole }) => [aggregate.split(':')[0], whole])).toEqual([
    ['order', true],
    ['dispute', true],
    ['handle', false],
  ])
  const text = JSON.stringify(sale)
  const report = verifySale(text)
  expect(report.faults).toEqual([])
  expect(report.postings).toBeGreaterThanOrEqual(2)

  const broken = (from: string, to: string) => {
    expect(text.split(from).length).toBeGreaterThan(1)
    return verifySale(text.replace(from, to)).faults
  }
  // The words of the file's own hash come last, so that the first fault says where.
  expect(broken('never said that', 'newer said that')[0]).toMatch(
    /In the journal of dispute:.*entry 2: the entry was changed/,
  )
  expect(broken('"priceMinor":30000', '"priceMinor":30001')[0]).toMatch(
    /journal of order:.*entry 1: the entry was changed/,
  )
  expect(broken('"accountId":"bea"', '"accountId":"eve"')[0]).toMatch(
    /journal of handle:amberlight.*the entry was changed/,
  )
  expect(broken('"inspectionDays":3', '"inspectionDays":1').join(' ')).toMatch(/The terms are not version/)
  expect(broken('"exportedAt":"2', '"exportedAt":"3')).toEqual([
    'The file is not the one that was exported: its hash is another one.',
  ])
  expect(broken('{"format"', '["format"')[0]).toMatch(/is not JSON/)
  expect(broken('sale-export/1', 'sale-export/2')[0]).toMatch(/no export of a sale: format/)
  // Every fiftieth character of the whole file, one at a time.
  for (let at = 0; at < text.length; at += 50) {
    const changed = text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1)
    expect([at, verifySale(changed).faults.length > 0]).toEqual([at, true])
  }
})

test('what is consistent with its own hashes and contradicts another journal is found as well', async () => {
  const sale = value(await operator().exportSale({ params: { orderId } }))
  const without = (aggregate: string) => ({
    ...sale,
    journals: sale.journals.filter((one) => !one.aggregate.startsWith(aggregate)),
  })
  expect(verifySale(JSON.stringify(without('order'))).faults.join(' ')).toMatch(
    /The journal of ord_.* is not in the file/,
  )
  expect(verifySale(JSON.stringify(without('handle'))).faults.join(' ')).toMatch(/handle:amberlight is not in the file/)
  const cut = {
    ...sale,
    journals: sale.journals.map((one) => (one.whole ? { ...one, entries: one.entries.slice(0, -1) } : one)),
  }
  expect(verifySale(JSON.stringify(cut)).faults.join(' ')).toMatch(
    /The state of order:.* is not what its entries fold to/,
  )
  const rich = { ...sale, balances: { ...sale.balances, 'platform:commission USD': 1 } }
  expect(verifySale(JSON.stringify(rich)).faults[0]).toMatch(
    /The balance of platform:commission USD is .*, and the file says 1/,
  )
})

test('an export of an order that is none is 404, and is for operators alone', async () => {
  const token = await market.system.token('olga', { groups: ['operator'] })
  await checkRefused(market, 'not_found', 'GET', '/v1/operator/orders/ord_00000000000000000000000000/export', { token })
  await checkRefused(market, 'role_missing', 'GET', `/v1/operator/orders/${orderId}/export`, {
    token: await market.system.token('bea'),
  })
})
