import { parseArgs } from 'node:util'
import { auctionBench, printAuction } from './auction.ts'

/** `npm run bench:auction`: one auction that everybody wants. Never part of `npm test`: a clock decides here. */

const help = `Usage: npm run bench:auction -- [options]
  --bids <n>        bids a minute (1,000)
  --seconds <n>     how long (60)
  --json            the last line is one JSON object`

const { values } = parseArgs({
  options: {
    bids: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const run = async (): Promise<void> => {
  const bids = Number(values.bids)
  const seconds = Number(values.seconds)
  if (!(Number.isSafeInteger(bids) && bids > 0 && seconds > 0)) {
    console.error(help)
    process.exitCode = 2
    return
  }
  const figures = await auctionBench(bids, seconds)
  printAuction(figures)
  if (values.json) console.log(JSON.stringify(figures))
  if (figures.lost > 0 || figures.winners !== 1) process.exitCode = 1
}

if (values.help) console.log(help)
else await run()
