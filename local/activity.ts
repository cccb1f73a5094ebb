/** Counts what is under way, and wakes those who wait for quiet. Nothing polls: every change is announced. */
export class Activity {
  #running = 0
  #begun = 0
  #listeners = new Set<() => void>()

  get running(): number {
    return this.#running
  }

  /** How much was ever begun: whoever sees the same number twice knows that nothing came in between. */
  get begun(): number {
    return this.#begun
  }

  /** Marks the start of some work. The returned function marks its end, once. */
  begin(): () => void {
    this.#running += 1
    this.#begun += 1
    let open = true
    return () => {
      if (!open) return
      open = false
      this.#running -= 1
      this.changed()
    }
  }

  /** Runs work as part of what is under way. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const end = this.begin()
    try {
      return await work()
    } finally {
      end()
    }
  }

  /** Tells those who wait to look again. */
  changed(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Calls back on every change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
