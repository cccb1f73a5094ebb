import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { type Bench, printTable, withBar } from './bench.ts'
import { importFeed, liftCaps, openHttp, openOffers, releaseDue, withSystem } from './market.ts'
import { load, rounded } from './statistics.ts'

const accounts = 500
const concurrency = 16

/**
 * Resident memory of the whole local system (its process with every worker thread, and the engine) when it is ready, and
 * after a tenth and all of the orders. An order is placed and cancelled again, so that a few handles serve any number.
 */
export const memoryBench: Bench = {
  name: 'memory',
  question: 'How much memory, at ready and under load, and does it grow?',
  run: ({ orders }) =>
    withSystem(true, async (system) => {
      const ready = residentMb()
      await importFeed(system, accounts)
      await liftCaps(system)
      await releaseDue(system)
      const stocked = residentMb()
      const offers = await openOffers(system, concurrency * 4)
      const tokens = await Promise.all(
        Array.from({ length: concurrency }, (_, buyer) =>
          system.token(`buyer-${buyer}`, {}, { lifetimeSeconds: 86_400 }),
        ),
      )
      const http = openHttp(system.url, concurrency)
      // Each of the buyers goes round handles of their own: nobody loses a race here.
      let next = 0
      const place = async (buyer: number) => {
        const round = next
        next += 1
        const offer = offers[buyer * 4 + (round % 4)]
        const token = tokens[buyer] ?? ''
        const placed = await http.send('POST', '/v1/orders', token, `memory-${round}`, offer)
        if (placed.status !== 201)
          throw new Error(`an order was answered ${placed.status}: ${JSON.stringify(placed.json)}`)
        const id = String(placed.json['id'])
        const cancelled = await http.send('POST', `/v1/orders/${id}/cancel`, token, `cancel-${round}`)
        if (cancelled.status !== 200) throw new Error(`a cancellation was answered ${cancelled.status}`)
      }
      const until = async (count: number, advance: () => void) => {
        const share = Math.ceil((count - next) / concurrency)
        await Promise.all(
          Array.from({ length: concurrency }, (_, buyer) => load(share, 1, () => place(buyer), advance)),
        )
        const busy = residentMb()
        await system.idle()
        return busy
      }
      try {
        const early = Math.round(orders / 10)
        const [atEarly, atEnd] = await withBar('orders', orders, async (advance) => [
          await until(early, advance),
          await until(orders, advance),
        ])
        const growthPercent = rounded((atEnd.total / atEarly.total - 1) * 100)
        const rows = { ready, stocked, [`order ${early}`]: atEarly, [`order ${orders}`]: atEnd }
        printTable(
          ['moment', 'system MB', 'engine MB', 'together MB'],
          Object.entries(rows).map(([moment, { system: own, engine, total }]) => [moment, own, engine, total]),
        )
        console.log(`  growth from order ${early} to order ${orders}: ${growthPercent} % (aim: at most 10 %)`)
        return { ready, stocked, early: { orders: early, ...atEarly }, end: { orders, ...atEnd }, growthPercent }
      } finally {
        http.close()
      }
    }),
}

/** Megabytes; 0 for a process that has just ended (`ps` lists itself). */
const residentOf = (pid: number): number => {
  const file = `/proc/${pid}/status`
  const kB = existsSync(file) ? /VmRSS:\s+(\d+)/.exec(readFileSync(file, 'utf8'))?.[1] : undefined
  return Number(kB ?? 0) / 1024
}

/** The engine runs below a shell of ours: every process below this one counts, and the figures are of the whole tree. */
const residentMb = (): { readonly system: number; readonly engine: number; readonly total: number } => {
  const processes = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const below = new Set([process.pid])
  for (const [pid = 0, parent = 0] of processes) if (below.has(parent)) below.add(pid)
  below.delete(process.pid)
  const own = process.memoryUsage.rss() / 1024 / 1024
  const engine = [...below].reduce((sum, pid) => sum + residentOf(pid), 0)
  return { system: Math.round(own), engine: Math.round(engine), total: Math.round(own + engine) }
}
