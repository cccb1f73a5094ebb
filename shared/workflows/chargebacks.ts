import type * as z from 'zod'
import type { chargebackHeadSchema, chargebackSchema } from '../contract/sale-records.ts'
import { type Actor, systemActor } from '../domain/actors.ts'
import { advance, type VersionedOf } from '../domain/aggregate.ts'
import {
  type Chargeback,
  type ChargebackEvent,
  decideBankDecision,
  decideSubmission,
  decideSubmitted,
} from '../domain/chargeback.ts'
import type { Dispute, DisputeEvent } from '../domain/dispute.ts'
import { packHash, packText, packTexts } from '../domain/evidence-pack.ts'
import type { Entry } from '../domain/journal.ts'
import { wantsClawback } from '../domain/order-chargebacks.ts'
import type { Order, OrderEvent } from '../domain/order.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { timelineOf } from '../domain/sale-timeline.ts'
import type { SaleExport } from '../domain/sale-export.ts'
import type { Chargebacks } from '../gateways/chargebacks.ts'
import { type EvidenceFiles, packKey } from '../gateways/evidence.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import { load } from '../store/aggregates.ts'
import { chargebackPageKey, queryOpenChargebacks } from '../store/chargebacks.ts'
import type { Store } from '../store/client.ts'
import { loadOrder } from '../store/orders.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { exportSale } from './sale-journals.ts'

export type ChargebackDeps = CommitDeps<Store> & { readonly files: EvidenceFiles }
export type ChargebackEffectDeps = ChargebackDeps & { readonly chargebacks: () => Promise<Chargebacks> }

type View = z.input<typeof chargebackSchema>

const journalIn = ({ journals }: SaleExport, kind: string): readonly Entry[] =>
  journals.find(({ aggregate }) => aggregate.startsWith(`${kind}:`))?.entries ?? []

/**
 * Makes the evidence pack of a chargeback, stores it, and stages its texts at the provider; then says so in the chargeback's
 * own journal, which operators find it by. Done again it makes the pack anew, until the journal knows of one.
 */
export const packEvidence = async (deps: ChargebackEffectDeps, orderId: string): Promise<void> => {
  const order = await loadOrder(deps.store, orderId)
  const chargebackId = order?.state.chargebackId
  if (order === null || chargebackId === undefined) throw new Error(`${orderId} has no chargeback`)
  const provider = await deps.chargebacks()
  if ((await load(deps.store, 'chargeback', chargebackId)) !== null) return noteDecision(deps, provider, orderId)
  const facts = await provider.read(chargebackId)
  const sale = await exportSale(deps, order)
  const state = sale.journals[0]?.state as Order
  const disputeState = sale.journals.find(({ aggregate }) => aggregate.startsWith('dispute:'))?.state
  const timeline = timelineOf(
    {
      order: journalIn(sale, 'order') as readonly Entry<OrderEvent>[],
      dispute: journalIn(sale, 'dispute') as readonly Entry<DisputeEvent>[],
    },
    'buyer',
  )
  const texts = packTexts(sale, state, (disputeState ?? null) as Dispute | null, timeline)
  const text = packText({ chargebackId, reason: facts.reason, texts, sale })
  await deps.files.write(packKey(orderId, chargebackId), text)
  // A bank that has decided already takes no evidence; the pack is kept all the same.
  if (facts.open) await provider.stage(chargebackId, texts)
  await committing<void>(deps, async () => {
    if ((await load(deps.store, 'chargeback', chargebackId)) !== null) return { changes: [], answer: undefined }
    const staged: ChargebackEvent = {
      type: 'evidence_staged',
      orderId,
      handle: state.handle,
      reason: facts.reason,
      amountMinor: facts.amountMinor,
      currency: state.currency,
      packSha256: packHash(text),
      ...(facts.respondBy !== null && { respondBy: facts.respondBy }),
    }
    const decided: ChargebackEvent[] = facts.outcome === null ? [] : [{ type: `chargeback_${facts.outcome}` }]
    const after = advance('chargeback', chargebackId, null, [staged, ...decided], instant(deps.now()), systemActor)
    return { changes: [{ kind: 'chargeback', before: null, after }], answer: undefined }
  })
  await noteDecision(deps, provider, orderId)
}

/** A bank that decided while the pack was made told an order whose chargeback had no journal yet: it is asked. */
const noteDecision = async (deps: ChargebackDeps, provider: Chargebacks, orderId: string): Promise<void> => {
  const order = await loadOrder(deps.store, orderId)
  if (order === null || order.state.status === 'chargeback' || order.state.chargebackId === undefined) return
  const { outcome } = await provider.read(order.state.chargebackId)
  if (outcome !== null) await closeChargeback(deps, order.state.chargebackId, outcome)
}

