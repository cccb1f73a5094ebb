import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** When a runtime dies: after so many batches of writes and so many milliseconds more, and which process goes first. */
export type Moment = { readonly writes: number; readonly milliseconds: number; readonly engineFirst: boolean }

export const momentWords = ({ writes, milliseconds, engineFirst }: Moment): string =>
  `${writes} writes + ${milliseconds} ms, ${engineFirst ? 'engine' : 'runtime'} first`

/** A moment between the start, when the sweep begins, and `writesMax` batches. */
export const randomMoment = (random: () => number, writesMax: number): Moment => ({
  writes: Math.floor(random() * (writesMax + 1)),
  milliseconds: Math.floor(random() * 60),
  engineFirst: random() < 0.5,
})

/**
 * Starts the whole runtime on a folder in a process of its own, which fires the sweep (`runtime.ts`), and kills it with
 * its engine by SIGKILL at that moment. Resolves when nothing of it is left.
 */
export const liveAndDie = async (dataDir: string, moment: Moment): Promise<void> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'runtime.ts'), dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  try {
    await new Promise<void>((reached, failed) => {
      let rest = ''
      child.stdout.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString('utf8')).split('\n')
        rest = lines.pop() ?? ''
        if (lines.some((line) => line !== '' && Number(line) >= moment.writes)) reached()
      })
      void ended.then((code) => failed(new Error(`the runtime ended by itself with ${code}`)))
    })
    await pause(moment.milliseconds)
  } finally {
    const own = child.pid ?? 0
    const others = processesOf(dataDir).filter((pid) => pid !== own)
    for (const pid of moment.engineFirst ? [...others, own] : [own, ...others]) kill(pid)
  }
  await ended
}

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // The shell beside the engine ends with either of the two.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Every process of a runtime on this folder: each of them names it in its command line. */
const processesOf = (folder: string): number[] =>
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
