import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../local/json.ts'
import { causeOfEntry } from '../../shared/domain/alert.ts'
import { alertLinkDays } from '../../shared/domain/alert-link.ts'
import { watchesPerAccountMax } from '../../shared/domain/watch.ts'
import { loadDemand, queryWatches } from '../../shared/store/watches.ts'
import { sendAlerts, watchesPerPage } from '../../shared/workflows/send-alerts.ts'
import { running } from '../../shared/runtime/running.ts'
import { costOf, units } from '../costs/counted.ts'
import { checkRefused, dayMs, type Market, startMarket, value } from './market.ts'

let market: Market
const told: JsonObject[] = []
beforeAll(async () => {
  market = await startMarket()
  market.system.onBusEvent((event) => {
    if (event['detail-type'] === 'watch.alert') told.push(event.detail as JsonObject)
  })
})
afterAll(async () => {
  await market.checkInvariants()
  await market.stop()
})

const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' as const })
const watch = async (who: string, handle: string, body: { maxPrice?: ReturnType<typeof usd>; mail?: boolean } = {}) =>
  value(await (await market.client(who)).watchHandle({ params: { handle }, body }))
const toldOf = (handle: string) => told.filter((alert) => alert['handle'] === handle)
const demandFor = async (handle: string) => (await loadDemand(market.store, [handle])).get(handle)

describe('a watch', () => {
  test('can be on any name of the grammar, is listed, changed into a backorder and ended', async () => {
    const alice = await market.client('alice')
    expect(await watch('alice', 'Never_Heard')).toMatchObject({ handle: 'never_heard', kind: 'watch', mail: false })
    expect(await demandFor('never_heard')).toEqual({ watches: 1, backorders: 0, offers: 0 })
    await watch('alice', 'never_heard')
    expect(await demandFor('never_heard')).toEqual({ watches: 1, backorders: 0, offers: 0 })

    expect(await watch('alice', 'never_heard', { maxPrice: usd(50_00), mail: true })).toMatchObject({
      kind: 'backorder',
      maxPrice: usd(50_00),
      mail: true,
    })
    expect(await demandFor('never_heard')).toEqual({ watches: 0, backorders: 1, offers: 0 })
    await watch('alice', 'another_one')
    expect(value(await alice.listWatches({})).items.map(({ handle, kind }) => [handle, kind])).toEqual([
      ['another_one', 'watch'],
      ['never_heard', 'backorder'],
    ])
    expect(await watch('alice', 'never_heard', { maxPrice: usd(60_00) })).toMatchObject({ mail: false })

    for (const handle of ['never_heard', 'never_heard', 'another_one']) {
      value(await alice.stopWatching({ params: { handle } }))
    }
    expect(value(await alice.listWatches({})).items).toEqual([])
    expect(await demandFor('never_heard')).toEqual({ watches: 0, backorders: 0, offers: 0 })
    expect((await queryWatches(market.store, 'never_heard', { limit: 10 })).items).toEqual([])
  })

  test('of many at once by one account counts once', async () => {
    const bob = await market.client('bob')
    const answers = await Promise.all(
      [undefined, usd(100), undefined, usd(200)].map((maxPrice) =>
        bob.watchHandle({ params: { handle: 'at_once' }, body: maxPrice === undefined ? {} : { maxPrice } }),
      ),
    )
    expect(answers.some(({ ok }) => ok)).toBe(true)
    const { watches = 0, backorders = 0 } = (await demandFor('at_once')) ?? {}
    expect(watches + backorders).toBe(1)
    expect((await queryWatches(market.store, 'at_once', { limit: 10 })).items).toHaveLength(1)
  })

  test('is refused beyond the limit of its account, which an ended one makes room for', async () => {
    const carol = await market.client('carol')
    for (let index = 0; index < watchesPerAccountMax; index += 1) {
      // No faster than the rules let an account watch.
      if (index % 50 === 0) await market.system.clock.move(60_000)
      await watch('carol', `limit_${index}`)
    }
    await market.system.clock.move(60_000)
    const token = await market.system.token('carol')
    const problem = await checkRefused(market, 'watch_limit', 'POST', '/v1/handles/one_more/watch', { token, body: {} })
    expect(problem.facts).toEqual({ watchesMax: watchesPerAccountMax })
    expect(await demandFor('one_more')).toBeUndefined()
    // One that is there may change.
    await watch('carol', 'limit_0', { maxPrice: usd(100) })
    value(await carol.stopWatching({ params: { handle: 'limit_1' } }))
    await watch('carol', 'one_more')
  })

  test('takes no address but the verified one of the token', async () => {
    for (const claims of [{}, { email: 'x@example.com' }, { email: 'x@example.com', email_verified: false }]) {
      const token = await market.system.token('stranger', claims)
      const body = { mail: true }
      await checkRefused(market, 'address_not_verified', 'POST', '/v1/handles/poem/watch', { token, body })
    }
    const token = await market.system.token('alice')
    for (const [body, field] of [
      [{ email: 'other@example.com' }, 'email'],
      [{ maxPrice: usd(0) }, 'maxPrice.amountMinor'],
      [{ maxPrice: { amountMinor: 1.5, currency: 'USD' } }, 'maxPrice.amountMinor'],
    ] as const) {
      const problem = await checkRefused(market, 'validation_failed', 'POST', '/v1/handles/poem/watch', { token, body })
      expect(problem.field).toBe(field)
    }
    await checkRefused(market, 'handle_character', 'POST', '/v1/handles/p%C3%B6em/watch', { token, body: {} })
  })
})

