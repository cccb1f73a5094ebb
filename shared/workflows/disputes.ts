import type * as z from 'zod'
import type { disputeHeadSchema, evidenceUploadSchema, newEvidenceSchema } from '../contract/dispute.ts'
import type { Actor } from '../domain/actors.ts'
import { advance, type VersionedOf, type VersionedOrder } from '../domain/aggregate.ts'
import { type DisputeEvent, disputeIdOf, type DisputeReason, type Party, partyOf } from '../domain/dispute.ts'
import {
  decideApproval,
  decideDecision,
  decideEvidence,
  decideOpened,
  decideStatement,
  decideWithdrawn,
  evidenceIdOf,
  orderOutcome,
  type OutcomeWanted,
  type Saying,
  statementIdOf,
} from '../domain/dispute-acts.ts'
import { decideDispute, decideDisputeOpened, decideDisputeWithdrawn } from '../domain/order-settlement.ts'
import type { Order, OrderEvent } from '../domain/order.ts'
import { plusDays } from '../domain/release-policy.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { termsOf } from '../domain/terms.ts'
import { evidenceKey, type EvidenceFiles } from '../gateways/evidence.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import { disputePageKey, queryReviewedDisputes } from '../store/disputes.ts'
import { loadOrder } from '../store/orders.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { type DisputeView, type Reader, viewDispute, viewDisputeHead } from './dispute-views.ts'
import { orderChanges } from './order-changes.ts'

export type DisputeDeps = CommitDeps<Store> & { readonly files: EvidenceFiles }

type Dispute = VersionedOf<'dispute'>
type Acted = Result<Dispute>

/** The account that acts, and whether it may read every dispute. */
export type DisputeCaller = { readonly id: string; readonly isOperator: boolean }

const unknown = (id: string) => refuse('not_found', `You have no dispute ${id}`, 'disputeId')

/** The buyer disputes an order that is inspected: the dispute and the order's step, in one transaction. */
export const openDispute = async (
  deps: DisputeDeps,
  orderId: string,
  wanted: { readonly reason: DisputeReason; readonly words: string },
  request: { readonly idempotencyKey: string; readonly requestHash: string },
  buyerId: string,
): Promise<Result<DisputeView>> => {
  const id = disputeIdOf(orderId)
  const actor = { kind: 'buyer', id: buyerId } as const
  const acted = await committing<Acted>(deps, async () => {
    const [order, before] = await Promise.all([loadOrder(deps.store, orderId), load(deps.store, 'dispute', id)])
    const sellerId = order?.state.sellerId
    if (order === null || order.state.buyerId !== buyerId) {
      return { changes: [], answer: refuse('not_found', `You have bought nothing by ${orderId}`, 'orderId') }
    }
    const now = instant(deps.now())
    const { handle, priceMinor, currency, termsVersion } = order.state
    const said = {
      statementId: statementIdOf(id, buyerId, request.idempotencyKey),
      ...wanted,
      requestHash: request.requestHash,
      answerBy: plusDays(now, termsOf(termsVersion).disputeAnswerDays),
    }
    // Whether it may be opened at all is the order's to say; one that was sold by the platform is never inspected.
    const disputed = { orderId, handle, buyerId, sellerId: sellerId ?? '', priceMinor, currency, termsVersion }
    const decided = decideOpened(before?.state ?? null, disputed, said)
    if (!decided.ok) return { changes: [], answer: decided }
    const moved = decideDisputeOpened(order.state, wanted.reason, actor)
    return moveBoth(deps, { id, before, events: decided.value, order, moved }, now, actor)
  })
  return shown(deps, acted, 'buyer')
}

/**
 * The dispute's events and the order's, in one transaction. A dispute that has nothing new to say leaves the order alone.
 */
