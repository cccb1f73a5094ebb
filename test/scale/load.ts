import { join } from 'node:path'
import { synthesise } from '../../local/assembly.ts'
import { openBulkImport } from '../../local/engines/dynamodb-import.ts'
import { readPlan, type TablePlan } from '../../local/plan.ts'
import { advance, type VersionedLook } from '../../shared/domain/aggregate.ts'
import type { FeedLine } from '../../shared/domain/feed.ts'
import { skeleton } from '../../shared/domain/handle-name.ts'
import { decideAccountProtection, type ProtectedLook } from '../../shared/domain/protected-names.ts'
import { aggregateItem, handleItem } from '../../shared/store/items.ts'
import { filedItem } from '../../shared/store/journal.ts'
import { protectedClasses } from '../../shared/workflows/import-accounts.ts'
import { type Composition, generateAccounts } from './accounts.ts'
import { historyOf, importId, operator } from './history.ts'

/** The looks that imported accounts protect, as the import makes them: of two that look alike the first has them. */
export const newLooks = (at: string) => {
  const known = new Map<string, ProtectedLook>()
  return {
    /** The new look where this account has one to protect; null where it has none, or another has it. */
    protect: ({ name, account }: FeedLine): VersionedLook | null => {
      const shape = skeleton(name)
      if (!protectedClasses.has(account.class) || known.has(shape)) return null
      const look = advance('look', shape, null, decideAccountProtection(null, name, importId), at, operator)
      known.set(shape, look.state)
      return look
    },
    of: (name: string): ProtectedLook | undefined => known.get(skeleton(name)),
  }
}

export const tableNamed = (tables: readonly TablePlan[], construct: string): string => {
  const found = tables.find(({ name }) => new RegExp(`${construct}[0-9A-F]{8}$`).test(name))
  if (found === undefined) throw new Error(`the template has no table ${construct}`)
  return found.name
}

/** The tables of the synthesised template, with the names that a system started from it gives them. */
export const plannedTables = async (): Promise<readonly TablePlan[]> => {
  const root = join(import.meta.dirname, '..', '..')
  const { assembly } = await synthesise({ root, outDir: join(root, '.local', 'cdk.out') })
  return readPlan(assembly, { queues: 'http://127.0.0.1:1', api: 'http://127.0.0.1:1' }).tables
}

/**
 * Fills the tables of a system that has not been started: each account's handle with the history that the domain gives it,
 * and the protected looks of those who have them.
 */
export const loadAccounts = async (dataDir: string, composition: Composition): Promise<void> => {
  const tables = await plannedTables()
  const handles = tableNamed(tables, 'Handles')
  const escrow = tableNamed(tables, 'Escrow')
  const at = new Date(composition.now).toISOString()
  const looks = newLooks(at)
  const bulk = openBulkImport({ dataDir: join(dataDir, 'dynamodb'), tables })
  for await (const { line, kind } of generateAccounts(composition)) {
    const { handle, filed } = historyOf({ line, kind }, composition.now)
    await bulk.add(handles, handleItem(handle, handle.state.holder === null ? undefined : line.contact))
    for (const entry of filed) await bulk.add(escrow, filedItem(entry))
    const look = looks.protect(line)
    if (look !== null) await bulk.add(handles, aggregateItem('look', look))
  }
  await bulk.finish()
}
