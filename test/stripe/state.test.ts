import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startStripeServer } from '../../local/stripe/server.ts'
import { clientOf, secretKey, sessionFor, startLocal, TestClock, webhookSecret } from './fixture.ts'

let dataDir: string

beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'stripe-state-'))
})

afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

it('everything survives a restart: resources, saved answers, what the clock owes', async () => {
  const clock = new TestClock()
  const first = await startLocal({ dataDir }, clock)
  const paid = await first.stripe.checkout.sessions.create(sessionFor(), { idempotencyKey: 'key-1' })
  first.server.control.pay(paid.id)
  const open = await first.stripe.checkout.sessions.create(sessionFor())
  const bank = await first.stripe.checkout.sessions.create(sessionFor())
  first.server.control.pay(bank.id, { method: 'bank' })
  const before = await first.stripe.checkout.sessions.retrieve(paid.id, { expand: ['payment_intent.latest_charge'] })
  await first.stop()

  clock.move({ days: 4 })
  const second = await startLocal({ dataDir }, clock)
  const after = await second.stripe.checkout.sessions.retrieve(paid.id, { expand: ['payment_intent.latest_charge'] })
  expect(after).toEqual(before)
  expect((await second.stripe.checkout.sessions.retrieve(open.id)).status).toBe('expired')
  expect((await second.stripe.checkout.sessions.retrieve(bank.id)).payment_status).toBe('paid')
  expect(second.validator.problems).toEqual([])
  await second.stop()
})

it('connected accounts, their money and their payouts survive a restart', async () => {
  const clock = new TestClock()
  const first = await startLocal({ dataDir }, clock)
  const { id } = await first.stripe.accounts.create({
    type: 'express',
    capabilities: { transfers: { requested: true } },
  })
  first.server.control.onboard(id)
  first.server.control.pay((await first.stripe.checkout.sessions.create(sessionFor())).id)
  const [charge] = (await first.stripe.charges.list()).data
  const wanted = { amount: 700, currency: 'usd', destination: id, source_transaction: charge?.id ?? '' }
  const transfer = await first.stripe.transfers.create(wanted)
  await first.stop()

  clock.move({ days: 4 })
  const second = await startLocal({ dataDir }, clock)
  expect((await second.stripe.transfers.retrieve(transfer.id)).amount).toBe(700)
  expect((await second.stripe.payouts.list({}, { stripeAccount: id })).data).toMatchObject([
    { amount: 700, status: 'paid' },
  ])
  expect(second.validator.problems).toEqual([])
  await second.stop()
})

it('a folder of before there were connected accounts is the platform alone', async () => {
  const clock = new TestClock()
  const first = await startLocal({ dataDir }, clock)
  const session = await first.stripe.checkout.sessions.create(sessionFor())
  first.server.control.pay(session.id)
  const before = await first.stripe.balance.retrieve()
  await first.stop()
  const db = new DatabaseSync(path.join(dataDir, 'stripe.sqlite'))
  db.exec('DROP INDEX balance_transaction_by_account')
  for (const table of ['checkout_session', 'charge', 'balance_transaction', 'event'])
    db.exec(`ALTER TABLE ${table} DROP COLUMN account`)
  db.close()

  const second = await startLocal({ dataDir }, clock)
  expect((await second.stripe.checkout.sessions.list()).data.map(({ id }) => id)).toEqual([session.id])
  expect(await second.stripe.balance.retrieve()).toMatchObject({ pending: before.pending })
  await second.stop()
})

it('a saved answer is replayed after a restart', async () => {
  const clock = new TestClock()
  const first = await startLocal({ dataDir }, clock)
  const session = await first.stripe.checkout.sessions.create(sessionFor(), { idempotencyKey: 'key-1' })
  await first.stop()
  const second = await startLocal({ dataDir }, clock)
  const again = await second.stripe.checkout.sessions.create(sessionFor(), { idempotencyKey: 'key-1' })
  expect(again.id).toBe(session.id)
  await second.stop()
})

it('a delivery that was under way when the server ended is made by the next one', async () => {
  const clock = new TestClock()
  const first = await startLocal({ dataDir }, clock)
  first.endpoint.status = null
  const session = await first.stripe.checkout.sessions.create(sessionFor())
  await first.stripe.checkout.sessions.expire(session.id)
  await first.server.stop()
  first.endpoint.status = 200
  const received = first.endpoint.received.length
  const server = await startStripeServer({
    now: clock.now,
    secretKey,
    dataDir,
    webhooks: [{ url: first.webhookUrl, secret: webhookSecret }],
  })
  await server.control.idle()
  expect(first.endpoint.received.length).toBe(received + 1)
  expect(server.control.deliveries()).toMatchObject([{ status: 'succeeded' }])
  await server.stop()
  first.endpoint.stop()
})

it('what was answered is there after kill -9', async () => {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'server-process.ts'), dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const port = Number(line)
  const stripe = clientOf({ port } as Parameters<typeof clientOf>[0])
  const sessions = []
  for (let index = 0; index < 20; index += 1) sessions.push(await stripe.checkout.sessions.create(sessionFor()))
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  const server = await startStripeServer({ now: Date.now, secretKey, webhooks: [], dataDir })
  const found = await clientOf(server).checkout.sessions.list({ limit: 100 })
  expect(found.data.map(({ id }) => id)).toEqual(sessions.map(({ id }) => id).toReversed())
  await server.stop()
})

it('a busy port is an error that says so', async () => {
  const server = await startStripeServer({ now: Date.now, secretKey, webhooks: [] })
  await expect(startStripeServer({ now: Date.now, secretKey, webhooks: [], port: server.port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  })
  await server.stop()
})
