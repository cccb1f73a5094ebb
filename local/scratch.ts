import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockFolder } from './lock.ts'

/** A folder for the state of an instance that is thrown away. */
export interface Scratch {
  readonly folder: string
  readonly remove: () => void
}

/** Linux keeps this folder in memory. */
const inMemory = '/dev/shm'
/** What an instance of 100,000 accounts and its engines want, several times over. */
const roomMin = 4 * 1024 ** 3

/**
 * Makes a scratch folder: in memory where there is room for it, as nothing in it must outlive the machine, else (or where
 * TMPDIR names a place) among the temporary files. What killed processes left there under the same prefix is removed.
 */
export const openScratch = (prefix: string): Scratch => {
  const place = process.env['TMPDIR'] === undefined && roomIn(inMemory) >= roomMin ? inMemory : tmpdir()
  for (const name of readdirSync(place)) if (name.startsWith(prefix)) removeLeft(join(place, name))
  const folder = mkdtempSync(join(place, prefix))
  const unlock = lockFolder(lockOf(folder))
  return {
    folder,
    remove: () => {
      unlock()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Locked for as long as whoever made the folder lives. */
const lockOf = (folder: string): string => join(folder, 'in-use')

const removeLeft = (folder: string): void => {
  // Without a lock it is being made at this moment.
  if (!existsSync(lockOf(folder))) return
  let unlock: () => void
  try {
    unlock = lockFolder(lockOf(folder))
  } catch {
    // Somebody uses it, or it is not ours to remove.
    return
  }
  unlock()
  rmSync(folder, { recursive: true, force: true })
}

const roomIn = (folder: string): number => {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}
