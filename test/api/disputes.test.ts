import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { checkRefused, type Market, startMarket, value } from './market.ts'
import { buyFromUser, clientOf, newKey, usd } from './users-sale.ts'

let market: Market
const names = [
  'amberlight',
  'bluewater',
  'coldspring',
  'darkforest',
  'eveningtide',
  'firstlight',
  'greyharbour',
  'hightower',
]
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed(names.map((handle) => market.account(handle, 1, { accountId: `sam_${handle}` })))
})
afterEach(() => market.checkInvariants())
afterAll(() => market.stop())

const as = (sub: string) => clientOf(market, sub)
const operator = (sub = 'olga') => clientOf(market, sub, { groups: ['operator'] })
const words = 'The account behind it is another one than I was shown'
const pass = (days: number) => market.system.clock.move(days * 86_400_000, { settle: true })

/** An order that is disputed by `bea`, with its seller. */
const dispute = async (handle: string, priceMinor = 200_00) => {
  const seller = `sam_${handle}`
  const orderId = await buyFromUser(market, { handle, seller, buyer: 'bea', priceMinor })
  const body = { reason: 'not_as_described' as const, words }
  const opened = value(await as('bea').openDispute({ params: { orderId }, body, idempotencyKey: newKey() }))
  return { orderId, seller, params: { disputeId: opened.id }, opened }
}
const answer = async (seller: string, params: { disputeId: string }) =>
  value(await as(seller).addStatement({ params, body: { words: 'It is what I listed' }, idempotencyKey: newKey() }))

const orderStatus = async (orderId: string) => value(await as('bea').getOrder({ params: { orderId } })).status
const holderOf = async (handle: string) => {
  const { entries } = value(await operator().listJournal({ params: { aggregateId: `handle:${handle}` } }))
  return entries.flatMap(({ events }) => events.map(({ type }) => type)).at(-1)
}

test('a dispute is opened in the inspection, answered, spoken in by both, and strangers are told of none', async () => {
  const { orderId, seller, params, opened } = await dispute('amberlight')
  expect(opened).toMatchObject({ status: 'answer_wanted', you: 'buyer', next: { actor: 'seller' }, version: 1 })
  expect(await orderStatus(orderId)).toBe('disputed')
  expect(await holderOf('amberlight')).toBe('handle_locked')

  const answered = await answer(seller, params)
  expect(answered).toMatchObject({ status: 'in_review', you: 'seller', next: { actor: 'operator', action: 'decide' } })
  expect(answered.statements.map(({ by }) => by)).toEqual(['buyer', 'seller'])
  const more = value(
    await as('bea').addStatement({ params, body: { words: 'It is not, see above' }, idempotencyKey: 'more' }),
  )
  expect(more.statements).toHaveLength(3)
  // The same key again says nothing twice; with other words it is refused.
  const again = value(
    await as('bea').addStatement({ params, body: { words: 'It is not, see above' }, idempotencyKey: 'more' }),
  )
  expect(again).toEqual(more)
  const token = await market.system.token('bea')
  await checkRefused(market, 'idempotency_key_reused', 'POST', `/v1/disputes/${opened.id}/statements`, {
    token,
    body: { words: 'Something else altogether' },
    headers: { 'idempotency-key': 'more' },
  })

  const stranger = await market.system.token('eve')
  const path = `/v1/disputes/${opened.id}`
  const headers = { 'idempotency-key': 'eve' }
  await checkRefused(market, 'not_found', 'GET', path, { token: stranger })
  await checkRefused(market, 'not_found', 'POST', `${path}/statements`, { token: stranger, headers, body: { words } })
  await checkRefused(market, 'not_found', 'POST', `${path}/withdraw`, { token: stranger })
  const file = { name: 'a.txt', contentType: 'text/plain', bytes: 1, sha256: '0'.repeat(64) }
  await checkRefused(market, 'not_found', 'POST', `${path}/evidence`, { token: stranger, headers, body: file })
  const body = { reason: 'other', words }
  await checkRefused(market, 'not_found', 'POST', `/v1/orders/${orderId}/dispute`, { token: stranger, headers, body })
  expect(value(await operator().getDispute({ params })).you).toBe('operator')
})

