import { readdirSync, readFileSync } from 'node:fs'

/** Every other process of a runtime on this folder: each of them names it in its command line. */
export const otherProcessesOf = (folder: string): number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid))
    .filter((entry) => {
      try {
        return readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(folder)
      } catch {
        // It ended while we looked.
        return false
      }
    })
    .map(Number)

/** Ends a process by SIGKILL, if it has not ended meanwhile. */
export const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
