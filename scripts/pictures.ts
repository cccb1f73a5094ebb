import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { chromium as browsers } from 'playwright-core'
import { feedDay, stockMarket } from '../local/stock.ts'
import { startSystem } from '../local/system.ts'
import { createClient } from '../shared/contract/client.ts'

/** Makes the pictures of what people see (`docs/images`), from a market of its own. Run it when a page changes. */
const folder = join(import.meta.dirname, '..', 'docs', 'images')
mkdirSync(folder, { recursive: true })

const dataDir = mkdtempSync(join(tmpdir(), 'handles-pictures-'))
const system = await startSystem({ dataDir, clockNotBefore: feedDay, schedulesRun: false })
const browser = await browsers.launch({ executablePath: await chromium.executablePath(), args: chromium.args })
try {
  await stockMarket(system, { lines: 1000 })
  const alice = createClient({ baseUrl: system.url, token: await system.token('alice') })
  const market = await alice.searchListings({ query: { prefix: 'm', limit: 100 } })
  const [wanted] = market.ok ? market.value.items.toSorted((a, b) => b.price.amountMinor - a.price.amountMinor) : []
  if (wanted === undefined) throw new Error('nothing is on sale')
  const order = await alice.placeOrder({
    body: { handle: wanted.handle, price: wanted.price },
    idempotencyKey: 'picture',
  })
  if (!order.ok) throw new Error(order.problem.detail)
  const checkout = await alice.openCheckout({ params: { orderId: order.value.id } })
  if (!checkout.ok) throw new Error(checkout.problem.detail)

  const notice = await sendNotice()
  const page = await browser.newPage({ viewport: { width: 960, height: 720 } })
  for (const [name, url] of [
    ['checkout', checkout.value.url],
    ['reference', `${system.url}/reference`],
    ['paid', `${system.url}/?order=${order.value.id}&result=paid`],
    ['inbox', system.mail?.url ?? ''],
    ['keep', notice],
  ] as const) {
    await page.goto(url)
    if (name === 'inbox') await page.getByText('Toggle HTML view').first().click()
    await page.screenshot({ path: join(folder, `${name}.png`) })
    console.log(`docs/images/${name}.png`)
  }
} finally {
  await browser.close()
  await system.stop()
  rmSync(dataDir, { recursive: true, force: true })
}

/** Makes one holder's handle due, and returns the link in the notice. */
async function sendNotice(): Promise<string> {
  const now = system.clock.now()
  const daysAgo = (days: number) => new Date(now - days * 86_400_000).toISOString()
  const account = {
    accountId: 'acct_picture',
    handle: 'Moonlight',
    class: 'ordinary',
    createdAt: daysAgo(2000),
    lastActiveAt: daysAgo(366),
    followers: 12,
    email: 'moon@example.com',
    locale: 'en',
  }
  const operator = createClient({ baseUrl: system.url, token: await system.token('operator') })
  const begun = await operator.createImport({
    body: { format: 'ndjson', compression: 'none' },
    idempotencyKey: 'picture',
  })
  if (!begun.ok) throw new Error(begun.problem.detail)
  await fetch(begun.value.uploadUrl, { method: 'PUT', body: JSON.stringify(account) })
  await system.idle()
  for (const name of system.schedules.names) if (name.endsWith('sweep-handles')) system.schedules.fire(name)
  await system.idle()
  const [mail] = (await system.mail?.sent(account.email)) ?? []
  const link = /https?:\/\/\S+\/keep\/\S+/.exec(mail?.text ?? '')?.[0]
  if (link === undefined) throw new Error('no notice was sent')
  return link
}