test('a dispute of an order is opened once, and not outside of its inspection', async () => {
  const orderId = await buyFromUser(market, {
    handle: 'bluewater',
    seller: 'sam_bluewater',
    buyer: 'bea',
    priceMinor: 90_00,
  })
  const token = await market.system.token('bea')
  const path = `/v1/orders/${orderId}/dispute`
  const sending = (reason: string, key: string) => ({
    token,
    body: { reason, words },
    headers: { 'idempotency-key': key },
  })
  const bad = await checkRefused(market, 'validation_failed', 'POST', path, sending('i_changed_my_mind', 'k'))
  expect(bad.field).toBe('reason')
  const first = await market.send('POST', path, sending('taken_back', 'k'))
  expect(first.status).toBe(201)
  expect((await market.send('POST', path, sending('taken_back', 'k'))).body).toEqual(first.body)
  await checkRefused(market, 'idempotency_key_reused', 'POST', path, sending('other', 'k'))
  const exists = await checkRefused(market, 'dispute_exists', 'POST', path, sending('taken_back', 'l'))
  expect(exists.facts).toMatchObject({ status: 'answer_wanted' })

  const { id: disputeId } = first.body as { id: string }
  expect(value(await as('bea').withdrawDispute({ params: { disputeId } })).status).toBe('withdrawn')
  expect(value(await as('bea').withdrawDispute({ params: { disputeId } })).status).toBe('withdrawn')
  await market.system.idle()
  expect(['settling', 'settled']).toContain(await orderStatus(orderId))
  await checkRefused(market, 'dispute_exists', 'POST', path, sending('taken_back', 'm'))
})

test('a seller who says nothing in time leaves the dispute to the operators, who find it in their queue', async () => {
  const { params, opened } = await dispute('coldspring')
  const decision = { outcome: 'refund' as const, reason: 'no answer came', basedOn: 1 }
  const early = await operator().decideDispute({ params, body: decision })
  expect(early).toMatchObject({
    ok: false,
    problem: { code: 'transition_not_allowed', facts: { status: 'answer_wanted' } },
  })
  await pass(6)
  expect(value(await as('bea').getDispute({ params })).status).toBe('in_review')
  const queue = value(await operator().listDisputes({}))
  // Behind the one of the first test, which has waited longer.
  expect(queue.items.map(({ handle }) => handle)).toEqual(['amberlight', 'coldspring'])
  expect(queue.items[1]).toMatchObject({ id: opened.id, status: 'in_review', next: { actor: 'operator' } })

  const stale = await operator().decideDispute({ params, body: decision })
  expect(stale).toMatchObject({
    ok: false,
    problem: { code: 'dispute_changed', field: 'basedOn', facts: { version: 2 } },
  })
  const decided = value(await operator().decideDispute({ params, body: { ...decision, basedOn: 2 } }))
  expect(decided).toMatchObject({ status: 'refunded', decision: { refund: usd(200_00), operatorId: 'olga' } })
  // Whoever decided is not told to the parties.
  expect(value(await as('bea').getDispute({ params })).decision).toMatchObject({ operatorId: null, commission: null })
  await market.system.settle()
  expect(await orderStatus(opened.orderId)).toBe('refunded')
  expect(await holderOf('coldspring')).toBe('handle_returned')
  expect(value(await operator().listDisputes({})).items.map(({ handle }) => handle)).toEqual(['amberlight'])
  expect(value(await as('bea').getOrder({ params: { orderId: opened.orderId } })).refunded).toEqual(usd(200_00))
})

test('above the limit a second operator approves, and both are recorded', async () => {
  const { seller, params, orderId } = await dispute('darkforest', 2_000_00)
  await answer(seller, params)
  const body = { outcome: 'split' as const, refund: usd(500_00), reason: 'both have a point', basedOn: 2 }
  const proposed = value(await operator('olga').decideDispute({ params, body }))
  expect(proposed).toMatchObject({ status: 'approval_wanted', proposal: { operatorId: 'olga' }, version: 3 })
  expect(await orderStatus(orderId)).toBe('disputed')
  // The parties are not told what is proposed.
  expect(value(await as('bea').getDispute({ params })).proposal).toBeNull()
  const approval = { approve: true, reason: 'agreed', basedOn: 3 }
  const own = await operator('olga').approveDispute({ params, body: approval })
  expect(own).toMatchObject({ ok: false, problem: { code: 'second_operator_wanted' } })
  const decided = value(await operator('omar').approveDispute({ params, body: approval }))
  expect(decided).toMatchObject({ status: 'split', decision: { operatorId: 'olga', approvedBy: 'omar' } })
  expect(decided.decision).toMatchObject({ refund: usd(500_00), commission: usd(300_00), net: usd(1_200_00) })
  expect(value(await operator('omar').approveDispute({ params, body: approval }))).toEqual(decided)
  await market.system.settle()
  expect(value(await as('bea').getOrder({ params: { orderId } })).refunded).toEqual(usd(500_00))
  expect(['settling', 'settled']).toContain(await orderStatus(orderId))
})

