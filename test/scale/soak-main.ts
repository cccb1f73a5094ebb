import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { soak } from './soak.ts'

/** `npm run soak:release`: case 30 at any size. The short form of it runs with `npm test`. */

const help = `Usage: npm run soak:release -- [options]
  --accounts <n>   accounts on the platform (100,000; the case speaks of 1,500,000)
  --seed <n>       repeats a run: its moments and faults are the same
  --json           the last line is one JSON object`

const { values } = parseArgs({
  options: {
    accounts: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const run = async (): Promise<void> => {
  const accounts = Number(values.accounts)
  const seed = Number(values.seed)
  if (!Number.isSafeInteger(accounts) || accounts < 1_000 || !Number.isSafeInteger(seed)) {
    console.error(help)
    process.exitCode = 2
    return
  }
  const dataDir = mkdtempSync(join(tmpdir(), 'handle-soak-'))
  const begun = performance.now()
  const say = (line: string) => console.log(`${((performance.now() - begun) / 1000).toFixed(0).padStart(5)} s  ${line}`)
  try {
    const { faults, ...counts } = await soak({ dataDir, accounts, seed, say })
    for (const [name, count] of Object.entries(counts)) say(`${name}: ${count}`)
    for (const fault of faults.slice(0, 50)) say(`FAULT: ${fault}`)
    say(faults.length === 0 ? 'every count reconciles' : `${faults.length} faults`)
    if (values.json) console.log(JSON.stringify({ ...counts, faults }))
    if (faults.length > 0) process.exitCode = 1
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

if (values.help) console.log(help)
else await run()