const moveBoth = async (
  deps: DisputeDeps,
  step: {
    readonly id: string
    readonly before: Dispute | null
    readonly events: readonly DisputeEvent[]
    readonly order: VersionedOrder
    readonly moved: Result<readonly OrderEvent[]>
  },
  now: string,
  actor: Actor,
) => {
  const { id, before, events, order, moved } = step
  if (events.length === 0 && before !== null) return { changes: [], answer: ok(before) }
  if (!moved.ok) return { changes: [], answer: moved }
  const changes = await orderChanges(deps, order, moved.value, now, actor)
  if (changes === null) return null
  const after = advance('dispute', id, before, events, now, actor)
  return { changes: [...changes.changes, { kind: 'dispute' as const, before, after }], answer: ok(after) }
}

const shown = async (deps: DisputeDeps, acted: Acted, reader: Reader): Promise<Result<DisputeView>> =>
  acted.ok ? ok(await viewDispute(deps.files, acted.value, reader)) : acted

/** A dispute for one of its sides, or for an operator; to everybody else there is none. */
export const getDispute = async (
  deps: Pick<DisputeDeps, 'store' | 'files'>,
  id: string,
  caller: DisputeCaller,
): Promise<Result<DisputeView>> => {
  const dispute = await load(deps.store, 'dispute', id)
  if (dispute === null) return unknown(id)
  const reader = partyOf(dispute.state, caller.id) ?? (caller.isOperator ? 'operator' : null)
  return reader === null ? unknown(id) : ok(await viewDispute(deps.files, dispute, reader))
}

/** One act of one side on the dispute alone. */
const actAsParty = async (
  deps: DisputeDeps,
  id: string,
  accountId: string,
  decide: (dispute: Dispute['state'], party: Party, actor: Actor) => Result<readonly DisputeEvent[]>,
): Promise<Result<DisputeView>> => {
  let party: Party | null = null
  const acted = await committing<Acted>(deps, async () => {
    const before = await load(deps.store, 'dispute', id)
    party = before === null ? null : partyOf(before.state, accountId)
    if (before === null || party === null) return { changes: [], answer: unknown(id) }
    const actor = { kind: party, id: accountId } as const
    const decided = decide(before.state, party, actor)
    if (!decided.ok) return { changes: [], answer: decided }
    if (decided.value.length === 0) return { changes: [], answer: ok(before) }
    const after = advance('dispute', id, before, decided.value, instant(deps.now()), actor)
    return { changes: [{ kind: 'dispute', before, after }], answer: ok(after) }
  })
  return shown(deps, acted, party ?? 'buyer')
}

/** A side says something; the seller's first words are the answer. */
export const addStatement = (
  deps: DisputeDeps,
  id: string,
  said: { readonly words: string; readonly idempotencyKey: string; readonly requestHash: string },
  accountId: string,
): Promise<Result<DisputeView>> =>
  actAsParty(deps, id, accountId, (dispute, party, actor) => {
    const { words, requestHash } = said
    const saying: Saying = { statementId: statementIdOf(id, accountId, said.idempotencyKey), words, requestHash }
    return decideStatement(dispute, party, actor, saying)
  })

/** An upload URL serves this long; the same key gives the same evidence with a fresh one. */
const uploadSeconds = 900

/** A side announces a file and is told where to put it; the notification of that PUT has it checked and listed. */
export const addEvidence = async (
  deps: DisputeDeps,
  id: string,
  file: z.infer<typeof newEvidenceSchema>,
  request: { readonly idempotencyKey: string; readonly requestHash: string },
  accountId: string,
): Promise<Result<z.input<typeof evidenceUploadSchema>>> => {
  const evidenceId = evidenceIdOf(id, accountId, request.idempotencyKey)
  const { requestHash } = request
  const dispute = await actAsParty(deps, id, accountId, (state, party, actor) =>
    decideEvidence(state, actor, { evidenceId, party, ...file, requestHash }),
  )
  if (!dispute.ok) return dispute
  const upload = await deps.files.uploadUrl(evidenceKey(id, evidenceId), file, uploadSeconds)
  return ok({
    evidenceId,
    uploadUrl: upload.url,
    headers: { ...upload.headers },
    expiresAt: instant(deps.now() + uploadSeconds * 1000),
    dispute: dispute.value,
  })
}

