import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type * as z from 'zod'
import { downloadDraw, verifyDraw } from '../../local/verify-draw.ts'
import type { CallInput } from '../../shared/contract/client.ts'
import type { dropSchema } from '../../shared/contract/drop.ts'
import { drawOrder } from '../../shared/domain/draw.ts'
import { sealDelaySeconds } from '../../shared/domain/drop.ts'
import { payOnPage } from '../cases/purchase.ts'
import { checkRefused, type Market, startMarket, value } from './market.ts'

type Drop = z.output<typeof dropSchema>
type NewDrop = CallInput<'createDrop'>['body']

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(async () => {
  market.system.door.clearFaults()
  await market.checkInvariants()
})
afterAll(() => market.stop())

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const inMs = (ms: number) => new Date(market.system.clock.now() + ms).toISOString()

/** Moves the clock, lets the sweep of deadlines run, and waits for what follows. */
const pass = async (ms: number): Promise<void> => {
  await market.system.clock.move(ms, { settle: true })
  const name = market.system.schedules.names.find((one) => one.endsWith('sweep-deadlines'))
  if (name === undefined) throw new Error('no schedule sweeps the deadlines')
  market.system.schedules.fire(name)
  await market.system.idle()
}
/** Moves the clock to an instant. */
const passTo = (instant: string) => pass(Math.max(0, Date.parse(instant) - market.system.clock.now()))

let names = 0
/** Handles on the open market that no test has used. */
const released = async (count: number): Promise<string[]> => {
  const fresh = Array.from({ length: count }, () => `dropped_${String.fromCharCode(97 + (names += 1))}`)
  await market.importFeed(fresh.map((handle) => market.suspended(handle)))
  await market.sweep()
  return fresh
}

let keys = 0
const create = async (handles: readonly string[], more: Partial<NewDrop> = {}): Promise<Drop> => {
  const operator = await market.client('operator')
  const body: NewDrop = {
    title: 'A drop',
    method: 'draw',
    handles: handles.map((handle) => ({ handle })),
    opensAt: inMs(hourMs),
    closesAt: inMs(25 * hourMs),
    entriesPerAccountMax: handles.length,
    ...more,
  }
  const made = value(await operator.createDrop({ body, idempotencyKey: `drop-${(keys += 1)}` }))
  await market.system.idle()
  return made
}
const get = async ({ id }: Drop): Promise<Drop> =>
  value(await (await market.client('alice')).getDrop({ params: { dropId: id } }))
const lotOf = (drop: Drop, handle: string) => {
  const lot = drop.lots.find((one) => one.handle === handle)
  if (lot === undefined) throw new Error(`${handle} is not in the drop`)
  return lot
}
const enter = async (who: string, { id }: Drop, handle: string, answers: string[] = []) =>
  value(await (await market.client(who)).enterDrop({ params: { dropId: id }, body: { handle, answers } }))
const handleOf = async (handle: string) => value(await (await market.client('alice')).getHandle({ params: { handle } }))
const eventsOf = async ({ id }: Drop) => {
  const operator = await market.client('operator')
  const { entries } = value(await operator.listJournal({ params: { aggregateId: `drop:${id}` } }))
  return entries.flatMap(({ events }) => events)
}
/** The order by which an account holds a handle. */
const orderFor = async (who: string, handle: string) => {
  const { items } = value(await (await market.client(who)).listOrders({}))
  return items.find((order) => order.handle === handle)
}
const pay = async (who: string, handle: string): Promise<void> => {
  const order = await orderFor(who, handle)
  if (order === undefined) throw new Error(`${who} has no order for ${handle}`)
  const page = value(await (await market.client(who)).openCheckout({ params: { orderId: order.id } }))
  expect(await payOnPage(page.url)).toBe('paid')
  await market.system.idle()
}
const people = ['alice', 'bob', 'carol', 'dave']
let groups = 0
/** People whom no other test knows: whoever does not pay has a strike, and two of them bar an account from drops. */
const strangers = (): string[] => {
  groups += 1
  return people.map((who) => `${who}_${groups}`)
}
/** Enters everybody for a handle; who has which entry. */
const everybodyEnters = async (drop: Drop, handle: string, everybody = people): Promise<Map<string, string>> => {
  const byEntry = new Map<string, string>()
  for (const who of everybody) byEntry.set((await enter(who, drop, handle)).entryId, who)
  return byEntry
}

