import { createReadStream } from 'node:fs'
import { randomUUID } from 'node:crypto'
import type { Client } from '../shared/contract/client.ts'
import { formatMoney, type Money } from '../shared/contract/money.ts'
import { balances, type Posting } from '../shared/domain/ledger.ts'
import { termsInForce } from '../shared/domain/terms.ts'
import { auditInstance } from './audit.ts'
import { fail, payByCard, reachInstance, submit, value } from './demo-instance.ts'
import type { Telling } from './demo-telling.ts'
import { asText } from './json.ts'
import { feedFile, firstLines } from './stock.ts'

export type DemoOptions = {
  readonly url: string
  /** The running instance's control file: tokens and the clock come from there. */
  readonly instanceFile: string
  readonly dataDir: string
  readonly linesMax: number
  readonly telling: Telling
}

export type DemoResult = {
  readonly imported: number
  readonly rejected: number
  readonly released: number
  readonly orderId: string
  readonly status: string
  readonly ledgerSumMinor: number
  readonly losers: number
  readonly seconds: number
}

const buyersInRace = 20

/** The main job end to end over HTTP, as people would do it: import, policy, notice, release, race, payment, expiry, late payment. */
export const playMainJob = async (options: DemoOptions): Promise<DemoResult> => {
  const { telling } = options
  const begun = performance.now()
  const { instance, clientOf, moveClock } = reachInstance(options)
  const operator = clientOf('operator')
  const alice = clientOf('alice')

  telling.step('An operator imports an account feed')
  const feed = options.linesMax === Number.POSITIVE_INFINITY ? await wholeFeed() : await firstLines(options.linesMax)
  const compression = typeof feed === 'string' ? 'none' : 'gzip'
  const started = value(
    await operator.createImport({ body: { format: 'ndjson', compression }, idempotencyKey: randomUUID() }),
  )
  const importId = started.import.id
  const upload = await fetch(started.uploadUrl, { method: 'PUT', body: feed })
  if (!upload.ok) throw new Error(`the upload was refused: ${await upload.text()}`)
  const readImport = async () => value(await operator.getImport({ params: { importId } }))
  await telling.wait(
    'imported',
    async () => {
      const { created, updated, unchanged, rejected, lines } = await readImport()
      return { done: created + updated + unchanged + rejected, total: lines }
    },
    instance('idle'),
  )
  const imported = await readImport()
  telling.line(
    `${importId} is ${imported.status}: ${imported.created} created, ${imported.unchanged} unchanged, ${imported.rejected} rejected`,
  )
  const rejects = value(await operator.listImportRejects({ params: { importId }, query: { limit: 3 } }))
  for (const reject of rejects.items)
    telling.line(`line ${reject.line}: ${reject.code} ${reject.field ?? ''} (${reject.reason})`)

  telling.step('An operator publishes a release policy')
  const policy = await publishPolicy(operator)
  telling.line(
    `version ${policy.version}: ordinary accounts after ${policy.rules.ordinary?.afterDays} days and ${policy.rules.ordinary?.notices} notices, suspended ones after ${policy.rules.suspended?.afterDays} days`,
  )

  telling.step('The clock finds what is due; workers release it, or tell its holder')
  // The sweep runs every quarter of an hour.
  await telling.wait('releasing', () => Promise.resolve({ done: 0, total: 1 }), moveClock(16))
  const { handlesByStatus } = await auditInstance(options.dataDir)
  const { released } = handlesByStatus
  telling.line(
    `${released} handles released, ${handlesByStatus.reserved} kept from the market; ${handlesByStatus.dormant} holders were told by mail and have ${policy.rules.ordinary?.graceDays} days; ${handlesByStatus.active} still active`,
  )

  telling.step('A holder reads the mail and keeps the handle')
  const mail = await instance('newest-mail')
  telling.line(asText(mail.subject ?? null))
  const link = /https?:\/\/\S+\/keep\/\S+/.exec(asText(mail.text ?? null))?.[0] ?? fail('the mail has no link')
  telling.line(link)
  const token = link.slice(link.lastIndexOf('/') + 1)
  const kept = value(await alice.keepHandle({ body: { token } }))
  telling.line(`@${kept.display} is ${kept.status} again`)
  const replayed = await alice.keepHandle({ body: { token } })
  if (replayed.ok) fail('the link worked twice')
  else telling.line(`the same link again: ${replayed.problem.status} ${replayed.problem.code}`)

  telling.step('A buyer searches and opens a handle')
  const [first, second, third] = await openHandles(alice)
  const page = value(await alice.getHandle({ params: { handle: first.handle } }))
  telling.line(
    `@${page.display}: ${formatMoney(first.price)}, ${page.appraisal?.tier}, ${page.appraisal?.confidence} % confident of ${money(page.appraisal?.low)} to ${money(page.appraisal?.high)}`,
  )
  for (const reason of page.appraisal?.reasons ?? []) telling.line(`  ${reason.words}`)

  telling.step(`${buyersInRace} buyers want it at the same moment`)
  const buyers = [alice, ...Array.from({ length: buyersInRace - 1 }, (_, index) => clientOf(`buyer-${index + 2}`))]
  const tries = await Promise.all(
    buyers.map((buyer) => buyer.placeOrder({ body: first, idempotencyKey: randomUUID() })),
  )
  const winner = tries.findIndex((answer) => answer.ok)
  const won = value(tries[winner] ?? fail('nobody won'))
  const refusals = tries.flatMap((answer) => (answer.ok ? [] : [answer.problem]))
  const losers = refusals.filter(({ status, code }) => status === 409 && code === 'handle_on_hold').length
  telling.line(`${won.id} won; ${losers} heard 409 handle_on_hold`)

  telling.step('The winner pays on the hosted page')
  const buyer = buyers[winner] ?? fail('nobody won')
  const checkout = value(await buyer.openCheckout({ params: { orderId: won.id } }))
  telling.line(checkout.url)
  await payByCard(checkout.url)
  await instance('idle')
  const settled = value(await buyer.getOrder({ params: { orderId: won.id } }))
  telling.line(`${settled.id} is ${settled.status}`)
  const mine = value(await buyer.listMyHandles({}))
  telling.line(`the winner now holds ${mine.items.map(({ display }) => `@${display}`).join(', ')}`)
  const sales = value(await alice.listSales({ query: { month: settled.updatedAt.slice(0, 7) } }))
  telling.line(
    `public history: ${sales.items
      .slice(0, 3)
      .map((sale) => `@${sale.display} ${formatMoney(sale.price)}`)
      .join(', ')}`,
  )

  telling.step('An unpaid order expires and its handle is back on sale')
  const unpaid = value(await alice.placeOrder({ body: second, idempotencyKey: randomUUID() }))
  await moveClock(termsInForce.paymentWindowMinutes + 2)
  telling.line(
    `${unpaid.id} is ${value(await alice.getOrder({ params: { orderId: unpaid.id } })).status}; @${second.handle} is ${value(await alice.getHandle({ params: { handle: second.handle } })).listing?.status}`,
  )

  telling.step('A payment that arrives too late is given back by itself')
  const late = value(await alice.placeOrder({ body: third, idempotencyKey: randomUUID() }))
  const lateCheckout = value(await alice.openCheckout({ params: { orderId: late.id } }))
  await payBySlowBank(lateCheckout.url)
  await instance('idle')
  const lateStatus = async () => value(await alice.getOrder({ params: { orderId: late.id } })).status
  telling.line(`${late.id} is ${await lateStatus()}: the bank takes its time`)
  await moveClock(days(termsInForce.paymentProcessingDays) + 60)
  telling.line(`a week later it is ${await lateStatus()}, and @${third.handle} is back on sale`)
  await moveClock(days(3))
  telling.line(`on the tenth day the money comes: it is ${await lateStatus()}`)
  await moveClock(days(5))
  telling.line(`the bank has taken it back: it is ${await lateStatus()}`)

  telling.step('The ledger')
  const postings: Posting[] = []
  for (const id of [won.id, unpaid.id, late.id]) {
    const journal = value(await operator.listJournal({ params: { aggregateId: `order:${id}` } }))
    for (const entry of journal.entries) {
      telling.line(`${id} ${entry.seq}  ${entry.events.map(({ type }) => type).join(', ')}`)
      for (const one of entry.postings) {
        telling.line(`    ${one.source} → ${one.destination}  ${formatMoney(one)}`)
        postings.push(one)
      }
    }
  }
  for (const [account, balance] of balances(postings)) telling.line(`${account}: ${(balance / 100).toFixed(2)}`)
  const audit = await auditInstance(options.dataDir)
  telling.line(
    `audit: ${audit.entries} entries chained, ledger sums to ${audit.ledgerSumMinor}, ${audit.faults.length} faults`,
  )
  if (audit.faults.length > 0) throw new Error(`the audit found ${JSON.stringify(audit.faults.slice(0, 5))}`)

  const seconds = Number(((performance.now() - begun) / 1000).toFixed(1))
  telling.step(`Done in ${seconds} s`)
  return {
    imported: imported.created + imported.updated + imported.unchanged,
    rejected: imported.rejected,
    released,
    orderId: won.id,
    status: settled.status,
    ledgerSumMinor: audit.ledgerSumMinor,
    losers,
    seconds,
  }
}

