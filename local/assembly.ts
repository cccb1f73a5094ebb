import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, dirname, join, relative, resolve } from 'node:path'
import { readStack, type Stack } from './intrinsics.ts'
import { asObject, parseObject, type JsonObject, asText } from './json.ts'

/** A synthesised CDK app: its stacks, and where the code of each asset lies. */
export interface Assembly {
  readonly directory: string
  readonly stacks: readonly Stack[]
  /** The folder or file of an asset by its S3 object key, as `Code.S3Key` names it. */
  assetPath(objectKey: string): string | undefined
}

export interface SynthOptions {
  /** The project's folder. */
  readonly root: string
  /** Where assemblies are kept, one folder for each state of the sources. */
  readonly outDir: string
  /** The command that synthesises; the `app` of `cdk.json` when not given. */
  readonly app?: string
  /** What the assembly is made of, relative to `root`: it is made again when any of it changes. */
  readonly inputs?: readonly string[]
  readonly context?: JsonObject
}

const defaultInputs = ['infra', 'functions', 'shared', 'cdk.json', 'package.json', 'package-lock.json', 'tsconfig.json']

/**
 * Synthesises the app when its sources changed since the last time, else takes the assembly that is there.
 * Throws with the app's own output when it fails.
 */
export async function synthesise(options: SynthOptions): Promise<{ assembly: Assembly; fresh: boolean }> {
  const settings = readSettings(options.root)
  const app = options.app ?? settings.app
  if (app === undefined) throw new Error(`${join(options.root, 'cdk.json')} names no app to synthesise`)
  const context = { ...settings.context, ...options.context }
  const hash = hashInputs(options.root, options.inputs ?? defaultInputs, JSON.stringify({ app, context }))
  // Each state of the sources has a folder of its own: an instance that runs keeps its bundles whatever is made later.
  const directory = join(options.outDir, hash.slice(0, 16))
  if (existsSync(directory)) {
    const now = new Date()
    utimesSync(directory, now, now)
    return { assembly: readAssembly(directory), fresh: false }
  }
  // Made beside and moved into place, so that a run which is cut off never leaves half an assembly.
  const making = `${directory}.${process.pid}.${randomUUID().slice(0, 8)}`
  mkdirSync(making, { recursive: true })
  try {
    await runApp(app, options.root, making, context)
    // Lambda reads a .js file as CommonJS where no package.json says otherwise; the project's own would.
    writeFileSync(join(making, 'package.json'), '{ "type": "commonjs" }\n')
    // Another process may have put the same assembly there meanwhile; either will do.
    if (!existsSync(directory)) renameSync(making, directory)
  } catch (error) {
    if (!existsSync(directory)) throw error
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
  removeOld(options.outDir)
  return { assembly: readAssembly(directory), fresh: true }
}

/** Assemblies that nothing has used for a day go; a run that was cut off leaves folders that go with them. */
function removeOld(outDir: string): void {
  for (const entry of readdirSync(outDir)) {
    const path = join(outDir, entry)
    const state = statSync(path, { throwIfNoEntry: false })
    if (state !== undefined && Date.now() - state.mtimeMs > dayMs) rmSync(path, { recursive: true, force: true })
  }
}

const dayMs = 86_400_000

function readSettings(root: string): { app?: string; context: JsonObject } {
  const settings = join(root, 'cdk.json')
  if (!existsSync(settings)) return { context: {} }
  const { app, context } = parseObject(readFileSync(settings, 'utf8'))
  const kept = join(root, 'cdk.context.json')
  return {
    ...(typeof app === 'string' ? { app } : {}),
    context: { ...asObject(context), ...(existsSync(kept) ? parseObject(readFileSync(kept, 'utf8')) : {}) },
  }
}

/** Runs the app the way the CDK's command line does: the folder and the context come through the environment. */
function runApp(app: string, root: string, outDir: string, context: JsonObject): Promise<void> {
  return new Promise((done, failed) => {
    const path = [dirname(process.execPath), join(root, 'node_modules', '.bin'), process.env.PATH ?? '']
    const child = spawn(app, {
      cwd: root,
      shell: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PATH: path.join(delimiter),
        CDK_OUTDIR: outDir,
        CDK_CONTEXT_JSON: JSON.stringify({
          ...context,
          'aws:cdk:enable-path-metadata': true,
          'aws:cdk:enable-asset-metadata': true,
        }),
      },
    })
    const output: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
    child.on('error', failed)
    child.on('close', (code) => {
      if (code === 0) done()
      else
        failed(new Error(`the CDK app failed (${app}, exit code ${code})\n${Buffer.concat(output).toString('utf8')}`))
    })
  })
}

function hashInputs(root: string, inputs: readonly string[], extra: string): string {
  const hash = createHash('sha256').update(extra)
  const add = (path: string) => {
    const state = statSync(path, { throwIfNoEntry: false })
    if (state === undefined) return
    if (state.isDirectory()) {
      for (const entry of readdirSync(path).toSorted()) if (entry !== 'node_modules') add(join(path, entry))
    } else {
      hash.update(relative(root, path)).update('\0').update(readFileSync(path)).update('\0')
    }
  }
  for (const input of inputs) add(resolve(root, input))
  return hash.digest('hex')
}

/** Reads an assembly that is on disk, nested assemblies (stages) included. */
export function readAssembly(directory: string): Assembly {
  const stacks: Stack[] = []
  const assets = new Map<string, string>()
  const read = (folder: string) => {
    const manifest = parseObject(readFileSync(join(folder, 'manifest.json'), 'utf8'))
    for (const [id, value] of Object.entries(asObject(manifest.artifacts))) {
      const artifact = asObject(value)
      const properties = asObject(artifact.properties)
      if (artifact.type === 'cdk:cloud-assembly') read(join(folder, asText(properties.directoryName)))
      if (artifact.type === 'cdk:asset-manifest') readAssets(folder, asText(properties.file), assets)
      if (artifact.type === 'aws:cloudformation:stack') {
        const template = parseObject(readFileSync(join(folder, asText(properties.templateFile)), 'utf8'))
        stacks.push(readStack(typeof properties.stackName === 'string' ? properties.stackName : id, template))
      }
    }
  }
  read(directory)
  return { directory, stacks, assetPath: (objectKey) => assets.get(objectKey) }
}

function readAssets(folder: string, file: string, assets: Map<string, string>): void {
  const manifest = parseObject(readFileSync(join(folder, file), 'utf8'))
  for (const value of Object.values(asObject(manifest.files))) {
    const path = asObject(asObject(value).source).path
    if (typeof path !== 'string') continue
    for (const destination of Object.values(asObject(asObject(value).destinations))) {
      assets.set(asText(asObject(destination).objectKey), resolve(folder, path))
    }
  }
}