describe('a drop by draw', () => {
  test('binds its handles, takes entries while it is open, draws what can be drawn again, and offers down the order', async () => {
    const [wanted = '', unwanted = ''] = await released(2)
    const created = await create([wanted, unwanted], { paymentWindowHours: 2, roundsMax: 2 })
    const drop = await get(created)
    expect(drop).toMatchObject({ status: 'announced', seed: null, commitment: created.commitment })
    expect(drop.lots.map(({ status }) => status)).toEqual(['bound', 'bound'])
    expect((await handleOf(wanted)).listing).toMatchObject({ mode: 'drop' })
    const { price } = lotOf(drop, wanted)
    if (price === null) throw new Error('no price')
    await checkRefused(market, 'handle_in_sale', 'POST', '/v1/orders', {
      token: await market.system.token('alice'),
      headers: { 'idempotency-key': 'too-early' },
      body: { handle: wanted, price },
    })
    const path = `/v1/drops/${drop.id}/entries`
    const early = { token: await market.system.token('alice'), body: { handle: wanted } }
    expect((await checkRefused(market, 'drop_not_open', 'POST', path, early)).facts).toEqual({ opensAt: drop.opensAt })

    await passTo(drop.opensAt)
    const byEntry = await everybodyEnters(drop, wanted, strangers())
    expect(byEntry.size).toBe(4)
    // Again: the same entry.
    const [anybody = ''] = byEntry.values()
    expect(byEntry.get((await enter(anybody, drop, wanted)).entryId)).toBe(anybody)
    await checkRefused(market, 'drop_not_drawn', 'GET', `${path}?handle=${wanted}`)

    await passTo(drop.closesAt)
    expect(await get(drop)).toMatchObject({ status: 'drawing', seed: null })
    await pass(sealDelaySeconds * 1_000)
    const drawn = await get(drop)
    expect(drawn.status).toBe('awarding')
    const order = drawOrder(drawn.seed ?? '', drop.id, wanted, [...byEntry.keys()])
    expect(lotOf(drawn, wanted)).toMatchObject({ status: 'offered', round: 1, entries: 4, order: order.slice(0, 2) })
    expect(lotOf(drawn, unwanted)).toMatchObject({ status: 'unsold', why: 'nobody_entered', entries: 0 })
    expect((await handleOf(unwanted)).listing).toMatchObject({ mode: 'fixed_price', status: 'open' })
    const anyone = await market.client('alice')
    expect(verifyDraw(await downloadDraw(anyone, drop.id))).toMatchObject({ entries: 4, differences: [] })

    // The first does not pay; the second does.
    const [first = '', second = ''] = order.map((entryId) => byEntry.get(entryId) ?? '')
    expect((await orderFor(first, wanted))?.status).toBe('awaiting_payment')
    await pass(2 * hourMs + minuteMs)
    expect((await orderFor(first, wanted))?.status).toBe('expired')
    expect(lotOf(await get(drop), wanted)).toMatchObject({ status: 'offered', round: 2, offeredTo: order[1] })
    const operator = await market.client('operator')
    const standing = await operator.listJournal({ params: { aggregateId: `standing:${first}` } })
    const known = value(standing).entries.flatMap(({ events }) => events)
    expect(known.filter(({ type }) => type === 'strike_recorded')).toMatchObject([{ saleId: drop.id }])
    await pay(second, wanted)
    const closed = await get(drop)
    expect(closed).toMatchObject({ status: 'closed', next: null })
    expect(lotOf(closed, wanted).status).toBe('sold')
    expect((await handleOf(wanted)).status).toBe('active')
    expect(verifyDraw(await downloadDraw(anyone, drop.id)).differences).toEqual([])
  }, 120_000)

  test('keeps its seed from every view and every journal entry until it is drawn', async () => {
    const [handle = ''] = await released(1)
    const drop = await get(await create([handle]))
    await passTo(drop.closesAt)
    const before = JSON.stringify([await get(drop), await eventsOf(drop)])
    await pass(sealDelaySeconds * 1_000)
    const { seed } = await get(drop)
    expect(seed).toMatch(/^[0-9a-f]{64}$/)
    expect(before).not.toContain(seed)
    expect(before).toContain(drop.commitment)
    expect((await eventsOf(drop)).filter((event) => JSON.stringify(event).includes(seed ?? '?'))).toEqual([
      { type: 'drop_drawn', seed },
    ])
  })

  test('goes to the open market when nobody of as many as there are rounds has paid', async () => {
    const [handle = ''] = await released(1)
    const drop = await get(await create([handle], { paymentWindowHours: 1, roundsMax: 2 }))
    await passTo(drop.opensAt)
    await everybodyEnters(drop, handle, strangers())
    await passTo(drop.closesAt)
    await pass(sealDelaySeconds * 1_000)
    for (let round = 1; round <= 2; round += 1) await pass(hourMs + minuteMs)
    const closed = await get(drop)
    expect(closed.status).toBe('closed')
    expect(lotOf(closed, handle)).toMatchObject({ status: 'unsold', why: 'nobody_paid', round: 2, offeredTo: null })
    expect((await handleOf(handle)).listing).toMatchObject({ mode: 'fixed_price', status: 'open' })
  })

  test('finds out that its record was changed', async () => {
    const [handle = ''] = await released(1)
    const drop = await get(await create([handle]))
    await passTo(drop.opensAt)
    await everybodyEnters(drop, handle)
    await passTo(drop.closesAt)
    await pass(sealDelaySeconds * 1_000)
    const record = await downloadDraw(await market.client('alice'), drop.id)
    const ids = record.entries[handle] ?? []
    const without = { ...record, entries: { [handle]: ids.slice(1) } }
    expect(verifyDraw(without).differences.length).toBeGreaterThanOrEqual(2)
    const lots = record.drop.lots.map((lot) => ({ ...lot, order: (lot.order ?? []).toReversed() }))
    expect(verifyDraw({ ...record, drop: { ...record.drop, lots } }).differences.length).toBeGreaterThanOrEqual(1)
    const seed = '00'.repeat(32)
    expect(verifyDraw({ ...record, drop: { ...record.drop, seed } }).differences).toContain(
      'the seed is not the one that was committed to',
    )
  })
})

