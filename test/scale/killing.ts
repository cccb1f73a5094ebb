import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { kill, otherProcessesOf } from './processes.ts'

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

/** As `runtime.ts` is told. */
export const parseMoment = (text: string): Moment => JSON.parse(text) as Moment

/**
 * Starts the whole runtime on a folder in a process of its own, which kills itself by SIGKILL at that moment (`runtime.ts`).
 * Resolves when nothing of it is left. Throws where it ends in another way.
 */
export const liveAndDie = async (dataDir: string, moment: Moment): Promise<void> => {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'runtime.ts'), dataDir, JSON.stringify(moment satisfies Moment)],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (...how) => resolve(how))
  })
  for (const pid of otherProcessesOf(dataDir)) kill(pid)
  if (signal !== 'SIGKILL') throw new Error(`the runtime ended by itself with ${code ?? signal}`)
}
