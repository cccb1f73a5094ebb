import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSystem, type System } from '../../local/system.ts'
import { ask, fixtureOptions, rows } from './fixture/start.ts'

const options = fixtureOptions()
let system: System
beforeAll(async () => {
  system = await startSystem(options)
})
afterAll(() => system.stop())

const send = (mail: Record<string, unknown>) => ask(system, 'mail', { body: mail })
const inbox = async (to?: string) => (await system.mail?.sent(to)) ?? []
async function eventsOf(answer: { body: Record<string, unknown> }) {
  await system.idle()
  return rows(system, `mail ${String(answer.body['MessageId'])}`)
}

describe('a mail', () => {
  it('comes into the inbox at the time of the clock', async () => {
    await system.clock.move(30 * 86_400_000)
    expect(await send({ to: 'ann@example.com' })).toMatchObject({ status: 200 })
    const [mail, ...others] = await inbox('ann@example.com')
    expect(others).toEqual([])
    expect(mail).toMatchObject({
      from: 'Fixture <mail@fixture.example>',
      to: ['ann@example.com'],
      subject: 'Grüße',
      text: 'text',
      html: '<p>html</p>',
    })
    expect(Math.abs((mail?.at ?? 0) - system.clock.now() / 1000)).toBeLessThan(60)
  })

  it('is shown on a page', async () => {
    const page = await fetch(system.mail?.url ?? '')
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  })

  it('is counted for the function that sends it', async () => {
    const before = system.door.counts.of('api').calls['ses:SendEmail'] ?? 0
    await send({ to: 'ann@example.com' })
    expect(system.door.counts.of('api').calls['ses:SendEmail']).toBe(before + 1)
  })

  it('needs the right to send from the identity and by the configuration set', async () => {
    const stranger = await send({ to: 'ann@example.com', from: 'mail@other.example' })
    expect(stranger.body).toMatchObject({ name: 'AccessDeniedException', status: 403 })
    expect(stranger.body['message']).toContain('identity/mail@other.example')
    const otherSet = await send({ to: 'ann@example.com', set: 'fixture-other-mails' })
    expect(otherSet.body).toMatchObject({ name: 'AccessDeniedException', status: 403 })
    expect(otherSet.body['message']).toContain('configuration-set/fixture-other-mails')
  })

  it.each([
    [{ from: 'mail@other.example' }, 'MessageRejected'],
    [{ set: 'unknown' }, 'NotFoundException'],
    [{ to: 'nobody' }, 'BadRequestException'],
    [{ to: 'jürgen@example.com' }, 'BadRequestException'],
    [{ tags: { handle: 'a:b' } }, 'BadRequestException'],
  ])('with %j is refused as %s', async (wrong, name) => {
    system.door.switches.iam = false
    const before = (await inbox()).length
    const { status, body } = await send({ to: 'ann@example.com', ...wrong })
    system.door.switches.iam = true
    expect([status, body['name']]).toEqual([502, name])
    expect(await inbox()).toHaveLength(before)
  })

  it('is struck by faults in the form of the service', async () => {
    system.door.inject({ kind: 'throttle', service: 'ses', operation: 'SendEmail' })
    expect((await send({ to: 'ann@example.com' })).body).toMatchObject({
      name: 'TooManyRequestsException',
      status: 429,
    })
    const before = (await inbox()).length
    system.door.inject({ kind: 'cut', when: 'after', service: 'ses' })
    expect(await send({ to: 'ann@example.com' })).toMatchObject({ status: 502 })
    expect(await inbox()).toHaveLength(before + 1)
  })
})

describe('the mailbox simulator', () => {
  it.each(['bounce@simulator.amazonses.com', 'bounce+ann@simulator.amazonses.com'])('bounces %s', async (to) => {
    const answer = await send({ to, tags: { handle: 'mo_1', cycle: '17' } })
    const events = await eventsOf(answer)
    expect(events.map(({ sk }) => sk)).toEqual(['Email Bounced'])
    expect(JSON.parse(String(events[0]?.['detail']))).toMatchObject({
      bounceType: 'Permanent',
      bounceSubType: 'General',
      bouncedRecipients: [{ emailAddress: to, status: '5.1.1' }],
    })
    expect(JSON.parse(String(events[0]?.['tags']))).toMatchObject({
      'ses:configuration-set': ['fixture-mails'],
      handle: ['mo_1'],
      cycle: ['17'],
    })
    expect(await inbox(to)).toHaveLength(1)
  })

  it('complains for its address, and tells nothing that the configuration set does not want to hear', async () => {
    const complaint = await eventsOf(await send({ to: 'complaint@simulator.amazonses.com' }))
    expect(complaint.map(({ sk }) => sk)).toEqual(['Email Complaint Received'])
    expect(await eventsOf(await send({ to: 'success@simulator.amazonses.com' }))).toEqual([])
    expect(await eventsOf(await send({ to: 'ann@example.com' }))).toEqual([])
  })

  it('cannot be mimicked: no function may put events of an AWS service', async () => {
    const { body } = await ask(system, 'claim', { body: {} })
    // The role may put events on its own bus alone, so the policy is out of the way here.
    expect(body['name']).toBe('AccessDeniedException')
    system.door.switches.iam = false
    const claimed = await ask(system, 'claim', { body: {} })
    system.door.switches.iam = true
    expect(claimed.body).toMatchObject({
      FailedEntryCount: 1,
      Entries: [{ ErrorCode: 'NotAuthorizedForSourceException' }],
    })
  })
})

describe('the inbox', () => {
  it('outlives a restart', async () => {
    const before = await inbox()
    await system.stop()
    system = await startSystem(options)
    expect(before.length).toBeGreaterThan(0)
    expect(await inbox()).toEqual(before)
  })
})