describe('watchers of a handle that comes to market', () => {
  test('are told once each, backorders first, by event and by mail where they asked for it', async () => {
    await market.importFeed([market.suspended('longawaited'), market.suspended('nobodys')])
    await watch('alice', 'longawaited', { mail: true })
    await watch('bob', 'longawaited')
    await watch('dave', 'longawaited', { maxPrice: usd(100), mail: true })
    await market.sweep()

    const alerts = toldOf('longawaited')
    expect(alerts.map(({ accountId, watch: kind, cause }) => [accountId, kind, cause])).toEqual([
      ['dave', 'backorder', 'released'],
      ['alice', 'watch', 'released'],
      ['bob', 'watch', 'released'],
    ])
    expect(alerts.map(({ withinMaxPrice }) => withinMaxPrice)).toEqual([false, null, null])
    expect(toldOf('nobodys')).toEqual([])
    for (const [who, mails] of [
      ['dave', 1],
      ['alice', 1],
      ['bob', 0],
    ] as const) {
      const sent = (await market.system.mail?.sent(`${who}@example.com`)) ?? []
      const ours = sent.filter(({ subject }) => subject === '@longawaited has come to market')
      expect([who, ours.length]).toEqual([who, mails])
    }
  })

  test('are not told again when the message comes again', async () => {
    const before = toldOf('longawaited').length
    const cause = causeOfEntry('handle_released', 2)
    if (cause === null) throw new Error('a release is an occasion')
    expect(await sendAlerts(alertDeps(), { handle: 'longawaited', cause })).toBe(0)
    expect(toldOf('longawaited')).toHaveLength(before)
  })

  test('are told page by page, each in a message of its own', async () => {
    await market.importFeed([market.suspended('greenkettle')])
    const watchers = Array.from({ length: 2 * watchesPerPage + 3 }, (_, index) => `fan_${index}`)
    for (const who of watchers) await watch(who, 'greenkettle')
    await market.sweep()
    expect(
      toldOf('greenkettle')
        .map(({ accountId }) => accountId as string)
        .toSorted(),
    ).toEqual(watchers.toSorted())
    expect(new Set(toldOf('greenkettle').map(({ id }) => id)).size).toBe(watchers.length)
  })

  test('are told even where the worker dies between a mail and its mark, which alone is sent again', async () => {
    await market.importFeed([market.suspended('fragile')])
    for (const who of ['alice', 'bob', 'dave']) await watch(who, 'fragile', { mail: true })
    const call = { function: 'workers-send-alerts', operation: 'UpdateItem' }
    const killed = market.system.door.inject({ kind: 'kill', when: 'before', nth: 2, ...call })
    await market.sweep()
    await market.system.settle()
    expect(killed.hits).toBe(1)
    const mailsTo = async (who: string) =>
      ((await market.system.mail?.sent(`${who}@example.com`)) ?? []).filter(({ subject }) =>
        subject.startsWith('@fragile'),
      ).length
    expect([await mailsTo('alice'), await mailsTo('bob'), await mailsTo('dave')]).toEqual([1, 2, 1])
    expect(new Set(toldOf('fragile').map(({ id }) => id)).size).toBe(3)
  })
})

