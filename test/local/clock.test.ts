import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openClock, parseDuration } from '../../local/clock.ts'
import { nextTime } from '../../local/schedules.ts'

const hourMs = 3_600_000

describe('the clock', () => {
  it('moves forward and tells its listeners after the new time stands', () => {
    const clock = openClock()
    const before = clock.now()
    let heard = 0
    clock.onMove(() => (heard = clock.now()))
    clock.move(hourMs)
    expect(heard - before).toBeGreaterThanOrEqual(hourMs)
    expect(heard - before).toBeLessThan(hourMs + 1_000)
  })

  it('never goes back', () => {
    expect(() => openClock().move(-1)).toThrow(RangeError)
  })

  it('is kept over a restart', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'clock-')), 'clock')
    openClock({ file }).move(100 * hourMs)
    expect(openClock({ file }).now() - Date.now()).toBeGreaterThan(99 * hourMs)
  })

  it('starts not before the day it is given, but never behind real time', () => {
    const later = Date.now() + 5 * hourMs
    expect(openClock({ notBefore: later }).now()).toBeGreaterThanOrEqual(later)
    expect(openClock({ notBefore: 0 }).now()).toBeGreaterThanOrEqual(Date.now() - 5)
  })

  it.each([
    ['+30m', 1_800_000],
    ['1h30m', 5_400_000],
    ['14d', 1_209_600_000],
    ['90s', 90_000],
    ['-5m', undefined],
    ['5', undefined],
    ['', undefined],
  ])('reads the duration %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })
})

describe('schedule expressions', () => {
  const at = (text: string) => Date.parse(text)
  const next = (expression: string, now: string, from = now) =>
    new Date(nextTime({ expression, timezone: undefined }, at(from), at(now))).toISOString()

  it.each([
    ['rate(15 minutes)', '2026-11-23T10:00:00Z', '2026-11-23T10:15:00.000Z'],
    ['rate(1 day)', '2026-11-23T10:00:00Z', '2026-11-24T10:00:00.000Z'],
    ['cron(0 12 * * ? *)', '2026-11-23T12:00:00Z', '2026-11-24T12:00:00.000Z'],
    // AWS counts Sunday as 1: this is every Monday.
    ['cron(30 8 ? * 2 *)', '2026-11-24T00:00:00Z', '2026-11-30T08:30:00.000Z'],
    ['cron(0 0 1 * ? *)', '2026-11-24T00:00:00Z', '2026-12-01T00:00:00.000Z'],
    ['at(2026-12-24T18:00:00)', '2026-11-24T00:00:00Z', '2026-12-24T18:00:00.000Z'],
  ])('%s after %s', (expression, now, expected) => {
    expect(next(expression, now)).toBe(expected)
  })

  it('keeps the rhythm of a rate that was missed many times', () => {
    expect(next('rate(15 minutes)', '2026-11-23T11:07:00Z', '2026-11-23T10:00:00Z')).toBe('2026-11-23T11:15:00.000Z')
  })
})
