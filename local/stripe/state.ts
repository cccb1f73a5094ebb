import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { kinds, type Kind, type Resources } from './resource-types.ts'

export interface Range {
  gt?: number
  gte?: number
  lt?: number
  lte?: number
}

/** Every account at once, where a list is asked for. */
export const everyAccount = '*'
/** The platform itself, beside its connected accounts. */
export const platform = ''

/**
 * What a list is narrowed by: `created`, and fields of the resource that must equal a value or one of several. Of the
 * platform alone unless another account, or every one, is named.
 */
export interface Filter {
  account?: string
  created?: number | Range
  fields?: Record<string, string | boolean | readonly string[] | undefined>
}

export interface Page {
  limit: number
  startingAfter?: string
  endingBefore?: string
}

/** Something to do once the clock has reached `at` (ms). */
export interface Timer {
  at: number
  task: string
  id: string
}

export interface Delivery {
  id: string
  event: string
  url: string
  status: 'pending' | 'succeeded' | 'failed'
  attempts: number
  /** When the next attempt falls due, ms on the server's clock; null when there is none. */
  nextAt: number | null
  responseStatus: number | null
  error: string | null
  createdAt: number
}

export interface SavedAnswer {
  fingerprint: string
  path: string
  status: number
  body: string
  requestId: string
  createdAt: number
}

interface StoredRow {
  seq: number
  body: string
}

/** The fields that have an index of their own. */
const indexed: ReadonlySet<string> = new Set([
  'payment_intent',
  'charge',
  'source',
  'transfer_group',
  'source_transaction',
])

const tableOf = (kind: Kind): string => kind.replace('.', '_')

/**
 * All state, in SQLite (part of Node): in memory, or in `stripe.sqlite` of a folder. Every change is made inside
 * `transact`, so a call's effects, its events and its saved answer stand or fall together; the process may be killed
 * at any point. (Writes reach the operating system, not necessarily the disk: a power cut may lose the last moments.)
 */
export class State {
  private readonly db: DatabaseSync
  private readonly statements = new Map<string, StatementSync>()
  private depth = 0

  constructor(dataDir: string | undefined) {
    if (dataDir) mkdirSync(dataDir, { recursive: true })
    this.db = new DatabaseSync(dataDir ? path.join(dataDir, 'stripe.sqlite') : ':memory:')
    // One process owns the folder: no locks to take and release at each statement.
    this.db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
    for (const kind of kinds) {
      const table = tableOf(kind)
      this.db.exec(`
        CREATE TABLE IF NOT EXISTS ${table} (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created INTEGER NOT NULL,
          payment_intent TEXT, charge TEXT, body TEXT NOT NULL, hidden TEXT, account TEXT NOT NULL DEFAULT '');
        CREATE INDEX IF NOT EXISTS ${table}_by_payment_intent ON ${table} (payment_intent) WHERE payment_intent IS NOT NULL;
        CREATE INDEX IF NOT EXISTS ${table}_by_charge ON ${table} (charge) WHERE charge IS NOT NULL`)
      this.addAccountColumn(table)
    }
    this.db.exec(`
      CREATE INDEX IF NOT EXISTS balance_transaction_by_account ON balance_transaction (account);
      CREATE INDEX IF NOT EXISTS balance_transaction_by_source ON balance_transaction (json_extract(body, '$.source'));
      CREATE INDEX IF NOT EXISTS transfer_by_group ON transfer (json_extract(body, '$.transfer_group'));
      CREATE INDEX IF NOT EXISTS transfer_by_source ON transfer (json_extract(body, '$.source_transaction'));
      CREATE TABLE IF NOT EXISTS timers (at INTEGER, task TEXT, id TEXT, PRIMARY KEY (at, task, id)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS deliveries (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, event TEXT NOT NULL,
        url TEXT NOT NULL, status TEXT NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER, response_status INTEGER,
        error TEXT, created_at INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event);
      CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL;
      CREATE TABLE IF NOT EXISTS answers (idempotency_key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, path TEXT NOT NULL,
        status INTEGER NOT NULL, body TEXT NOT NULL, request_id TEXT NOT NULL, created_at INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS answers_by_age ON answers (created_at)`)
  }

