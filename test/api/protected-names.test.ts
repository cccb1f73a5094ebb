import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Client } from '../../shared/contract/client.ts'
import { marksPerRequestMax } from '../../shared/contract/operator-resources.ts'
import { marksPerLookMax } from '../../shared/domain/protected-names.ts'
import { importProtected } from '../../scripts/import-protected.ts'
import { checkRefused, type Market, startMarket, value } from './market.ts'

let market: Market
let operator: Client
beforeAll(async () => {
  market = await startMarket()
  operator = await market.client('operator')
})
afterEach(() => market.checkInvariants())
afterAll(() => market.stop())

const protect = async (source: string, ...names: (string | { name: string; owner?: string })[]) => {
  const body = { source, names: names.map((one) => (typeof one === 'string' ? { name: one } : one)) }
  return value(await operator.importProtectedNames({ body })).items
}
const statusOf = async (name: string) => value(await operator.getProtectedName({ params: { name } }))
const withdraw = (name: string, reason: string, source?: string) =>
  operator.withdrawProtectedName({ params: { name }, body: { reason, ...(source === undefined ? {} : { source }) } })
const lastEventOf = async (aggregateId: string) => {
  const { entries } = value(await operator.listJournal({ params: { aggregateId } }))
  return entries.at(-1)?.events.at(-1)
}

test('an imported mark is kept from the market by name, its look-alikes by likeness, and what looks otherwise is not', async () => {
  const since = new Date(market.system.clock.now()).getTime()
  const items = await protect('tmch', { name: 'Zarvelo', owner: 'Zarvelo Foods AG' }, 'quombix')
  expect(items).toEqual([
    { name: 'Zarvelo', handle: 'zarvelo', outcome: 'protected', code: null, reason: null },
    { name: 'quombix', handle: 'quombix', outcome: 'protected', code: null, reason: null },
  ])
  const suspended = { suspendedAt: new Date(market.system.clock.now() - 200 * 86_400_000).toISOString() }
  const names = ['zarvelo', 'Zarve1o', 'zar_vel0', 'zarvelous']
  await market.importFeed(names.map((handle) => market.account(handle, 400, suspended)))
  await market.sweep()
  expect(await lastEventOf('handle:zarvelo')).toMatchObject({
    type: 'handle_reserved',
    code: 'protected_name',
    reason: 'The name is protected: it was registered by tmch.',
  })
  for (const name of ['zarve1o', 'zar_vel0']) {
    expect(await lastEventOf(`handle:${name}`)).toMatchObject({
      type: 'handle_reserved',
      code: 'confusable_with_protected',
      reason: 'The name can be taken for zarvelo, which is protected.',
    })
  }
  expect(await lastEventOf('handle:zarvelous')).toMatchObject({ type: 'handle_released' })

  const status = await statusOf('ZARVELO')
  expect(status).toMatchObject({
    name: 'zarvelo',
    gate: 'protected_name',
    protections: [{ code: 'protected_name', like: 'zarvelo', by: 'mark', source: 'tmch', owner: 'Zarvelo Foods AG' }],
  })
  expect(Date.parse(status.protections[0]?.since ?? '')).toBeGreaterThanOrEqual(since)
  expect(await statusOf('zarve1o')).toMatchObject({
    gate: 'confusable_with_protected',
    protections: [{ code: 'confusable_with_protected', like: 'zarvelo', source: 'tmch' }],
  })
  expect(await statusOf('zarvelous')).toEqual({ name: 'zarvelous', gate: null, protections: [] })
})

test('the same names again change nothing; another source or owner is told beside them', async () => {
  await protect('partners', { name: 'velmora', owner: 'Velmora Ltd' }, 'velm0ra')
  const before = await market.items()
  const again = await protect('partners', { name: 'VELMORA', owner: 'Velmora Ltd' }, 'velm0ra', 'velm0ra')
  expect(again.map(({ outcome }) => outcome)).toEqual(['already_protected', 'already_protected', 'already_protected'])
  await market.checkItems(before)

  const [first] = (await statusOf('velmora')).protections
  expect((await protect('tmch', 'velmora'))[0]?.outcome).toBe('protected')
  expect((await protect('partners', { name: 'velmora', owner: 'Velmora Holding' }))[0]?.outcome).toBe('protected')
  const { protections } = await statusOf('velmora')
  expect(protections.filter(({ like }) => like === 'velmora').map(({ source, owner }) => [source, owner])).toEqual([
    ['tmch', null],
    ['partners', 'Velmora Holding'],
  ])
  expect(protections.find(({ source, like }) => source === 'partners' && like === 'velmora')?.since).toBe(first?.since)
})

