import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { skeleton } from '../../shared/domain/handle-name.ts'
import { brandNames, brandOfSkeleton } from '../../shared/domain/protected-brands.ts'
import { guardOf, type ProtectedLook } from '../../shared/domain/protected-names.ts'
import { readAggregate } from '../../shared/store/items.ts'
import { scanTable } from '../../shared/store/scan.ts'
import { checkRefused, type Market, startMarket, value } from './market.ts'

let market: Market
const tokens = new Map<string, string>()
beforeAll(async () => {
  market = await startMarket()
  for (const sub of ['alice', 'platform']) tokens.set(sub, await market.system.token(sub))
})
afterEach(async () => {
  await checkSkeletons()
  await market.checkInvariants()
})
afterAll(() => market.stop())

/** Nothing that is for sale has the looks of a protected name that is not itself. */
const checkSkeletons = async (): Promise<number> => {
  const looks = new Map<string, ProtectedLook>()
  const forSale: string[] = []
  for await (const item of scanTable(market.store.db, market.store.handlesTable)) {
    if (item['sk'] === 'skeleton') looks.set(String(item['skeleton']), readAggregate('look', item).state)
    else if (item['listing'] !== undefined) forSale.push(String(item['name']))
  }
  const passedOff = forSale.filter((name) => {
    const shape = skeleton(name)
    return guardOf(name, looks.get(shape)) !== null || brandOfSkeleton(shape) !== undefined
  })
  expect(passedOff).toEqual([])
  return forSale.length
}

const viewOf = async (handle: string) => value(await (await market.client('alice')).getHandle({ params: { handle } }))

/** It is kept from the market for this reason, whoever asks, and nobody can order it. */
const checkReserved = async (handle: string, code: string): Promise<void> => {
  const view = await viewOf(handle)
  expect([handle, view.status, view.listing, view.appraisal]).toEqual([handle, 'reserved', null, null])
  const { entries } = value(
    await (
      await market.client('operator')
    ).listJournal({
      params: { aggregateId: `handle:${handle.toLowerCase()}` },
    }),
  )
  const last = entries.at(-1)?.events.at(-1)
  expect([handle, last]).toMatchObject([
    handle,
    { type: 'handle_reserved', code, reason: expect.stringMatching(/\w+ \w+/) as unknown },
  ])
  const problem = await checkRefused(market, 'handle_not_for_sale', 'POST', '/v1/orders', {
    token: tokens.get('alice'),
    headers: { 'idempotency-key': `look-${handle}` },
    body: { handle, price: { amountMinor: 100, currency: 'USD' } },
  })
  expect(problem.status).toBe(409)
  const page = value(await (await market.client('alice')).searchListings({ query: { prefix: handle } }))
  expect(page.items.map((card) => card.handle)).not.toContain(handle.toLowerCase())
}

