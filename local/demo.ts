import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { playMainJob } from './demo-main-job.ts'
import { newTelling } from './demo-telling.ts'
import { playTour } from './demo-tour.ts'
import { openScratch } from './scratch.ts'
import { feedDay } from './stock.ts'
import { startSystem } from './system.ts'

/** `npm run demo`: takes one handle all the way, or tours every way of selling, by itself, on an instance of its own or on the running one. */

const help = `Usage: npm run demo -- [options]
  --url <url>           the running instance at this address instead of one of its own
  --data-dir <folder>   where that instance keeps its state (.local/state)
  --accounts <n>        accounts of the feed to import (all 100,000)
  --tour                every way of selling instead: a private offer, an auction, a Dutch sale, a draw
  --json                the last line is one JSON object`

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    'data-dir': { type: 'string', default: join(import.meta.dirname, '..', '.local', 'state') },
    accounts: { type: 'string' },
    tour: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const play = async (dataDir: string, url: string) => {
  const options = {
    url,
    instanceFile: join(dataDir, 'running.json'),
    dataDir,
    linesMax: values.accounts === undefined ? Number.POSITIVE_INFINITY : Number(values.accounts),
    telling: newTelling(),
  }
  const result = await (values.tour ? playTour(options) : playMainJob(options))
  if (values.json) console.log(JSON.stringify(result))
  const statuses = 'orders' in result ? result.orders.map(({ status }) => status) : [result.status]
  if (statuses.some((status) => status !== 'settled') || result.ledgerSumMinor !== 0) process.exitCode = 1
}

if (values.help) console.log(help)
else if (values.url !== undefined) await play(values['data-dir'], values.url)
else {
  const scratch = openScratch('handles-demo-')
  const dataDir = scratch.folder
  try {
    const system = await startSystem({ dataDir, clockNotBefore: feedDay, schedulesRun: false })
    try {
      await play(dataDir, system.url)
    } finally {
      await system.stop()
    }
  } finally {
    scratch.remove()
  }
}
