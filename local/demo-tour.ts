import { randomUUID } from 'node:crypto'
import type { Client } from '../shared/contract/client.ts'
import { formatMoney, usd } from '../shared/contract/money.ts'
import { auditInstance } from './audit.ts'
import { fail, payByCard, reachInstance, value } from './demo-instance.ts'
import { sellBetweenUsers } from './demo-user-sale.ts'
import type { DemoOptions } from './demo-main-job.ts'
import { asText } from './json.ts'
import { firstLines } from './stock.ts'
import { downloadDraw, verifyDraw } from './verify-draw.ts'

/** One order of the tour and what became of it. */
export type TourOrder = {
  readonly sale: 'private_offer' | 'auction' | 'dutch' | 'draw' | 'user'
  readonly handle: string
  readonly orderId: string
  readonly status: string
  readonly price: string
}

export type TourResult = {
  readonly orders: readonly TourOrder[]
  readonly ledgerSumMinor: number
  readonly seconds: number
}

/** Enough accounts for some suspended ones, whose handles are on sale at once. */
const accountsOfTour = 500

/** Every way of selling once, over HTTP: a private offer, an English auction, a Dutch sale, a draw, and one user to another. */
export const playTour = async (options: DemoOptions): Promise<TourResult> => {
  const { telling } = options
  const begun = performance.now()
  const reach = reachInstance(options)
  const { instance, clientOf, moveClock, now } = reach
  const operator = clientOf('operator')
  const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map(clientOf) as [Client, Client, Client, Client]
  const cards = new Map([
    [alice, '4242 4242 4242 4242'],
    [bob, '5555 5555 5555 4444'],
    [carol, '6011 1111 1111 1117'],
    [dave, '4000 0566 5566 5556'],
  ])
  const orders: TourOrder[] = []
  const at = async (minutes: number) => new Date((await now()) + minutes * 60_000).toISOString()

  /** Pays an order on the hosted page and notes what became of it. */
  const settle = async (buyer: Client, sale: TourOrder['sale'], orderId: string): Promise<void> => {
    const { url } = value(await buyer.openCheckout({ params: { orderId } }))
    await payByCard(url, cards.get(buyer))
    await instance('idle')
    await note(buyer, sale, orderId)
  }
  const note = async (buyer: Client, sale: TourOrder['sale'], orderId: string): Promise<void> => {
    const order = value(await buyer.getOrder({ params: { orderId } }))
    orders.push({ sale, handle: order.handle, orderId, status: order.status, price: formatMoney(order.price) })
    telling.line(`${orderId} is ${order.status}: @${order.display} for ${formatMoney(order.price)}`)
  }

  telling.step('Handles come to market')
  const feed = await firstLines(accountsOfTour)
  const started = value(
    await operator.createImport({ body: { format: 'ndjson', compression: 'none' }, idempotencyKey: randomUUID() }),
  )
  const upload = await fetch(started.uploadUrl, { method: 'PUT', body: feed })
  if (!upload.ok) fail(`the upload was refused: ${await upload.text()}`)
  await instance('idle')
  await moveClock(16)
  const [offered, auctioned, falling, drawn] = await fourHandles(alice)
  telling.line([offered, auctioned, falling, drawn].map((handle) => `@${handle}`).join(', '))

  telling.step('A private offer: a mail, its link, a counter-offer, an acceptance')
  const campaign = value(
    await operator.createCampaign({
      body: {
        name: 'First choice',
        handles: { list: [offered] },
        price: { by: 'amount', amountMinor: 1_200_00 },
        template: {
          subject: '{handle} for {organisation}',
          text: 'Dear {name},\n\n{handle} costs {price} and is kept for you until {until}: {link}',
        },
      },
      idempotencyKey: randomUUID(),
    }),
  )
  const campaignId = campaign.id
  const csv = 'name,email,organisation,consent\nAda,ada@example.com,Ada & Sons,yes\nBea,bea@example.com,Bea Ltd,no\n'
  const rows = value(
    await operator.addProspects({ params: { campaignId }, body: { csv }, idempotencyKey: randomUUID() }),
  )
  for (const row of rows.rejected) telling.line(`line ${row.line} of the list: ${row.code}`)
  value(await operator.startCampaign({ params: { campaignId } }))
  await instance('idle')
  const mail = await instance('newest-mail')
  telling.line(asText(mail.subject ?? null))
  const link = /https?:\/\/\S+\/offers\/[\w-]+/.exec(asText(mail.text ?? null))?.[0] ?? fail('the mail has no link')
  telling.line(link)
  const token = link.slice(link.lastIndexOf('/') + 1)
  const taken = await alice.placeOrder({
    body: { handle: offered, price: usd(1_200_00) },
    idempotencyKey: randomUUID(),
  })
  telling.line(`another buyer meanwhile: ${taken.ok ? fail('bought past the offer') : taken.problem.code}`)
  value(await alice.counterOffer({ params: { token }, body: { price: usd(900_00) } }))
  const [offer] = value(await operator.listOffers({ params: { campaignId } })).items
  const answer = { answer: 'new_price', price: usd(1_000_00), reason: 'between the two' } as const
  value(await operator.answerOffer({ params: { offerId: offer?.id ?? '' }, body: answer }))
  telling.line(
    `${formatMoney(usd(1_200_00))} asked, ${formatMoney(usd(900_00))} countered, ${formatMoney(usd(1_000_00))} agreed`,
  )
  const accepted = value(await alice.acceptOffer({ params: { token }, body: { price: usd(1_000_00) } }))
  await settle(alice, 'private_offer', accepted.order?.id ?? fail('the acceptance placed no order'))
  const { counts } = value(await operator.getCampaign({ params: { campaignId } }))
  telling.line(`the operator sees: ${counts?.sent} sent, ${counts?.countered} countered, ${counts?.sold} sold`)

  telling.step('An English auction: bids by proxy, and a bid in the last minutes')
  const auction = value(
    await operator.openAuction({
      body: { handle: auctioned, start: usd(50_00), reserve: usd(120_00), endsAt: await at(240), extensionMinutes: 30 },
      idempotencyKey: randomUUID(),
    }),
  )
  const params = { auctionId: auction.id }
  const bid = async (bidder: Client, name: string, amountMinor: number) => {
    const placed = value(
      await bidder.placeBid({ params, body: { maximum: usd(amountMinor) }, idempotencyKey: randomUUID() }),
    )
    telling.line(
      `${name} goes up to ${formatMoney(usd(amountMinor))}: ${placed.outcome}, the price is ${formatMoney(placed.price)}, the end ${placed.endsAt}`,
    )
    return placed
  }
  await bid(bob, 'bob', 300_00)
  await bid(carol, 'carol', 200_00)
  await moveClock(235)
  const last = await bid(dave, 'dave', 450_00)
  if (last.endsAt <= auction.endsAt) fail('a bid in the last minutes did not move the end')
  await moveClock(32)
  const closed = value(await alice.getAuction({ params }))
  telling.line(
    `it ended at ${closed.endedAt}: ${closed.status}, ${closed.bids} bids, ${formatMoney(closed.price ?? usd(0))}`,
  )
  const [won] = value(await dave.listOrders({})).items
  await settle(dave, 'auction', won?.id ?? fail('the winner has no order'))
  telling.line(`the auction is ${value(await alice.getAuction({ params })).status}`)

  telling.step('A Dutch sale: the price falls until somebody takes it')
  const dutch = { floor: usd(40_00), premium: usd(20_000_00), halfLifeHours: 42, days: 21 }
  const body = { price: usd(500_00), dutch, reason: 'hard to value' }
  value(await operator.changeListing({ params: { handle: falling }, body }))
  for (const hours of [0, 42, 126]) {
    await moveClock(hours * 60)
    const { listing } = value(await bob.getHandle({ params: { handle: falling } }))
    telling.line(`after ${String(hours).padStart(3)} more hours: ${formatMoney(listing?.price ?? usd(0))}`)
  }
  const { listing } = value(await bob.getHandle({ params: { handle: falling } }))
  const price = listing?.price ?? fail(`${falling} is not on sale`)
  const bought = value(await bob.placeOrder({ body: { handle: falling, price }, idempotencyKey: randomUUID() }))
  telling.line(`bob agrees to ${formatMoney(price)}; the price of that very instant is ${formatMoney(bought.price)}`)
  await settle(bob, 'dutch', bought.id)

  telling.step('A drop by a draw that anybody can repeat')
  const drop = value(
    await operator.createDrop({
      body: {
        title: 'One name, one draw',
        method: 'draw',
        handles: [{ handle: drawn, price: usd(75_00) }],
        opensAt: await at(15),
        closesAt: await at(75),
      },
      idempotencyKey: randomUUID(),
    }),
  )
  const dropId = drop.id
  telling.line(`before anybody enters: SHA-256 of the seed is ${drop.commitment}`)
  // Its handle is bound in the background, which has to be done before it opens.
  await instance('idle')
  await moveClock(16)
  for (const entrant of [alice, bob, carol, dave]) {
    value(await entrant.enterDrop({ params: { dropId }, body: { handle: drawn, answers: [] } }))
  }
  await moveClock(62)
  const { seed, lots, status } = value(await alice.getDrop({ params: { dropId } }))
  telling.line(`after the end: the seed is ${seed}; ${lots[0]?.entries} entries, ${status}`)
  const report = verifyDraw(await downloadDraw(alice, dropId))
  if (report.differences.length > 0)
    fail(`the draw is not the one that was committed to: ${report.differences.join('; ')}`)
  telling.line(`drawn again from what is public: the same order (${report.entries} entries)`)
  const { buyer, orderId } = await winnerAmong([alice, bob, carol, dave], drawn)
  await settle(buyer, 'draw', orderId)

  telling.step('From user to user: an offer, held funds, an inspection, a payout')
  const sold = await sellBetweenUsers({
    reach,
    telling,
    seller: alice,
    buyer: bob,
    card: cards.get(bob),
    handle: offered,
  })
  await note(bob, 'user', sold)

  telling.step('The books')
  const audit = await auditInstance(options.dataDir)
  telling.line(
    `${audit.entries} entries chained, ledger sums to ${audit.ledgerSumMinor}, ${audit.faults.length} faults`,
  )
  if (audit.faults.length > 0) fail(`the audit found ${JSON.stringify(audit.faults.slice(0, 5))}`)
  const seconds = Number(((performance.now() - begun) / 1000).toFixed(1))
  telling.step(`Done in ${seconds} s`)
  return { orders, ledgerSumMinor: audit.ledgerSumMinor, seconds }
}

/** Four handles that anybody may buy now. */
const fourHandles = async (client: Client): Promise<[string, string, string, string]> => {
  const { items } = value(await client.searchListings({ query: { limit: 100 } }))
  const names = items
    .filter(({ status, price }) => status === 'open' && price.amountMinor > 0)
    .map(({ handle }) => handle)
  const [a, b, c, d] = names
  if (a === undefined || b === undefined || c === undefined || d === undefined)
    return fail('fewer than four handles are on sale')
  return [a, b, c, d]
}

/** Whoever has an open order for this handle. */
const winnerAmong = async (buyers: readonly Client[], handle: string): Promise<{ buyer: Client; orderId: string }> => {
  for (const buyer of buyers) {
    const order = value(await buyer.listOrders({})).items.find((one) => one.handle === handle)
    if (order !== undefined) return { buyer, orderId: order.id }
  }
  return fail(`nobody has an order for ${handle}`)
}
