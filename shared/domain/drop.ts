import type * as z from 'zod'
import type { dropMethodSchema, dropStatusSchema, lotStatusSchema } from '../contract/drop.ts'
import { keyedId } from '../contract/ids.ts'
import type { Currency } from '../contract/money.ts'
import type { Machine } from './transitions.ts'
import { assertBorn } from './transitions.ts'

export type DropMethod = z.infer<typeof dropMethodSchema>
export type DropStatus = z.infer<typeof dropStatusSchema>
export type LotStatus = z.infer<typeof lotStatusSchema>

/** An application that operators accepted, with its score. */
export type Accepted = { readonly entryId: string; readonly score: number; readonly reason: string }

/** One handle of a drop. Amounts are minor units. */
export type Lot = {
  readonly handle: string
  readonly status: LotStatus
  /** What the operator set; absent: its asking price when it is bound. */
  readonly askedMinor?: number | undefined
  readonly priceMinor?: number | undefined
  readonly currency?: Currency | undefined
  /** Why it was left out, or is not sold. */
  readonly why?: string | undefined
  /** Of the sealed list: how many entries, and its hash. */
  readonly entries?: number | undefined
  readonly listHash?: string | undefined
  /** The first `roundsMax` of the order in which entries are served. */
  readonly order?: readonly string[] | undefined
  /** The shortlist of applications, `roundsMax` at most. */
  readonly accepted?: readonly Accepted[] | undefined
  /** The place in `order` that it was last offered to, from 1 on. */
  readonly round: number
  readonly entryId?: string | undefined
  readonly buyerId?: string | undefined
  readonly orderId?: string | undefined
  readonly payBy?: string | undefined
}

/** What a drop is from its creation on. */
export type DropTerms = {
  readonly title: string
  readonly method: DropMethod
  readonly opensAt: string
  readonly closesAt: string
  readonly questions: readonly string[]
  readonly entriesPerAccountMax: number
  readonly paymentWindowHours: number
  readonly roundsMax: number
  readonly reviewHours: number
  /** SHA-256 of the seed, in hexadecimal digits: `draw.ts`. */
  readonly commitment: string
  /** Makes entries pseudonymous: without it nobody can tell the account behind an entry by trying. Never shown. */
  readonly aliasKey: string
  readonly createdBy: string
  readonly requestHash: string
}

/** A timed batch of handles, by verifiable draw or by application. Instants are RFC 3339 UTC. */
export type Drop = DropTerms & {
  readonly id: string
  readonly status: DropStatus
  readonly createdAt: string
  readonly announcedAt?: string | undefined
  readonly lots: readonly Lot[]
  /** Published with the end of the draw, not before. */
  readonly seed?: string | undefined
  readonly cancelReason?: string | undefined
}

type OfLot<T extends string, More = unknown> = { readonly type: T; readonly handle: string } & More

export type DropEvent =
  | ({
      readonly type: 'drop_created'
      readonly lots: readonly Pick<Lot, 'handle' | 'askedMinor'>[]
    } & DropTerms)
  | OfLot<'lot_bound', { readonly priceMinor: number; readonly currency: Currency }>
  | OfLot<'lot_left_out', { readonly why: string }>
  | { readonly type: 'drop_announced' }
  | { readonly type: 'drop_opened' }
  | { readonly type: 'drop_ended' }
  | OfLot<'application_accepted', Accepted>
  | OfLot<'application_declined', { readonly entryId: string; readonly reason: string }>
  | OfLot<'lot_drawn', { readonly entries: number; readonly listHash: string; readonly order: readonly string[] }>
  | { readonly type: 'drop_drawn'; readonly seed: string }
  | OfLot<
      'lot_offered',
      {
        readonly round: number
        readonly entryId: string
        readonly buyerId: string
        readonly orderId: string
        readonly payBy: string
      }
    >
  | OfLot<'lot_sold', { readonly orderId: string }>
  | OfLot<'lot_unsold', { readonly why: string }>
  | { readonly type: 'drop_closed' }
  | { readonly type: 'cancel_wanted'; readonly cancelReason: string }
  | OfLot<'lot_freed'>
  | { readonly type: 'drop_cancelled' }

/** The life of a drop. Each handle is bound, awarded or freed by a step of its own, so that whatever breaks off goes on. */
export const dropMachine: Machine<DropStatus, DropEvent['type']> = {
  name: 'drop',
  states: {
    preparing: 'waiting',
    announced: 'waiting',
    open: 'waiting',
    drawing: 'waiting',
    awarding: 'waiting',
    cancelling: 'waiting',
    closed: 'final',
    cancelled: 'final',
  },
  transitions: [
    { from: null, on: 'drop_created', to: 'preparing', by: ['operator'] },
    { from: 'preparing', on: 'lot_bound', to: 'preparing', by: ['system'] },
    { from: 'preparing', on: 'lot_left_out', to: 'preparing', by: ['system'] },
    { from: 'preparing', on: 'drop_announced', to: 'announced', by: ['system'], after: 'dropStep' },
    { from: 'preparing', on: 'cancel_wanted', to: 'cancelling', by: ['operator', 'system'] },
    { from: 'announced', on: 'drop_opened', to: 'open', by: ['system'], after: 'dropOpening' },
    { from: 'announced', on: 'cancel_wanted', to: 'cancelling', by: ['operator'] },
    { from: 'open', on: 'drop_ended', to: 'drawing', by: ['system'], after: 'dropEnd' },
    { from: 'drawing', on: 'application_accepted', to: 'drawing', by: ['operator'] },
    { from: 'drawing', on: 'application_declined', to: 'drawing', by: ['operator'] },
    { from: 'drawing', on: 'lot_drawn', to: 'drawing', by: ['system'] },
    { from: 'drawing', on: 'drop_drawn', to: 'awarding', by: ['system'], after: 'dropDecision' },
    { from: 'awarding', on: 'lot_offered', to: 'awarding', by: ['system'] },
    { from: 'awarding', on: 'lot_sold', to: 'awarding', by: ['system'] },
    { from: 'awarding', on: 'lot_unsold', to: 'awarding', by: ['system'] },
    { from: 'awarding', on: 'drop_closed', to: 'closed', by: ['system'], after: 'dropPayment' },
    { from: 'cancelling', on: 'lot_freed', to: 'cancelling', by: ['system'] },
    { from: 'cancelling', on: 'drop_cancelled', to: 'cancelled', by: ['system'], after: 'dropStep' },
  ],
}

