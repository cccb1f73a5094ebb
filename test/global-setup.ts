import { join } from 'node:path'
import { synthesise } from '../local/assembly.ts'
import { openScratch } from '../local/scratch.ts'

/**
 * Synthesises the CDK app once, before the suites that start the local system each look for it, and gives all of them one
 * place for their temporary files, which goes with the run.
 */
export const setup = async (): Promise<() => void> => {
  const root = join(import.meta.dirname, '..')
  const scratch = openScratch('handle-tests-')
  process.env['TMPDIR'] = scratch.folder
  // The engines' threads and the runtimes that are killed load the same code again and again.
  process.env['NODE_COMPILE_CACHE'] ??= join(root, '.local', 'compile-cache')
  await synthesise({ root, outDir: join(root, '.local', 'cdk.out') })
  return () => scratch.remove()
}
