import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { SentMail } from '../../local/mail.ts'
import type { JsonObject } from '../../local/json.ts'
import { type Mail, openMail } from '../../shared/gateways/mail.ts'
import { checkRefused, dayMs, type Market, startMarket, value } from '../api/market.ts'

let market: Market
const announced: JsonObject[] = []
beforeAll(async () => {
  market = await startMarket()
  market.system.onBusEvent((event) => {
    if (event['detail-type'] === 'handle.notice') announced.push(event.detail as JsonObject)
  })
})
afterEach(() => market.checkInvariants())
afterAll(() => market.stop())

/** Imports the account of a handle that is due now, and returns the address that its notices go to. */
const dormant = async (handle: string, more: Readonly<Record<string, string>> = {}): Promise<string> => {
  const email = more.email ?? `${handle}@example.com`
  await market.importFeed([market.account(handle, 366, { ...more, email })])
  await market.sweep()
  return email
}
const daysLater = async (days: number): Promise<void> => {
  await market.system.clock.move(days * dayMs + 60_000)
  await market.sweep()
}
const mails = async (to: string): Promise<readonly SentMail[]> => (await market.system.mail?.sent(to)) ?? []
const linkIn = (mail: SentMail | undefined): URL =>
  new URL(/https?:\/\/\S+\/keep\/\S+/.exec(mail?.text ?? '')?.[0] ?? 'none:')
const tokenIn = (mail: SentMail | undefined): string => linkIn(mail).pathname.split('/').at(-1) ?? ''
const statusOf = async (handle: string) =>
  value(await (await market.client('alice')).getHandle({ params: { handle } })).status
const eventsOf = async (handle: string) => {
  const operator = await market.client('operator')
  const { entries } = value(await operator.listJournal({ params: { aggregateId: `handle:${handle}` } }))
  return entries.flatMap(({ events }) => events as unknown as JsonObject[])
}
const ofType = async (handle: string, type: string) => (await eventsOf(handle)).filter((event) => event.type === type)

describe('a holder who does not answer', () => {
  test('gets three notices with a link, and then the handle is released', async () => {
    const email = await dormant('dora', { handle: 'Dora', locale: 'en-GB' })
    await daysLater(14)
    await daysLater(14)
    expect(await statusOf('dora')).toBe('dormant')
    const sent = await mails(email)
    expect(sent.map(({ subject }) => /\(.*\)/.exec(subject)?.[0])).toEqual([
      '(notice 1 of 3)',
      '(notice 2 of 3)',
      '(notice 3 of 3)',
    ])
    expect(new Set(sent.map(tokenIn)).size).toBe(1)
    for (const mail of sent) {
      expect(mail.from).toBe('notices@handles.example')
      expect(mail.text).toContain('@Dora')
      expect(mail.html).toContain(linkIn(mail).href)
      expect(linkIn(mail).origin).toBe(market.system.url)
    }
    expect(sent.map(({ text }) => text.includes('This is the last notice'))).toEqual([false, false, true])

    await daysLater(14)
    expect(await statusOf('dora')).toBe('released')
    expect(await mails(email)).toHaveLength(3)
    expect(
      (await ofType('dora', 'notice_given')).map(({ attempt, messageId, addressHash }) => ({
        attempt,
        messageId,
        addressHash,
      })),
    ).toEqual(
      sent.map(({ messageId }, index) => ({
        attempt: index + 1,
        messageId,
        addressHash: createHash('sha256').update(email).digest('base64url'),
      })),
    )
    await checkRefused(market, 'keep_link_expired', 'POST', '/v1/keep', { body: { token: tokenIn(sent[0]) } })
    expect((await fetch(linkIn(sent[0]))).status).toBe(410)
  })

  test('is told of by an event on the bus too, which the platform can show in its app', async () => {
    await dormant('anna', { accountId: 'acct_anna', locale: 'es-MX' })
    const [mail] = await mails('anna@example.com')
    const grace = value(await (await market.client('alice')).getHandle({ params: { handle: 'anna' } })).grace
    expect(announced.filter(({ handle }) => handle === 'anna')).toEqual([
      {
        accountId: 'acct_anna',
        handle: 'anna',
        cycle: grace?.startedAt,
        attempt: 1,
        notice: 1,
        of: 3,
        releaseAt: grace?.releaseAt,
        keepUrl: linkIn(mail).href,
        locale: 'es-MX',
      },
    ])
  })

  test.each([
    ['fr', 'avis 1 sur 3'],
    ['de-AT', 'Hinweis 1 von 3'],
    ['es', 'aviso 1 de 3'],
    ['pt-BR', 'notice 1 of 3'],
  ])('reads it in the language of the account: %s', async (locale, words) => {
    const email = await dormant(`speaks_${locale.slice(0, 2)}`, { locale })
    expect((await mails(email))[0]?.subject).toContain(words)
  })
})

