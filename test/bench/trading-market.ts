import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Stripe from 'stripe'
import { openBulkImport } from '../../local/engines/dynamodb-import.ts'
import { feedDay } from '../../local/stock.ts'
import type { System } from '../../local/system.ts'
import type { FeedLine } from '../../shared/domain/feed.ts'
import { handleItem } from '../../shared/store/items.ts'
import { historyOf } from '../scale/history.ts'
import { plannedTables, tableNamed } from '../scale/load.ts'
import type { Http } from './market.ts'
import { load } from './statistics.ts'

/** Handles a seller sells, each in a sale of its own. */
export const salesPerSeller = 10

const dayMs = 86_400_000

/** One sale between two users; prices from $20 to $4,000 in an order of their own, without an end in sight. */
export type PlannedSale = {
  readonly handle: string
  readonly sellerId: string
  readonly buyerId: string
  readonly priceMinor: number
}

export const planSales = (sales: number): PlannedSale[] => {
  const sellers = Math.ceil(sales / salesPerSeller)
  return Array.from({ length: sales }, (_, index) => ({
    handle: `offered${String(index).padStart(6, '0')}`,
    // Neighbours are of different sellers: the sales of one lie as far apart as they can.
    sellerId: `seller_${index % sellers}`,
    buyerId: `buyer_${index}`,
    priceMinor: 20_00 + ((index * 7_919) % 398_000),
  }))
}

/** Fills the handles table of a system that has not been started: each handle with the holder who will sell it. */
export const loadHandles = async (dataDir: string, sales: readonly PlannedSale[]): Promise<void> => {
  const tables = await plannedTables()
  const handles = tableNamed(tables, 'Handles')
  const bulk = openBulkImport({ dataDir: join(dataDir, 'dynamodb'), tables })
  for (const sale of sales) {
    const line = lineOf(sale)
    const { handle } = historyOf({ line, kind: 'present' }, feedDay)
    await bulk.add(handles, handleItem(handle, line.contact))
  }
  await bulk.finish()
}

const lineOf = ({ handle, sellerId }: PlannedSale): FeedLine => ({
  name: handle,
  display: handle,
  account: {
    accountId: sellerId,
    class: 'ordinary',
    createdAt: new Date(feedDay - 3_000 * dayMs).toISOString(),
    lastActiveAt: new Date(feedDay - dayMs).toISOString(),
    followers: 12,
  },
  contact: { email: `${sellerId}@example.com`, locale: 'en' },
})

/** Stripe's own client, straight to the local server: what Stripe says happened. */
export const openProvider = (system: System): Stripe => {
  const { hostname, port } = new URL(stripeOf(system).url)
  const secrets = JSON.parse(readFileSync(join(system.dataDir, 'secrets.json'), 'utf8')) as { secretKey: string }
  return new Stripe(secrets.secretKey, { protocol: 'http', host: hostname, port, telemetry: false })
}

export const stripeOf = ({ stripe }: System) => {
  if (stripe === undefined) throw new Error('the system has no Stripe server')
  return stripe
}

/** Every seller begins by the API, and tells the provider everything; resolves when the marketplace knows it can be paid. */
export const onboardSellers = async (
  system: System,
  http: Http,
  provider: Stripe,
  sellerIds: readonly string[],
  concurrency: number,
  onDone: () => void,
): Promise<void> => {
  await load(sellerIds.length, concurrency, async (index) => {
    const token = await system.token(sellerIds[index] ?? '')
    const { status, json } = await http.send('POST', '/v1/me/seller/onboarding', token, undefined, { country: 'US' })
    if (status !== 200) throw new Error(`an onboarding was answered ${status}: ${JSON.stringify(json)}`)
  })
  await system.idle()
  for await (const account of provider.accounts.list({ limit: 100 })) {
    stripeOf(system).control.onboard(account.id)
    onDone()
  }
  await system.idle()
}
