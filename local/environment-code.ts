import { build } from 'esbuild'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The code that every environment runs before its bundle (`worker.ts`), as one file of JavaScript, and where it lies. As
 * TypeScript each thread would load the compiler that takes the types away: a third of what a cold start costs here.
 */
export async function environmentCode(folder: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'worker.ts')],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    logLevel: 'error',
    write: false,
  })
  const code = outputFiles[0]?.text ?? ''
  const file = join(folder, `${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`)
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    // Made beside and moved into place: another process may be making the same.
    const making = `${file}.${process.pid}`
    writeFileSync(making, code)
    renameSync(making, file)
  }
  return file
}