const alertDeps = () => ({
  ...running,
  store: market.store,
  now: () => market.system.clock.now(),
  bus: { publish: () => Promise.resolve() },
  mail: { send: () => Promise.reject(new Error('nobody is to be written to')) },
  queue: { sendAll: () => Promise.resolve() },
  alertSecret: 's'.repeat(64),
  publicUrl: market.system.url,
})

describe('the links of an alert', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const press = (url: string) => fetch(url, { method: 'POST', headers: form, body: 'List-Unsubscribe=One-Click' })
  const watchesOf = async (who: string) =>
    value(await (await market.client(who)).listWatches({})).items.map(({ handle, mail }) => [handle, mail])
  const alertMailTo = async (who: string, handle: string) => {
    const sent = (await market.system.mail?.sent(`${who}@example.com`)) ?? []
    const mail = sent.findLast(({ subject }) => subject === `@${handle} has come to market`)
    const [, watchUrl = ''] = /Stop watching @\w+: (\S+)/.exec(mail?.text ?? '') ?? []
    const [, allUrl = ''] = /Stop all alerts by e-mail: (\S+)/.exec(mail?.text ?? '') ?? []
    return { headers: mail?.headers ?? {}, watchUrl, allUrl }
  }

  test('end this watch, or the mails of all, by a POST alone: by the page’s button or the mail program', async () => {
    for (const { handle } of value(await (await market.client('bob')).listWatches({})).items) {
      value(await (await market.client('bob')).stopWatching({ params: { handle } }))
    }
    await market.importFeed([market.suspended('amber_gate'), market.suspended('amber_wall')])
    for (const handle of ['amber_gate', 'amber_wall', 'amber_roof']) await watch('bob', handle, { mail: true })
    await watch('bob', 'amber_door', { maxPrice: usd(100), mail: true })
    await watch('dave', 'amber_gate', { mail: true })
    await market.sweep()
    const { headers, watchUrl, allUrl } = await alertMailTo('bob', 'amber_gate')
    // RFC 8058, section 3.1: both headers, and an address that takes a POST.
    expect(headers).toMatchObject({
      'List-Unsubscribe': `<${watchUrl}>`,
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    })
    const before = await market.items()
    for (const [url, title] of [
      [watchUrl, 'Stop watching @amber_gate?'],
      [allUrl, 'No more alerts by e-mail?'],
    ] as const) {
      const page = await fetch(url)
      expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store'])
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
      const html = await page.text()
      expect(html).toContain(`<h1>${title}</h1>`)
      expect(html).toContain('<form method="post">')
    }
    await market.checkItems(before)

    expect((await press(watchUrl)).status).toBe(200)
    expect(await watchesOf('bob')).toEqual([
      ['amber_door', true],
      ['amber_roof', true],
      ['amber_wall', true],
    ])
    expect(await demandFor('amber_gate')).toEqual({ watches: 1, backorders: 0, offers: 0 })
    // Again: the same, and nobody else's watch is touched.
    const ended = await market.items()
    const again = await press(watchUrl)
    expect([again.status, (await again.text()).includes('You do not watch @amber_gate any more')]).toEqual([200, true])
    await market.checkItems(ended)

    expect((await press(allUrl)).status).toBe(200)
    expect(await watchesOf('bob')).toEqual([
      ['amber_door', false],
      ['amber_roof', false],
      ['amber_wall', false],
    ])
    expect(JSON.stringify(await queryWatches(market.store, 'amber_door', { limit: 9 }))).not.toContain('@example')
    expect(await watchesOf('dave')).toContainEqual(['amber_gate', true])
    // Whoever asks anew is mailed anew.
    await watch('bob', 'amber_roof', { mail: true })
    await market.importFeed([market.suspended('amber_roof')])
    await market.sweep()
    expect((await alertMailTo('bob', 'amber_roof')).watchUrl).not.toBe('')
  })

  test('are refused altered or after their time, in words that tell nothing of whose they are', async () => {
    await market.importFeed([market.suspended('birchwood')])
    await watch('alice', 'birchwood', { mail: true })
    await market.sweep()
    const { watchUrl, allUrl } = await alertMailTo('alice', 'birchwood')
    const before = await market.items()
    const token = watchUrl.split('/').at(-1) ?? ''
    const refused = async (url: string, status: number) => {
      for (const page of [await fetch(url), await press(url)]) {
        expect(page.status).toBe(status)
        expect(await page.text()).not.toMatch(/alice|birchwood/)
      }
    }
    const forged = Buffer.from(token, 'base64url').toString('latin1').replace('alice', 'carol')
    for (const wrong of [`${token}A`, token.slice(0, -2), 'x', Buffer.from(forged, 'latin1').toString('base64url')]) {
      await refused(`${market.system.url}/alerts/${wrong}`, 400)
    }
    await market.checkItems(before)
    await market.system.clock.move(alertLinkDays * dayMs)
    const later = await market.items()
    await refused(watchUrl, 410)
    await refused(allUrl, 410)
    await market.checkItems(later)
  })

  test('of many watches end every mail at two reads and one write each, beside the account’s list', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `thicket_${index}`)
    for (const name of names) await watch('dave', name, { mail: true })
    const mailed = (await watchesOf('dave')).filter(([, mail]) => mail).length
    const all = await watchesOf('dave')
    await market.importFeed([market.suspended('thicket_0')])
    await market.sweep()
    const { allUrl } = await alertMailTo('dave', 'thicket_0')
    const cost = await costOf(market, async () => expect((await press(allUrl)).status).toBe(200))
    // The list with its watches, then each of them again to change it: a watch or a backorder.
    expect(cost.readUnits).toBe(1 + all.length + 2 * all.length)
    expect(units(cost)).toMatchObject({ writeUnits: mailed, indexWriteUnits: 0 })
    expect((await watchesOf('dave')).filter(([, mail]) => mail)).toEqual([])
  })
})

