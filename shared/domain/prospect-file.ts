import { parse } from 'csv-parse/sync'
import {
  addressHash,
  neededColumns,
  type Prospect,
  prospectColumns,
  type ProspectRow,
  readProspect,
} from './prospect.ts'
import { ok, refuse, type Result } from './result.ts'

/** A row that was not taken, by its line in the file; the head is line 1. Nothing of what stood there is told. */
export type ProspectReject = {
  readonly line: number
  readonly code: string
  readonly field: string | null
  readonly reason: string
}

/** A row that was taken. */
export type ProspectLine = Prospect & { readonly line: number }

export type ProspectFile = {
  readonly prospects: readonly ProspectLine[]
  readonly rejected: readonly ProspectReject[]
}

/** More lines than these are no list for one campaign, whatever they hold. */
const linesMax = 1_000

/** What rows are held against beside their own grammar. Addresses by their hashes. */
export type ProspectChecks = {
  /** YYYY-MM-DD. */
  readonly today: string
  /** The handles that a row may name; null: the campaign finds its handles by a rule, so none. */
  readonly handles: ReadonlySet<string> | null
  /** Addresses that the campaign has already. */
  readonly known: ReadonlySet<string>
}

type Parsed = { readonly record: ProspectRow; readonly info: { readonly lines: number } }

/**
 * Reads a file of prospects: CSV with a head line, by RFC 4180, columns in any order. Each row is taken or named with its
 * line and why it was not; a file that is no such list is refused whole (`csv_invalid`).
 */
export const readProspectFile = (csv: string, checks: ProspectChecks): Result<ProspectFile> => {
  const rejected: ProspectReject[] = []
  let rows: Parsed[]
  try {
    rows = parse(csv, {
      bom: true,
      columns: (head: string[]) => columnsOf(head),
      info: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      on_skip: (error) => {
        if (error === undefined) return
        const line = Number(error['lines'])
        // A quote at fault takes the rows after it along, so that nobody could say which rows there are.
        if (!inconsistent.has(error.code))
          throw new FileFault(`Quotes are not closed, or stand in a cell, by line ${line}`)
        rejected.push({ line, code: 'row_malformed', field: null, reason: 'the row has other columns than the head' })
      },
      to: linesMax + 1,
    }) as unknown as Parsed[]
  } catch (error) {
    if (error instanceof FileFault) return refuse('csv_invalid', error.message, 'csv')
    return refuse('csv_invalid', 'The text is no CSV with a head line and rows of its columns', 'csv')
  }
  if (rows.length > linesMax) return refuse('csv_invalid', `A file has ${linesMax} rows at most`, 'csv')
  const prospects: ProspectLine[] = []
  const seen = new Set<string>()
  for (const { record, info } of rows) {
    const read = readProspect(record, checks.today)
    const refusal = read.ok ? refusedFor(read.value, checks, seen) : read.refusal
    if (read.ok && refusal === null) {
      prospects.push({ ...read.value, line: info.lines })
      seen.add(addressHash(read.value.email))
    } else if (refusal !== null) {
      const { code, field, message } = refusal
      rejected.push({ line: info.lines, code, field: field ?? null, reason: message })
    }
  }
  return ok({ prospects, rejected: rejected.toSorted((a, b) => a.line - b.line) })
}

const refusedFor = (
  { email, handle }: Prospect,
  { handles, known }: ProspectChecks,
  seen: ReadonlySet<string>,
): { readonly code: string; readonly field: string; readonly message: string } | null => {
  const hash = addressHash(email)
  if (known.has(hash) || seen.has(hash)) {
    return { code: 'prospect_twice', field: 'email', message: 'email: the campaign has this address already' }
  }
  if (handle !== undefined && handles?.has(handle) !== true) {
    const message =
      handles === null
        ? 'handle: the campaign finds its handles by a rule'
        : 'handle: not among the handles of the campaign'
    return { code: 'handle_not_in_campaign', field: 'handle', message }
  }
  return null
}

const inconsistent: ReadonlySet<string> = new Set([
  'CSV_RECORD_INCONSISTENT_COLUMNS',
  'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH',
])

class FileFault extends Error {
  override readonly name = 'FileFault'
}

const columnsOf = (head: readonly string[]): string[] => {
  const columns = head.map((column) => column.trim().toLowerCase())
  const missing = neededColumns.filter((column) => !columns.includes(column))
  if (missing.length > 0) throw new FileFault(`The head line lacks ${missing.join(', ')}`)
  const unknown = columns.filter((column) => !prospectColumns.some((one) => one === column))
  if (unknown.length > 0) throw new FileFault(`Columns are ${prospectColumns.join(', ')}, and no others`)
  if (new Set(columns).size !== columns.length) throw new FileFault('The head line names a column twice')
  return columns
}
