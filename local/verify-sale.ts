import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createClient } from '../shared/contract/client.ts'
import { saleExportSchema } from '../shared/contract/sale-records.ts'
import { saleFaults } from '../shared/domain/sale-check.ts'
import type { SaleExport } from '../shared/domain/sale-export.ts'

/** `npm run verify:sale`: whether an exported sale is whole, and tells one story. */

const help = `Usage: npm run verify:sale -- <file>        an export as GET /v1/operator/orders/{orderId}/export gave it
       npm run verify:sale -- ord_… [options]  exports it first
  --url <address>       the API (http://127.0.0.1:7400)
  --token <token>       an operator's
  --token-file <file>   the same from a file (.local/state/tokens/operator, where it exists)
  --save <file>         keeps what was exported
  --json                one JSON object`

export type SaleReport = {
  readonly orderId: string
  readonly entries: number
  readonly postings: number
  /** By ledger account, in minor units. */
  readonly balances: Readonly<Record<string, number>>
  /** Whatever is wrong, a sentence each; empty: nothing. */
  readonly faults: readonly string[]
}

/** Verifies the text of an export. One that is no export at all is told by where it first differs from one. */
export const verifySale = (text: string): SaleReport => {
  const nothing = { orderId: 'unknown', entries: 0, postings: 0, balances: {} }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return { ...nothing, faults: [`The file is not JSON: ${error instanceof Error ? error.message : ''}.`] }
  }
  const parsed = saleExportSchema.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { ...nothing, faults: [`The file is no export of a sale: ${issue?.path.join('.')}: ${issue?.message}.`] }
  }
  // What the schema does not name is not verified either: the file's own hash is taken over all of it.
  const sale = json as SaleExport
  return {
    orderId: sale.orderId,
    entries: sale.journals.reduce((sum, { entries }) => sum + entries.length, 0),
    postings: sale.postings.length,
    balances: sale.balances,
    faults: saleFaults(sale),
  }
}

const print = ({ orderId, entries, postings, balances, faults }: SaleReport): void => {
  console.log(`${orderId}: ${entries} entries, ${postings} postings`)
  for (const [account, balance] of Object.entries(balances)) console.log(`  ${account} ${balance}`)
  for (const fault of faults) console.log(`FAULT ${fault}`)
  console.log(
    faults.length === 0 ? 'No fault: every chain is whole, and the books balance.' : `${faults.length} faults.`,
  )
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:7400' },
      token: { type: 'string' },
      'token-file': { type: 'string', default: join('.local', 'state', 'tokens', 'operator') },
      save: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const [wanted] = positionals
  if (values.help || wanted === undefined) {
    console.log(help)
    process.exitCode = values.help ? 0 : 2
  } else {
    try {
      const text = existsSync(wanted) ? readFileSync(wanted, 'utf8') : await download(wanted, values)
      if (values.save !== undefined) writeFileSync(values.save, text)
      const report = verifySale(text)
      if (values.json) console.log(JSON.stringify(report))
      else print(report)
      if (report.faults.length > 0) process.exitCode = 1
    } catch (error) {
      console.error(error instanceof Error ? error.message : error)
      process.exitCode = 2
    }
  }
}

async function download(
  orderId: string,
  { url, token, 'token-file': file }: { url: string; token?: string | undefined; 'token-file': string },
): Promise<string> {
  const bearer = token ?? (existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined)
  const client = createClient({ baseUrl: url, ...(bearer === undefined ? {} : { token: bearer }) })
  const answer = await client.exportSale({ params: { orderId } })
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`)
  return JSON.stringify(answer.value)
}
