import type { Actor } from './actors.ts'
import { drawOrder, drawValue, listHashOf } from './draw.ts'
import { type Accepted, decidesAt, type Drop, type DropEvent, dropMachine, type DropTerms, type Lot } from './drop.ts'
import { ok, refuse, type Refusal, type Result } from './result.ts'
import { dayMs } from './terms.ts'
import { findTransition, possibleEvents } from './transitions.ts'

/** The commitment stands in public at least so long before the first entry. */
export const announcedMinutesMin = 10
export const announcedDaysMax = 90
export const openMinutesMin = 10
export const openDaysMax = 30

const refusalOf = (drop: Drop, on: DropEvent['type'], actor: Actor): Refusal | null => {
  const row = findTransition(dropMachine, drop.status, on)
  if (row?.by.includes(actor.kind) === true) return null
  const possible = possibleEvents(dropMachine, drop.status)
  return refuse('transition_not_allowed', `${drop.id} is ${drop.status}`, undefined, { status: drop.status, possible })
    .refusal
}

/** A new drop, as an operator asks for it. Names are canonical. */
export const decideCreateDrop = (
  terms: DropTerms,
  lots: readonly Pick<Lot, 'handle' | 'askedMinor'>[],
  now: string,
): Result<readonly DropEvent[]> => {
  const wrong = (field: string, words: string) => refuse('drop_invalid', words, field)
  const [nowMs, opensMs, closesMs] = [now, terms.opensAt, terms.closesAt].map((at) => Date.parse(at)) as [
    number,
    number,
    number,
  ]
  if (opensMs < nowMs + announcedMinutesMin * 60_000) {
    return wrong('opensAt', `A drop is announced ${announcedMinutesMin} minutes before it opens at least`)
  }
  if (opensMs > nowMs + announcedDaysMax * dayMs) return wrong('opensAt', `At most ${announcedDaysMax} days ahead`)
  if (closesMs < opensMs + openMinutesMin * 60_000) {
    return wrong('closesAt', `A drop is open for ${openMinutesMin} minutes at least`)
  }
  if (closesMs > opensMs + openDaysMax * dayMs) return wrong('closesAt', `It is open for ${openDaysMax} days at most`)
  const repeated = lots.findIndex(({ handle }, index) => lots.findIndex((lot) => lot.handle === handle) !== index)
  if (repeated !== -1) return wrong(`handles.${repeated}.handle`, `${lots[repeated]?.handle} is named twice`)
  return ok([{ type: 'drop_created', ...terms, lots }])
}

/** An operator calls a drop off, before it opens. Again: nothing. */
export const decideCancelDrop = (drop: Drop, reason: string, actor: Actor): Result<readonly DropEvent[]> => {
  if (drop.status === 'cancelling' || drop.status === 'cancelled') return ok([])
  const refusal = refusalOf(drop, 'cancel_wanted', actor)
  return refusal === null ? ok([{ type: 'cancel_wanted', cancelReason: reason }]) : { ok: false, refusal }
}

/**
 * Whether an account may take its entry for a handle back at this instant. The instants of the drop decide, not its status,
 * which the clock may set a moment later.
 */
export const decideWithdrawal = (drop: Drop, handle: string, now: string): Result<Lot> => {
  if (drop.status === 'cancelling' || drop.status === 'cancelled') {
    return refuse('drop_not_open', `${drop.id} was cancelled`, undefined, { status: drop.status })
  }
  if (now >= drop.closesAt) return refuse('drop_ended', `${drop.id} ended at ${drop.closesAt}`)
  if (now < drop.opensAt || drop.status === 'preparing') {
    return refuse('drop_not_open', `${drop.id} opens at ${drop.opensAt}`, undefined, { opensAt: drop.opensAt })
  }
  const lot = drop.lots.find((one) => one.handle === handle)
  if (lot === undefined || lot.status === 'left_out') {
    return refuse('not_found', `${handle} is not in ${drop.id}`, 'handle')
  }
  return ok(lot)
}

/** Whether an account may enter for a handle at this instant, with an answer to every question. */
export const decideEntry = (drop: Drop, handle: string, answers: readonly string[], now: string): Result<Lot> => {
  const lot = decideWithdrawal(drop, handle, now)
  if (!lot.ok) return lot
  if (answers.length !== drop.questions.length) {
    return refuse('answers_missing', `There are ${drop.questions.length} questions to answer`, 'answers', {
      questions: drop.questions,
    })
  }
  const empty = answers.findIndex((answer) => answer.trim() === '')
  return empty === -1 ? lot : refuse('answers_missing', `Answer ${drop.questions[empty]}`, `answers.${empty}`)
}

