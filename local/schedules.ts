import { Cron } from 'croner'
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from './clock.ts'
import type { Delivery } from './event-bus.ts'
import { pseudo } from './intrinsics.ts'
import { parseObject, type JsonObject } from './json.ts'
import type { SchedulePlan } from './plan.ts'

/** The longest that a timer of Node can wait. */
const timerMsMax = 2 ** 31 - 1

/**
 * The schedules of the template, on the one clock. A move past several due times fires each schedule once, as a system
 * that was down would find one sweep to do and not many.
 */
export class Schedules {
  readonly #clock: Clock
  readonly #deliver: Delivery
  readonly #file: string
  readonly #plans: readonly SchedulePlan[]
  readonly #next: Map<string, number>
  readonly #realTime: boolean
  #timer: NodeJS.Timeout | undefined
  #stopListening: () => void = () => {}

  /** With `realTime` off, schedules fire only when the clock is moved or `fire` is called. */
  constructor(options: {
    plans: readonly SchedulePlan[]
    clock: Clock
    deliver: Delivery
    file: string
    realTime: boolean
  }) {
    this.#plans = options.plans
    this.#clock = options.clock
    this.#deliver = options.deliver
    this.#file = options.file
    this.#realTime = options.realTime
    const kept = readTimes(options.file)
    const now = options.clock.now()
    this.#next = new Map(options.plans.map((plan) => [plan.name, kept.get(plan.name) ?? nextTime(plan, now, now)]))
  }

  get names(): string[] {
    return this.#plans.map(({ name }) => name)
  }

  start(): void {
    this.#stopListening = this.#clock.onMove(() => this.#fireDue())
    if (this.#realTime) this.#fireDue()
  }

  /** Fires one schedule now, by its name or the end of its name, whenever it is due. */
  fire(name: string): void {
    const plan = this.#plans.find((one) => one.name === name || one.name.endsWith(`-${name}`))
    if (plan === undefined) throw new Error(`no schedule ${name}; there are ${this.names.join(', ')}`)
    this.#send(plan)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#stopListening()
  }

  #fireDue(): void {
    const now = this.#clock.now()
    for (const plan of this.#plans) {
      const due = this.#next.get(plan.name) ?? now
      if (due > now) continue
      this.#next.set(plan.name, nextTime(plan, due, now))
      this.#send(plan)
    }
    this.#keep()
    if (!this.#realTime) return
    clearTimeout(this.#timer)
    const earliest = Math.min(...this.#next.values())
    if (!Number.isFinite(earliest)) return
    this.#timer = setTimeout(() => this.#fireDue(), Math.min(timerMsMax, Math.max(1, earliest - this.#clock.now())))
    this.#timer.unref()
  }

  #send(plan: SchedulePlan): void {
    const event: JsonObject = {
      version: '0',
      id: randomUUID(),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: pseudo.account,
      time: new Date(this.#clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      region: pseudo.region,
      resources: [plan.arn],
      detail: {},
    }
    for (const target of plan.targets) this.#deliver(target, event)
  }

  #keep(): void {
    mkdirSync(dirname(this.#file), { recursive: true })
    writeFileSync(`${this.#file}.new`, JSON.stringify(Object.fromEntries(this.#next)))
    renameSync(`${this.#file}.new`, this.#file)
  }
}

function readTimes(file: string): Map<string, number> {
  try {
    return new Map(Object.entries(parseObject(readFileSync(file, 'utf8'))).map(([name, time]) => [name, Number(time)]))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw error
  }
}

/** The first time after `now` at which a schedule that was due at `from` is due again, in milliseconds. */
export function nextTime(plan: Pick<SchedulePlan, 'expression' | 'timezone'>, from: number, now: number): number {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(plan.expression)
  if (rate !== null) {
    const everyMs = Number(rate[1]) * (rate[2] === 'minute' ? 60_000 : rate[2] === 'hour' ? 3_600_000 : 86_400_000)
    // The rhythm is kept: a sweep that ran late does not shift those after it.
    return from + everyMs * (Math.floor((now - from) / everyMs) + 1)
  }
  const at = /^at\((.+)\)$/.exec(plan.expression)
  if (at !== null) {
    const time = Date.parse(`${at[1]}Z`)
    return time > now ? time : Number.POSITIVE_INFINITY
  }
  const cron = /^cron\((.+)\)$/.exec(plan.expression)
  const fields = cron?.[1]?.trim().split(/\s+/)
  if (fields?.length !== 6) throw new Error(`the schedule expression ${plan.expression} cannot be read`)
  const [minute, hour, day, month, weekday, year] = fields.map((field) => field.replaceAll('?', '*'))
  const pattern = `0 ${minute} ${hour} ${day} ${month} ${fromSundayZero(weekday ?? '*')} ${year}`
  const next = new Cron(pattern, { timezone: plan.timezone ?? 'UTC', paused: true }).nextRun(new Date(now))
  return next === null ? Number.POSITIVE_INFINITY : next.getTime()
}

/** AWS counts the days of the week from 1 (Sunday), cron from 0. */
function fromSundayZero(field: string): string {
  return field.replaceAll(/(?<![#\d])\d(?!\d)/g, (digit) => String(Number(digit) - 1))
}