describe('the link of a notice', () => {
  test('changes nothing when it is opened, keeps the handle by its button, and does that once', async () => {
    const email = await dormant('kim', { handle: 'Kim' })
    const link = linkIn((await mails(email))[0])
    const before = await market.items()
    const page = await fetch(link, { headers: { 'accept-language': 'fr-CH, en;q=0.5' } })
    expect([page.status, page.headers.get('cache-control'), page.headers.get('referrer-policy')]).toEqual([
      200,
      'no-store',
      'no-referrer',
    ])
    const html = await page.text()
    expect(html).toContain('<form method="post"><button>Garder @Kim</button></form>')
    await fetch(link, { method: 'HEAD' })
    await market.checkItems(before)

    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const kept = await fetch(link, { method: 'POST', headers: form, body: '' })
    expect([kept.status, await kept.text()]).toEqual([200, expect.stringContaining('@Kim is kept')])
    expect(await statusOf('kim')).toBe('active')
    const after = await market.items()
    const again = await fetch(link, { method: 'POST', headers: form, body: '' })
    expect([again.status, await again.text()]).toEqual([409, expect.stringContaining('has done its work')])
    expect((await fetch(link)).status).toBe(409)
    await checkRefused(market, 'keep_link_used', 'POST', '/v1/keep', {
      body: { token: tokenIn((await mails(email))[0]) },
    })
    await market.checkItems(after)
    expect(await ofType('kim', 'handle_kept')).toEqual([{ type: 'handle_kept' }])

    await daysLater(20)
    expect(await mails(email)).toHaveLength(1)
  })

  test('works for apps too', async () => {
    const email = await dormant('lee')
    const answer = await market.send('POST', '/v1/keep', { body: { token: tokenIn((await mails(email))[0]) } })
    expect([answer.status, answer.body]).toEqual([200, { handle: 'lee', display: 'lee', status: 'active' }])
  })

  test('is refused when it was altered, and changes nothing', async () => {
    const email = await dormant('moe')
    const token = tokenIn((await mails(email))[0])
    const before = await market.items()
    const flipped = (token.startsWith('A') ? 'B' : 'A') + token.slice(1)
    for (const wrong of [flipped, token.slice(0, -1), `${token}A`, 'x', 'x%2Fy']) {
      expect((await fetch(`${market.system.url}/keep/${wrong}`)).status).toBe(400)
      expect((await fetch(`${market.system.url}/keep/${wrong}`, { method: 'POST' })).status).toBe(400)
    }
    await checkRefused(market, 'keep_link_invalid', 'POST', '/v1/keep', { body: { token: flipped } })
    await checkRefused(market, 'validation_failed', 'POST', '/v1/keep', { body: {} })
    await market.checkItems(before)
  })

  test('ends with its time of grace: an earlier notice keeps nothing in a later one', async () => {
    const email = await dormant('noa')
    const [first] = await mails(email)
    await market.send('POST', '/v1/keep', { body: { token: tokenIn(first) } })
    await daysLater(366)
    const [, second] = await mails(email)
    expect(await statusOf('noa')).toBe('dormant')
    await checkRefused(market, 'keep_link_used', 'POST', '/v1/keep', { body: { token: tokenIn(first) } })
    expect(await statusOf('noa')).toBe('dormant')
    expect((await market.send('POST', '/v1/keep', { body: { token: tokenIn(second) } })).status).toBe(200)
  })
})