describe('entries', () => {
  test('are one an account a handle, as many handles as the drop lets an account enter for, and can be taken back', async () => {
    const handles = await released(3)
    const drop = await get(await create(handles, { entriesPerAccountMax: 2 }))
    const [one = '', two = '', three = ''] = handles
    await passTo(drop.opensAt)
    const alice = await market.client('alice')
    const params = { dropId: drop.id }
    const same = await Promise.all([one, one, one].map((handle) => alice.enterDrop({ params, body: { handle } })))
    expect(new Set(same.map((answer) => value(answer).entryId)).size).toBe(1)
    await enter('alice', drop, two)
    const sending = { token: await market.system.token('alice'), body: { handle: three } }
    const problem = await checkRefused(market, 'entry_limit', 'POST', `/v1/drops/${drop.id}/entries`, sending)
    expect(problem.facts).toEqual({ entriesPerAccountMax: 2 })
    for (const handle of [one, one]) value(await alice.withdrawFromDrop({ params, body: { handle } }))
    await enter('alice', drop, three)
    expect(value(await alice.listMyEntries({ params })).items.map(({ handle }) => handle)).toEqual([two, three])
    expect(value(await (await market.client('bob')).listMyEntries({ params })).items).toEqual([])
  })

  test('are refused from the very end on, and cannot be taken back then', async () => {
    const [handle = ''] = await released(1)
    const drop = await get(await create([handle]))
    await passTo(drop.opensAt)
    await enter('alice', drop, handle)
    await passTo(drop.closesAt)
    const path = `/v1/drops/${drop.id}/entries`
    const sending = { token: await market.system.token('bob'), body: { handle } }
    await checkRefused(market, 'drop_ended', 'POST', path, sending)
    await checkRefused(market, 'drop_ended', 'POST', `${path}/withdraw`, sending)
  })

  test('answer the questions of the drop, within the limits', async () => {
    const [handle = ''] = await released(1)
    const drop = await get(await create([handle], { method: 'application', questions: ['Why?'] }))
    await passTo(drop.opensAt)
    const token = await market.system.token('alice')
    const path = `/v1/drops/${drop.id}/entries`
    for (const [code, answers] of [
      ['answers_missing', []],
      ['answers_missing', [' ']],
      ['answers_missing', ['a', 'b']],
      ['validation_failed', ['a'.repeat(1_001)]],
    ] as const) {
      await checkRefused(market, code, 'POST', path, { token, body: { handle, answers } })
    }
    await checkRefused(market, 'not_found', 'POST', path, { token, body: { handle: 'not_in_it', answers: ['a'] } })
    expect(await enter('alice', drop, handle, ['Because'])).toMatchObject({ answers: ['Because'] })
  })
})