test('a name that is no handle is refused with its reason and harms no other; a disguised one with what it imitates', async () => {
  const items = await protect('tmch', 'p\u0430ypal', 'Coca-Cola', '', 'a_name_of_many_letters', 'brimtal')
  expect(items.map(({ outcome, code, handle }) => [outcome, code, handle])).toEqual([
    ['refused', 'handle_character', null],
    ['refused', 'handle_character', null],
    ['refused', 'handle_empty', null],
    ['refused', 'handle_too_long', null],
    ['protected', null, 'brimtal'],
  ])
  expect(items[0]?.reason).toMatch(/U\+0430.*mistaken for paypal\.$/)

  const token = await market.system.token('operator')
  const path = `/v1/operator/protected-names/${encodeURIComponent('p\u0430ypal')}`
  const problem = await checkRefused(market, 'handle_character', 'GET', path, { token })
  expect(problem).toMatchObject({ field: 'name', facts: { lookalike: 'paypal', position: 2 } })
})

test('what came to market before its mark was imported cannot be bought: by its name and by its looks', async () => {
  await market.importFeed(
    ['drimsolo', 'drims0lo', 'drimsala'].map((handle) =>
      market.account(handle, 400, {
        suspendedAt: new Date(market.system.clock.now() - 200 * 86_400_000).toISOString(),
      }),
    ),
  )
  await market.sweep()
  await protect('tmch', 'drimsolo')
  const alice = await market.client('alice')
  const buy = async (handle: string) => {
    const price = value(await alice.getHandle({ params: { handle } })).listing?.price
    if (price === undefined) throw new Error(`${handle} is not for sale`)
    return alice.placeOrder({ body: { handle, price }, idempotencyKey: `buy-${handle}` })
  }
  const refused = { ok: false, problem: { code: 'handle_not_for_sale', status: 409 } }
  expect(await buy('drimsolo')).toMatchObject({ ...refused, problem: { facts: { gate: 'protected_name' } } })
  expect(await buy('drims0lo')).toMatchObject({
    ...refused,
    problem: {
      facts: { gate: 'confusable_with_protected' },
      detail: 'The name can be taken for drimsolo, which is protected.',
    },
  })
  expect(await buy('drimsala')).toMatchObject({ ok: true })

  value(await withdraw('drimsolo', 'the registration lapsed'))
  expect(await buy('drimsolo')).toMatchObject({ ok: true })
})

test('what an operator overruled at the release can be bought, until another mark protects it later', async () => {
  await protect('tmch', 'florandi')
  const suspendedAt = new Date(market.system.clock.now() - 200 * 86_400_000).toISOString()
  await market.importFeed(['flor4ndi', 'f1orandi'].map((handle) => market.account(handle, 400, { suspendedAt })))
  await market.sweep()
  for (const handle of ['flor4ndi', 'f1orandi']) {
    const body = { code: 'confusable_with_protected', reason: 'the owner of the mark agrees' }
    value(await operator.overruleGate({ params: { handle }, body }))
  }
  await market.sweep()
  const alice = await market.client('alice')
  const buy = async (handle: string) => {
    const price = value(await alice.getHandle({ params: { handle } })).listing?.price
    if (price === undefined) throw new Error(`${handle} is not for sale`)
    return alice.placeOrder({ body: { handle, price }, idempotencyKey: `overruled-${handle}` })
  }
  expect(await buy('flor4ndi')).toMatchObject({ ok: true })
  await market.system.clock.move(1000)
  await protect('partners', 'fl0randi')
  expect(await buy('f1orandi')).toMatchObject({
    ok: false,
    problem: { code: 'handle_not_for_sale', facts: { gate: 'confusable_with_protected' } },
  })
})

test('an imported name is withdrawn, by source or altogether, and who did it when and why stays in the journal', async () => {
  await protect('tmch', 'orvanta')
  await protect('partners', 'orvanta', '0rvanta')
  expect(value(await withdraw('orvanta', 'it was a mistake of the list', 'partners'))).toMatchObject({
    gate: 'protected_name',
    protections: [{ source: 'tmch' }, { like: '0rvanta', source: 'partners' }],
  })
  const gone = value(await withdraw('Orvanta', 'it was a mistake of the list'))
  expect(gone).toMatchObject({ gate: 'confusable_with_protected', protections: [{ like: '0rvanta' }] })
  const before = await market.items()
  expect(value(await withdraw('orvanta', 'it was a mistake of the list'))).toEqual(gone)
  await market.checkItems(before)
  value(await withdraw('0rvanta', 'all of it'))
  expect((await statusOf('orvanta')).gate).toBeNull()

  // The stream files replaced entries.
  await market.system.idle()
  const { entries } = value(await operator.listJournal({ params: { aggregateId: 'look:orvanta' } }))
  expect(entries.flatMap(({ by, events }) => events.map((event) => [by, event.type]))).toEqual([
    ['operator:operator', 'mark_protected'],
    ['operator:operator', 'mark_protected'],
    ['operator:operator', 'mark_protected'],
    ['operator:operator', 'mark_withdrawn'],
    ['operator:operator', 'mark_withdrawn'],
    ['operator:operator', 'mark_withdrawn'],
  ])
  expect(entries.at(-1)?.events).toEqual([
    { type: 'mark_withdrawn', name: '0rvanta', source: 'partners', reason: 'all of it' },
  ])
})

