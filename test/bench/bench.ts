import { SingleBar } from 'cli-progress'

/** A figure, a word, or more of them by name: what `--json` prints. */
export type Figures = { readonly [name: string]: string | number | boolean | readonly number[] | Figures }

export type BenchOptions = {
  /** Accounts of the feed that are imported, for each setting of the switches. */
  readonly accounts: number
  /** Orders that the memory bench places. */
  readonly orders: number
  /** Settings of the door's switches to measure. */
  readonly switches: readonly boolean[]
}

export type Bench = {
  readonly name: string
  readonly question: string
  readonly run: (options: BenchOptions) => Promise<Figures>
}

/** Column widths follow the widest cell; figures stand to the right. */
export const printTable = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): void => {
  const cells = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  cells.forEach((row, line) => {
    const text = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    console.log(`  ${text.join('   ')}`)
    if (line === 0) console.log(`  ${widths.map((width) => '-'.repeat(width)).join('   ')}`)
  })
}

/** Shows a bar while the work runs; silent where no terminal listens. */
export const withBar = async <T>(
  label: string,
  total: number,
  work: (advance: (by?: number) => void) => Promise<T>,
): Promise<T> => {
  const bar = new SingleBar({
    format: `  ${label} [{bar}] {value}/{total} {duration}s`,
    stream: process.stderr,
    clearOnComplete: true,
  })
  bar.start(total, 0)
  try {
    return await work((by = 1) => bar.increment(by))
  } finally {
    bar.stop()
  }
}

/** `on` and `off`, as the tables call the door's switches. */
export const switchName = (on: boolean): string => (on ? 'on' : 'off')
