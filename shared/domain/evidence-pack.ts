import { formatMoney } from '../contract/money.ts'
import { createHash } from 'node:crypto'
import type { Dispute } from './dispute.ts'
import { canonicalJson } from './journal.ts'
import type { Order } from './order.ts'
import type { ExportedJournal, SaleExport } from './sale-export.ts'
import type { TimelineStep } from './sale-timeline.ts'

/** The provider takes so many characters in one text of evidence, and 150,000 in all of a chargeback's together. */
export const evidenceCharactersMax = 20_000

/** The texts of evidence that are staged at the provider, by the provider's own names of them. */
export type PackTexts = {
  readonly product_description: string
  readonly service_date?: string
  readonly access_activity_log: string
  readonly refund_policy_disclosure: string
  readonly refund_refusal_explanation?: string
  readonly uncategorized_text: string
}

/** What we keep for the bank and for a court: the whole sale, and the texts made from it. */
export type EvidencePack = {
  readonly chargebackId: string
  readonly reason: string
  readonly texts: PackTexts
  readonly sale: SaleExport
}

export const packText = (pack: EvidencePack): string => JSON.stringify(pack, null, 2)

export const packHash = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * The case for the bank in words: what was sold, that and when it was handed over, what both sides said, and the hashes by
 * which each of it can be held against the journal. Accounts are told by role alone.
 */
export const packTexts = (
  sale: SaleExport,
  order: Order,
  dispute: Dispute | null,
  timeline: readonly TimelineStep[],
): PackTexts => {
  const price = formatMoney({ amountMinor: order.priceMinor, currency: order.currency })
  const deliveredAt = order.handedOverAt ?? (order.sellerId === undefined ? order.settledAt : undefined)
  const seller = order.sellerId === undefined ? 'the platform itself' : 'another user of the platform'
  return clipped({
    product_description:
      `The user name @${order.display} on this platform, sold by ${seller} for ${price}. ` +
      `It is delivered electronically: the account that bought it is its holder from the hand-over on.`,
    ...(deliveredAt !== undefined && { service_date: deliveredAt.slice(0, 10) }),
    access_activity_log: timeline.map(({ at, by, words }) => `${at} ${by}: ${words}`).join('\n'),
    refund_policy_disclosure: policyWords(sale, order),
    ...(refusalWords(order, dispute) !== null && { refund_refusal_explanation: refusalWords(order, dispute) ?? '' }),
    uncategorized_text: [
      deliveredAt === undefined
        ? 'The name was not handed over.'
        : `The name was handed over at ${deliveredAt}, in one transaction with the order's own entry: ${proofOf(sale, order)}.`,
      ...(dispute === null ? [] : statementWords(dispute)),
      'Every entry of the journals of this sale, with its hash; each names the hash before it:',
      ...sale.journals.flatMap(entryLines),
    ].join('\n'),
  })
}

const clipped = (texts: PackTexts): PackTexts =>
  Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      text.length <= evidenceCharactersMax ? text : `${text.slice(0, evidenceCharactersMax - 2)} …`,
    ]),
  ) as PackTexts

/** The hash of the handle's entry by which it changed hands. */
const proofOf = (sale: SaleExport, order: Order): string => {
  const entry = sale.journals
    .find(({ aggregate }) => aggregate === `handle:${order.handle}`)
    ?.entries.find(({ events }) => events.some(({ type }) => type === 'handle_handed_over'))
  return entry === undefined ? 'no entry of the handle tells it' : `entry ${entry.seq} of the handle, ${entry.hash}`
}

const policyWords = ({ terms }: SaleExport, order: Order): string =>
  order.sellerId === undefined
    ? `Terms ${terms.version}: a name is handed over as soon as it is paid, and the sale is settled with it.`
    : `Terms ${terms.version}: the buyer inspects the name for ${terms.inspectionDays} days after the hand-over, may ` +
      'dispute the order within that time, and the money is held until the dispute is decided.'

const refusalWords = (order: Order, dispute: Dispute | null): string | null => {
  if (order.sellerId === undefined) return null
  if (dispute === null) return 'The buyer did not dispute the order with us while it was inspected.'
  const { decision, status } = dispute
  if (decision === undefined) return `The buyer disputed the order with us; that dispute was ${status}.`
  return `The buyer disputed the order with us (${dispute.reason}); it was ${status}: ${decision.reason}`
}

const statementWords = ({ statements, evidence }: Dispute): string[] => [
  'What both sides said in the dispute:',
  ...statements.map(({ at, party, words }) => `${at} ${party}: ${words}`),
  ...evidence
    .filter(({ status }) => status === 'received')
    .map(({ at, party, name, sha256 }) => `${at} ${party} sent ${name}, SHA-256 ${sha256}`),
]

const entryLines = ({ aggregate, entries }: ExportedJournal): string[] =>
  entries.map(
    ({ seq, at, events, hash }) => `${aggregate} ${seq} ${at} ${canonicalJson(events.map(({ type }) => type))} ${hash}`,
  )
