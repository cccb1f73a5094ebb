import type * as z from 'zod'
import { derivedId } from '../contract/ids.ts'
import type { alertMessageSchema, AlertPage } from '../contract/messages.ts'
import { formatMoney, type Money } from '../contract/money.ts'
import type { Handle, Listing } from './handle.ts'
import { escapeHtml } from './html.ts'
import { type ListingMode, modeOf, opensAtOf, priceAt } from './listing.ts'
import { alertsPerWatchMax, isBackorder, type Watch } from './watch.ts'

/** Why the watchers of a handle are told. */
export type AlertKind = AlertCause['kind']

/** One occasion to tell a handle's watchers; `key` is the same however often the message of it comes. */
export type AlertCause = AlertPage['cause']

/** Events of a handle's journal that its watchers are told of. A million releases that nobody waits for are not published. */
const kindOfEvent: Readonly<Record<string, AlertKind>> = {
  handle_released: 'released',
  sale_opened: 'opened',
  sale_closed: 'opened',
  listing_changed: 'price_changed',
}
export const alertEventTypes: readonly string[] = Object.keys(kindOfEvent).map((type) => `handle.${type}`)

/** What the clock brings about is told by reminders, which are there only where somebody watches. */
export const reminderEventType = 'reminder.reminder_due'

/** The occasion that an event of a handle's journal is; null: none. `seq` is its entry's number. */
export const causeOfEntry = (eventType: string, seq: number): AlertCause | null => {
  const kind = Object.hasOwn(kindOfEvent, eventType) ? kindOfEvent[eventType] : undefined
  return kind === undefined ? null : { kind, key: `${seq} ${kind}` }
}

/** The page of watches that a message asks to be told; null where its event is no occasion. */
export const pageOfMessage = (message: z.infer<typeof alertMessageSchema>): AlertPage | null => {
  if (!('detail' in message)) return message
  const { aggregate, seq, event } = message.detail
  const [of, handle = ''] = aggregate.split(':')
  if (of === 'reminder') {
    const { type, kind, at } = event
    return type !== 'reminder_due' || kind === undefined || at === undefined
      ? null
      : { handle, cause: { kind, key: `${at} ${kind}` } }
  }
  const cause = causeOfEntry(event.type, seq)
  return cause === null ? null : { handle, cause }
}

/** What one account is told. */
export type Alert = {
  /** The same however often it is told: whoever receives it twice can tell. */
  readonly id: string
  readonly accountId: string
  readonly handle: string
  readonly display: string
  readonly cause: AlertKind
  readonly watch: 'watch' | 'backorder'
  readonly price: Money
  /** Of a backorder: whether the price is within what its account would pay; null of a plain watch. */
  readonly withinMaxPrice: boolean | null
  readonly opensAt: string
  readonly mode: ListingMode
  /** When its auction, its drop or the fall of its price ends; null: it is in no timed sale. */
  readonly endsAt: string | null
}

/**
 * What a watcher is told of a handle as it stands now; null where the account was told of this occasion, or of too many
 * since the handle came to market, or where the handle is not on the market any more. Private offers are nobody else's.
 */
export const alertFor = (
  watch: Watch,
  handle: Handle,
  { kind, key }: AlertCause,
  endsAt: string | null,
  now: string,
): Alert | null => {
  const { listing, name, display } = handle
  if (listing === undefined || watch.told.has(key)) return null
  if (kind !== 'released' && watch.told.size >= alertsPerWatchMax) return null
  if (kind === 'opened' && !isOffered(listing, now)) return null
  const { currency } = listing
  const amountMinor = priceAt(listing, now)
  return {
    id: derivedId('alr', name, watch.accountId, key),
    accountId: watch.accountId,
    handle: name,
    display,
    cause: kind,
    watch: isBackorder(watch) ? 'backorder' : 'watch',
    price: { amountMinor, currency },
    withinMaxPrice: watch.maxPriceMinor === undefined ? null : amountMinor <= watch.maxPriceMinor,
    opensAt: opensAtOf(listing),
    mode: modeOf(listing, now),
    endsAt,
  }
}

/** Whether everybody has something to hear of: not of a private offer, nor of a market that opens later. */
const isOffered = (listing: Listing, now: string): boolean => {
  const mode = modeOf(listing, now)
  return mode === 'auction' || mode === 'drop' || (mode !== 'private_offer' && opensAtOf(listing) <= now)
}

const sentences: Readonly<Record<AlertKind, (handle: string) => string>> = {
  released: (handle) => `${handle} has come to market`,
  opened: (handle) => `${handle} is offered in a new way`,
  price_changed: (handle) => `The price of ${handle} has changed`,
  closing_soon: (handle) => `The sale of ${handle} ends within a day`,
}

const priceWords: Readonly<Record<ListingMode, (price: string) => string>> = {
  fixed_price: (price) => `It costs ${price}.`,
  dutch: (price) => `It costs ${price} now, and the price falls.`,
  auction: () => 'It is sold by auction.',
  drop: () => 'It is given away in a drop, by draw or by application.',
  private_offer: () => 'It is offered to somebody in private now.',
}

/** Where the links of an alert's mail lead: to the end of this watch, and to that of all alerts by mail. */
export type AlertUrls = { readonly watchUrl: string; readonly allUrl: string }

/** An alert as an e-mail: short and plain, the same words as text and as HTML. Instants are UTC. */
export const alertMail = (
  alert: Alert,
  now: string,
  { watchUrl, allUrl }: AlertUrls,
): { readonly subject: string; readonly text: string; readonly html: string } => {
  const handle = `@${alert.display}`
  const subject = sentences[alert.cause](handle)
  const opens = alert.opensAt > now ? `It can be bought from ${alert.opensAt} on.` : 'It can be bought now.'
  const right = alert.watch === 'backorder' ? ['Your backorder gives no right to it.'] : []
  const paragraphs = [
    `${subject}.`,
    `${priceWords[alert.mode](formatMoney(alert.price))} ${opens}`,
    ...(alert.endsAt === null ? [] : [`This ends at ${alert.endsAt}.`]),
    ...right,
    `You asked for this mail when you watched ${handle}.`,
  ]
  const links = [
    [`Stop watching ${handle}`, watchUrl],
    ['Stop all alerts by e-mail', allUrl],
  ] as const
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><body>${paragraphs
    .map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`)
    .join('')}${links
    .map(([words, url]) => `<p><a href="${escapeHtml(url)}">${escapeHtml(words)}</a></p>`)
    .join('')}</body></html>`
  const text = [...paragraphs, ...links.map(([words, url]) => `${words}: ${url}`)]
  return { subject, text: `${text.join('\n\n')}\n`, html }
}