/** One step of a chargeback's own journal. No events: nothing changes. */
const moveChargeback = (
  deps: CommitDeps<Store>,
  chargebackId: string,
  actor: Actor,
  decide: (chargeback: Chargeback) => Result<readonly ChargebackEvent[]>,
): Promise<Result<VersionedOf<'chargeback'>>> =>
  committing<Result<VersionedOf<'chargeback'>>>(deps, async () => {
    const before = await load(deps.store, 'chargeback', chargebackId)
    if (before === null) return { changes: [], answer: unknown(chargebackId) }
    const decided = decide(before.state)
    if (!decided.ok) return { changes: [], answer: decided }
    if (decided.value.length === 0) return { changes: [], answer: ok(before) }
    const after = advance('chargeback', chargebackId, before, decided.value, instant(deps.now()), actor)
    return { changes: [{ kind: 'chargeback', before, after }], answer: ok(after) }
  })

const unknown = (id: string) => refuse('not_found', `There is no chargeback ${id}`, 'chargebackId')

/** Passes the staged evidence on to the bank, where it still is to be. */
export const submitEvidence = async (deps: ChargebackEffectDeps, chargebackId: string): Promise<void> => {
  const chargeback = await load(deps.store, 'chargeback', chargebackId)
  if (chargeback === null) throw new Error(`there is no chargeback ${chargebackId}`)
  if (chargeback.state.status !== 'submitting') return
  const provider = await deps.chargebacks()
  if (await provider.submit(chargebackId)) {
    await moveChargeback(deps, chargebackId, systemActor, (state) => ok(decideSubmitted(state)))
  }
}

/** The bank has decided: operators need not look at it any more. Nothing where its pack was never made. */
export const closeChargeback = async (
  deps: CommitDeps<Store>,
  chargebackId: string,
  outcome: 'won' | 'lost',
): Promise<void> => {
  await moveChargeback(deps, chargebackId, systemActor, (state) => ok(decideBankDecision(state, outcome)))
}

/** An operator lets the bank see what is staged. */
export const wantSubmission = async (
  deps: ChargebackDeps,
  chargebackId: string,
  operatorId: string,
): Promise<Result<View>> => {
  const actor = { kind: 'operator', id: operatorId } as const
  const moved = await moveChargeback(deps, chargebackId, actor, (state) => decideSubmission(state, operatorId))
  return moved.ok ? viewChargeback(deps, moved.value.state) : moved
}

export const getChargeback = async (
  deps: Pick<ChargebackDeps, 'store' | 'files'>,
  chargebackId: string,
): Promise<Result<View>> => {
  const chargeback = await load(deps.store, 'chargeback', chargebackId)
  return chargeback === null ? unknown(chargebackId) : viewChargeback(deps, chargeback.state)
}

/** Chargebacks that the bank has not decided, those that must be answered first in front. */
export const listChargebacks = async (
  store: Store,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Result<{ items: z.input<typeof chargebackHeadSchema>[]; nextCursor: string | null }>> => {
  const start = decodeCursor('chargebacks', cursor, chargebackPageKey)
  if (!start.ok) return start
  const page = await queryOpenChargebacks(store, { limit, after: start.value })
  return ok({ items: page.items.map(({ state }) => headOf(state)), nextCursor: encodeCursor('chargebacks', page.next) })
}

const headOf = (chargeback: Chargeback) => ({
  chargebackId: chargeback.id,
  orderId: chargeback.orderId,
  handle: chargeback.handle,
  status: chargeback.status,
  reason: chargeback.reason,
  amount: { amountMinor: chargeback.amountMinor, currency: chargeback.currency },
  respondBy: chargeback.respondBy ?? null,
})

/** A link to a pack serves this long. */
const linkSeconds = 600

const viewChargeback = async (
  deps: Pick<ChargebackDeps, 'store' | 'files'>,
  chargeback: Chargeback,
): Promise<Result<View>> => {
  const { id, orderId, packSha256, submittedBy } = chargeback
  const order = await loadOrder(deps.store, orderId)
  if (order === null) throw new Error(`${id} is of ${orderId}, which does not exist`)
  return ok({
    ...headOf(chargeback),
    orderStatus: order.state.status,
    clawback: clawbackOf(order.state),
    packUrl: await deps.files.downloadUrl(packKey(orderId, id), `${id}.json`, linkSeconds),
    packSha256,
    submittedBy: submittedBy ?? null,
  })
}

const clawbackOf = (order: Order): View['clawback'] => {
  if (order.sellerId === undefined) return 'none'
  if (order.reversalId !== undefined) return 'completed'
  if (order.clawbackFailed !== undefined) return 'failed'
  return wantsClawback(order) ? 'wanted' : 'not_paid'
}