describe('case 26: what only looks like a handle is refused wherever it is written', () => {
  const disguises = {
    Cyrillic: ['p\u0430ypal', 'mixed_script'],
    'all Cyrillic': ['\u0440\u0430\u0443\u0440\u0430l', 'mixed_script'],
    Greek: ['g\u03bf\u03bfgle', 'mixed_script'],
    'a zero-width joiner': ['pay\u200dpal', 'invisible'],
    'a zero-width non-joiner': ['pay\u200cpal', 'invisible'],
    'a zero-width space': ['pay\u200bpal', 'invisible'],
    'a word joiner': ['pay\u2060pal', 'invisible'],
    'a soft hyphen': ['pay\u00adpal', 'invisible'],
    'a direction override': ['\u202elapyap', 'invisible'],
    'a byte order mark': ['\ufeffpaypal', 'invisible'],
    'a variation selector': ['paypal\ufe0f', 'invisible'],
    'full width': ['\uff50\uff41\uff59\uff50\uff41\uff4c', 'full_width'],
    'mathematical letters': ['\ud835\udc29aypal', 'mixed_script'],
    'circled letters': ['\u24dfaypal', 'mixed_script'],
    'the Kelvin sign': ['\u212aelvin', 'mixed_script'],
    'a dotless i': ['pa\u0131pal', 'mixed_script'],
    'a combining accent': ['paypa\u0301l', 'accent'],
    'full-width digits': ['paypa\uff11', 'full_width'],
    'a full-width underscore': ['pay\uff3fpal', 'full_width'],
    'a hyphen': ['pay-pal', 'symbol'],
  } as const

  test.each(Object.entries(disguises))('case 26: %s in the routes', async (_, [handle, kind]) => {
    const before = await market.items()
    const encoded = encodeURIComponent(handle)
    const problem = await checkRefused(market, 'handle_character', 'GET', `/v1/handles/${encoded}`)
    expect(problem).toMatchObject({ status: 400, field: 'handle' })
    expect(problem.facts).toMatchObject({ kind })
    const prefixed = await checkRefused(market, 'handle_character', 'GET', `/v1/listings?prefix=${encoded}`)
    expect(prefixed.field).toBe('prefix')
    await checkRefused(market, 'handle_character', 'POST', '/v1/orders', {
      token: tokens.get('alice'),
      headers: { 'idempotency-key': `disguise-${kind}` },
      body: { handle, price: { amountMinor: 100, currency: 'USD' } },
    })
    await checkRefused(market, 'handle_character', 'POST', '/v1/platform/activity', {
      token: tokens.get('platform'),
      body: { handle, accountId: 'acct_1', activeAt: new Date(market.system.clock.now()).toISOString() },
    })
    await market.checkItems(before)
  })

  test('case 26: all of them in the feed', async () => {
    const before = await market.items('I#')
    const imported = await market.importFeed(Object.values(disguises).map(([handle]) => market.suspended(handle)))
    expect(imported).toMatchObject({ status: 'complete', created: 0, rejected: Object.keys(disguises).length })
    for (const reject of await market.rejects(imported.id)) {
      expect(reject).toMatchObject({ code: 'handle_character', field: 'handle' })
      expect(reject.reason).toMatch(/U\+[0-9A-F]{4,5}/)
    }
    await market.checkItems(before, 'I#')
  })
})

test('case 26: handles that differ in case are one handle', async () => {
  const imported = await market.importFeed([
    market.suspended('OneHandle'),
    market.suspended('onehandle'),
    market.account('ONEHANDLE', 10),
  ])
  expect(imported).toMatchObject({ created: 1, rejected: 2 })
  expect((await market.rejects(imported.id)).map(({ code }) => code)).toEqual(['handle_taken', 'handle_taken'])
  await market.sweep()
  const view = await viewOf('onehandle')
  expect(view).toMatchObject({ handle: 'onehandle', display: 'OneHandle', status: 'released' })
  for (const spelled of ['OneHandle', 'ONEHANDLE', 'oNeHaNdLe']) expect(await viewOf(spelled)).toEqual(view)
  if (view.listing === null) throw new Error('onehandle is not for sale')
  const alice = await market.client('alice')
  const order = { price: view.listing.price }
  value(await alice.placeOrder({ body: { ...order, handle: 'ONEHANDLE' }, idempotencyKey: 'case-1' }))
  const again = await alice.placeOrder({ body: { ...order, handle: 'onehandle' }, idempotencyKey: 'case-2' })
  expect(again).toMatchObject({ ok: false, problem: { code: 'handle_on_hold', status: 409 } })
})