describe('demand', () => {
  test('raises the price of a release, and says so among its reasons', async () => {
    await market.importFeed([market.suspended('plainword_a'), market.suspended('plainword_b')])
    for (let index = 0; index < 10; index += 1) await watch(`fan_${index}`, 'plainword_a')
    await watch('dave', 'plainword_a', { maxPrice: usd(500_00) })
    await market.sweep()
    const client = await market.client('alice')
    const [wanted, unwanted] = await Promise.all(
      ['plainword_a', 'plainword_b'].map(async (handle) => value(await client.getHandle({ params: { handle } }))),
    )
    const priceOf = (handle: typeof wanted) => handle?.listing?.price.amountMinor ?? 0
    expect(priceOf(wanted)).toBeGreaterThan(1.5 * priceOf(unwanted))
    const reason = wanted?.appraisal?.reasons.find(({ code }) => code === 'demand')
    // 2,000 for each doubling of 1 + 10 ÷ 5 + 1 ÷ 2.
    expect(reason?.weight).toBe(Math.round(2_000 * Math.log2(3.5)))
    expect(unwanted?.appraisal?.reasons.find(({ code }) => code === 'demand')).toBeUndefined()
  })
})

const hourMs = 3_600_000
/** Moves the clock to an instant, lets the sweep of deadlines run, and waits for what follows. */
const passTo = async (instant: string): Promise<void> => {
  await market.system.clock.move(Math.max(0, Date.parse(instant) - market.system.clock.now()), { settle: true })
  const name = market.system.schedules.names.find((one) => one.endsWith('sweep-deadlines'))
  if (name === undefined) throw new Error('no schedule sweeps the deadlines')
  market.system.schedules.fire(name)
  await market.system.idle()
}
const causesOf = (handle: string) => toldOf(handle).map(({ cause }) => cause)
const inMs = (ms: number) => new Date(market.system.clock.now() + ms).toISOString()
const before = (instant: string, hours: number) => new Date(Date.parse(instant) - hours * hourMs).toISOString()

