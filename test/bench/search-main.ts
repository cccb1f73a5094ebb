import { parseArgs } from 'node:util'
import { printSearch, searchBench } from './search.ts'

/** `npm run bench:search`: searches at a platform's size beside a thousand handles. Never part of `npm test`. */

const help = `Usage: npm run bench:search -- [options]
  --handles <n>   handles for sale (20,000; the budget speaks of 1,500,000)
  --rounds <n>    rounds of questions, one of each kind in each (300)
  --json          the last line is one JSON object
State is kept in a temporary folder (TMPDIR), about 6 kB a handle while it is loaded (9 GB for 1,500,000), and is gone afterwards.`

const { values } = parseArgs({
  options: {
    handles: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '300' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const run = async (): Promise<void> => {
  const handles = Number(values.handles)
  const rounds = Number(values.rounds)
  if (![handles, rounds].every((count) => Number.isSafeInteger(count) && count >= 1)) {
    console.error(help)
    process.exitCode = 2
    return
  }
  const result = await searchBench({ handles, rounds, onPhase: (name) => process.stderr.write(`  ${name} …\n`) })
  printSearch(result)
  if (values.json) console.log(JSON.stringify(result))
}

if (values.help) console.log(help)
else await run()
