import { GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import type { System } from '../../local/system.ts'
import type { Entry } from '../../shared/domain/journal.ts'
import { readJournal } from '../../shared/workflows/read-journal.ts'
import { openStore } from '../cases/store.ts'
import { printTable, withBar } from './bench.ts'
import { type Http, importFeed, openHttp, openOffers, releaseDue, withSystem } from './market.ts'
import { openRawEngine } from './raw-engine.ts'
import { load, type Load, percentile, rounded } from './statistics.ts'

const accounts = 200
const bidders = 50
const rawWrites = 2_000
/** Bids as fast as they come, beside the raw rate. */
const bidsAtFullSpeed = 1_000

export type AuctionFigures = {
  /** Bids of the paced minute: sent, and of these taken; the rest were too low when their turn came. */
  readonly bids: number
  readonly taken: number
  /** Bids without a final answer, and bids that do not stand in the journal as they were answered. */
  readonly lost: number
  /** Who has an order when the auction is over. */
  readonly winners: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the bids at full speed. */
  readonly takenAtFullSpeed: number
  readonly bidsPerSecond: number
  readonly rawPerSecond: number
  readonly ratioToRaw: number
}

/** Rising, and below the amounts from which a bid needs more than an account: see the policy's `eligibility`. */
const maximumOf = (index: number): number => 20_00 + index * 50

type Answer = { readonly status: number; readonly maxMinor: number; readonly ms: number }

/**
 * One auction, fifty bidders. First so many bids a minute, spread evenly whether they are answered or not; then bids as
 * fast as fifty connections carry them, beside conditional updates of one item of the same size, one after another, which
 * is as fast as one item can be written to.
 */
export const auctionBench = (bidsAMinute: number, seconds: number): Promise<AuctionFigures> =>
  withSystem(true, async (system) => {
    await importFeed(system, accounts)
    await releaseDue(system)
    const http = openHttp(system.url, bidders)
    const raw = openRawEngine(system)
    try {
      const [first, second] = await openOffers(system, 2)
      const send = bidsOf(http, await tokensOf(system))
      const paced = await openAuction(system, http, first?.handle ?? '')
      const total = Math.round((bidsAMinute * seconds) / 60)
      // Every environment has started.
      await Promise.all(Array.from({ length: bidders }, (_, index) => send(paced, index, 10_00)))
      const answers = await withBar('bids', total, (advance) =>
        spread(total, seconds * 1000, async (index) => {
          const answer = await send(paced, index, maximumOf(index))
          advance()
          return answer
        }),
      )
      await system.idle()
      const lost = await lostOf(system, paced, answers)
      const winners = await winnersOf(system, http, paced)

      const fast = await openAuction(system, http, second?.handle ?? '')
      // As the budget of the hold is measured: without what only the laptop does on every call.
      Object.assign(system.door.switches, { iam: false, faults: false })
      const sendFast = bidsOf(http, await tokensOf(system))
      let taken = 0
      const full = await withBar('bids at full speed', bidsAtFullSpeed, (advance) =>
        load(
          bidsAtFullSpeed,
          bidders,
          async (index) => {
            const { status } = await sendFast(fast, index, maximumOf(index))
            if (status === 201) taken += 1
          },
          advance,
        ),
      )
      await system.idle()
      const rate = await rawRate(raw, system, fast)
      const bidsPerSecond = rounded(taken / full.seconds)
      const times = answers.map(({ ms }) => ms)
      return {
        bids: answers.length,
        taken: answers.filter(({ status }) => status === 201).length,
        lost,
        winners,
        p50Ms: rounded(percentile(times, 50)),
        p99Ms: rounded(percentile(times, 99)),
        takenAtFullSpeed: taken,
        bidsPerSecond,
        rawPerSecond: rate.perSecond,
        ratioToRaw: rounded(bidsPerSecond / rate.perSecond),
      }
    } finally {
      raw.close()
      http.close()
    }
  })

export const printAuction = (figures: AuctionFigures): void => {
  const { bids, taken, lost, winners, p50Ms, p99Ms, bidsPerSecond, rawPerSecond, ratioToRaw } = figures
  printTable(
    ['figure', 'value'],
    [
      ['bids sent, spread over the time', bids],
      ['of these taken; the others were too low when their turn came', taken],
      ['lost', lost],
      ['winners', winners],
      ['p50 ms', p50Ms],
      ['p99 ms', p99Ms],
      [`of ${bidsAtFullSpeed} bids at full speed taken, fifty connections`, figures.takenAtFullSpeed],
      ['bids taken a second', bidsPerSecond],
      ['conditional updates of one item a second, raw', rawPerSecond],
      ['ratio to raw', ratioToRaw],
    ],
  )
}

const openAuction = async (system: System, http: Http, handle: string): Promise<string> => {
  const { status, json } = await http.send(
    'POST',
    '/v1/operator/auctions',
    await system.token('operator'),
    `open-${handle}`,
    {
      handle,
      start: { amountMinor: 10_00, currency: 'USD' },
      endsAt: new Date(system.clock.now() + 3_600_000).toISOString(),
      extensionMinutes: 0,
      increments: { rows: [{ belowMinor: null, stepMinor: 25 }] },
    },
  )
  if (status !== 201) throw new Error(`an auction was answered ${status}: ${JSON.stringify(json)}`)
  return String(json['id'])
}

/** Of every bidder, for an hour of the system's clock. */
const tokensOf = (system: System): Promise<string[]> =>
  Promise.all(Array.from({ length: bidders }, (_, n) => system.token(`bidder-${n}`)))

const bidsOf = (http: Http, tokens: readonly string[]) => {
  let keys = 0
  return async (auctionId: string, index: number, maxMinor: number): Promise<Answer> => {
    const begun = performance.now()
    const maximum = { amountMinor: maxMinor, currency: 'USD' }
    const token = tokens[index % tokens.length] ?? ''
    const { status, json } = await http.send('POST', `/v1/auctions/${auctionId}/bids`, token, `bid-${(keys += 1)}`, {
      maximum,
    })
    const isFinal = status === 201 || (status === 409 && json['code'] === 'bid_too_low')
    if (!isFinal) console.error(`  a bid was answered ${status} ${String(json['code'])}`)
    return { status: isFinal ? status : 0, maxMinor, ms: performance.now() - begun }
  }
}

/** Starts the work `count` times at even distances, without waiting for an answer before the next. */
const spread = async <T>(count: number, overMs: number, work: (index: number) => Promise<T>): Promise<T[]> => {
  const begun = performance.now()
  const under: Promise<T>[] = []
  for (let index = 0; index < count; index += 1) {
    const wait = begun + (index * overMs) / count - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    under.push(work(index))
  }
  return Promise.all(under)
}

/** Holds the answers against the journal: a bid stands there once if it was taken, and not at all if it was refused. */
const lostOf = async (system: System, auctionId: string, answers: readonly Answer[]): Promise<number> => {
  const store = openStore(system)
  try {
    const journal = await readJournal(store, `auction:${auctionId}`)
    if (!journal.ok) throw new Error(journal.refusal.message)
    const events = journal.value.flatMap((entry) => entry.events as { type: string; maxMinor?: number }[])
    const maxima = events.flatMap(({ type, maxMinor }) =>
      type === 'bid_placed' || type === 'maximum_raised' ? [maxMinor] : [],
    )
    const times = new Map<number | undefined, number>()
    for (const maximum of maxima) times.set(maximum, (times.get(maximum) ?? 0) + 1)
    const gaps = journal.value.filter((entry: Entry, index) => entry.seq !== index + 1).length
    const unanswered = answers.filter(({ status }) => status === 0).length
    const missing = answers.filter(({ status, maxMinor }) => times.get(maxMinor) !== (status === 201 ? 1 : undefined))
    return unanswered + missing.length + gaps
  } finally {
    store.db.destroy()
  }
}

/** Lets the auction end, and counts who has an order of it. */
const winnersOf = async (system: System, http: Http, auctionId: string): Promise<number> => {
  const { json } = await http.send('GET', `/v1/auctions/${auctionId}`, '')
  await system.clock.move(Math.max(0, Date.parse(String(json['endsAt'])) - system.clock.now()) + 1)
  system.schedules.fire(system.schedules.names.find((name) => name.endsWith('sweep-deadlines')) ?? '')
  await system.idle()
  const tokens = await tokensOf(system)
  const orders = await Promise.all(tokens.map((token) => http.send('GET', '/v1/orders', token)))
  return orders.reduce((sum, { json: page }) => sum + (page['items'] as unknown[]).length, 0)
}

/** Conditional updates of a copy of the auction's item, each on the version before it. */
const rawRate = async (raw: ReturnType<typeof openRawEngine>, system: System, auctionId: string): Promise<Load> => {
  const { escrow = '' } = system.tables
  const { Item } = await raw.client.send(
    new GetItemCommand({ TableName: escrow, Key: { pk: { S: `A#${auctionId}` }, sk: { S: 'auction' } } }),
  )
  if (Item === undefined) throw new Error(`there is no ${auctionId}`)
  const TableName = await raw.likeTable(escrow, 'bench-auction')
  const Key = { pk: Item['pk'] ?? { S: '' }, sk: Item['sk'] ?? { S: '' } }
  await raw.client.send(new PutItemCommand({ TableName, Item: { ...Item, version: { N: '0' } } }))
  return load(rawWrites, 1, (index) =>
    raw.client.send(
      new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression: 'SET #version = :next, priceMinor = :price',
        ConditionExpression: '#version = :version',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: {
          ':version': { N: String(index) },
          ':next': { N: String(index + 1) },
          ':price': { N: String(100_00 + index) },
        },
      }),
    ),
  )
}
