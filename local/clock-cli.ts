import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseDuration } from './clock.ts'
import { callInstance } from './control.ts'
import { asText } from './json.ts'

/** `npm run clock -- +30m` moves the clock of the running instance; without a duration it says what time it is. */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'data-dir': { type: 'string', default: join('.local', 'state') } },
})
const file = join(values['data-dir'], 'running.json')

try {
  const [wanted] = positionals
  if (wanted === undefined) {
    const { now } = await callInstance(file, 'clock/now', {})
    console.log(asText(now))
  } else {
    const ms = parseDuration(wanted)
    if (ms === undefined) {
      throw new Error(`Not a duration forward: ${wanted}. Try +30m, 2h, 14d or 1h30m; the clock never goes back.`)
    }
    const { now } = await callInstance(file, 'clock/move', { ms, settle: true })
    console.log(asText(now))
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