/** One step that ends the dispute, or may: decided on both, committed together. */
const actOnBoth = async (
  deps: DisputeDeps,
  id: string,
  actor: Actor & { readonly id: string },
  decide: (dispute: Dispute, order: Order) => Result<readonly DisputeEvent[]>,
  moveOrder: (order: Order, event: DisputeEvent) => Result<readonly OrderEvent[]>,
): Promise<Acted> =>
  committing<Acted>(deps, async () => {
    const before = await load(deps.store, 'dispute', id)
    const mine = before !== null && (actor.kind === 'operator' || before.state.buyerId === actor.id)
    if (!mine) return { changes: [], answer: unknown(id) }
    const order = await loadOrder(deps.store, before.state.orderId)
    if (order === null) throw new Error(`${id} is about ${before.state.orderId}, which does not exist`)
    const decided = decide(before, order.state)
    if (!decided.ok) return { changes: [], answer: decided }
    const [event] = decided.value
    if (event === undefined) return { changes: [], answer: ok(before) }
    const moved = moveOrder(order.state, event)
    return moveBoth(deps, { id, before, events: decided.value, order, moved }, instant(deps.now()), actor)
  })

/** The buyer lets it be; the seller is paid. */
export const withdrawDispute = async (deps: DisputeDeps, id: string, buyerId: string): Promise<Result<DisputeView>> => {
  const actor = { kind: 'buyer', id: buyerId } as const
  const acted = await actOnBoth(
    deps,
    id,
    actor,
    ({ state }) => decideWithdrawn(state, actor),
    (order) => decideDisputeWithdrawn(order, actor),
  )
  return shown(deps, acted, 'buyer')
}

/** What the order does at an event of its dispute: nothing while a second operator is waited for. */
const orderStep = (order: Order, event: DisputeEvent, actor: Actor): Result<readonly OrderEvent[]> => {
  switch (event.type) {
    case 'dispute_settled':
    case 'dispute_refunded':
    case 'dispute_split':
      return decideDispute(order, orderOutcome(event), actor)
    default:
      return ok([])
  }
}

/** An operator decides, or proposes where the price is above the limit of the order's terms. */
export const decideOnDispute = async (
  deps: DisputeDeps,
  id: string,
  { basedOn, ...wanted }: OutcomeWanted & { readonly reason: string; readonly basedOn: number },
  operatorId: string,
): Promise<Result<DisputeView>> => {
  const actor = { kind: 'operator', id: operatorId } as const
  if ((wanted.outcome === 'split') !== (wanted.refundMinor !== null)) {
    const words = wanted.outcome === 'split' ? 'A split says what the buyer gets back' : 'Only a split names an amount'
    return refuse('validation_failed', words, 'refund')
  }
  const acted = await actOnBoth(
    deps,
    id,
    actor,
    ({ state, entry }, order) => {
      const act = { operatorId, basedOn, version: entry.seq }
      return decideDecision(state, order, wanted, act, termsOf(state.termsVersion).secondApprovalMinor)
    },
    (order, event) => orderStep(order, event, actor),
  )
  return shown(deps, acted, 'operator')
}

/** Another operator approves what was proposed, or sends it back. */
export const approveDispute = async (
  deps: DisputeDeps,
  id: string,
  { approve, reason, basedOn }: { readonly approve: boolean; readonly reason: string; readonly basedOn: number },
  operatorId: string,
): Promise<Result<DisputeView>> => {
  const actor = { kind: 'operator', id: operatorId } as const
  const acted = await actOnBoth(
    deps,
    id,
    actor,
    ({ state, entry }) => decideApproval(state, { approve, reason }, { operatorId, basedOn, version: entry.seq }),
    (order, event) => orderStep(order, event, actor),
  )
  return shown(deps, acted, 'operator')
}

/** Disputes that wait for an operator, the longest first. */
export const listDisputes = async (
  store: Store,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Result<{ items: z.input<typeof disputeHeadSchema>[]; nextCursor: string | null }>> => {
  const start = decodeCursor('disputes', cursor, disputePageKey)
  if (!start.ok) return start
  const page = await queryReviewedDisputes(store, { limit, after: start.value })
  return ok({ items: page.items.map(viewDisputeHead), nextCursor: encodeCursor('disputes', page.next) })
}
