import { build } from 'esbuild'
import { join } from 'node:path'
import { functionNames, type FunctionName } from './grants.ts'

const projectFolder = join(import.meta.dirname, '..')

/**
 * The credential providers that Lambda never reaches. The SDK's default chain imports each only when its setting
 * exists (a profile, a web identity token, a process, a container's or an instance's own service): in Lambda the
 * environment always answers first.
 */
export const unreachedCredentialProviders = [
  ...['http', 'ini', 'login', 'process', 'sso', 'web-identity'].map(
    (provider) => `@aws-sdk/credential-provider-${provider}`,
  ),
  '@smithy/credential-provider-imds',
]

/**
 * Bundles every function in one run of esbuild (docs/adr/0002-bundling.md) and returns the folder of each.
 * What the SDK imports on demand is required: an `import('node:http')` loads all that `fetch` needs as well, at each cold start.
 * No source maps: decoding them costs 44 ms of every cold start; names stay readable in `functions/`.
 * @throws Error where a source does not compile or resolve
 */
export async function bundleFunctions(outputFolder: string): Promise<ReadonlyMap<FunctionName, string>> {
  await build({
    absWorkingDir: projectFolder,
    entryPoints: functionNames.map((name) => ({ in: `functions/${name}.ts`, out: `${name}/index` })),
    outdir: outputFolder,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    external: unreachedCredentialProviders,
    supported: { 'dynamic-import': false },
    legalComments: 'none',
    logLevel: 'error',
  })
  return new Map(functionNames.map((name) => [name, join(outputFolder, name)]))
}
