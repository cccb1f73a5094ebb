import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * The one clock: real time plus an offset that only grows. The offset lives in shared memory, so every worker thread
 * sees a move at once, and in a file, so a restart keeps it.
 */
export interface Clock {
  /** Milliseconds since the epoch, as everything in the system sees them. */
  now(): number
  /** Moves the clock forward. Listeners hear of it after the new time stands. Throws `RangeError` on a negative move. */
  move(ms: number): void
  /** The shared offset, for `installClock` in a worker thread. */
  readonly shared: SharedArrayBuffer
  /** Calls back on every move with the milliseconds moved. Returns the way to stop listening. */
  onMove(listener: (ms: number) => void): () => void
}

const realNow = Date.now.bind(Date)

/**
 * Opens the clock. With a `file` the offset is read from it and kept in it. `notBefore` (milliseconds since the epoch)
 * starts a clock that has no file yet at that instant at the earliest.
 */
export function openClock(options: { file?: string; notBefore?: number } = {}): Clock {
  const shared = new SharedArrayBuffer(8)
  const offset = new BigInt64Array(shared)
  const listeners = new Set<(ms: number) => void>()
  const kept = options.file === undefined ? undefined : readOffset(options.file)
  const initial = kept ?? Math.max(0, (options.notBefore ?? 0) - realNow())
  Atomics.store(offset, 0, BigInt(initial))
  if (options.file !== undefined && kept === undefined) writeOffset(options.file, initial)
  return {
    shared,
    now: () => realNow() + Number(Atomics.load(offset, 0)),
    move(ms) {
      if (!Number.isSafeInteger(ms) || ms < 0) {
        throw new RangeError(`the clock moves forward by whole milliseconds only, not by ${ms}`)
      }
      const moved = Number(Atomics.add(offset, 0, BigInt(ms))) + ms
      if (options.file !== undefined) writeOffset(options.file, moved)
      for (const listener of listeners) listener(ms)
    },
    onMove(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function readOffset(file: string): number | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const offsetMs = Number(text)
  if (!Number.isSafeInteger(offsetMs) || offsetMs < 0) throw new Error(`${file} does not hold a clock offset`)
  return offsetMs
}

function writeOffset(file: string, offsetMs: number): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, String(offsetMs))
  renameSync(`${file}.new`, file)
}

/**
 * Makes `Date` of this thread follow the shared offset: `Date.now()`, `new Date()` and `Date()`. Timers and
 * `performance.now()` keep real time, because they measure durations.
 */
export function installClock(shared: SharedArrayBuffer): void {
  const offset = new BigInt64Array(shared)
  const RealDate = Date
  const now = () => realNow() + Number(Atomics.load(offset, 0))
  RealDate.now = now
  const Moved = new Proxy(RealDate, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new RealDate(now()).toString(),
  })
  Object.defineProperty(RealDate.prototype, 'constructor', { value: Moved, writable: true, configurable: true })
  globalThis.Date = Moved
}

const unitsMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Reads `+30m`, `1h30m`, `14d`, `90s`: a duration forward, in milliseconds. `undefined` when it is not one. */
export function parseDuration(text: string): number | undefined {
  const body = text.startsWith('+') ? text.slice(1) : text
  if (!/^(\d+[smhd])+$/.test(body)) return undefined
  let ms = 0
  for (const [, amount, unit] of body.matchAll(/(\d+)([smhd])/g)) ms += Number(amount) * (unitsMs[unit ?? ''] ?? 0)
  return ms
}
