import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Stripe from 'stripe'
import { feedDay } from '../../local/stock.ts'
import { startSystem, type System } from '../../local/system.ts'
import { stepFunctions } from '../costs/counted.ts'
import { openEngineStore } from '../scale/reconcile.ts'
import { printTable, withBar } from './bench.ts'
import { type Http, openHttp } from './market.ts'
import { load, rounded } from './statistics.ts'
import { type Books, readBooks } from './trading-books.ts'
import { loadHandles, onboardSellers, openProvider, type PlannedSale, planSales, stripeOf } from './trading-market.ts'

/** Every so-manieth buyer says nothing: the clock ends the inspection. */
const silentEvery = 10
const inspectionMs = 3 * 86_400_000
/** Sweeps until every inspection has ended: one finds them all, and another what was in a queue meanwhile. */
const sweepsMax = 10

export type TradingOptions = {
  readonly sales: number
  /** Buyers at once. */
  readonly concurrency: number
  readonly iam: boolean
  /** Told when a phase begins. */
  readonly onPhase: (name: string) => void
}

export type TradingFigures = {
  readonly sales: number
  readonly settled: number
  /** The sum of all ledger accounts: zero. Amounts are minor units. */
  readonly ledgerSumMinor: number
  /** What the ledger has credited to sellers. */
  readonly sellerBalancesMinor: number
  /** What the payment provider has transferred to their accounts. */
  readonly transfersMinor: number
  readonly commissionMinor: number
  readonly quotedCommissionMinor: number
  /** From the first listing until the last seller is paid, but for the time in which the clock is moved. */
  readonly salesPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly writeUnitsPerSale: number
  readonly indexWriteUnitsPerSale: number
  readonly readUnitsPerSale: number
  readonly stripeCallsPerSale: number
  readonly secondsByPhase: Readonly<Record<string, number>>
  /** Whatever is not as it must be; empty, or the run has failed. */
  readonly faults: readonly string[]
}

/**
 * Sales between users from the listing to the seller's payment, on the product's own road: listed by API, bought, paid at
 * the local Stripe, handed over, inspected (nine of ten accept, the clock ends the others), transferred. Then both tables
 * are read whole, and the ledger is held to what the provider has done, to the cent.
 */
export const tradingBench = async (options: TradingOptions): Promise<TradingFigures> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'handle-trading-'))
  try {
    return await measure(dataDir, options)
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const measure = async (
  dataDir: string,
  { sales: count, concurrency, iam, onPhase }: TradingOptions,
): Promise<TradingFigures> => {
  const secondsByPhase: Record<string, number> = {}
  const phase = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const begun = performance.now()
    onPhase(name)
    const result = await work()
    secondsByPhase[name] = rounded((performance.now() - begun) / 1000)
    return result
  }
  const sales = planSales(count)
  await phase('load', () => loadHandles(dataDir, sales))
  const system = await phase('start', () =>
    startSystem({ dataDir, schedulesRun: false, clockNotBefore: feedDay, switches: { iam, faults: false } }),
  )
  const http = openHttp(system.url, concurrency)
  try {
    const provider = openProvider(system)
    const sellerIds = [...new Set(sales.map(({ sellerId }) => sellerId))]
    await phase('onboard', () =>
      withBar('sellers', sellerIds.length, (advance) =>
        onboardSellers(system, http, provider, sellerIds, concurrency, () => advance()),
      ),
    )
    system.door.counts.reset()
    const paid = whenPaid(system)
    let quotedCommissionMinor = 0
    const trade = await phase('trade', async () => {
      const done = await withBar('sales', sales.length, (advance) =>
        load(
          sales.length,
          concurrency,
          async (index) => {
            const quotedMinor = await sell(system, http, paid, sales[index] ?? never(), index)
            quotedCommissionMinor += quotedMinor
          },
          advance,
        ),
      )
      await quiet(system)
      return done
    })
    paid.stop()
    await phase('clock', () => endInspections(system))
    const labels = stepFunctions(system.functions.plans.map(({ label }) => label))
    const cost = system.door.counts.total(labels)
    const stripeCalls = Object.entries(cost.calls).reduce(
      (sum, [call, times]) => sum + (call.startsWith('stripe:') ? times : 0),
      0,
    )
    const books = await phase('books', () => readBooks(openEngineStore(system)))
    const transfersMinor = await phase('provider', () => transferred(provider))
    const seconds = (secondsByPhase['trade'] ?? 0) + (secondsByPhase['clock'] ?? 0)
    return {
      sales: count,
      settled: books.settled,
      ledgerSumMinor: books.ledgerSumMinor,
      sellerBalancesMinor: books.creditedToSellersMinor,
      transfersMinor,
      commissionMinor: books.commissionMinor,
      quotedCommissionMinor,
      salesPerSecond: rounded(count / seconds),
      p50Ms: trade.p50Ms,
      p99Ms: trade.p99Ms,
      writeUnitsPerSale: rounded(cost.writeUnits / count),
      indexWriteUnitsPerSale: rounded(cost.indexWriteUnits / count),
      readUnitsPerSale: rounded((cost.readUnits + cost.indexReadUnits) / count),
      stripeCallsPerSale: rounded(stripeCalls / count),
      secondsByPhase,
      faults: faultsOf(books, { sales: count, transfersMinor, quotedCommissionMinor }),
    }
  } finally {
    http.close()
    await system.stop()
  }
}

