import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { feedDay, marketLines } from '../../local/stock.ts'
import { startSystem, type System } from '../../local/system.ts'
import { shippedPolicy } from '../../shared/domain/release-policy.ts'
import { createClient } from '../../shared/contract/client.ts'
import type { Money } from '../../shared/contract/money.ts'

export type Offer = { readonly handle: string; readonly price: Money }

/** Starts a system of its own, hands it to the work, and leaves nothing behind. */
export const withSystem = async <T>(switchesOn: boolean, work: (system: System) => Promise<T>): Promise<T> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'handle-bench-'))
  const system = await startSystem({
    dataDir,
    schedulesRun: false,
    clockNotBefore: feedDay,
    switches: { iam: switchesOn, faults: switchesOn },
  })
  try {
    return await work(system)
  } finally {
    await system.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** Uploads lines of the feed as an operator, half of them of suspended accounts; resolves when all are imported. */
export const importFeed = async (system: System, lines: number): Promise<{ readonly seconds: number }> => {
  const operator = createClient({ baseUrl: system.url, token: await system.token('operator') })
  const text = await marketLines(lines)
  const created = await operator.createImport({ body: { format: 'ndjson' }, idempotencyKey: `bench-${lines}` })
  if (!created.ok) throw new Error(created.problem.detail ?? created.problem.title)
  const begun = performance.now()
  const put = await fetch(created.value.uploadUrl, { method: 'PUT', body: text })
  if (!put.ok) throw new Error(`the upload was answered ${put.status}`)
  await system.idle()
  const seconds = (performance.now() - begun) / 1000
  const done = await operator.getImport({ params: { importId: created.value.import.id } })
  if (!done.ok || done.value.status !== 'complete') throw new Error('the import is not complete')
  return { seconds }
}

/** Lets the sweep run once; resolves when every due handle is released, listed, and its journal filed. */
export const releaseDue = async (system: System): Promise<void> => {
  const sweep = system.schedules.names.find((name) => name.endsWith('sweep-handles'))
  if (sweep === undefined) throw new Error('there is no schedule that sweeps handles')
  system.schedules.fire(sweep)
  const { retrying } = await system.idle()
  if (retrying > 0) throw new Error(`${retrying} messages failed: see the logs of the workers`)
}

/** Publishes a policy under which few accounts may place any number of orders. */
export const liftCaps = async (system: System): Promise<void> => {
  const operator = createClient({ baseUrl: system.url, token: await system.token('operator') })
  const { version: basedOn, publishedAt: _, ...draft } = shippedPolicy
  const { velocity } = draft.eligibility
  const eligibility = {
    ...draft.eligibility,
    openOrdersMax: null,
    ordersPerDayMax: null,
    velocity: { ...velocity, order: 100_000 },
  }
  const published = await operator.publishPolicy({ body: { ...draft, eligibility, basedOn }, idempotencyKey: 'caps' })
  if (!published.ok) throw new Error(published.problem.detail)
}

/** Every handle on sale, up to `wanted`. */
export const openOffers = async (system: System, wanted: number): Promise<Offer[]> => {
  const client = createClient({ baseUrl: system.url })
  const offers: Offer[] = []
  let cursor: string | undefined
  while (offers.length < wanted) {
    const page = await client.searchListings({ query: { limit: 100, ...(cursor === undefined ? {} : { cursor }) } })
    if (!page.ok) throw new Error(page.problem.title)
    for (const { handle, price, status } of page.value.items) if (status === 'open') offers.push({ handle, price })
    if (page.value.nextCursor === null) break
    cursor = page.value.nextCursor
  }
  if (offers.length < wanted) throw new Error(`${wanted} handles are wanted and ${offers.length} are on sale`)
  return offers.slice(0, wanted)
}

export type HttpAnswer = { readonly status: number; readonly json: Record<string, unknown> }

/**
 * A plain HTTP client with kept connections. The load shares its two cores with what it measures, and `fetch` would take
 * a third more of them.
 */
export const openHttp = (baseUrl: string, connections: number) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const send = (method: 'GET' | 'POST', path: string, token: string, key?: string, body?: unknown) =>
    new Promise<HttpAnswer>((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const outgoing = request(
        new URL(path, baseUrl),
        {
          method,
          agent,
          headers: {
            authorization: `Bearer ${token}`,
            ...(key === undefined ? {} : { 'idempotency-key': key }),
            ...(text === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          },
        },
        (incoming) => {
          let answer = ''
          incoming.setEncoding('utf8')
          incoming.on('data', (part: string) => (answer += part))
          incoming.on('error', reject)
          incoming.on('end', () =>
            resolve({ status: incoming.statusCode ?? 0, json: JSON.parse(answer) as Record<string, unknown> }),
          )
        },
      )
      outgoing.on('error', reject)
      outgoing.end(text)
    })
  return { send, close: () => agent.destroy() }
}

export type Http = ReturnType<typeof openHttp>
