import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { AuditReport } from '../shared/domain/audit.ts'
import { auditTables } from '../shared/workflows/audit-tables.ts'
import { openDeployedTables, openInstanceTables, type OpenTables } from './tables.ts'

/** `npm run audit`: verifies every chain, every state and the whole ledger, here or in deployed tables. */

const help = `Usage: npm run audit -- [options]
  --data-dir <folder>       the local instance that keeps its state there (.local/state)
  --handles-table <name>    deployed tables instead; region and credentials as the AWS CLI finds them
  --escrow-table <name>
  --json                    one JSON object`

/** Reads the tables of the running instance, past every policy, or those that are named. */
export const auditInstance = async (dataDir: string): Promise<AuditReport> => {
  return audit(await openInstanceTables(dataDir))
}

const audit = async (tables: OpenTables): Promise<AuditReport> => {
  const report = await auditTables(tables)
  tables.close()
  return report
}

const faultsShownMax = 20

const print = (report: AuditReport): void => {
  const { handles, handlesByStatus, orders, entries, postings, ledgerSumMinor, heldMinor, faults } = report
  const statuses = Object.entries(handlesByStatus).map(([status, count]) => `${count} ${status}`)
  console.log(`${handles} handles (${statuses.join(', ')}), ${orders} orders`)
  console.log(`${entries} journal entries, every chain and state checked; ${postings} postings`)
  console.log(`the ledger sums to ${ledgerSumMinor}; ${heldMinor} held for open orders (minor units)`)
  for (const { aggregate, fault } of faults.slice(0, faultsShownMax)) console.log(`FAULT ${aggregate}: ${fault}`)
  if (faults.length > faultsShownMax) console.log(`… and ${faults.length - faultsShownMax} more`)
  console.log(faults.length === 0 ? 'No fault.' : `${faults.length} faults.`)
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      'data-dir': { type: 'string', default: join(import.meta.dirname, '..', '.local', 'state') },
      'handles-table': { type: 'string' },
      'escrow-table': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { 'handles-table': handlesTable, 'escrow-table': escrowTable } = values
  if (values.help || (handlesTable === undefined) !== (escrowTable === undefined)) {
    console.log(help)
    process.exitCode = values.help ? 0 : 2
  } else {
    try {
      const report =
        handlesTable !== undefined && escrowTable !== undefined
          ? await audit(openDeployedTables(handlesTable, escrowTable))
          : await auditInstance(values['data-dir'])
      if (values.json) console.log(JSON.stringify(report))
      else print(report)
      if (report.faults.length > 0) process.exitCode = 1
    } catch (error) {
      console.error(error instanceof Error ? error.message : error)
      process.exitCode = 2
    }
  }
}
