import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SingleBar } from 'cli-progress'
import type * as z from 'zod'
import { type Answer, type Client, createClient } from '../shared/contract/client.ts'
import type { runSchema } from '../shared/contract/operator-resources.ts'
import { callInstance } from './control.ts'
import { asText } from './json.ts'

/** `npm run runs` follows a run of due handles, here or in a deployed marketplace, until it is complete. */

const help = `Usage: npm run runs -- [options]
  --run <id>            the run to follow (the newest)
  --start               start a sweep and follow it
  --json                print the run as one JSON object when it has ended
  --url <address>       the API's address (http://127.0.0.1:7400)
  --data-dir <folder>   where the running instance keeps its state (.local/state)
Elsewhere than on this machine, OPERATOR_TOKEN holds an operator's token.`

type Run = z.infer<typeof runSchema>

const readEveryMs = 500

const { values } = parseArgs({
  options: {
    run: { type: 'string' },
    start: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    url: { type: 'string', default: 'http://127.0.0.1:7400' },
    'data-dir': { type: 'string', default: join('.local', 'state') },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(help)
else {
  try {
    const client = createClient({ baseUrl: values.url, token: await operatorToken() })
    const run = await follow(client, await chosenRun(client))
    console.log(values.json ? JSON.stringify(run) : told(run))
    // A run that does not end by itself, or with failures, is for a person to look at.
    if (run.state !== 'complete' || run.failed > 0) process.exitCode = 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}

async function operatorToken(): Promise<string> {
  const given = process.env['OPERATOR_TOKEN']
  if (given !== undefined) return given
  const { token } = await callInstance(join(values['data-dir'], 'running.json'), 'token', { sub: 'operator' })
  return asText(token)
}

async function chosenRun(client: Client): Promise<Run> {
  if (values.run !== undefined) return read(client, values.run)
  if (values.start) return valueOf(await client.startRun({ idempotencyKey: crypto.randomUUID() }))
  const [newest] = valueOf(await client.listRuns({ query: { limit: 1 } })).items
  if (newest === undefined) throw new Error('There is no run yet. Start one with --start')
  return newest
}

/** Reads until the run has ended, or will not end by itself, and shows the handles done of those found. */
async function follow(client: Client, chosen: Run): Promise<Run> {
  const bar = new SingleBar({
    format: '{state} [{bar}] {value}/{total} handles, {rate}, {left}',
    stream: process.stderr,
    hideCursor: true,
  })
  let run = chosen
  bar.start(Math.max(run.found, 1), 0, shown(run))
  while (run.state !== 'complete' && run.state !== 'stalled') {
    await new Promise((resolve) => setTimeout(resolve, readEveryMs))
    run = await read(client, run.id)
    bar.setTotal(Math.max(run.found, 1))
    bar.update(handled(run), shown(run))
  }
  bar.update(handled(run), shown(run))
  bar.stop()
  return run
}

function handled(run: Run): number {
  const { released, reserved, noticesWanted, unreachable, letBe, notDue, failed } = run
  return released + reserved + noticesWanted + unreachable + letBe + notDue + failed
}

function shown({ state, perSecond, secondsLeft }: Run): Record<string, string> {
  return {
    state,
    rate: perSecond === null ? 'no rate yet' : `${perSecond} a second`,
    left: secondsLeft === null ? 'no estimate' : `${secondsLeft} s left`,
  }
}

function told(run: Run): string {
  const gate = Object.entries(run.reservedBy).map(([code, count]) => `${code} ${count}`)
  return [
    `${run.id}: ${run.state}, started by ${run.startedBy} at ${run.createdAt}`,
    `found ${run.found} (${run.foundBy.map(({ queue, found }) => `${queue} ${found}`).join(', ') || 'nothing'})`,
    `released ${run.released}, reserved ${run.reserved}${gate.length === 0 ? '' : ` (${gate.join(', ')})`}`,
    `notices wanted ${run.noticesWanted}, the first of their grace ${run.noticesBegun}, unreachable ${run.unreachable}`,
    `let be ${run.letBe}, not due any more ${run.notDue}, failed ${run.failed}`,
    ...run.failures.map(({ name, error, message }) => `  ${name}: ${error}: ${message}`),
  ].join('\n')
}

async function read(client: Client, runId: string): Promise<Run> {
  return valueOf(await client.getRun({ params: { runId } }))
}

function valueOf<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`)
  return answer.value
}
