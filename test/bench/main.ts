import { parseArgs } from 'node:util'
import type { Bench, BenchOptions, Figures } from './bench.ts'
import { buyersBench } from './buyers.ts'
import { coldStartBench } from './cold-start.ts'
import { importBench } from './import.ts'
import { memoryBench } from './memory.ts'
import { purchaseBench } from './purchase.ts'

/** `npm run bench`: what the budgets of docs/performance.md are held to. Never part of `npm test`: a clock decides here. */

const benches: readonly Bench[] = [importBench, purchaseBench, buyersBench, coldStartBench, memoryBench]

const help = `Usage: npm run bench -- [${benches.map(({ name }) => name).join(' | ')} …] [options]
  --accounts <n>           accounts of the feed that import takes (10,000; the feed has 100,000)
  --orders <n>             orders of the memory bench (3,000; the budget speaks of 10,000)
  --switches on|off|both   the door's IAM evaluation and faults (both)
  --json                   the last line is one JSON object
The release has a command of its own: npm run bench:release -- --help`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    accounts: { type: 'string', default: '10000' },
    orders: { type: 'string', default: '3000' },
    switches: { type: 'string', default: 'both' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const settings: Readonly<Record<string, readonly boolean[]>> = { on: [true], off: [false], both: [true, false] }

const count = (name: 'accounts' | 'orders'): number => {
  const value = Number(values[name])
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} wants a whole number, not ${values[name]}`)
  return value
}

const run = async (): Promise<void> => {
  const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name))
  const switches = settings[values.switches]
  if (unknown.length > 0 || switches === undefined) {
    console.error(unknown.length > 0 ? `There is no bench ${unknown.join(', ')}.` : '--switches is on, off or both.')
    console.error(help)
    process.exitCode = 2
    return
  }
  const options: BenchOptions = { accounts: count('accounts'), orders: count('orders'), switches }
  const chosen = benches.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const results: Record<string, Figures> = {}
  for (const bench of chosen) {
    console.log(`\n${bench.name}: ${bench.question}`)
    const begun = performance.now()
    results[bench.name] = await bench.run(options)
    console.log(`  (${((performance.now() - begun) / 1000).toFixed(0)} s)`)
  }
  if (values.json) console.log(JSON.stringify(results))
}

if (values.help) console.log(help)
else await run()
