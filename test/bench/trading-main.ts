import { parseArgs } from 'node:util'
import { printTrading, tradingBench } from './trading.ts'

/** `npm run bench:trading`: sales between users, and the money of all of them. Never part of `npm test`: a clock decides here. */

const help = `Usage: npm run bench:trading -- [options]
  --sales <n>        sales between users (1,000)
  --concurrency <n>  buyers at once (16)
  --iam              with the door's evaluation of every call
  --json             the last line is one JSON object`

const { values } = parseArgs({
  options: {
    sales: { type: 'string', default: '1000' },
    concurrency: { type: 'string', default: '16' },
    iam: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const run = async (): Promise<void> => {
  const sales = Number(values.sales)
  const concurrency = Number(values.concurrency)
  if (!(Number.isSafeInteger(sales) && sales > 0 && Number.isSafeInteger(concurrency) && concurrency > 0)) {
    console.error(help)
    process.exitCode = 2
    return
  }
  const onPhase = (name: string) => process.stderr.write(`  ${name} …\n`)
  const figures = await tradingBench({ sales, concurrency, iam: values.iam, onPhase })
  printTrading(figures)
  if (values.json) console.log(JSON.stringify(figures))
  if (figures.faults.length > 0) process.exitCode = 1
}

if (values.help) console.log(help)
else await run()
