import { mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Linux keeps this folder in memory. */
const inMemory = '/dev/shm'
/** What an instance of 100,000 accounts and its engines want, several times over. */
const roomMin = 4 * 1024 ** 3

/**
 * Makes a folder for the state of an instance that is thrown away: in memory where there is room for it, as nothing in it
 * must outlive the machine, else (or where TMPDIR names a place) among the temporary files.
 */
export const scratchFolder = (prefix: string): string => {
  const place = process.env['TMPDIR'] === undefined && roomIn(inMemory) >= roomMin ? inMemory : tmpdir()
  return mkdtempSync(join(place, prefix))
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