/** An operator accepts an application with a score, or declines it, with a reason; between the end and the decision. */
export const decideReview = (
  drop: Drop,
  handle: string,
  entryId: string,
  review: { readonly accepted: boolean; readonly score: number; readonly reason: string },
  actor: Actor,
  now: string,
): Result<readonly DropEvent[]> => {
  const lot = drop.lots.find((one) => one.handle === handle)
  if (lot?.status !== 'bound' || drop.method !== 'application') {
    return refuse('transition_not_allowed', `${handle} of ${drop.id} is not decided by applications now`, 'handle')
  }
  const on = review.accepted ? 'application_accepted' : 'application_declined'
  const refusal = refusalOf(drop, on, actor)
  if (refusal !== null) return { ok: false, refusal }
  if (now >= decidesAt(drop)) return refuse('drop_ended', `The applications were decided at ${decidesAt(drop)}`)
  const { accepted, score, reason } = review
  if (!accepted) return ok([{ type: 'application_declined', handle, entryId, reason }])
  const others = (lot.accepted ?? []).filter((one) => one.entryId !== entryId)
  if (others.length >= drop.roundsMax) {
    return refuse('shortlist_full', `A handle has ${drop.roundsMax} accepted applications at most`, 'entryId', {
      accepted: others.map((one) => one.entryId),
    })
  }
  return ok([{ type: 'application_accepted', handle, entryId, score, reason }])
}

/** Seals the list of a handle's entries and puts the first of them in their order. Any order of `entryIds` gives the same. */
export const decideLotDrawn = (drop: Drop, lot: Lot, entryIds: readonly string[], seed: string): DropEvent => {
  const { handle } = lot
  const order =
    drop.method === 'draw' ? drawOrder(seed, drop.id, handle, entryIds) : byScore(drop, lot, new Set(entryIds), seed)
  return {
    type: 'lot_drawn',
    handle,
    entries: entryIds.length,
    listHash: listHashOf(entryIds),
    order: order.slice(0, drop.roundsMax),
  }
}

/** Accepted applications that were not taken back, the highest score first; the draw decides between equal ones. */
const byScore = (drop: Drop, { handle, accepted = [] }: Lot, entered: ReadonlySet<string>, seed: string): string[] => {
  const value = ({ entryId }: Accepted) => drawValue(seed, drop.id, handle, entryId)
  return accepted
    .filter(({ entryId }) => entered.has(entryId))
    .toSorted((a, b) => b.score - a.score || (value(a) < value(b) ? -1 : 1))
    .map(({ entryId }) => entryId)
}

/**
 * What the clock has to do next, one step at a time; null: it has to wait, or is done. `running`: handles whose orders were
 * looked at just now, and still run.
 */
export type DropStep =
  | { readonly step: 'bind' | 'draw' | 'offer' | 'check' | 'free'; readonly lot: Lot }
  | { readonly step: 'give_up'; readonly lot: Lot; readonly why: string }
  | { readonly step: 'announce' | 'open' | 'end' | 'publish_seed' | 'close' | 'cancel' | 'call_off' }

export const nextDropStep = (drop: Drop, now: string, running: ReadonlySet<string> = new Set()): DropStep | null => {
  const lotIn = (...statuses: readonly Lot['status'][]) => drop.lots.find(({ status }) => statuses.includes(status))
  switch (drop.status) {
    case 'preparing': {
      const lot = lotIn('planned')
      if (lot !== undefined) return { step: 'bind', lot }
      return lotIn('bound') === undefined ? { step: 'call_off' } : { step: 'announce' }
    }
    case 'announced':
      return now >= drop.opensAt ? { step: 'open' } : null
    case 'open':
      return now >= drop.closesAt ? { step: 'end' } : null
    case 'drawing': {
      if (now < decidesAt(drop)) return null
      const lot = lotIn('bound')
      return lot === undefined ? { step: 'publish_seed' } : { step: 'draw', lot }
    }
    case 'awarding': {
      const drawn = lotIn('drawn')
      if (drawn !== undefined) return offerOrGiveUp(drawn)
      const late = drop.lots.find(
        ({ handle, status, payBy = '' }) => status === 'offered' && payBy <= now && !running.has(handle),
      )
      if (late !== undefined) return { step: 'check', lot: late }
      return lotIn('offered') === undefined ? { step: 'close' } : null
    }
    case 'cancelling': {
      const lot = lotIn('bound')
      return lot === undefined ? { step: 'cancel' } : { step: 'free', lot }
    }
    case 'closed':
    case 'cancelled':
      return null
  }
}

/** A handle goes to the next of its order, and to the open market when there is none. */
export const offerOrGiveUp = (lot: Lot): DropStep => {
  const { order = [], round } = lot
  if (round < order.length) return { step: 'offer', lot }
  return { step: 'give_up', lot, why: order.length === 0 ? 'nobody_entered' : 'nobody_paid' }
}
