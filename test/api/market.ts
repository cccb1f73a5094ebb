import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { startSystem, type System } from '../../local/system.ts'
import { type Client, createClient } from '../../shared/contract/client.ts'
import type { Problem, ProblemCode } from '../../shared/contract/problems.ts'
import type { importSchema, rejectSchema } from '../../shared/contract/operator-resources.ts'
import { canonicalJson } from '../../shared/domain/journal.ts'
import { scanTable } from '../../shared/store/scan.ts'
import { auditTables } from '../../shared/workflows/audit-tables.ts'
import type * as z from 'zod'
import type { ShelvesStore } from '../../shared/store/client.ts'
import { openStore, type Store } from '../cases/store.ts'
import { type Checked, checkAnswer, checkedFetch } from './contract-check.ts'

export type Import = z.infer<typeof importSchema>
export type Reject = z.infer<typeof rejectSchema>

export type Sending = {
  readonly token?: string | undefined
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is. */
  readonly raw?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

export type FeedOptions = { readonly format?: 'ndjson' | 'csv'; readonly compression?: 'none' | 'gzip' }

/** A line of the account feed as the platform writes it. */
export type Account = Readonly<Record<string, unknown>> & { readonly accountId: string; readonly handle: string }

/** A whole marketplace on this machine for one test file, and what its tests do with it. */
export type Market = {
  readonly system: System
  readonly store: Store & ShelvesStore
  /** One request; its answer is held to the OpenAPI document. */
  readonly send: (method: string, path: string, sending?: Sending) => Promise<Checked>
  readonly client: (sub: string) => Promise<Client>
  /** A feed line; `inactiveDays` says how long ago the account was active. */
  readonly account: (handle: string, inactiveDays: number, more?: Readonly<Record<string, unknown>>) => Account
  /** A feed line of an account that was suspended longer ago than the policy asks: released by the next sweep. */
  readonly suspended: (handle: string, more?: Readonly<Record<string, unknown>>) => Account
  readonly importFeed: (feed: string | Buffer | readonly Account[], options?: FeedOptions) => Promise<Import>
  readonly rejects: (importId: string) => Promise<readonly Reject[]>
  /** Fires the schedule that releases what is due, and waits for the work that follows. */
  readonly sweep: () => Promise<void>
  /** Every item of both tables in a fixed order, as JSON, except counts of requests, and those whose partition `leaveOut` begins. */
  readonly items: (leaveOut?: string) => Promise<readonly string[]>
  /** Nothing was written since `before` was taken from `items`, with the same `leaveOut`. */
  readonly checkItems: (before: readonly string[], leaveOut?: string) => Promise<void>
  /** Waits for what is under way, then verifies the invariants over both tables. */
  readonly checkInvariants: () => Promise<void>
  readonly stop: () => Promise<void>
}

export const dayMs = 86_400_000

export const startMarket = async (): Promise<Market> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'handle-market-'))
  const system = await startSystem({ dataDir, schedulesRun: false })
  const store = openStore(system)

  const send: Market['send'] = async (method, path, { token, body, raw, headers } = {}) => {
    const url = new URL(path, system.url)
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(url, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(payload === undefined ? {} : { body: payload }),
    })
    return checkAnswer(method, url, response)
  }

  const client: Market['client'] = async (sub) =>
    createClient({ baseUrl: system.url, token: await system.token(sub), fetch: checkedFetch })

  let imports = 0
  const importFeed: Market['importFeed'] = async (feed, { format = 'ndjson', compression = 'none' } = {}) => {
    imports += 1
    const operator = await client('operator')
    const begun = value(
      await operator.createImport({ body: { format, compression }, idempotencyKey: `feed-${imports}` }),
    )
    const text = typeof feed === 'string' || Buffer.isBuffer(feed) ? feed : ndjson(feed)
    const put = await fetch(begun.uploadUrl, { method: 'PUT', body: text })
    expect(put.status).toBe(200)
    await system.idle()
    return value(await operator.getImport({ params: { importId: begun.import.id } }))
  }

  const rejects: Market['rejects'] = async (importId) => {
    const operator = await client('operator')
    const found: Reject[] = []
    let cursor: string | undefined
    do {
      const page = value(
        await operator.listImportRejects({ params: { importId }, query: { limit: 7, ...(cursor && { cursor }) } }),
      )
      found.push(...page.items)
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    return found
  }

  const items: Market['items'] = async (leaveOut) => {
    await system.idle()
    const found: string[] = []
    for (const table of [store.handlesTable, store.escrowTable]) {
      for await (const item of scanTable(store.db, table)) {
        const pk = String(item['pk'])
        if (!pk.startsWith('Y#') && (leaveOut === undefined || !pk.startsWith(leaveOut))) {
          found.push(`${table} ${canonicalJson(item)}`)
        }
      }
    }
    return found.toSorted()
  }

  let accounts = 0
  const account: Market['account'] = (handle, inactiveDays, more = {}) => {
    accounts += 1
    const now = system.clock.now()
    return {
      accountId: `acct_${accounts}`,
      handle,
      class: 'ordinary',
      createdAt: new Date(now - 3000 * dayMs).toISOString(),
      lastActiveAt: new Date(now - inactiveDays * dayMs).toISOString(),
      followers: 12,
      email: `holder${accounts}@example.com`,
      locale: 'en',
      ...more,
    }
  }
  const suspended: Market['suspended'] = (handle, more = {}) =>
    account(handle, 400, { suspendedAt: new Date(system.clock.now() - 100 * dayMs).toISOString(), ...more })
  return {
    system,
    store,
    send,
    client,
    account,
    suspended,
    importFeed,
    rejects,
    sweep: async () => {
      const name = system.schedules.names.find((one) => one.endsWith('sweep-handles'))
      if (name === undefined) throw new Error('no schedule sweeps the handles')
      system.schedules.fire(name)
      await system.idle()
    },
    items,
    checkItems: async (before, leaveOut) => expect(await items(leaveOut)).toEqual(before),
    checkInvariants: async () => {
      expect(await system.idle()).toEqual({ retrying: 0 })
      const report = await auditTables(store)
      expect(report.faults).toEqual([])
      expect(report.ledgerSumMinor).toBe(0)
      expect(
        system.queues.depths().filter(({ name, ready }) => /-dead(\.fifo)?$|-failures$/.test(name) && ready > 0),
      ).toEqual([])
    },
    stop: async () => {
      store.db.destroy()
      await system.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Sends a request whose answer must be this problem, and returns it. */
export const checkRefused = async (
  market: Market,
  code: ProblemCode,
  method: string,
  path: string,
  sending?: Sending,
): Promise<Problem> => {
  const answer = await market.send(method, path, sending)
  expect({ method, path, type: answer.type, body: answer.body }).toMatchObject({
    method,
    path,
    type: 'application/problem+json',
    body: { code },
  })
  return answer.body as Problem
}

export const ndjson = (accounts: readonly Account[]): string =>
  accounts.map((account) => `${JSON.stringify(account)}\n`).join('')

/** The value of an answer that must be a success. */
export const value = <T>(answer: { ok: true; value: T } | { ok: false; problem: Problem }): T => {
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`)
  return answer.value
}

/** The problem of an answer that must be refused with this code. */
export const refused = (answer: { ok: true } | { ok: false; problem: Problem }, code: ProblemCode): Problem => {
  if (answer.ok) throw new Error(`it was not refused as ${code}`)
  expect(answer.problem).toMatchObject({ code })
  return answer.problem
}
