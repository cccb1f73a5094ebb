import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'csv-parse'
import { type Client, createClient } from '../shared/contract/client.ts'
import { marksPerRequestMax } from '../shared/contract/operator-resources.ts'

/** `npm run import:protected`: a CSV of marks (`name,owner`, with that header) to the API, in batches. */

const help = `Usage: npm run import:protected -- --file marks.csv --source tmch [options]
  --file <csv>          columns name and owner (may be empty), with this header
  --source <name>       who says so: a register, a partner list
  --url <address>       the API (http://127.0.0.1:7400)
  --token-file <file>   an operator's token (.local/state/tokens/operator)`

export type ImportCounts = { protected: number; already_protected: number; refused: number }

/** A longer record is no line of a list of marks. */
const recordBytesMax = 4096

/**
 * Sends every row of the file; tells each refused one by its line. Sending a file again changes nothing, so after a
 * failure the whole command is repeated.
 * @throws where a row does not parse, or a whole batch is refused
 */
export const importProtected = async (
  client: Client,
  wanted: { readonly file: string; readonly source: string },
  tell: (sentence: string) => void,
): Promise<ImportCounts> => {
  const counts: ImportCounts = { protected: 0, already_protected: 0, refused: 0 }
  const send = async (rows: readonly Row[]) => {
    const names = rows.map(({ name, owner }) => ({ name, ...(owner === '' ? {} : { owner }) }))
    const answer = await client.importProtectedNames({ body: { source: wanted.source, names } })
    if (!answer.ok) {
      const { code, detail } = answer.problem
      throw new Error(`lines ${rows[0]?.line} to ${rows.at(-1)?.line}: ${code}: ${detail}`)
    }
    for (const [index, { outcome, name, code, reason }] of answer.value.items.entries()) {
      counts[outcome] += 1
      if (outcome === 'refused') tell(`line ${rows[index]?.line}: ${JSON.stringify(name)}: ${code}: ${reason}`)
    }
  }
  let batch: Row[] = []
  for await (const row of readRows(wanted.file)) {
    batch.push(row)
    if (batch.length < marksPerRequestMax) continue
    await send(batch)
    batch = []
  }
  if (batch.length > 0) await send(batch)
  return counts
}

type Row = { readonly line: number; readonly name: string; readonly owner: string }

async function* readRows(file: string): AsyncGenerator<Row> {
  const parser = createReadStream(file).pipe(
    parse({
      bom: true,
      columns: true,
      info: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: recordBytesMax,
    }),
  )
  for await (const { record, info } of parser as AsyncIterable<{
    record: Readonly<Record<string, string>>
    info: { lines: number }
  }>) {
    const { name, owner = '' } = record
    if (name === undefined) throw new Error(`line ${info.lines}: there is no column "name"`)
    yield { line: info.lines, name, owner }
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      file: { type: 'string' },
      source: { type: 'string' },
      url: { type: 'string', default: 'http://127.0.0.1:7400' },
      'token-file': { type: 'string', default: join('.local', 'state', 'tokens', 'operator') },
      help: { type: 'boolean', default: false },
    },
  })
  const { file, source, url, 'token-file': tokenFile } = values
  if (values.help || file === undefined || source === undefined) {
    console.log(help)
    process.exitCode = values.help ? 0 : 2
  } else {
    try {
      const client = createClient({ baseUrl: url, token: readFileSync(tokenFile, 'utf8').trim() })
      const counts = await importProtected(client, { file, source }, (sentence) => console.log(sentence))
      console.log(
        `${counts.protected} protected, ${counts.already_protected} already protected, ${counts.refused} refused`,
      )
    } catch (error) {
      console.error(error instanceof Error ? error.message : error)
      process.exitCode = 1
    }
  }
}