test('what a verified account or the shipped list protects cannot be withdrawn, and an imported mark beside it can', async () => {
  await market.importFeed([market.account('Talverno', 10, { class: 'verified' })])
  expect(await statusOf('ta1verno')).toMatchObject({
    gate: 'confusable_with_protected',
    protections: [{ like: 'talverno', by: 'account', source: null }],
  })
  const refused = { ok: false, problem: { code: 'protection_not_imported', status: 409, field: 'name' } }
  expect(await withdraw('talverno', 'we would like to')).toMatchObject(refused)
  expect(await statusOf('paypal')).toMatchObject({ gate: 'protected_name', protections: [{ by: 'shipped_list' }] })
  expect(await withdraw('paypal', 'we would like to')).toMatchObject(refused)

  await protect('tmch', 'talverno')
  expect(value(await withdraw('talverno', 'the account has it anyway'))).toMatchObject({
    gate: null,
    protections: [{ code: 'protected_name', like: 'talverno', by: 'account' }],
  })
})

test('a feed and an import that protect the same looks at the same time both count', async () => {
  const rounds = ['ventaru', 'sopralik', 'mendoval', 'kristabo']
  await Promise.all([
    market.importFeed(rounds.map((handle) => market.account(handle, 10, { class: 'government' }))),
    ...rounds.map((name) => protect('tmch', name)),
    ...rounds.map((name) => protect('partners', name)),
  ])
  for (const name of rounds) {
    const { protections } = await statusOf(name)
    expect(protections.map(({ by, source }) => source ?? by).toSorted()).toEqual(['account', 'partners', 'tmch'])
  }
})

test('there are limits: of names in a request, of marks on one look, and of what a request may say', async () => {
  const token = await market.system.token('operator')
  const names = Array.from({ length: marksPerRequestMax + 1 }, (_, index) => ({ name: `limit${index}` }))
  const path = '/v1/operator/protected-names'
  const send = (body: unknown) => checkRefused(market, 'validation_failed', 'POST', path, { token, body })
  expect((await send({ source: 'tmch', names })).field).toBe('names')
  expect((await send({ source: 'tmch', names: [] })).field).toBe('names')
  expect((await send({ source: 'Trade Marks', names: names.slice(0, 1) })).field).toBe('source')
  expect((await send({ source: 'tmch', names: [{ name: 'limit', note: 'x' }] })).field).toBe('names.0.note')
  const all = await protect('tmch', ...names.slice(1).map(({ name }) => name))
  expect(all).toHaveLength(marksPerRequestMax)

  const alike = Array.from({ length: marksPerLookMax + 1 }, (_, index) => `${'_'.repeat(index)}fullo`)
  const outcomes = await protect('tmch', ...alike)
  expect(outcomes.map(({ outcome }) => outcome)).toEqual([
    ...alike.slice(1).map(() => 'protected' as const),
    'refused' as const,
  ])
  expect(outcomes.at(-1)).toMatchObject({ code: 'look_full', handle: alike.at(-1) })
  expect((await statusOf(alike.at(-1) ?? '')).gate).toBe('confusable_with_protected')
})

test('the command sends a CSV in batches, tells what was refused by its line, and may be repeated', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'marks-'))
  const file = join(folder, 'marks.csv')
  const rows = Array.from({ length: marksPerRequestMax + 20 }, (_, index) => `batchmark${index},"Owner, ${index}"`)
  writeFileSync(file, ['\ufeffname,owner', ...rows, 'Nestl\u00e9,', 'p\u0430ypal,nobody', ''].join('\r\n'))
  const told: string[] = []
  const run = () => importProtected(operator, { file, source: 'tmch' }, (sentence) => told.push(sentence))
  expect(await run()).toEqual({ protected: rows.length, already_protected: 0, refused: 2 })
  expect(told).toEqual([
    expect.stringMatching(new RegExp(`^line ${rows.length + 2}: "Nestl\u00e9": handle_character: .*nestle\\.$`)),
    expect.stringMatching(new RegExp(`^line ${rows.length + 3}: .*paypal\\.$`)),
  ])
  expect((await statusOf('batchmark7')).protections).toMatchObject([{ source: 'tmch', owner: 'Owner, 7' }])
  const before = await market.items()
  expect(await run()).toEqual({ protected: 0, already_protected: rows.length, refused: 2 })
  await market.checkItems(before)
  writeFileSync(file, 'mark,owner\nsomething,x\n')
  await expect(run()).rejects.toThrow('there is no column "name"')
  rmSync(folder, { recursive: true })
})
