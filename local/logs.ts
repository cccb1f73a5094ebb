export interface LogLine {
  readonly function: string
  readonly line: string
}

const linesMax = 2_000

/** What the functions wrote, newest last. Only the last lines of each function are kept. */
export class Logs {
  readonly #lines = new Map<string, string[]>()
  readonly #listeners = new Set<(line: LogLine) => void>()

  add(label: string, line: string): void {
    let kept = this.#lines.get(label)
    if (kept === undefined) this.#lines.set(label, (kept = []))
    kept.push(line)
    if (kept.length > linesMax) kept.splice(0, kept.length - linesMax)
    for (const listener of this.#listeners) listener({ function: label, line })
  }

  /** The kept lines of one function, or of all. */
  lines(label?: string): string[] {
    return label === undefined ? [...this.#lines.values()].flat() : [...(this.#lines.get(label) ?? [])]
  }

  clear(): void {
    this.#lines.clear()
  }

  /** Calls back with each new line. Returns the way to stop. */
  subscribe(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