describe('a mail that does not arrive', () => {
  const bounce = { type: 'Email Bounced', messageId: 'm', bounceType: 'Permanent', bounceSubType: 'General' }

  test('does not count; others follow up to the maximum, and then the handle is unreachable', async () => {
    const email = await dormant('ola', { email: 'bounce+ola@simulator.amazonses.com' })
    for (let attempt = 2; attempt <= 8; attempt += 1) await daysLater(14)
    expect(await statusOf('ola')).toBe('unreachable')
    const sent = await mails(email)
    expect(sent.map(({ subject }) => subject.includes('notice 1 of 3'))).toEqual(Array(6).fill(true))
    expect(
      (await ofType('ola', 'notice_failed')).map(({ attempt, reason, messageId }) => ({ attempt, reason, messageId })),
    ).toEqual(
      sent.map(({ messageId }, index) => ({ attempt: index + 1, reason: 'bounced: Permanent, General', messageId })),
    )
    await daysLater(100)
    expect(await statusOf('ola')).toBe('unreachable')
    expect(await mails(email)).toHaveLength(6)
  })

  test('because the address can take none counts as little', async () => {
    await dormant('pia', { email: `${'p'.repeat(65)}@example.com` })
    expect(await ofType('pia', 'notice_failed')).toMatchObject([{ attempt: 1, reason: 'address_invalid' }])
    expect(announced.filter(({ handle }) => handle === 'pia')).toHaveLength(1)
  })

  test('is told apart from one that was complained about, which counts', async () => {
    await dormant('quin', { email: 'complaint+quin@simulator.amazonses.com' })
    expect(await ofType('quin', 'notice_given')).toHaveLength(1)
    expect(await ofType('quin', 'notice_failed')).toEqual([])
    expect(market.system.logs.lines().some((line) => line.includes('"outcome":"complaint"'))).toBe(true)
  })

  test('and was none of ours changes nothing', async () => {
    const before = await market.items()
    for (const tags of [{}, { handle: ['quin'] }, { handle: ['nobody_has_it'], cycle: ['1'], attempt: ['1'] }]) {
      market.system.queues.send('mail-events', JSON.stringify({ ...bounce, tags }))
    }
    await market.checkItems(before)
    const outcomes = market.system.logs.lines('workers-apply-mail-events').slice(-3)
    expect(outcomes.map((line) => line.includes('"outcome":"not_a_notice"'))).toEqual([true, true, true])
  })

  test('is recorded once, however often SES tells it', async () => {
    await dormant('rob', { email: 'bounce+rob@simulator.amazonses.com' })
    const [failed] = await ofType('rob', 'notice_failed')
    const grace = value(await (await market.client('alice')).getHandle({ params: { handle: 'rob' } })).grace
    const tags = { handle: ['rob'], cycle: [String(Date.parse(grace?.startedAt ?? ''))], attempt: ['1'] }
    market.system.queues.send('mail-events', JSON.stringify({ ...bounce, tags }))
    await market.system.idle()
    expect(await ofType('rob', 'notice_failed')).toEqual([failed])
  })
})

describe('an account that was active between two notices', () => {
  test('gets no more of them and keeps its handle', async () => {
    const email = await dormant('sam', { accountId: 'acct_sam' })
    await daysLater(14)
    const activeAt = new Date(market.system.clock.now() - 1000).toISOString()
    const platform = await market.client('platform')
    value(await platform.reportActivity({ body: { handle: 'sam', accountId: 'acct_sam', activeAt } }))
    await daysLater(14)
    await daysLater(14)
    expect(await mails(email)).toHaveLength(2)
    expect(await statusOf('sam')).toBe('active')
    await checkRefused(market, 'keep_link_used', 'POST', '/v1/keep', {
      body: { token: tokenIn((await mails(email))[0]) },
    })
  })
})

describe('a notice that is delivered twice', () => {
  const messageFor = async (handle: string) => {
    const [wanted] = await ofType(handle, 'notice_wanted')
    return JSON.stringify({ detail: { aggregate: `handle:${handle}`, event: wanted } })
  }

  test('after its result was committed sends one mail', async () => {
    const email = await dormant('tess')
    market.system.queues.send('notices', await messageFor('tess'))
    await market.system.idle()
    expect(await mails(email)).toHaveLength(1)
    expect(announced.filter(({ handle }) => handle === 'tess')).toHaveLength(1)
  })

  test('because its worker died before the commit is recorded once', async () => {
    market.system.door.inject({ kind: 'kill', function: 'workers-send-notices', operation: 'BatchExecuteStatement' })
    const email = await dormant('uma')
    await market.system.settle()
    expect(await mails(email)).toHaveLength(2)
    expect(await ofType('uma', 'notice_given')).toHaveLength(1)
  })

  test('because SES throttled it is sent once', async () => {
    const fault = market.system.door.inject({ kind: 'throttle', service: 'ses', times: 4 })
    const email = await dormant('vera')
    await market.system.settle()
    expect(fault.hits).toBe(4)
    expect(await mails(email)).toHaveLength(1)
    expect(await ofType('vera', 'notice_given')).toHaveLength(1)
  })

  test('in a time of grace that is over sends nothing', async () => {
    const email = await dormant('wim')
    const first = await messageFor('wim')
    await market.send('POST', '/v1/keep', { body: { token: tokenIn((await mails(email))[0]) } })
    const calls = { function: 'workers-send-notices', operation: 'BatchGetItem' }
    const fault = market.system.door.inject({ kind: '500', ...calls, times: 1_000 })
    await daysLater(366)
    fault.remove()
    expect(await statusOf('wim')).toBe('dormant')
    // The first attempt of this grace waits to be tried again; that of the one before must not go out in its place.
    market.system.queues.send('notices', first)
    await market.system.idle()
    expect(await mails(email)).toHaveLength(1)
    await market.system.settle()
    expect(await mails(email)).toHaveLength(2)
  })
})

