import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { synthesise } from '../../local/assembly.ts'
import { type FunctionPlan, readPlan } from '../../local/plan.ts'
import { type Bench, printTable, withBar } from './bench.ts'
import { median, rounded } from './statistics.ts'

const runs = 9
const hot = ['api-catalogue', 'api-purchases']

/** Each function's bundle loaded by a whole process, beside a process that does nothing. */
export const coldStartBench: Bench = {
  name: 'cold-start',
  question: 'How long does each function take to load, beside `node -e 0`?',
  run: async () => {
    const root = join(import.meta.dirname, '..', '..')
    const { assembly } = await synthesise({ root, outDir: join(root, '.local', 'cdk.out') })
    const { functions } = readPlan(assembly, { queues: 'http://127.0.0.1:1', api: 'http://127.0.0.1:1' })
    const cache = mkdtempSync(join(tmpdir(), 'handle-bench-cache-'))
    const idle: number[] = []
    const plain = new Map<string, Run[]>()
    const cached = new Map<string, Run[]>()
    try {
      await withBar('cold starts', runs * functions.length, async (advance) => {
        // The first run with the cache fills it.
        for (const plan of functions) start(plan, cache)
        for (let run = 0; run < runs; run += 1) {
          for (const plan of functions) {
            const nothing = start(undefined, undefined)
            idle.push(nothing)
            add(plain, plan.label, { nothing, ms: start(plan, undefined) })
            add(cached, plan.label, { nothing, ms: start(plan, cache) })
            advance()
            // The bar gets its turn: the processes above are waited for without one.
            await new Promise((resolve) => setImmediate(resolve))
          }
        }
      })
    } finally {
      rmSync(cache, { recursive: true, force: true })
    }
    const idleMs = median(idle)
    const results = functions.map((plan) => {
      return {
        label: plan.label,
        kB: Math.round(statSync(bundleOf(plan)).size / 1000),
        ...medians(plain.get(plan.label) ?? []),
        cached: medians(cached.get(plan.label) ?? []),
      }
    })
    console.log(`  node -e 0: ${rounded(idleMs)} ms (median of ${idle.length})`)
    printTable(
      ['function', 'kB', 'ms', 'ratio', 'cached ms', 'ratio', ''],
      results.map(({ label, kB, ms, ratio, cached: { ms: cachedMs, ratio: cachedRatio } }) => [
        label,
        kB,
        ms,
        ratio,
        cachedMs,
        cachedRatio,
        hot.includes(label) ? 'aim 3.2, 2.7 cached' : '',
      ]),
    )
    return {
      idleMs: rounded(idleMs),
      functions: Object.fromEntries(results.map(({ label, ...rest }) => [label, rest])),
    }
  },
}

const bundleOf = (plan: FunctionPlan): string =>
  join(plan.codeDir, `${plan.handler.slice(0, plan.handler.lastIndexOf('.'))}.js`)

/** Milliseconds of one whole process. */
const start = (plan: FunctionPlan | undefined, cache: string | undefined): number => {
  const begun = performance.now()
  const { status, stderr } = spawnSync(
    process.execPath,
    plan === undefined ? ['-e', '0'] : ['-e', `require(${JSON.stringify(bundleOf(plan))})`],
    {
      encoding: 'utf8',
      env: {
        ...plan?.environment,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'bench',
        AWS_SECRET_ACCESS_KEY: 'bench',
        ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
      },
    },
  )
  const ms = performance.now() - begun
  if (status !== 0) throw new Error(`${plan?.label ?? 'node -e 0'} did not load: ${stderr}`)
  return ms
}

/** A load, and the process that did nothing just before it: on a busy machine only such neighbours compare. */
type Run = { readonly nothing: number; readonly ms: number }

const medians = (times: readonly Run[]) => ({
  ms: rounded(median(times.map(({ ms }) => ms))),
  ratio: rounded(median(times.map(({ ms, nothing }) => ms / nothing))),
})

const add = (times: Map<string, Run[]>, label: string, time: Run): void => {
  const known = times.get(label)
  if (known === undefined) times.set(label, [time])
  else known.push(time)
}
