import { SingleBar } from 'cli-progress'

/** How the demonstration tells what it does: numbered steps, lines under them, and a bar where it waits. */
export type Telling = {
  readonly step: (title: string) => void
  readonly line: (text: string) => void
  /** Shows `done` of `total` until `finished` resolves; asks `read` for the figures in between. */
  readonly wait: (
    label: string,
    read: () => Promise<{ done: number; total: number }>,
    finished: Promise<unknown>,
  ) => Promise<void>
}

const readEveryMs = 500

export const newTelling = (): Telling => {
  const begun = performance.now()
  let steps = 0
  return {
    step: (title) => {
      steps += 1
      console.log(`\n${String(((performance.now() - begun) / 1000).toFixed(1)).padStart(6)} s  ${steps}. ${title}`)
    },
    line: (text) => console.log(`           ${text}`),
    wait: async (label, read, finished) => {
      const bar = new SingleBar({
        format: `           ${label} [{bar}] {value}/{total} {duration}s`,
        stream: process.stderr,
        noTTYOutput: false,
      })
      bar.start(1, 0)
      let over = false
      const end = finished.finally(() => (over = true))
      while (!over) {
        const { done, total } = await read()
        bar.setTotal(Math.max(total, done, 1))
        bar.update(done)
        await Promise.race([end, new Promise((resolve) => setTimeout(resolve, readEveryMs).unref())])
      }
      bar.stop()
      await end
    },
  }
}
