import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { wordsInForce } from '../shared/domain/appraisal/words.ts'
import { mendShelves, type ShelvesReport } from '../shared/workflows/mend-shelves.ts'
import { openDeployedShelves, openInstanceShelves, type OpenShelves } from './tables.ts'

/** `npm run shelves`: compares the rows of the search with the handles, here or in deployed tables, and mends them. */

const help = `Usage: npm run shelves -- [options]
  --mend                    writes what is missing and takes away what is stale; without it nothing is written
  --data-dir <folder>       the local instance that keeps its state there (.local/state)
  --handles-table <name>    deployed tables instead; region and credentials as the AWS CLI finds them
  --shelves-table <name>
  --json                    one JSON object`

const print = ({ handles, rows, missing, stale, names }: ShelvesReport, mend: boolean): void => {
  console.log(`${handles} handles, ${rows} rows of the search`)
  console.log(`${missing} missing or wrong, ${stale} stale${missing + stale > 0 && mend ? ': mended' : ''}`)
  if (names.length > 0) console.log(`among them: ${names.join(', ')}`)
}

const compare = async (tables: OpenShelves, mend: boolean): Promise<ShelvesReport> => {
  const report = await mendShelves({ store: tables, wordsOf: wordsInForce, mend })
  tables.close()
  return report
}

const { values } = parseArgs({
  options: {
    mend: { type: 'boolean', default: false },
    'data-dir': { type: 'string', default: join(import.meta.dirname, '..', '.local', 'state') },
    'handles-table': { type: 'string' },
    'shelves-table': { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const { mend, 'handles-table': handlesTable, 'shelves-table': shelvesTable } = values
if (values.help || (handlesTable === undefined) !== (shelvesTable === undefined)) {
  console.log(help)
  process.exitCode = values.help ? 0 : 2
} else {
  try {
    const tables =
      handlesTable !== undefined && shelvesTable !== undefined
        ? openDeployedShelves(handlesTable, shelvesTable)
        : await openInstanceShelves(values['data-dir'])
    const report = await compare(tables, mend)
    if (values.json) console.log(JSON.stringify(report))
    else print(report, mend)
    if (!mend && report.missing + report.stale > 0) process.exitCode = 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 2
  }
}