/** One sale, from the listing to the accepted inspection. Answers the commission that the seller was quoted, in minor units. */
const sell = async (
  system: System,
  http: Http,
  paid: ReturnType<typeof whenPaid>,
  { handle, sellerId, buyerId, priceMinor }: PlannedSale,
  index: number,
): Promise<number> => {
  const price = { amountMinor: priceMinor, currency: 'USD' }
  const [seller, buyer] = await Promise.all([system.token(sellerId), system.token(buyerId)])
  const ask = async (status: number, path: string, token: string, key?: string, body?: unknown) => {
    const answer = await http.send('POST', path, token, key, body)
    if (answer.status !== status)
      throw new Error(`${path} was answered ${answer.status}: ${JSON.stringify(answer.json)}`)
    return answer.json
  }
  const listed = await ask(200, `/v1/me/handles/${handle}/listing`, seller, undefined, { price })
  const { id } = await ask(201, '/v1/orders', buyer, `sale-${index}`, { handle, price })
  const { url } = await ask(200, `/v1/orders/${String(id)}/checkout`, buyer)
  const applied = paid.of(String(id))
  stripeOf(system).control.pay(/cs_\w+/.exec(String(url))?.[0] ?? never())
  await applied
  if (index % silentEvery !== 0) await ask(200, `/v1/orders/${String(id)}/accept`, buyer)
  return (listed['quote'] as { readonly commission: { readonly amountMinor: number } }).commission.amountMinor
}

/** Resolves when the payment worker has applied what Stripe said of an order: it logs each. */
const whenPaid = (system: System) => {
  const waiting = new Map<string, () => void>()
  const stop = system.logs.subscribe(({ line }) => {
    if (!line.includes('"payment_applied"')) return
    const [id = ''] = /ord_\w+/.exec(line) ?? []
    waiting.get(id)?.()
    waiting.delete(id)
  })
  return { stop, of: (orderId: string) => new Promise<void>((resolve) => waiting.set(orderId, resolve)) }
}

const quiet = async (system: System): Promise<void> => {
  const { retrying } = await system.idle()
  if (retrying > 0) throw new Error(`${retrying} messages failed: see the logs of the workers`)
}

/**
 * Three days pass; the sweep finds whoever said nothing. A seller's books are one item: of many sales that settle at once
 * one may have to come again.
 */
const endInspections = async (system: System): Promise<void> => {
  await system.clock.move(inspectionMs + 60_000)
  await system.settle()
  for (let sweeps = 1; sweeps <= sweepsMax; sweeps += 1) {
    let found = 0
    const stop = system.logs.subscribe(({ line }) => {
      if (line.includes('"deadlines_due"')) found += Number(/"found":(\d+)/.exec(line)?.[1] ?? 0)
    })
    system.schedules.fire(system.schedules.names.find((name) => name.endsWith('sweep-deadlines')) ?? '')
    await system.settle()
    stop()
    if (found === 0) return
  }
}

/** What the provider has transferred less what it took back, in minor units. */
const transferred = async (provider: Stripe): Promise<number> => {
  let sum = 0
  for await (const { amount, amount_reversed: reversed } of provider.transfers.list({ limit: 100 }))
    sum += amount - reversed
  return sum
}

const faultsOf = (
  books: Books,
  wanted: { readonly sales: number; readonly transfersMinor: number; readonly quotedCommissionMinor: number },
): string[] => {
  const faults = [...books.faults]
  const compare = (what: string, is: number, should: number) => {
    if (is !== should) faults.push(`${what}: ${is} and not ${should}`)
  }
  compare('settled', books.settled, wanted.sales)
  compare('the ledger sums to', books.ledgerSumMinor, 0)
  compare('transferred by the provider', wanted.transfersMinor, books.creditedToSellersMinor)
  compare('commission', books.commissionMinor, wanted.quotedCommissionMinor)
  return faults
}

const never = (): never => {
  throw new Error('the market is not as it was left')
}

export const printTrading = (figures: TradingFigures): void => {
  const { secondsByPhase, faults, ...rest } = figures
  printTable(
    ['figure', 'value'],
    [
      ...Object.entries(rest),
      ...Object.entries(secondsByPhase).map(([name, seconds]): [string, number] => [`seconds, ${name}`, seconds]),
    ],
  )
  for (const fault of faults) console.log(`  fault: ${fault}`)
}
