import {
  type Negotiation,
  type NegotiationEvent,
  type NegotiationStep,
  type NamedAmount,
  offerLimits,
} from './negotiation.ts'
import { negotiationMachine } from './negotiation-machine.ts'
import { plusDays } from './release-policy.ts'
import { findTransition } from './transitions.ts'

/** Folds one event, which happened at `at`, into the negotiation; an illegal one is an impossible state and throws. */
export const evolveNegotiation = (
  id: string,
  before: Negotiation | null,
  event: NegotiationEvent,
  at: string,
): Negotiation => {
  if (event.type === 'offer_made') return made(id, before, event, at)
  if (before === null) throw new Error(`${event.type} happened to ${id} before it existed`)
  switch (event.type) {
    case 'offer_reported':
      return { ...before, caseId: event.caseId, updatedAt: at }
    case 'funding_ended':
      return { ...before, fundedUntil: undefined, updatedAt: at }
    default:
      return step(before, event, at)
  }
}

const statusAfter = (id: string, before: Negotiation | null, { type }: NegotiationStep) => {
  const row = findTransition(negotiationMachine, before?.status ?? null, type)
  if (row === undefined) throw new Error(`${type} happened to ${id} in state ${before?.status ?? 'none'}`)
  return row.to
}

/** A new offer: of what was before, what counts against harassment stays, and nothing else. */
const made = (
  id: string,
  before: Negotiation | null,
  event: Extract<NegotiationEvent, { type: 'offer_made' }>,
  at: string,
): Negotiation => {
  const { type: _, amountMinor, answerBy, fundedUntil, requestKey, requestHash, ...opening } = event
  const counted = (before?.tries ?? []).filter((one) => plusDays(one.at, offerLimits.triesDays) > at)
  return {
    id,
    ...opening,
    status: statusAfter(id, before, event),
    version: (before?.version ?? 0) + 1,
    amounts: [{ by: 'buyer', amountMinor, at }],
    answerBy,
    ...(fundedUntil === undefined ? {} : { fundedUntil }),
    tries: [...counted, { at, key: requestKey, hash: requestHash }],
    ...(before?.declinedAt === undefined ? {} : { declinedAt: before.declinedAt }),
    acceptances: before?.acceptances ?? 0,
    ...(before?.caseId === undefined ? {} : { caseId: before.caseId }),
    openedAt: before?.openedAt ?? at,
    madeAt: at,
    updatedAt: at,
  }
}

const step = (
  before: Negotiation,
  event: Exclude<NegotiationStep, { type: 'offer_made' }>,
  at: string,
): Negotiation => {
  const moved = {
    ...before,
    status: statusAfter(before.id, before, event),
    version: before.version + 1,
    updatedAt: at,
  }
  switch (event.type) {
    case 'offer_countered': {
      const { by, amountMinor, answerBy, fundedUntil } = event
      const named: NamedAmount = { by, amountMinor, at }
      return {
        ...moved,
        amounts: [...before.amounts, named],
        answerBy,
        ...(by === 'buyer' && fundedUntil !== undefined ? { fundedUntil } : {}),
      }
    }
    case 'offer_accepted': {
      const { orderId, payBy, amountMinor: agreedMinor } = event
      return {
        ...moved,
        orderId,
        payBy,
        agreedMinor,
        acceptances: before.acceptances + 1,
      }
    }
    case 'offer_declined': {
      const { reason } = event
      return isHoldersNo(reason) ? { ...moved, reason, declinedAt: at } : { ...moved, reason }
    }
    case 'offer_withdrawn':
    case 'offer_expired':
    case 'offer_sold':
    case 'offer_lapsed':
      return moved
  }
}

/** After any other the buyer is not kept waiting: nobody said no. */
const isHoldersNo = (reason: Negotiation['reason']): boolean =>
  reason === 'holder' || reason === 'blocked' || reason === 'below_floor'
