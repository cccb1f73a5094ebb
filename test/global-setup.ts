import { join } from 'node:path'
import { synthesise } from '../local/assembly.ts'

/** Synthesises the CDK app once, before the suites that start the local system each look for it. */
export const setup = async (): Promise<void> => {
  const root = join(import.meta.dirname, '..')
  await synthesise({ root, outDir: join(root, '.local', 'cdk.out') })
}
