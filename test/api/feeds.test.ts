import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Account, dayMs, type Import, type Market, ndjson, startMarket, value } from './market.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(() => market.checkInvariants())
afterAll(() => market.stop())

/** Everything of an import but the import itself. */
const importItems = 'I#'

const ago = (days: number) => new Date(market.system.clock.now() - days * dayMs).toISOString()

const columns = [
  'locale',
  'handle',
  'accountId',
  'class',
  'email',
  'followers',
  'createdAt',
  'lastActiveAt',
  'suspendedAt',
]

/** The same accounts as a spreadsheet would write them: other column order, quotes, CRLF, a byte order mark. */
const csv = (accounts: readonly Account[]): string => {
  const cell = (text: unknown) => {
    if (text === undefined) return ''
    const plain = String(text as string | number)
    return /[",]|^ | $/.test(plain) || plain.length % 2 === 0 ? `"${plain.replaceAll('"', '""')}"` : plain
  }
  const rows = accounts.map((account) => columns.map((column) => cell(account[column])).join(','))
  return `\ufeff${[columns.join(','), ...rows].join('\r\n')}\r\n`
}

const statusOf = async (handle: string): Promise<string> => {
  const answer = await (await market.client('alice')).getHandle({ params: { handle } })
  return answer.ok ? answer.value.status : answer.problem.code
}

const eventsOf = async (handle: string) => {
  const operator = await market.client('operator')
  const { entries } = value(await operator.listJournal({ params: { aggregateId: `handle:${handle}` } }))
  return entries.flatMap(({ events }) => events)
}

const counts = ({ status, lines, created, updated, unchanged, rejected }: Import) => ({
  status,
  lines,
  created,
  updated,
  unchanged,
  rejected,
})

test('a line that does not parse is a reject with its number and reason, and the rest is imported', async () => {
  const good = (handle: string) => JSON.stringify(market.account(handle, 10))
  const but = (handle: string, change: Record<string, unknown>) =>
    JSON.stringify({ ...market.account(handle, 10), ...change })
  const without = (handle: string, field: string) => {
    const { [field]: _, ...rest } = market.account(handle, 10)
    return JSON.stringify(rest)
  }
  const future = ago(-2)
  // What stands in the line → the reject's code and field; null: it is imported.
  const rows: [string, [string, string | null] | null][] = [
    [good('bad_before'), null],
    ['', ['line_not_json', null]],
    ['{"accountId":', ['line_not_json', null]],
    ['[]', ['line_not_json', null]],
    ['null', ['line_not_json', null]],
    ['"a text"', ['line_not_json', null]],
    ['accountId,handle', ['line_not_json', null]],
    [`${good('bad_twice')}${good('bad_twice2')}`, ['line_not_json', null]],
    [without('bad_no_acct', 'accountId'), ['field_invalid', 'accountId']],
    [without('bad_no_name', 'handle'), ['field_invalid', 'handle']],
    [without('bad_no_mail', 'email'), ['field_invalid', 'email']],
    [but('bad_class', { class: 'admin' }), ['field_invalid', 'class']],
    [but('bad_follow', { followers: 1.5 }), ['field_invalid', 'followers']],
    [but('bad_follow', { followers: -1 }), ['field_invalid', 'followers']],
    [but('bad_follow', { followers: '12' }), ['field_invalid', 'followers']],
    [but('bad_follow', { followers: 2 ** 53 }), ['field_invalid', 'followers']],
    [but('bad_mail', { email: 'nobody' }), ['field_invalid', 'email']],
    [but('bad_locale', { locale: 'not a locale' }), ['field_invalid', 'locale']],
    [but('bad_time', { lastActiveAt: '2026-02-30T00:00:00.000Z' }), ['field_invalid', 'lastActiveAt']],
    [but('bad_time', { lastActiveAt: 'yesterday' }), ['field_invalid', 'lastActiveAt']],
    [but('bad_time', { lastActiveAt: 1_700_000_000 }), ['field_invalid', 'lastActiveAt']],
    [but('bad_future', { lastActiveAt: future }), ['instant_impossible', 'lastActiveAt']],
    [but('bad_order', { createdAt: ago(1) }), ['instant_impossible', 'lastActiveAt']],
    [but('bad_null', { suspendedAt: null }), ['field_invalid', 'suspendedAt']],
    [but('bad_extra', { holderId: 'x' }), ['field_invalid', 'holderId']],
    [but('bad_extra', { status: 'released' }), ['field_invalid', 'status']],
    [but('p\u0430ypal', {}), ['handle_character', 'handle']],
    [but('two words', {}), ['handle_character', 'handle']],
    [but('sixteen_letters_', {}), ['handle_too_long', 'handle']],
    [but('', {}), ['handle_empty', 'handle']],
    [but('bad_long', { locale: 'x'.repeat(17_000) }), ['line_too_long', null]],
    [but('bad_wide', { locale: '\u5b57'.repeat(6_000) }), ['line_too_long', null]],
    [but('bad_quote', { email: 'a"b' }), ['field_invalid', 'email']],
    [good('bad_before').replace('bad_before', 'BAD_BEFORE'), ['handle_taken', 'handle']],
    [`${good('bad_crlf')}\r`, null],
    [`  ${good('bad_spaces')}  `, null],
    [good('bad_last'), null],
  ]
  const imported = await market.importFeed(rows.map(([text]) => text).join('\n'))
  const expected = rows.flatMap(([, reject], at) =>
    reject === null ? [] : [{ line: at + 1, code: reject[0], field: reject[1] }],
  )
  const found = await market.rejects(imported.id)
  expect(found.map(({ line, code, field }) => ({ line, code, field }))).toEqual(expected)
  expect(counts(imported)).toEqual({
    status: 'complete',
    lines: rows.length,
    created: rows.length - expected.length,
    updated: 0,
    unchanged: 0,
    rejected: expected.length,
  })
  for (const { reason } of found) {
    expect(reason).toMatch(/^\S.{4,200}$/)
    expect(reason).not.toMatch(/@|acct_/)
  }
  for (const handle of ['bad_before', 'bad_crlf', 'bad_spaces', 'bad_last'])
    expect(await statusOf(handle)).toBe('active')
  for (const handle of ['bad_class', 'bad_follow', 'bad_future', 'bad_extra', 'bad_twice', 'bad_long']) {
    expect(await statusOf(handle)).toBe('not_found')
  }
})

test('a thousand lines with long names of unknown fields are a thousand rejects', async () => {
  const line = JSON.stringify({ ...market.account('longfield', 10), ['\u5b57'.repeat(3_000)]: 1 })
  const imported = await market.importFeed(`${line}\n`.repeat(1_000))
  expect(counts(imported)).toMatchObject({ status: 'complete', lines: 1_000, rejected: 1_000, created: 0 })
})

test('a rejected line leaves nothing behind, not even the protection of its looks', async () => {
  await market.importFeed([market.account('firstholder', 10)])
  const before = await market.items(importItems)
  const imported = await market.importFeed([
    market.account('FirstHolder', 10, { class: 'verified' }),
    market.account('nobody_here', 10, { class: 'verified', followers: -1 }),
  ])
  expect((await market.rejects(imported.id)).map(({ code }) => code)).toEqual(['handle_taken', 'field_invalid'])
  await market.checkItems(before, importItems)
})

describe('the same feed twice', () => {
  const feed = () => [
    market.account('same_active', 10),
    market.suspended('same_due'),
    market.account('same_verified', 10, { class: 'verified' }),
    market.account('twinlook1', 10, { class: 'verified' }),
    market.account('twinlookl', 10, { class: 'government' }),
    market.account('same_suspend', 30, { suspendedAt: ago(95) }),
    market.account('same_memorial', 900, { class: 'memorial' }),
    market.account('Same_Case', 5),
    market.account('same_reject!', 5),
  ]

  test('changes nothing: every item of both tables but the import itself is as it was', async () => {
    const text = ndjson(feed())
    const first = await market.importFeed(text)
    expect(counts(first)).toEqual({ status: 'complete', lines: 9, created: 8, updated: 0, unchanged: 0, rejected: 1 })
    const before = await market.items(importItems)
    expect(before.length).toBeGreaterThan(8)
    const second = await market.importFeed(text)
    expect(counts(second)).toEqual({ status: 'complete', lines: 9, created: 0, updated: 0, unchanged: 8, rejected: 1 })
    await market.checkItems(before, importItems)
    expect(await market.rejects(second.id)).toEqual(await market.rejects(first.id))
  })

  test('changes nothing after its due handles were released', async () => {
    const text = ndjson([market.suspended('again_due'), market.account('again_active', 10)])
    await market.importFeed(text)
    await market.sweep()
    expect([await statusOf('again_due'), await statusOf('again_active')]).toEqual(['released', 'active'])
    const before = await market.items(importItems)
    expect(counts(await market.importFeed(text))).toMatchObject({ status: 'complete', unchanged: 2, rejected: 0 })
    await market.checkItems(before, importItems)
  })

  test('put to the same address changes nothing at all', async () => {
    const operator = await market.client('operator')
    const text = ndjson([market.account('put_twice', 10), market.account('put_twice!', 10)])
    const { uploadUrl, import: begun } = value(
      await operator.createImport({ body: { format: 'ndjson' }, idempotencyKey: 'put-twice' }),
    )
    const put = async () => {
      expect((await fetch(uploadUrl, { method: 'PUT', body: text })).status).toBe(200)
      await market.system.idle()
      return value(await operator.getImport({ params: { importId: begun.id } }))
    }
    const first = await put()
    expect(counts(first)).toMatchObject({ status: 'complete', lines: 2, created: 1, rejected: 1 })
    const before = await market.items()
    expect(await put()).toEqual(first)
    await market.checkItems(before)
  })

  test('in one file counts each line once', async () => {
    const account = market.account('line_twice', 10)
    expect(counts(await market.importFeed([account, account]))).toMatchObject({ created: 1, unchanged: 1, rejected: 0 })
  })
})

test('a later feed with newer activity updates; an older one changes nothing', async () => {
  const account = market.account('came_back', 400)
  await market.importFeed([account])
  const newer = { ...account, lastActiveAt: ago(3), followers: 99, locale: 'fr' }
  expect(counts(await market.importFeed([newer]))).toMatchObject({ updated: 1, created: 0 })
  await market.sweep()
  expect(await statusOf('came_back')).toBe('active')
  expect((await eventsOf('came_back')).at(-1)).toMatchObject({
    type: 'account_updated',
    lastActiveAt: newer.lastActiveAt,
    followers: 99,
  })
  const before = await market.items(importItems)
  expect(counts(await market.importFeed([account]))).toMatchObject({ updated: 0, unchanged: 1 })
  await market.checkItems(before, importItems)
})

test('of two protected names that look alike the first keeps the looks', async () => {
  const owners = async () => (await market.items()).filter((item) => item.includes('"pk":"K#twlnname"'))
  await market.importFeed([market.account('twinname', 10, { class: 'verified' })])
  const first = await owners()
  expect(first).toEqual([expect.stringContaining('"handle":"twinname"')])
  const second = market.account('tw1nname', 10, { class: 'government' })
  await market.importFeed([second])
  await market.importFeed([{ ...second, lastActiveAt: ago(1) }])
  expect(await owners()).toEqual(first)
})

test('an account that came back too late does not get its handle back by a feed', async () => {
  const account = market.suspended('too_late')
  await market.importFeed([account])
  await market.sweep()
  const before = await market.items(importItems)
  await market.importFeed([{ ...account, lastActiveAt: ago(0) }])
  await market.importFeed([market.account('too_late', 0)])
  await market.checkItems(before, importItems)
  expect(await statusOf('too_late')).toBe('released')
})

describe('CSV', () => {
  const accounts = (prefix: string) => [
    market.account(`${prefix}_plain`, 10),
    market.suspended(`${prefix}_due`, { followers: 1_234_567_890 }),
    market.account(`${prefix}_Suspend`, 30, { suspendedAt: ago(40) }),
    market.account(`${prefix}_mark`, 20, { class: 'verified', locale: 'pt-BR' }),
    market.account(`${prefix}_bad!`, 20),
    market.account(`${prefix}_time`, 20, { lastActiveAt: 'yesterday' }),
    market.account(`${prefix}_count`, 20, { followers: 'many' }),
    market.account(`${prefix}_last`, 20),
  ]

  test('of the same fields imports the same as NDJSON', async () => {
    const lines = accounts('both')
    const table = lines.map((account) => ({ ...account, handle: account.handle.replace('both', 'tabl') }))
    const fromLines = await market.importFeed(lines)
    const fromTable = await market.importFeed(csv(table), { format: 'csv' })
    expect(counts(fromTable)).toEqual(counts(fromLines))
    expect(counts(fromTable)).toMatchObject({ status: 'complete', lines: 8, created: 5, rejected: 3 })
    const moved = (await market.rejects(fromLines.id)).map((reject) => ({ ...reject, line: reject.line + 1 }))
    expect(await market.rejects(fromTable.id)).toEqual(moved)
    for (const { handle } of lines.filter((_, at) => ![4, 5, 6].includes(at))) {
      const told = async (name: string) =>
        (await eventsOf(name)).map(({ importId: _, display, ...event }) => ({
          ...event,
          display: String(display as string).slice(4),
        }))
      const name = handle.toLowerCase()
      expect(await told(name.replace('both', 'tabl'))).toEqual(await told(name))
    }
  })

  test('after the NDJSON of the same accounts changes nothing', async () => {
    const feed = accounts('then')
    await market.importFeed(feed)
    const before = await market.items(importItems)
    const again = await market.importFeed(csv(feed), { format: 'csv' })
    expect(counts(again)).toMatchObject({ status: 'complete', created: 0, updated: 0, unchanged: 5, rejected: 3 })
    await market.checkItems(before, importItems)
  })

  test('rows of another width, with unknown columns or lines within quotes keep their numbers', async () => {
    const [header = '', row = ''] = csv([market.account('csv_good', 10)])
      .slice(1)
      .split('\r\n')
    const unfit = 'a,b,c'
    const inQuotes = row.replace('csv_good', '"csv\n_good"').replace('""csv', '"csv').replace('_good""', '_good"')
    const good = row.replace('csv_good', 'csv_other')
    const imported = await market.importFeed([header, unfit, row, inQuotes, unfit, good].join('\n'), { format: 'csv' })
    expect(counts(imported)).toMatchObject({ status: 'complete', lines: 5, created: 2, rejected: 3 })
    const found = await market.rejects(imported.id)
    expect(found.map(({ line, code }) => [line, code])).toEqual([
      [2, 'line_not_json'],
      [5, 'handle_character'],
      [6, 'line_not_json'],
    ])
  })

  test('with a column that is not one of the feed rejects each row by its name', async () => {
    const [header = '', row = ''] = csv([market.account('csv_column', 10)])
      .slice(1)
      .split('\r\n')
    const imported = await market.importFeed(`${header},status\n${row},released\n`, { format: 'csv' })
    expect(await market.rejects(imported.id)).toMatchObject([{ line: 2, code: 'field_invalid', field: 'status' }])
  })

  test('without a column that it must have fails as a whole and names it', async () => {
    const before = await market.items(importItems)
    const text = csv([market.account('csv_without', 10)])
      .replace('lastActiveAt', 'lastSeen')
      .replace('email', 'mail')
    const imported = await market.importFeed(text, { format: 'csv' })
    expect(counts(imported)).toMatchObject({ status: 'failed', lines: 0, created: 0 })
    expect(imported.failure).toContain('lastActiveAt')
    expect(imported.failure).toContain('email')
    await market.checkItems(before, importItems)
  })

  test('sent as NDJSON, and NDJSON sent as CSV, import nothing and say why', async () => {
    const before = await market.items(importItems)
    const feed = [market.account('mistaken', 10)]
    const asLines = await market.importFeed(csv(feed))
    expect(counts(asLines)).toMatchObject({ status: 'complete', created: 0, rejected: 2 })
    const asTable = await market.importFeed(ndjson(feed), { format: 'csv' })
    expect(asTable.status).toBe('failed')
    expect(asTable.failure).toContain('header')
    await market.checkItems(before, importItems)
  })
})

describe('gzip', () => {
  test('of either format imports as the plain file does', async () => {
    const lines = [market.account('zip_lines', 10), market.account('zip_lines!', 10)]
    const table = [market.account('zip_table', 10), market.account('zip_table!', 10)]
    const compression = 'gzip'
    const fromLines = await market.importFeed(gzipSync(ndjson(lines)), { compression })
    const fromTable = await market.importFeed(gzipSync(csv(table)), { format: 'csv', compression })
    for (const imported of [fromLines, fromTable]) {
      expect(counts(imported)).toMatchObject({ status: 'complete', lines: 2, created: 1, rejected: 1 })
    }
    expect([await statusOf('zip_lines'), await statusOf('zip_table')]).toEqual(['active', 'active'])
  })

  test.each(['ndjson', 'csv'] as const)('that is none fails with the reason (%s)', async (format) => {
    const before = await market.items(importItems)
    const plain = format === 'csv' ? csv([market.account('no_zip', 10)]) : ndjson([market.account('no_zip', 10)])
    const imported = await market.importFeed(plain, { format, compression: 'gzip' })
    expect(counts(imported)).toMatchObject({ status: 'failed', lines: 0, created: 0 })
    expect(imported.failure).toMatch(/header check|gzip/i)
    await market.checkItems(before, importItems)
  })

  test.each(['ndjson', 'csv'] as const)('that breaks off or is damaged fails with the reason (%s)', async (format) => {
    const feed = Array.from({ length: 2_500 }, (_, at) => market.account(`cut_${format}${at}`, 10))
    const whole = gzipSync(format === 'csv' ? csv(feed) : ndjson(feed))
    const broken = whole.subarray(0, Math.floor(whole.length / 2))
    const damaged = Buffer.from(whole).fill(0xff, whole.length - 400, whole.length - 300)
    for (const file of [broken, damaged]) {
      const imported = await market.importFeed(file, { format, compression: 'gzip' })
      expect(imported.status).toBe('failed')
      expect(imported.failure).toMatch(/\w{4,}/)
      // What stands before the fault is imported, whole chunk by whole chunk, and every line of it is accounted for.
      expect(imported.chunks.done).toBe(imported.chunks.total)
      expect(imported.created + imported.updated + imported.unchanged + imported.rejected).toBe(imported.lines)
    }
  })
})

describe('an empty file', () => {
  test('of lines is complete, with no line', async () => {
    for (const text of ['', gzipSync('')]) {
      const compression = typeof text === 'string' ? 'none' : 'gzip'
      const imported = await market.importFeed(text, { compression })
      expect(counts(imported)).toMatchObject({ status: 'complete', lines: 0, created: 0, rejected: 0 })
    }
  })

  test('that should be a table fails for its header; a header alone is complete', async () => {
    for (const compression of ['none', 'gzip'] as const) {
      const file = (text: string) => (compression === 'gzip' ? gzipSync(text) : text)
      const empty = await market.importFeed(file(''), { format: 'csv', compression })
      expect(empty).toMatchObject({ status: 'failed', failure: expect.stringContaining('header') as unknown })
      const header = await market.importFeed(file(csv([])), { format: 'csv', compression })
      expect(counts(header)).toMatchObject({ status: 'complete', lines: 0 })
    }
  })

  test('that should be gzip fails or is complete, and never hangs', async () => {
    const imported = await market.importFeed('', { compression: 'gzip' })
    expect(['failed', 'complete']).toContain(imported.status)
    expect(imported.lines).toBe(0)
  })
})
