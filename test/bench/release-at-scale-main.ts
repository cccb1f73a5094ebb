import { parseArgs } from 'node:util'
import { noticeRoad, printRoad } from './notice-road.ts'
import { printResult, releaseAtScale } from './release-at-scale.ts'

/** `npm run bench:release`: the main job at a platform's size. Never part of `npm test`: a clock decides here. */

const help = `Usage: npm run bench:release -- [options]
  --accounts <n>        accounts on the platform (100,000; the budget speaks of 1,500,000)
  --due-share <share>   the part of them whose handles are due, 0 to 1 (1)
  --notices             instead: the whole road of inactive accounts through three notices by mail (5,000 accounts)
  --no-iam              without the door's IAM evaluation
  --json                the last line is one JSON object
State is kept in a temporary folder (TMPDIR), about 6 kB an account, and is gone afterwards.`

const { values } = parseArgs({
  allowNegative: true,
  options: {
    accounts: { type: 'string' },
    'due-share': { type: 'string', default: '1' },
    iam: { type: 'boolean', default: true },
    notices: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const run = async (): Promise<void> => {
  const accounts = Number(values.accounts ?? (values.notices ? 5_000 : 100_000))
  const dueShare = Number(values['due-share'])
  if (!Number.isSafeInteger(accounts) || accounts < 1 || !(dueShare >= 0 && dueShare <= 1)) {
    console.error(help)
    process.exitCode = 2
    return
  }
  if (values.notices) {
    const road = await noticeRoad(accounts)
    printRoad(road)
    if (values.json) console.log(JSON.stringify(road))
    if (road.faults.length > 0) process.exitCode = 1
    return
  }
  console.log(`Releasing the handles of ${accounts} accounts, ${dueShare * 100} % of them due`)
  const result = await releaseAtScale({
    accounts,
    dueShare,
    iam: values.iam,
    raw: true,
    onPhase: (name) => process.stderr.write(`  ${name} …\n`),
  })
  printResult(result)
  if (values.json) console.log(JSON.stringify(result))
  if (result.faults.length > 0) process.exitCode = 1
}

if (values.help) console.log(help)
else await run()
