import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Holds a data folder for this process alone. The lock is SQLite's own file lock: the operating system drops it when
 * the process ends in whatever way, so a crash leaves nothing to clean up. Throws when another process holds it.
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(join(folder, 'lock.db'))
  const pidFile = join(folder, 'pid')
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!(error instanceof Error && /locked|busy/i.test(error.message))) throw error
    throw new Error(
      `${folder} is in use by another instance (process ${readPid(pidFile)}). Stop it, or choose another folder.`,
      {
        cause: error,
      },
    )
  }
  writeFileSync(pidFile, String(process.pid))
  return () => database.close()
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return 'unknown'
  }
}