describe('what the clock or an operator brings about', () => {
  test('is told: a drop that opens, is about to close, and leaves the handle to the market', async () => {
    await market.importFeed([market.suspended('quiet_pond')])
    await market.sweep()
    const operator = await market.client('operator')
    await watch('alice', 'quiet_pond')
    expect(causesOf('quiet_pond')).toEqual([])
    const closesAt = inMs(72 * hourMs)
    const times = { opensAt: inMs(hourMs), closesAt }
    const body = { title: 'A pond', handles: [{ handle: 'quiet_pond' }], ...times }
    value(await operator.createDrop({ body: { ...body, method: 'draw' }, idempotencyKey: 'pond' }))
    await market.system.idle()
    expect(toldOf('quiet_pond')).toMatchObject([{ cause: 'opened', mode: 'drop', endsAt: closesAt }])

    await passTo(times.opensAt)
    await passTo(before(closesAt, 25))
    expect(causesOf('quiet_pond')).toEqual(['opened'])
    await passTo(before(closesAt, 24))
    await passTo(before(closesAt, 23))
    expect(causesOf('quiet_pond')).toEqual(['opened', 'closing_soon'])
    await passTo(closesAt)
    await passTo(inMs(60_000))
    expect(causesOf('quiet_pond')).toEqual(['opened', 'closing_soon', 'opened'])
    expect(toldOf('quiet_pond').at(-1)).toMatchObject({ mode: 'fixed_price', endsAt: null })
  })

  test('is told: a price that changes, and the end of its fall, also to whoever came to watch later', async () => {
    await market.importFeed([market.suspended('calm_meadow')])
    await market.sweep()
    const operator = await market.client('operator')
    const params = { handle: 'calm_meadow' }
    await watch('alice', 'calm_meadow', { maxPrice: usd(30_00) })
    const reason = 'a season'
    value(await operator.changeListing({ params, body: { price: usd(25_00), dutch: null, reason } }))
    await market.system.idle()
    expect(toldOf('calm_meadow')).toMatchObject([{ cause: 'price_changed', price: usd(25_00), withinMaxPrice: true }])
    const dutch = { floor: usd(10_00), premium: usd(90_00), halfLifeHours: 24, days: 3 }
    value(await operator.changeListing({ params, body: { price: usd(25_00), dutch, reason } }))
    await market.system.idle()
    const [, falling] = toldOf('calm_meadow')
    expect(falling).toMatchObject({ cause: 'price_changed', mode: 'dutch', withinMaxPrice: false })
    await watch('bob', 'calm_meadow')
    await passTo(before(falling?.['endsAt'] as string, 24))
    const closing = toldOf('calm_meadow').filter(({ cause }) => cause === 'closing_soon')
    expect(closing.map(({ accountId }) => accountId)).toEqual(['alice', 'bob'])
  })

  test('is told: a market that opens with the end of the quarantine', async () => {
    const operator = await market.client('operator')
    const [inForce] = value(await operator.listPolicies({})).policies
    if (inForce === undefined) throw new Error('no policy')
    const { version, publishedAt: _at, ...policy } = inForce
    const suspended = { ...policy.rules.suspended, quarantineDays: 5 } as typeof policy.rules.suspended
    const body = { basedOn: version, ...policy, rules: { ...policy.rules, suspended } }
    value(await operator.publishPolicy({ body, idempotencyKey: 'quarantine' }))
    await market.importFeed([market.suspended('misty_hollow'), market.suspended('misty_valley')])
    await watch('alice', 'misty_hollow')
    await market.sweep()
    await watch('bob', 'misty_valley')
    const opensAt = toldOf('misty_hollow')[0]?.['opensAt'] as string
    expect(causesOf('misty_hollow')).toEqual(['released'])
    await passTo(before(opensAt, 1))
    expect(causesOf('misty_valley')).toEqual([])
    await passTo(opensAt)
    expect(causesOf('misty_hollow')).toEqual(['released', 'opened'])
    expect(causesOf('misty_valley')).toEqual(['opened'])
  })
})