describe('a drop by application', () => {
  test('serves accepted applications by score, and tells operators alone who applied', async () => {
    const [handle = ''] = await released(1)
    const drop = await get(
      await create([handle], { method: 'application', questions: ['Why?'], reviewHours: 10, paymentWindowHours: 1 }),
    )
    await passTo(drop.opensAt)
    for (const who of people) await enter(who, drop, handle, [`I am ${who}`])
    await passTo(drop.closesAt)
    const operator = await market.client('operator')
    const params = { dropId: drop.id }
    const { items } = value(await operator.listApplications({ params, query: { handle } }))
    expect(new Map(items.map(({ accountId, answers }) => [accountId, answers[0]]))).toEqual(
      new Map(people.map((who) => [who, `I am ${who}`])),
    )
    const entryOf = (who: string) => items.find(({ accountId }) => accountId === who)?.entryId ?? ''
    for (const [who, score] of [
      ['bob', 70],
      ['dave', 90],
    ] as const) {
      const body = { handle, accepted: true, score, reason: 'a good plan for it' }
      value(await operator.reviewApplication({ params: { ...params, entryId: entryOf(who) }, body }))
    }
    await pass(10 * hourMs)
    const decided = lotOf(await get(drop), handle)
    expect(decided).toMatchObject({ status: 'offered', entries: 4, order: [entryOf('dave'), entryOf('bob')] })
    expect(verifyDraw(await downloadDraw(operator, drop.id)).differences).toEqual([])
    // Whoever declines lets the next have it.
    const order = await orderFor('dave', handle)
    value(await (await market.client('dave')).cancelOrder({ params: { orderId: order?.id ?? '' } }))
    await market.system.idle()
    await pay('bob', handle)
    expect(lotOf(await get(drop), handle).status).toBe('sold')
  })
})

describe('what breaks off goes on', () => {
  test('a worker that dies between two bindings, or between two awards, leaves nothing undone and nothing done twice', async () => {
    const handles = await released(4)
    const died = () => market.system.door.inject({ kind: 'kill', when: 'after', nth: 2, ...transaction })
    const transaction = { function: 'workers-apply-deadlines', operation: 'TransactWriteItems' }
    const binding = died()
    const created = await create(handles)
    await market.system.settle()
    expect(binding.hits).toBe(1)
    const drop = await get(created)
    expect([drop.status, drop.lots.map(({ status }) => status)]).toEqual(['announced', Array(4).fill('bound')])

    await passTo(drop.opensAt)
    for (const handle of handles) await everybodyEnters(drop, handle)
    await passTo(drop.closesAt)
    const awarding = died()
    await pass(sealDelaySeconds * 1_000)
    await market.system.settle()
    expect(awarding.hits).toBe(1)
    const drawn = await get(drop)
    expect(drawn.lots.map(({ status, round }) => [status, round])).toEqual(Array(4).fill(['offered', 1]))
    const offers = (await eventsOf(drop)).filter(({ type }) => type === 'lot_offered')
    expect(offers).toHaveLength(4)
    const orders = await Promise.all(
      people.map(async (who) => value(await (await market.client(who)).listOrders({})).items),
    )
    for (const handle of handles) {
      expect(orders.flat().filter((order) => order.handle === handle)).toHaveLength(1)
    }
    expect(verifyDraw(await downloadDraw(await market.client('alice'), drop.id)).differences).toEqual([])
  })
})