test('evidence is put by a link that takes that very file, is listed with its hash, and is served to both sides', async () => {
  const { seller, params } = await dispute('eveningtide')
  const content = Buffer.from('what was promised, word for word')
  const sha256 = createHash('sha256').update(content).digest('hex')
  const body = { name: 'chat.txt', contentType: 'text/plain' as const, bytes: content.length, sha256 }
  const upload = value(await as('bea').addEvidence({ params, body, idempotencyKey: 'file' }))
  expect(upload.dispute.evidence).toMatchObject([{ status: 'awaited', url: null, by: 'buyer', sha256 }])
  const put = (url: string, headers: Record<string, string>, of: Buffer) =>
    fetch(url, { method: 'PUT', headers, body: of })
  // Another length or another type is not what was signed.
  expect((await put(upload.uploadUrl, upload.headers, Buffer.from('more than was announced, by far'))).status).toBe(403)
  expect((await put(upload.uploadUrl, { ...upload.headers, 'content-type': 'text/html' }, content)).status).toBe(403)
  expect((await put(upload.uploadUrl, upload.headers, content)).status).toBe(200)
  await market.system.idle()
  for (const sub of ['bea', seller]) {
    const [file] = value(await as(sub).getDispute({ params })).evidence
    expect(file).toMatchObject({ status: 'received', name: 'chat.txt', sha256 })
    const got = await fetch(file?.url ?? '')
    // The browser stores it and never shows it.
    expect(new URL(file?.url ?? '').searchParams.get('response-content-disposition')).toMatch(/^attachment;/)
    expect(Buffer.from(await got.arrayBuffer())).toEqual(content)
  }
  // What calls itself a picture and is none is refused, with the reason.
  const fake = { ...body, name: 'screen.png', contentType: 'image/png' as const }
  const second = value(await as(seller).addEvidence({ params, body: fake, idempotencyKey: 'fake' }))
  expect((await put(second.uploadUrl, second.headers, content)).status).toBe(200)
  await market.system.idle()
  const { evidence } = value(await as('bea').getDispute({ params }))
  expect(evidence[1]).toMatchObject({ status: 'refused', why: 'it is no image/png', url: null })
  const token = await market.system.token('bea')
  for (const [field, wrong] of [
    ['bytes', 6 * 1024 * 1024],
    ['contentType', 'text/html'],
    ['name', '../../etc/passwd'],
    ['sha256', 'abc'],
  ] as const) {
    const problem = await checkRefused(
      market,
      'validation_failed',
      'POST',
      `/v1/disputes/${params.disputeId}/evidence`,
      {
        token,
        headers: { 'idempotency-key': 'bad' },
        body: { ...body, [field]: wrong },
      },
    )
    expect(problem.field).toBe(field)
  }
})

test('two operators who decide at once: one decision stands, and the other is told what is', async () => {
  const { seller, params } = await dispute('firstlight')
  await answer(seller, params)
  const decide = (sub: string, outcome: 'settle' | 'refund') =>
    operator(sub).decideDispute({ params, body: { outcome, reason: 'as it seems', basedOn: 2 } })
  const answers = await Promise.all([decide('olga', 'settle'), decide('omar', 'refund')])
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
  const refused = answers.find(({ ok }) => !ok)
  expect(refused).toMatchObject({ problem: { code: 'dispute_changed', facts: { version: 3, possible: [] } } })
  await market.system.settle()
})

test('the buyer withdraws while an operator decides: one of both, and never half of each', async () => {
  const { seller, params, orderId } = await dispute('greyharbour')
  await answer(seller, params)
  const [withdrawn, decided] = await Promise.all([
    as('bea').withdrawDispute({ params }),
    operator().decideDispute({ params, body: { outcome: 'refund', reason: 'as it seems', basedOn: 2 } }),
  ])
  expect([withdrawn.ok, decided.ok].filter(Boolean)).toHaveLength(1)
  await market.system.settle()
  const { status } = value(await as('bea').getDispute({ params }))
  const ends = await orderStatus(orderId)
  expect([status, ends.replace('settling', 'settled')]).toEqual(
    withdrawn.ok ? ['withdrawn', 'settled'] : ['refunded', 'refunded'],
  )
})

test('a platform’s own sale is not inspected, so there is nothing to dispute', async () => {
  await market.importFeed([market.suspended('quietriver')])
  await market.sweep()
  const { listing } = value(await as('bea').getHandle({ params: { handle: 'quietriver' } }))
  const body = { handle: 'quietriver', price: listing?.price ?? usd(1) }
  const { id } = value(await as('bea').placeOrder({ body, idempotencyKey: newKey() }))
  const problem = await checkRefused(market, 'transition_not_allowed', 'POST', `/v1/orders/${id}/dispute`, {
    token: await market.system.token('bea'),
    headers: { 'idempotency-key': 'own' },
    body: { reason: 'other', words },
  })
  expect(problem.facts).toMatchObject({ status: 'awaiting_payment' })
})