describe('a suspended account', () => {
  test('is told to appeal where the policy gives it notice, and has no link', async () => {
    const operator = await market.client('operator')
    const [inForce] = value(await operator.listPolicies({})).policies
    if (inForce === undefined) throw new Error('no policy is in force')
    const { version: basedOn, publishedAt: _, rules, ...rest } = inForce
    const suspended = { ...rules.suspended, notices: 1, noticeSpacingDays: 14, graceDays: 14, afterDays: 90 }
    const body = {
      basedOn,
      ...rest,
      rules: {
        ...rules,
        suspended: { rightsDays: 0, firstRefusalDays: 0, prospectsDays: 0, quarantineDays: 0, ...suspended },
      },
    }
    value(await operator.publishPolicy({ body, idempotencyKey: 'suspended-notice' }))
    await market.importFeed([market.suspended('xena', { email: 'xena@example.com' })])
    await market.sweep()
    const [mail, ...others] = await mails('xena@example.com')
    expect(others).toEqual([])
    expect(mail?.text).toContain('appeal')
    expect(`${mail?.text}${mail?.html}`).not.toMatch(/https?:\/\//)
    expect(announced.filter(({ handle }) => handle === 'xena')).toMatchObject([{ keepUrl: null }])
  })
})

describe('the gateway to SES', () => {
  const configurationSet = 'marketplace-dev-notices'
  const open = (config: { from?: string; configurationSet?: string } = {}): Mail => {
    const { endpoint, region, credentials } = market.system.aws
    vi.stubEnv('AWS_ENDPOINT_URL', endpoint)
    vi.stubEnv('AWS_REGION', region)
    vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey)
    return openMail({ from: 'notices@handles.example', configurationSet, ...config })
  }
  afterEach(() => void vi.unstubAllEnvs())
  const message = { to: 'yan@example.com', subject: 's', text: 't', html: '<p>t</p>', tags: {} }

  test.each(['nobody', 'yan@localhost', 'jürgen@example.com', '@example.com'])(
    'takes it as a refusal of the address %s',
    async (to) => {
      expect(await open().send({ ...message, to })).toEqual({ kind: 'refused', reason: 'address_invalid' })
    },
  )

  test('writes a domain of another script in ASCII', async () => {
    expect(await open().send({ ...message, to: 'yan@münchen.example' })).toMatchObject({ kind: 'sent' })
    expect(await mails('yan@xn--mnchen-3ya.example')).toHaveLength(1)
  })

  test.each([
    ['whose sender is not verified', { from: 'notices@other.example' }, message, 'MessageRejected'],
    ['whose configuration set does not exist', { configurationSet: 'other' }, message, 'NotFoundException'],
    ['whose tags are wrong', {}, { ...message, tags: { cycle: '12:00' } }, 'BadRequestException'],
  ])('throws for a mail %s, as no address is to blame', async (_, config, mail, name) => {
    await expect(open(config).send(mail)).rejects.toMatchObject({ name })
  })
})

test('no address and no token is in any log', () => {
  const lines = market.system.logs.lines().join('\n')
  expect(lines).toContain('"event":"notice"')
  expect(lines).not.toMatch(/@example\.com|@simulator/)
  const links = announced.flatMap(({ keepUrl }) => (typeof keepUrl === 'string' ? [keepUrl] : []))
  expect(links.length).toBeGreaterThan(10)
  expect(links.filter((link) => lines.includes(link.slice(link.lastIndexOf('/') + 1)))).toEqual([])
})