describe('case 26: at release, look-alikes of protected names are reserved', () => {
  // `rn` for `m`, digits and l/I for letters, an underscore more or less, vv for w, cl for d, case.
  const imitations = ['rnarrnot', 'MARNOT', 'rnarmot', 'mar_mot', 'marm0t', 'M4RM0T', '_marmot_', 'marrn07', 'RNARMOT']
  const others = ['marmalade', 'quietriver', 'mammoth']

  test('case 26: of a verified account, with the reason; what looks otherwise is released', async () => {
    await market.importFeed([
      market.account('Marmot', 10, { class: 'verified' }),
      market.account('BirdClub', 10, { class: 'government' }),
      ...[...imitations, 'b1rddub', 'blrd_club', ...others].map((handle) => market.suspended(handle)),
    ])
    await market.sweep()
    const same = imitations.filter((handle) => skeleton(handle) === skeleton('marmot'))
    expect(same.length).toBeGreaterThan(6)
    for (const handle of [...same, 'b1rddub', 'blrd_club']) await checkReserved(handle, 'confusable_with_protected')
    for (const handle of [...others, ...imitations.filter((one) => !same.includes(one))]) {
      expect((await viewOf(handle)).status).toBe('released')
    }
    expect((await viewOf('marmot')).status).toBe('active')
  })

  test('case 26: of a company, and its own name in any case', async () => {
    const named = ['PayPal', 'MICROSOFT'].filter((name) => brandNames.has(name.toLowerCase()))
    const alike = ['paypa1', 'paypai', 'pay_pal', 'rnicrosoft', 'micros0ft', 'g00gle', 'arnazon'].filter(
      (name) => brandOfSkeleton(skeleton(name)) !== undefined,
    )
    expect([named.length, alike.length]).toEqual([2, 7])
    await market.importFeed([...named, ...alike].map((handle) => market.suspended(handle)))
    await market.sweep()
    for (const handle of named) await checkReserved(handle, 'protected_name')
    for (const handle of alike) await checkReserved(handle, 'confusable_with_protected')
  })

  test('case 26: also when the verified account stands after them in the same feed, or is dormant itself', async () => {
    await market.importFeed([
      market.suspended('wanderlust'),
      market.suspended('vvanderlust'),
      market.suspended('wander1ust'),
      market.account('Wanderlust_', 1_200, { class: 'verified' }),
    ])
    await market.sweep()
    for (const handle of ['wanderlust', 'vvanderlust', 'wander1ust']) {
      await checkReserved(handle, 'confusable_with_protected')
    }
    expect((await viewOf('wanderlust_')).status).toBe('dormant')
  })

  test('case 26: however an imitation is made, none is for sale', async () => {
    const swaps: Readonly<Record<string, readonly string[]>> = {
      o: ['0', 'O'],
      l: ['1', 'I', 'L', 'i'],
      m: ['rn', 'M', 'RN'],
      e: ['3', 'E'],
      s: ['5', 'S'],
      w: ['vv', 'VV', 'W'],
      t: ['7', 'T'],
      a: ['4', 'A'],
    }
    const target = 'mellowstream'
    const imitation = fc
      .tuple(...Array.from(target, (letter) => fc.constantFrom(letter, ...(swaps[letter] ?? []))), fc.nat(13))
      .map((parts) => {
        const letters = parts.slice(0, -1) as string[]
        const at = Number(parts.at(-1))
        return at > letters.length ? letters.join('') : [...letters.slice(0, at), '_', ...letters.slice(at)].join('')
      })
      .filter((name) => name.length <= 15 && name.toLowerCase() !== target)
    const names = new Map(fc.sample(imitation, { numRuns: 120, seed: 26 }).map((name) => [name.toLowerCase(), name]))
    expect(names.size).toBeGreaterThan(60)
    await market.importFeed([
      ...[...names.values()].map((handle) => market.suspended(handle)),
      market.account(target, 10, { class: 'verified' }),
      market.suspended('mellowstreet'),
    ])
    await market.sweep()
    expect((await viewOf('mellowstreet')).status).toBe('released')
    for (const name of names.keys()) expect([name, (await viewOf(name)).status]).toEqual([name, 'reserved'])
    expect(await checkSkeletons()).toBeGreaterThan(0)
  })
})
