import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import type { System } from '../../local/system.ts'
import { type Bench, type Figures, printTable, switchName, withBar } from './bench.ts'
import { type Http, importFeed, type Offer, openHttp, openOffers, releaseDue, withSystem } from './market.ts'
import { openRawEngine, type RawEngine, type RawItem, rawHolds } from './raw-engine.ts'
import { load, type Load, rounded } from './statistics.ts'

const accounts = 3_000
const holds = { 1: 120, 16: 480 } as const
const purchases = { 1: 30, 16: 160 } as const
const concurrencies = [1, 16] as const
/** A commerce engine on PostgreSQL (Vendure 3.7), orders a second: measured elsewhere, not in this run. */
const commerceEngine = { 1: 8, 16: 14 } as const

/** Orders a second: the hold by itself, and the whole purchase from the order to the settled escrow. */
export const purchaseBench: Bench = {
  name: 'purchase',
  question: 'How many orders a second, held and settled, beside the raw transaction?',
  run: async ({ switches }) => {
    const rows: (string | number)[][] = []
    const results: Record<string, Figures> = {}
    for (const on of switches) {
      await withSystem(on, async (system) => {
        await withBar(`purchase, switches ${switchName(on)}: stock`, 2, async (advance) => {
          await importFeed(system, accounts)
          advance()
          await releaseDue(system)
          advance()
        })
        const figures: Record<string, Figures> = {}
        for (const concurrency of concurrencies) {
          const measured = await measure(system, concurrency, on)
          const { hold, raw, whole } = measured
          const vendure = commerceEngine[concurrency]
          rows.push(
            [switchName(on), concurrency, 'hold', hold.perSecond, hold.p50Ms, hold.p99Ms, ''],
            [switchName(on), concurrency, 'raw transaction', raw.perSecond, raw.p50Ms, raw.p99Ms, ''],
            [
              switchName(on),
              concurrency,
              'hold to raw',
              rounded(hold.perSecond / raw.perSecond),
              '',
              '',
              'aim 0.6, off',
            ],
            [switchName(on), concurrency, 'whole purchase', whole.perSecond, whole.p50Ms, whole.p99Ms, ''],
            [
              switchName(on),
              concurrency,
              `to ${vendure} a second`,
              rounded(whole.perSecond / vendure),
              '',
              '',
              'measured elsewhere',
            ],
          )
          figures[`buyers${concurrency}`] = {
            hold,
            raw,
            whole,
            holdToRaw: rounded(hold.perSecond / raw.perSecond),
            toCommerceEngineMeasuredElsewhere: rounded(whole.perSecond / vendure),
          }
        }
        results[switchName(on)] = figures
      })
    }
    printTable(['switches', 'buyers', 'what', 'a second', 'p50 ms', 'p99 ms', ''], rows)
    return results
  },
}

const measure = async (
  system: System,
  concurrency: 1 | 16,
  on: boolean,
): Promise<{ readonly hold: Load; readonly raw: Load; readonly whole: Load }> => {
  const http = openHttp(system.url, concurrency)
  const engine = openRawEngine(system)
  // Every order is another account's, as on a market: the caps of one account are not what is measured.
  const tokens = await Promise.all(
    Array.from({ length: concurrency + holds[concurrency] + purchases[concurrency] }, (_, buyer) =>
      system.token(`buyer-${buyer}`),
    ),
  )
  const tokenOf = (index: number) => tokens[index] ?? never()
  const name = `${switchName(on)}-${concurrency}`
  try {
    // As many at once as will be measured: every environment that they need has started and read its secrets.
    const warming = await openOffers(system, concurrency)
    await Promise.all(warming.map((offer, index) => buy(system, http, tokenOf(index), `warm-${name}-${index}`, offer)))
    const offers = await openOffers(system, holds[concurrency])
    let lastOrder = ''
    const hold = await withBar(`hold ${name}`, offers.length, (advance) =>
      load(
        offers.length,
        concurrency,
        async (index) => {
          lastOrder = await placeOrder(
            http,
            tokenOf(concurrency + index),
            `hold-${name}-${index}`,
            offers[index] ?? never(),
          )
        },
        advance,
      ),
    )
    await system.idle()
    const raw = await rawOf(engine, system, offers.at(-1) ?? never(), lastOrder, name, hold.count, concurrency)
    const wanted = await openOffers(system, purchases[concurrency])
    const whole = await withBar(`purchase ${name}`, wanted.length, (advance) =>
      load(
        wanted.length,
        concurrency,
        (index) =>
          buy(
            system,
            http,
            tokenOf(concurrency + holds[concurrency] + index),
            `whole-${name}-${index}`,
            wanted[index] ?? never(),
          ),
        advance,
      ),
    )
    await system.idle()
    return { hold, raw, whole }
  } finally {
    http.close()
    engine.close()
  }
}

const placeOrder = async (http: Http, token: string, key: string, offer: Offer): Promise<string> => {
  const { status, json } = await http.send('POST', '/v1/orders', token, key, offer)
  if (status !== 201) throw new Error(`an order was answered ${status}: ${JSON.stringify(json)}`)
  return String(json['id'])
}

const buy = async (system: System, http: Http, token: string, key: string, offer: Offer): Promise<void> => {
  const id = await placeOrder(http, token, key, offer)
  const { status, json } = await http.send('POST', `/v1/orders/${id}/checkout`, token)
  if (status !== 200) throw new Error(`a checkout was answered ${status}: ${JSON.stringify(json)}`)
  const session = /cs_\w+/.exec(String(json['url']))?.[0] ?? never()
  const applied = paymentApplied(system, id)
  system.stripe?.control.pay(session)
  await applied
  const order = await http.send('GET', `/v1/orders/${id}`, token)
  if (order.json['status'] !== 'settled') throw new Error(`${id} is ${String(order.json['status'])}`)
}

/** Resolves when the payment worker has applied what Stripe said of this order: it logs each. */
const paymentApplied = (system: System, orderId: string): Promise<void> =>
  new Promise((resolve) => {
    const stop = system.logs.subscribe(({ line }) => {
      if (!line.includes('"payment_applied"') || !line.includes(orderId)) return
      stop()
      resolve()
    })
  })

/** Copies of a held handle and its order, in tables with the same indexes and streams. */
const rawOf = async (
  engine: RawEngine,
  system: System,
  { handle }: Offer,
  orderId: string,
  name: string,
  count: number,
  concurrency: number,
): Promise<Load> => {
  const read = async (table: string, pk: string, sk: string): Promise<RawItem> => {
    const { Item } = await engine.client.send(
      new GetItemCommand({ TableName: table, Key: { pk: { S: pk }, sk: { S: sk } } }),
    )
    return Item ?? never()
  }
  const { handles = '', escrow = '' } = system.tables
  const copies = {
    handles: await engine.likeTable(handles, `bench-handles-${name}`),
    orders: await engine.likeTable(escrow, `bench-escrow-${name}`),
  }
  return rawHolds(
    engine,
    { table: copies.handles, item: await read(handles, `H#${handle}`, 'handle') },
    { table: copies.orders, item: await read(escrow, `O#${orderId}`, 'order') },
    { name, count, concurrency },
  )
}

const never = (): never => {
  throw new Error('the market is not as it was left')
}