/** What becomes of the drop, or of one of its handles, by each event; the rows of the machine say from where. */
const statusAfter: Partial<Readonly<Record<DropEvent['type'], DropStatus>>> = {
  drop_announced: 'announced',
  drop_opened: 'open',
  drop_ended: 'drawing',
  drop_drawn: 'awarding',
  drop_closed: 'closed',
  cancel_wanted: 'cancelling',
  drop_cancelled: 'cancelled',
}
const lotStatusAfter: Partial<Readonly<Record<DropEvent['type'], LotStatus>>> = {
  lot_bound: 'bound',
  lot_left_out: 'left_out',
  lot_drawn: 'drawn',
  lot_offered: 'offered',
  lot_sold: 'sold',
  lot_unsold: 'unsold',
  lot_freed: 'freed',
}

/** Folds one event, which happened at `at`, into the state. @throws where there is no such drop, or no such handle in it */
export const evolveDrop = (id: string, drop: Drop | null, event: DropEvent, at: string): Drop => {
  if (event.type === 'drop_created') {
    const { type: _, lots, ...terms } = event
    const planned = lots.map((lot): Lot => ({ ...lot, status: 'planned', round: 0 }))
    return { id, ...terms, status: 'preparing', createdAt: at, lots: planned }
  }
  assertBorn(id, drop, event)
  if ('handle' in event) {
    if (!drop.lots.some(({ handle }) => handle === event.handle)) throw new Error(`${event.handle} is not in ${id}`)
    return { ...drop, lots: drop.lots.map((lot) => (lot.handle === event.handle ? evolveLot(lot, event) : lot)) }
  }
  const { type, ...told } = event
  return {
    ...drop,
    ...told,
    status: statusAfter[type] ?? drop.status,
    ...(type === 'drop_announced' ? { announcedAt: at } : {}),
  }
}

const evolveLot = (lot: Lot, event: Extract<DropEvent, { readonly handle: string }>): Lot => {
  if (event.type === 'application_accepted' || event.type === 'application_declined') {
    const others = (lot.accepted ?? []).filter(({ entryId }) => entryId !== event.entryId)
    if (event.type === 'application_declined') return { ...lot, accepted: others }
    const { entryId, score, reason } = event
    return { ...lot, accepted: [...others, { entryId, score, reason }] }
  }
  const { type, ...told } = event
  const { entryId: _e, buyerId: _b, orderId: _o, payBy: _p, ...free } = lot
  return { ...(type === 'lot_unsold' ? free : lot), ...told, status: lotStatusAfter[type] ?? lot.status }
}

/**
 * The id of an account's entry for a handle: the same each time, so that an account enters once, and pseudonymous, since
 * the key is the drop's secret.
 */
export const entryIdOf = (drop: Pick<Drop, 'id' | 'aliasKey'>, handle: string, accountId: string): string =>
  keyedId('app', drop.aliasKey, drop.id, handle, accountId)

/**
 * How long after the end the list is sealed. An entry is let in by the instant of its request; one that was let in just
 * before the end is written within the time limit of its function, which is half of this.
 */
export const sealDelaySeconds = 30

const later = (at: string, ms: number): string => new Date(Date.parse(at) + ms).toISOString()

/** When the draw is held, or the applications are decided. */
export const decidesAt = ({ method, closesAt, reviewHours }: DropTerms): string =>
  later(closesAt, method === 'draw' ? sealDelaySeconds * 1_000 : reviewHours * 3_600_000)

/** How long after a payment window the clock looks whether its order has ended, where nobody told. */
const orderGraceMs = 5 * 60_000

/** When the clock has to act on a drop; null: never again. */
export const dropDueAt = (drop: Drop): string | null => {
  switch (drop.status) {
    case 'preparing':
    case 'cancelling':
      return drop.createdAt
    case 'announced':
      return drop.opensAt
    case 'open':
      return drop.closesAt
    case 'drawing':
      return decidesAt(drop)
    case 'awarding': {
      const waits = drop.lots.map(({ status, payBy }) =>
        status === 'offered' && payBy !== undefined
          ? later(payBy, orderGraceMs)
          : status === 'drawn'
            ? drop.closesAt
            : '~',
      )
      const [first = '~'] = waits.toSorted()
      return first === '~' ? drop.closesAt : first
    }
    case 'closed':
    case 'cancelled':
      return null
  }
}