  /** Runs `work` so that all its changes are kept, or, when it throws, none. Calls may be nested; the outer one counts. */
  transact<T>(work: () => T): T {
    if (this.depth > 0) return work()
    this.db.exec('BEGIN')
    this.depth += 1
    try {
      const result = work()
      this.db.exec('COMMIT')
      return result
    } catch (error) {
      this.db.exec('ROLLBACK')
      throw error
    } finally {
      this.depth -= 1
    }
  }

  insert<K extends Kind>(kind: K, resource: Resources[K], hidden?: object, account = platform): void {
    this.run(
      `INSERT INTO ${tableOf(kind)} (id, created, payment_intent, charge, body, hidden, account) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      resource.id,
      'created' in resource ? resource.created : 0,
      ...this.references(resource),
      JSON.stringify(resource),
      hidden ? JSON.stringify(hidden) : null,
      account,
    )
  }

  update<K extends Kind>(kind: K, resource: Resources[K]): void {
    const [paymentIntent, charge] = this.references(resource)
    this.run(
      `UPDATE ${tableOf(kind)} SET payment_intent = ?, charge = ?, body = ? WHERE id = ?`,
      paymentIntent,
      charge,
      JSON.stringify(resource),
      resource.id,
    )
  }

  find<K extends Kind>(kind: K, id: string): Resources[K] | undefined {
    const row = this.get(`SELECT body FROM ${tableOf(kind)} WHERE id = ?`, id)
    return row && (JSON.parse(String(row['body'])) as Resources[K])
  }

  /** The same where it belongs to this account alone. */
  findOf<K extends Kind>(account: string, kind: K, id: string): Resources[K] | undefined {
    const row = this.get(`SELECT body FROM ${tableOf(kind)} WHERE id = ? AND account = ?`, id, account)
    return row && (JSON.parse(String(row['body'])) as Resources[K])
  }

  /** The account a resource belongs to. */
  accountOf(kind: Kind, id: string): string {
    const row = this.get(`SELECT account FROM ${tableOf(kind)} WHERE id = ?`, id)
    return row ? String(row['account']) : platform
  }

  /** The stored JSON itself: what was signed once is sent the same again. */
  findText(kind: Kind, id: string): string | undefined {
    const row = this.get(`SELECT body FROM ${tableOf(kind)} WHERE id = ?`, id)
    return row && String(row['body'])
  }

  /** What the server knows of a resource and the API does not show. */
  findHidden<T>(kind: Kind, id: string): T | undefined {
    const row = this.get(`SELECT hidden FROM ${tableOf(kind)} WHERE id = ?`, id)
    return row?.['hidden'] ? (JSON.parse(row['hidden'] as string) as T) : undefined
  }

  /** Changes what the server knows of a resource and the API does not show. */
  hide(kind: Kind, id: string, hidden: object): void {
    this.run(`UPDATE ${tableOf(kind)} SET hidden = ? WHERE id = ?`, JSON.stringify(hidden), id)
  }

  /** Newest first. `hasMore` speaks of the direction of travel. `null` when the id that the page starts from is unknown. */
  list<K extends Kind>(kind: K, filter: Filter, page: Page): { data: Resources[K][]; hasMore: boolean } | null {
    const conditions: string[] = []
    const values: SQLInputValue[] = []
    const where = (condition: string, ...more: SQLInputValue[]): void => {
      conditions.push(condition)
      values.push(...more)
    }
    const account = filter.account ?? platform
    const narrowed = Object.entries(filter.fields ?? {}).some(
      ([name, value]) => value !== undefined && indexed.has(name),
    )
    // The plus keeps SQLite from the index of accounts where a far narrower one serves.
    if (account !== everyAccount) where(narrowed ? '+account = ?' : 'account = ?', account)
    if (typeof filter.created === 'number') where('created = ?', filter.created)
    else
      for (const [name, sign] of [
        ['gt', '>'],
        ['gte', '>='],
        ['lt', '<'],
        ['lte', '<='],
      ] as const) {
        const bound = filter.created?.[name]
        if (bound !== undefined) where(`created ${sign} ?`, bound)
      }
    for (const [name, value] of Object.entries(filter.fields ?? {})) {
      if (value === undefined) continue
      const column = name === 'payment_intent' || name === 'charge' ? name : `json_extract(body, '$.${name}')`
      if (typeof value === 'object') where(`${column} IN (${value.map(() => '?').join(', ')})`, ...value)
      else where(`${column} = ?`, typeof value === 'boolean' ? Number(value) : value)
    }
    const cursor = page.startingAfter ?? page.endingBefore
    if (cursor) {
      const row = this.get(`SELECT seq FROM ${tableOf(kind)} WHERE id = ?`, cursor)
      if (!row) return null
      where(page.startingAfter ? 'seq < ?' : 'seq > ?', Number(row['seq']))
    }
    const backwards = !page.startingAfter && page.endingBefore !== undefined
    const rows = this.statement(
      `SELECT seq, body FROM ${tableOf(kind)} ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
       ORDER BY seq ${backwards ? 'ASC' : 'DESC'} LIMIT ?`,
    ).all(...values, page.limit + 1) as unknown as StoredRow[]
    const data = rows.slice(0, page.limit).map((row) => JSON.parse(row.body) as Resources[K])
    return { data: backwards ? data.toReversed() : data, hasMore: rows.length > page.limit }
  }

  /** Sum of `net` of an account's balance transactions per currency, those available at `nowSeconds` apart from the pending. */
  balances(nowSeconds: number, account = platform): { currency: string; available: number; pending: number }[] {
    const rows = this.statement(
      `SELECT json_extract(body, '$.currency') AS currency,
         SUM(CASE WHEN json_extract(body, '$.available_on') <= ? THEN json_extract(body, '$.net') ELSE 0 END) AS available,
         SUM(CASE WHEN json_extract(body, '$.available_on') > ? THEN json_extract(body, '$.net') ELSE 0 END) AS pending
       FROM balance_transaction WHERE account = ? GROUP BY 1 ORDER BY 1`,
    ).all(nowSeconds, nowSeconds, account)
    return rows.map((row) => ({
      currency: String(row['currency']),
      available: Number(row['available']),
      pending: Number(row['pending']),
    }))
  }

  setTimer(timer: Timer): void {
    this.run('INSERT OR IGNORE INTO timers (at, task, id) VALUES (?, ?, ?)', timer.at, timer.task, timer.id)
  }

  removeTimer(timer: Timer): void {
    this.run('DELETE FROM timers WHERE at = ? AND task = ? AND id = ?', timer.at, timer.task, timer.id)
  }

  /** The timer that falls due first, if any. */
  nextTimer(): Timer | undefined {
    const row = this.get('SELECT at, task, id FROM timers ORDER BY at LIMIT 1')
    return row && { at: Number(row['at']), task: String(row['task']), id: String(row['id']) }
  }

  insertDelivery(delivery: Delivery): void {
    this.run(
      `INSERT INTO deliveries (id, event, url, status, attempts, next_at, response_status, error, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      delivery.id,
      delivery.event,
      delivery.url,
      delivery.status,
      delivery.attempts,
      delivery.nextAt,
      delivery.responseStatus,
      delivery.error,
      delivery.createdAt,
    )
  }

  updateDelivery(delivery: Delivery): void {
    this.run(
      'UPDATE deliveries SET status = ?, attempts = ?, next_at = ?, response_status = ?, error = ? WHERE id = ?',
      delivery.status,
      delivery.attempts,
      delivery.nextAt,
      delivery.responseStatus,
      delivery.error,
      delivery.id,
    )
  }

  findDelivery(id: string): Delivery | undefined {
    const row = this.get('SELECT * FROM deliveries WHERE id = ?', id)
    return row && deliveryOf(row)
  }

  /** Newest first; of one event when it is named. */
  listDeliveries(limit: number, event?: string): Delivery[] {
    const rows = event
      ? this.statement('SELECT * FROM deliveries WHERE event = ? ORDER BY seq DESC LIMIT ?').all(event, limit)
      : this.statement('SELECT * FROM deliveries ORDER BY seq DESC LIMIT ?').all(limit)
    return rows.map(deliveryOf)
  }

  /** Pending deliveries whose next attempt is due, oldest first. */
  dueDeliveries(now: number, limit: number): Delivery[] {
    return this.statement('SELECT * FROM deliveries WHERE next_at <= ? ORDER BY next_at, seq LIMIT ?')
      .all(now, limit)
      .map(deliveryOf)
  }

  nextDeliveryAt(): number | undefined {
    const row = this.get('SELECT MIN(next_at) AS at FROM deliveries WHERE next_at IS NOT NULL')
    return row?.['at'] === null || row === undefined ? undefined : Number(row['at'])
  }

  pendingDeliveries(event: string): number {
    return Number(
      this.get(`SELECT COUNT(*) AS n FROM deliveries WHERE event = ? AND status = 'pending'`, event)?.['n'] ?? 0,
    )
  }

  saveAnswer(key: string, answer: SavedAnswer): void {
    this.run(
      'INSERT OR REPLACE INTO answers (idempotency_key, fingerprint, path, status, body, request_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
      key,
      answer.fingerprint,
      answer.path,
      answer.status,
      answer.body,
      answer.requestId,
      answer.createdAt,
    )
  }

  findAnswer(key: string): SavedAnswer | undefined {
    const row = this.get('SELECT * FROM answers WHERE idempotency_key = ?', key)
    return (
      row && {
        fingerprint: String(row['fingerprint']),
        path: String(row['path']),
        status: Number(row['status']),
        body: String(row['body']),
        requestId: String(row['request_id']),
        createdAt: Number(row['created_at']),
      }
    )
  }

  removeAnswersBefore(createdAt: number): void {
    this.run('DELETE FROM answers WHERE created_at <= ?', createdAt)
  }

  close(): void {
    this.statements.clear()
    this.db.close()
  }

  /** A folder of before there were connected accounts has tables without the column. */
  private addAccountColumn(table: string): void {
    const columns = this.db.prepare(`PRAGMA table_info(${table})`).all()
    if (columns.every(({ name }) => name !== 'account'))
      this.db.exec(`ALTER TABLE ${table} ADD COLUMN account TEXT NOT NULL DEFAULT ''`)
  }

  private references(resource: object): [string | null, string | null] {
    return ['payment_intent', 'charge'].map((name) => {
      const value = (resource as Record<string, unknown>)[name]
      return typeof value === 'string' ? value : null
    }) as [string | null, string | null]
  }

  private statement(sql: string): StatementSync {
    let statement = this.statements.get(sql)
    if (!statement) {
      statement = this.db.prepare(sql)
      this.statements.set(sql, statement)
    }
    return statement
  }

  private run(sql: string, ...values: SQLInputValue[]): void {
    this.statement(sql).run(...values)
  }

  private get(sql: string, ...values: SQLInputValue[]): Record<string, unknown> | undefined {
    return this.statement(sql).get(...values)
  }
}

const deliveryOf = (row: Record<string, unknown>): Delivery => ({
  id: String(row['id']),
  event: String(row['event']),
  url: String(row['url']),
  status: row['status'] as Delivery['status'],
  attempts: Number(row['attempts']),
  nextAt: row['next_at'] === null ? null : Number(row['next_at']),
  responseStatus: row['response_status'] === null ? null : Number(row['response_status']),
  error: row['error'] as string | null,
  createdAt: Number(row['created_at']),
})
