import { spawn, type ChildProcess } from 'node:child_process'

/**
 * A shell between us and an engine: it holds the read end of a pipe whose write end is ours alone. When this process
 * ends in whatever way, kill -9 included, the pipe closes and the shell ends the engine. On a signal it does the same.
 */
const guard = `
exec 3<&0
"$@" </dev/null 3<&- &
engine=$!
(cat <&3 >/dev/null; kill "$engine" 2>/dev/null) &
exec 3<&-
wait "$engine"
`

export interface Engine {
  /** Resolves with the exit code when the engine has ended, wanted or not. */
  readonly exited: Promise<number | null>
  /** The last lines it wrote, for messages about failures. */
  output(): string
  stop(): Promise<void>
}

/** Starts an engine that cannot outlive this process. */
export function startEngine(command: string, args: readonly string[], options: { cwd?: string } = {}): Engine {
  const child: ChildProcess = spawn('/bin/sh', ['-c', guard, 'guard', command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A process group of its own: Ctrl-C reaches only this process, which then stops things in order.
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  let written = ''
  const keep = (chunk: Buffer) => (written = (written + chunk.toString('utf8')).slice(-4_000))
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  child.stdin?.on('error', () => {})
  const exited = new Promise<number | null>((resolve) => {
    child.on('exit', (code) => {
      child.stdin?.end()
      resolve(code)
    })
    child.on('error', (error) => {
      keep(Buffer.from(error.message))
      resolve(null)
    })
  })
  return {
    exited,
    output: () => written.trim(),
    async stop() {
      child.stdin?.end()
      await exited
    },
  }
}
