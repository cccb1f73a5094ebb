import { describe, expect, it } from 'vitest'
import { alertFor, alertMail, causeOfEntry, pageOfMessage } from '../../shared/domain/alert.ts'
import type { Handle, Listing } from '../../shared/domain/handle.ts'
import { alertsPerWatchMax, type Watch } from '../../shared/domain/watch.ts'

const now = '2026-11-24T12:00:00.000Z'
const listing: Listing = {
  status: 'open',
  priceMinor: 50_00,
  currency: 'USD',
  openedAt: '2026-11-01T12:00:00.000Z',
  rightsDays: 0,
  firstRefusalDays: 0,
  prospectsDays: 0,
  quarantineDays: 0,
}
const handle = (more: Partial<Listing> | null): Handle => ({
  name: 'poem',
  display: 'Poem',
  status: 'released',
  holder: null,
  dormancy: null,
  ...(more === null ? {} : { listing: { ...listing, ...more } }),
})
const watch: Watch = { handle: 'poem', accountId: 'alice', createdAt: now, updatedAt: now, told: new Set() }
const opened = { kind: 'opened', key: '7 opened' } as const

describe('an alert', () => {
  it('tells the handle as it stands, with the same id each time', () => {
    const alert = alertFor({ ...watch, maxPriceMinor: 49_99 }, handle({}), opened, null, now)
    expect(alert).toMatchObject({ watch: 'backorder', withinMaxPrice: false, mode: 'fixed_price', endsAt: null })
    expect(alertFor(watch, handle({ priceMinor: 1 }), opened, null, now)?.id).toBe(alert?.id)
    expect(alertFor(watch, handle({}), { kind: 'opened', key: '9 opened' }, null, now)?.id).not.toBe(alert?.id)
  })

  it('is not told twice, of what is not on the market, or beyond the limit but for a new time on the market', () => {
    expect(alertFor({ ...watch, told: new Set(['7 opened']) }, handle({}), opened, null, now)).toBeNull()
    expect(alertFor(watch, handle(null), opened, null, now)).toBeNull()
    const many = new Set(Array.from({ length: alertsPerWatchMax }, (_, index) => `${index} price_changed`))
    expect(alertFor({ ...watch, told: many }, handle({}), opened, null, now)).toBeNull()
    const released = { kind: 'released', key: '99 released' } as const
    expect(alertFor({ ...watch, told: many }, handle({}), released, null, now)).not.toBeNull()
  })

  it.each([
    ['auction', { sale: { mode: 'auction', id: 'auc_1' } }, true],
    ['drop', { sale: { mode: 'drop', id: 'drp_1' } }, true],
    ['private offer', { sale: { mode: 'private_offer', id: 'pof_1' } }, false],
    ['market that opens later', { quarantineDays: 60 }, false],
    ['market that is open', {}, true],
  ] as const)('that something opened: %s', (_, more, isTold) => {
    expect(alertFor(watch, handle(more), opened, null, now) !== null).toBe(isTold)
  })

  it('is for the events of a journal that are occasions, and for reminders', () => {
    expect(causeOfEntry('handle_released', 3)).toEqual({ kind: 'released', key: '3 released' })
    expect(causeOfEntry('handle_held', 3)).toBeNull()
    expect(causeOfEntry('constructor', 3)).toBeNull()
    const event = { type: 'reminder_due', kind: 'closing_soon', at: now } as const
    expect(pageOfMessage({ detail: { aggregate: 'reminder:poem', seq: 2, event } })).toEqual({
      handle: 'poem',
      cause: { kind: 'closing_soon', key: `${now} closing_soon` },
    })
    expect(
      pageOfMessage({ detail: { aggregate: 'reminder:poem', seq: 1, event: { type: 'reminders_planned' } } }),
    ).toBeNull()
  })

  it('says in its mail that a backorder gives no right', () => {
    const alert = alertFor({ ...watch, maxPriceMinor: 1 }, handle({}), opened, null, now)
    if (alert === null) throw new Error('it is told')
    const urls = { watchUrl: 'https://api.example/alerts/one', allUrl: 'https://api.example/alerts/all' }
    const mail = alertMail({ ...alert, display: 'P<b>oem' }, now, urls)
    expect(mail.text).toContain('Your backorder gives no right to it.')
    expect(mail.html).toContain('P&lt;b&gt;oem')
    expect(mail.text).toContain('Stop watching @P<b>oem: https://api.example/alerts/one\n')
    expect(mail.text).toContain('Stop all alerts by e-mail: https://api.example/alerts/all\n')
    expect(mail.html).toContain('<a href="https://api.example/alerts/all">')
  })
})
