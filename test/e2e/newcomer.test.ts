import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const shell = promisify(execFile)

/** Runs one line as a person would paste it. */
const paste = async (line: string): Promise<string> => (await shell('bash', ['-c', line], { cwd: root })).stdout

describe('a newcomer who types npm start', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'handles-newcomer-'))
  const printed: string[] = []
  let started: ChildProcess

  beforeAll(async () => {
    started = spawn('npm', ['start', '--', '--data-dir', dataDir, '--port', '0', '--stock-lines', '300'], {
      cwd: root,
      detached: true,
    })
    const lines = createInterface({ input: started.stdout ?? process.stdin })
    for await (const line of lines) {
      printed.push(line)
      if (printed.filter((one) => one.trim().startsWith('curl ')).length === 3) break
    }
  }, 120_000)

  afterAll(() => {
    if (started.exitCode === null && started.signalCode === null) process.kill(-(started.pid ?? Number.NaN), 'SIGKILL')
    rmSync(dataDir, { recursive: true, force: true })
  })

  const curl = (index: number) => printed.filter((line) => line.trim().startsWith('curl '))[index] ?? ''

  it('is told where everything is', () => {
    const all = printed.join('\n')
    expect(all).toMatch(/API +http:\/\/127\.0\.0\.1:\d+/)
    expect(all).toMatch(/Stripe +http:\/\/127\.0\.0\.1:\d+/)
    expect(all).toMatch(/Tokens +\S+operator/)
  })

  it('searches, opens a handle and buys it with the three printed lines', async () => {
    const page = JSON.parse(await paste(curl(0))) as { items: { handle: string }[] }
    expect(page.items).toHaveLength(3)
    const handle = JSON.parse(await paste(curl(1))) as { status: string; listing: { status: string } }
    expect([handle.status, handle.listing.status]).toEqual(['released', 'open'])
    const order = JSON.parse(await paste(curl(2))) as { id: string; status: string }
    expect(order).toMatchObject({ id: expect.stringMatching(/^ord_/), status: 'awaiting_payment' })

    const api = /http:\/\/127\.0\.0\.1:\d+/.exec(curl(2))?.[0] ?? ''
    const alice = readFileSync(join(dataDir, 'tokens', 'alice'), 'utf8')
    const as = `-H 'authorization: Bearer ${alice}'`
    const checkout = JSON.parse(await paste(`curl -s -X POST ${api}/v1/orders/${order.id}/checkout ${as}`)) as {
      url: string
    }
    const form = '-d email=a@example.com -d number=4242424242424242 -d "expiry=12 / 34" -d cvc=123 -d name=Alice'
    await paste(`curl -s -o /dev/null ${form} ${checkout.url}/card`)
    await expect
      .poll(async () => JSON.parse(await paste(`curl -s ${api}/v1/orders/${order.id} ${as}`)), { timeout: 20_000 })
      .toMatchObject({ status: 'settled' })
  })

  it('audits the books of the running market', async () => {
    const report = JSON.parse(await paste(`npm run -s audit -- --json --data-dir '${dataDir}'`)) as Record<
      string,
      unknown
    >
    expect(report).toMatchObject({ orders: 1, ledgerSumMinor: 0, faults: [] })
  })

  it('moves the clock', async () => {
    const before = Date.parse(
      (await paste(`npm run -s clock -- --data-dir '${dataDir}'`)).match(/\d{4}-\S+Z/)?.[0] ?? '',
    )
    const after = Date.parse(
      (await paste(`npm run -s clock -- +30m --data-dir '${dataDir}'`)).match(/\d{4}-\S+Z/)?.[0] ?? '',
    )
    expect(after - before).toBeGreaterThanOrEqual(30 * 60_000)
  })

  it('leaves nothing behind after Ctrl-C', async () => {
    const gone = once(started, 'exit')
    // A terminal sends Ctrl-C to the whole group.
    process.kill(-(started.pid ?? Number.NaN), 'SIGINT')
    await gone
    const { stdout } = await shell('ps', ['-eo', 'args'])
    expect(stdout.split('\n').filter((line) => line.includes(dataDir))).toEqual([])
  })
})
