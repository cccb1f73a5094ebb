import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { createClient } from '../shared/contract/client.ts'
import { feedDay, stockMarket } from './stock.ts'
import { startSystem, type System } from './system.ts'
import { testUsers } from './users.ts'

/** `npm start`: the whole marketplace on this machine, until Ctrl-C. */

const help = `Usage: npm start -- [options]
  --fresh               forget all state first
  --port <number>       the API's port (7400); Stripe, sign-in, the AWS door and the inbox take the next four
  --data-dir <folder>   where state is kept (.local/state)
  --no-iam              do not evaluate IAM policies
  --no-stock            leave an empty market empty
  --stock-lines <n>     stock an empty market from this many accounts of the feed (2000)
  --dynamodb-local      use Amazon's DynamoDB Local (Java 17) instead of dynoxide
  --environments <n>    environments of one function that may live at once (4)
  --logs                print what the functions log`

const tokenDays = 30

const { values } = parseArgs({
  options: {
    fresh: { type: 'boolean', default: false },
    port: { type: 'string', default: '7400' },
    'data-dir': { type: 'string' },
    'no-iam': { type: 'boolean', default: false },
    'no-stock': { type: 'boolean', default: false },
    'stock-lines': { type: 'string', default: '2000' },
    'dynamodb-local': { type: 'boolean', default: false },
    environments: { type: 'string', default: '4' },
    logs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(help)
else await main()

async function main(): Promise<void> {
  const started = performance.now()
  say('Starting the marketplace …')
  let system: System
  try {
    system = await startSystem({
      fresh: values.fresh,
      port: count('port', values.port),
      switches: { iam: !values['no-iam'] },
      environmentsMax: count('environments', values.environments),
      clockNotBefore: feedDay,
      onNotice: say,
      ...(values['data-dir'] === undefined ? {} : { dataDir: values['data-dir'] }),
      ...(values['dynamodb-local'] ? { dynamodb: 'dynamodb-local' as const } : {}),
    })
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
    return
  }
  stopOnSignals(system)
  system.logs.subscribe(({ function: name, line }) => {
    if (values.logs || line.includes('"level":"ERROR"') || line.startsWith('uncaught')) console.log(`[${name}] ${line}`)
  })
  try {
    await stock(system)
    await announce(system, (performance.now() - started) / 1000)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
    await system.stop()
  }
}

function count(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} wants a whole number, not ${text}`)
  return value
}

function say(line: string): void {
  console.log(`  ${line}`)
}

async function stock(system: System): Promise<void> {
  const marker = join(system.dataDir, 'stocked')
  const lines = count('stock-lines', values['stock-lines'])
  if (values['no-stock'] || lines === 0 || existsSync(marker)) return
  const { imported, rejected } = await stockMarket(system, { lines, onStep: (step) => say(`${step} …`) })
  writeFileSync(marker, String(imported))
  say(`${imported} accounts imported, ${rejected} lines rejected`)
}

/** Keeps fresh tokens in files: a clock that is moved by a month would leave every token expired. */
async function keepTokens(system: System): Promise<string> {
  const folder = join(system.dataDir, 'tokens')
  mkdirSync(folder, { recursive: true })
  const write = async () => {
    for (const { sub } of testUsers) {
      const token = await system.token(sub, {}, { lifetimeSeconds: tokenDays * 86_400 })
      writeFileSync(join(folder, sub), token, { mode: 0o600 })
    }
  }
  await write()
  system.clock.onMove(() => void write())
  return relative(process.cwd(), folder) || '.'
}

async function announce(system: System, seconds: number): Promise<void> {
  const tokens = await keepTokens(system)
  const client = createClient({ baseUrl: system.url })
  const page = await client.searchListings({})
  const open = page.ok ? page.value.items.find(({ status }) => status === 'open') : undefined
  const memoryMb = Math.round(process.memoryUsage().rss / 1024 / 1024)
  console.log(`
Ready in ${seconds.toFixed(1)} s, ${memoryMb} MB, ${system.dynamodbKind}. The clock says ${new Date(system.clock.now()).toISOString()}.

  API        ${system.url}          reference at ${system.url}/reference
  Stripe     ${system.stripe?.url ?? 'not used'}/_local   payments, disputes, deliveries
  Sign-in    ${system.oidc.issuer}          user name = password: ${testUsers.map(({ sub }) => sub).join(', ')}
  Mail       ${system.mail?.url ?? 'not used'}          what was sent to holders
  Tokens     ${testUsers.map(({ sub }) => join(tokens, sub)).join('  ')}
  Clock      npm run clock -- +30m
  Stop       Ctrl-C. State is kept in ${relative(process.cwd(), system.dataDir) || '.'}; npm start -- --fresh forgets it.
`)
  if (open === undefined) return
  const order = JSON.stringify({ handle: open.handle, price: open.price })
  console.log(`Try:

  curl -s '${system.url}/v1/listings?limit=3'
  curl -s ${system.url}/v1/handles/${open.handle}
  curl -s ${system.url}/v1/orders -H "authorization: Bearer $(cat ${join(tokens, 'alice')})" -H 'content-type: application/json' -H 'idempotency-key: first-${randomBytes(4).toString('hex')}' -d '${order}'
`)
}

function stopOnSignals(system: System): void {
  let stopping = false
  const stop = (code: number) => {
    if (stopping) process.exit(code)
    stopping = true
    system.stop().then(
      () => process.exit(code),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stopping) console.log('\nStopping …')
      stop(signal === 'SIGINT' ? 130 : 143)
    })
  }
  void system.failed.then((reason) => {
    console.error(reason)
    stop(1)
  })
}