describe('an operator', () => {
  test('gets the same drop for the same key, and no other', async () => {
    const [handle = ''] = await released(1)
    const operator = await market.client('operator')
    const body: NewDrop = {
      title: 'Twice',
      method: 'draw',
      handles: [{ handle, price: { amountMinor: 123_00, currency: 'USD' } }],
      opensAt: inMs(hourMs),
      closesAt: inMs(2 * hourMs),
    }
    const [one, two] = await Promise.all([0, 1].map(() => operator.createDrop({ body, idempotencyKey: 'twice' })))
    if (one === undefined || two === undefined) throw new Error('two answers')
    expect(value(two).id).toBe(value(one).id)
    expect(value(two).commitment).toBe(value(one).commitment)
    await checkRefused(market, 'idempotency_key_reused', 'POST', '/v1/operator/drops', {
      token: await market.system.token('operator'),
      headers: { 'idempotency-key': 'twice' },
      body: { ...body, title: 'Another' },
    })
    await market.system.idle()
    const drop = await get(value(one))
    expect(lotOf(drop, handle).price).toEqual({ amountMinor: 123_00, currency: 'USD' })
    const listed = value(await operator.listDrops({ query: { limit: 100 } })).items
    expect(listed.filter(({ id }) => id === drop.id)).toHaveLength(1)
  })

  test('calls a drop off before it opens: its handles are free again', async () => {
    const handles = await released(2)
    const drop = await get(await create(handles))
    const operator = await market.client('operator')
    const cancel = () => operator.cancelDrop({ params: { dropId: drop.id }, body: { reason: 'a mistake' } })
    expect(value(await cancel()).status).toBe('cancelling')
    await market.system.idle()
    expect(await get(drop)).toMatchObject({ status: 'cancelled', cancelReason: 'a mistake' })
    expect(value(await cancel()).status).toBe('cancelled')
    for (const handle of handles) expect((await handleOf(handle)).listing).toMatchObject({ mode: 'fixed_price' })
  })

  test('is told which handles could not be bound, and why; a drop of none is called off', async () => {
    const [handle = ''] = await released(1)
    await market.importFeed([market.account('still_held_here', 3)])
    const mixed = await get(await create([handle, 'still_held_here', 'nobody_knows_it']))
    expect(mixed.lots.map(({ status, why }) => [status, why])).toEqual([
      ['bound', null],
      ['left_out', 'handle_not_for_sale'],
      ['left_out', 'handle_not_for_sale'],
    ])
    const second = await get(await create([handle]))
    expect(second).toMatchObject({ status: 'cancelled' })
    expect(lotOf(second, handle)).toMatchObject({ status: 'left_out', why: 'handle_in_sale' })
  })

  test.each([
    ['opensAt', { opensAt: -1 }],
    ['closesAt', { closesAt: 0 }],
  ])('is refused a drop that contradicts itself, with the field %s', async (field, times) => {
    const at = { opensAt: hourMs, closesAt: 2 * hourMs, ...times }
    const problem = await checkRefused(market, 'drop_invalid', 'POST', '/v1/operator/drops', {
      token: await market.system.token('operator'),
      headers: { 'idempotency-key': `wrong-${field}` },
      body: {
        title: 'Wrong',
        method: 'draw',
        handles: [{ handle: 'whatever' }],
        opensAt: inMs(at.opensAt),
        closesAt: inMs(at.closesAt),
      },
    })
    expect(problem.field).toBe(field)
  })
})

test('whoever made a drop does not enter it', async () => {
  const [handle = ''] = await released(1)
  const drop = await get(await create([handle]))
  await passTo(drop.opensAt)
  const path = `/v1/drops/${drop.id}/entries`
  const own = { token: await market.system.token('operator', { groups: [] }), body: { handle } }
  await checkRefused(market, 'linked_account', 'POST', path, own)
})
