import { aggregateName, type EventOf, type Kind, type StateOf, type VersionedOrder } from '../domain/aggregate.ts'
import { disputeIdOf } from '../domain/dispute.ts'
import type { Entry } from '../domain/journal.ts'
import type { Order } from '../domain/order.ts'
import { termsOf } from '../domain/terms.ts'
import {
  type ExportedJournal,
  type ExportedMail,
  newSaleExport,
  partOfOrder,
  type SaleExport,
} from '../domain/sale-export.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import { CommitUnavailable } from '../store/commit.ts'
import { filedEntries } from '../store/journal.ts'
import { mailsAbout } from '../store/sale-mails.ts'
import { type CommitDeps, instant } from './committing.ts'

/** The sales that an order can come from and whose journal belongs to it, by the beginning of their ids. */
const saleKinds: Readonly<Record<string, Kind>> = { pof: 'private_offer', off: 'negotiation' }

type Deps = Pick<CommitDeps<Store>, 'store' | 'pause'>

export type WholeJournal<K extends Kind> = {
  readonly entries: readonly Entry<EventOf<K>>[]
  readonly state: StateOf<K>
}

/** How often the archive is looked at again for an entry that was replaced a moment ago. */
const archiveTriesMax = 6

/**
 * Every entry of one aggregate with its state; null: there is none. The stream files a replaced entry within a second or
 * so, which is waited for.
 * @throws CommitUnavailable where it does not come: the stream is behind, and whoever asks comes back later
 */
export const wholeJournal = async <K extends Kind>(
  deps: Deps,
  kind: K,
  id: string,
): Promise<WholeJournal<K> | null> => {
  const aggregate = aggregateName(kind, id)
  for (let attempt = 1; attempt <= archiveTriesMax; attempt += 1) {
    const head = await load(deps.store, kind, id)
    if (head === null) return null
    const filed = await filedEntries(deps.store, aggregate)
    const entries = [...filed.filter(({ seq }) => seq < head.entry.seq), head.entry] as Entry<EventOf<K>>[]
    if (entries.length === head.entry.seq) return { entries, state: head.state }
    await deps.pause(100 * 2 ** attempt)
  }
  throw new CommitUnavailable(`the archive of ${aggregate} is behind`)
}

/** The journals of a sale: order and dispute from their birth, the handle as far as the order is concerned, the offer. */
export const saleJournals = async (deps: Deps, order: VersionedOrder): Promise<readonly ExportedJournal[]> => {
  const { id, handle, saleId } = order.state
  const whole = async (kind: Kind, of: string): Promise<ExportedJournal[]> => {
    const journal = await wholeJournal(deps, kind, of)
    return journal === null ? [] : [{ aggregate: aggregateName(kind, of), whole: true, ...journal }]
  }
  const saleKind = saleKinds[saleId?.slice(0, saleId.indexOf('_')) ?? '']
  const [orders, disputes, sales, ofHandle, chargebacks] = await Promise.all([
    whole('order', id),
    whole('dispute', disputeIdOf(id)),
    saleKind === undefined || saleId === undefined ? [] : whole(saleKind, saleId),
    wholeJournal(deps, 'handle', handle),
    order.state.chargebackId === undefined ? [] : whole('chargeback', order.state.chargebackId),
  ])
  const part = partOfOrder(ofHandle?.entries ?? [], id)
  const handles = [{ aggregate: aggregateName('handle', handle), whole: false, entries: part, state: null }]
  return [...orders, ...disputes, ...sales, ...handles, ...chargebacks]
}

/** A sale that moves while it is read is read again; one that never stands still comes out as it was last seen. */
const readingsMax = 4

/** Everything there is about one sale, as of one moment: dispute and handle move with the order, in its transactions. */
export const exportSale = async (deps: Deps & Pick<CommitDeps, 'now'>, before: VersionedOrder): Promise<SaleExport> => {
  let order = before
  let journals = await saleJournals(deps, order)
  for (let reading = 1; reading < readingsMax; reading += 1) {
    const after = await load(deps.store, 'order', order.state.id)
    if (after === null || after.entry.hash === order.entry.hash) break
    order = after
    journals = await saleJournals(deps, order)
  }
  return newSaleExport(order.state, journals, {
    exportedAt: instant(deps.now()),
    terms: termsOf(order.state.termsVersion),
    mails: [...mailsIn(journals), ...(await partyMails(deps.store, order.state))],
  })
}

/** Mails to the parties: they are noted beside order and negotiation, and not in their journals. */
const partyMails = async (store: Store, { id, saleId }: Order): Promise<ExportedMail[]> => {
  const mails = await Promise.all([
    mailsAbout(store, id),
    saleId?.startsWith('off_') === true ? mailsAbout(store, saleId) : [],
  ])
  return mails
    .flat()
    .flatMap(({ sentAt: at, to, about, messageId }) =>
      at === undefined || messageId === undefined ? [] : [{ at, to, about, messageId }],
    )
}

/** Mails that a journal has the proof of: the mail service's own name of each. */
const mailsIn = (journals: readonly ExportedJournal[]): ExportedMail[] =>
  journals.flatMap(({ entries }) =>
    entries.flatMap(({ aggregate, at, events }) =>
      events.flatMap((event) => {
        const { type, messageId, to } = event as { type: string; messageId?: unknown; to?: unknown }
        if (typeof messageId !== 'string') return []
        return [{ at, to: typeof to === 'string' ? to : 'holder', about: `${aggregate} ${type}`, messageId }]
      }),
    ),
  )