/**
 * Ten years without activity for a first release: a careful operator begins with few. (It also keeps the demonstration
 * short: the shipped policy would tell some 35,000 holders of the feed.)
 */
const publishPolicy = async (operator: Client) => {
  const [inForce] = value(await operator.listPolicies({})).policies
  if (inForce?.rules.ordinary == null) return fail('no policy releases ordinary accounts')
  const { version: basedOn, publishedAt: _, rules, ...rest } = inForce
  const ordinary = { ...inForce.rules.ordinary, afterDays: 3650 }
  const body = { basedOn, ...rest, rules: { ...rules, ordinary } }
  return value(await operator.publishPolicy({ body, idempotencyKey: randomUUID() }))
}

type Wanted = { readonly handle: string; readonly price: Money }

const money = (amount: Money | undefined): string => (amount === undefined ? '' : formatMoney(amount))

const wholeFeed = async (): Promise<Buffer> => {
  const pieces: Buffer[] = []
  for await (const piece of createReadStream(feedFile)) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

/** Three handles that nobody has on hold, the dearest of a page first. */
const openHandles = async (client: Client): Promise<[Wanted, Wanted, Wanted]> => {
  const page = value(await client.searchListings({ query: { prefix: 'm', limit: 100 } }))
  const open = page.items
    .filter(({ status }) => status === 'open')
    .toSorted((a, b) => b.price.amountMinor - a.price.amountMinor)
    .map(({ handle, price }) => ({ handle, price }))
  const [first, second, third] = open
  if (first === undefined || second === undefined || third === undefined)
    return fail('fewer than three handles are on sale')
  return [first, second, third]
}

/** Chooses the bank that takes ten days, which is longer than an order waits. */
const payBySlowBank = async (url: string): Promise<void> => {
  const page = await (await fetch(url)).text()
  const method = /name="method" value="(\w+)"/.exec(page)?.[1] ?? fail('the page offers no bank')
  const account = /<option value="([^"]+)">[^<]*after ten days/.exec(page)?.[1] ?? fail('the page offers no slow bank')
  await submit(`${url}/bank`, { email: 'alice@example.com', name: 'Alice Example', method, account })
}

const days = (count: number): number => count * 24 * 60
