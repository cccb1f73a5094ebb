import type * as z from 'zod'
import type { caseSchema, operatorStandingSchema } from '../contract/standing.ts'
import { advance } from '../domain/aggregate.ts'
import { type Case, type CaseDecision, caseWords, decideCase } from '../domain/case.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import {
  decideLifted,
  decideSuspension,
  type Standing,
  type StandingEvent,
  type Trait,
  traitKinds,
  type TraitKind,
} from '../domain/standing.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import { load } from '../store/aggregates.ts'
import { casePageKey, queryOpenCases } from '../store/cases.ts'
import type { HandlesStore, Store } from '../store/client.ts'
import type { Change } from '../store/commit.ts'
import { linkedAccounts } from '../store/links.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { readPolicyInForce } from './policies.ts'
import { changeStanding, standingChange, viewStanding } from './standing.ts'

type CaseView = z.input<typeof caseSchema>
type OperatorStandingView = z.input<typeof operatorStandingSchema>

/** Open cases, newest first. */
export const listCases = async (
  store: Store,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Result<{ items: CaseView[]; nextCursor: string | null }>> => {
  const start = decodeCursor('cases', cursor, casePageKey)
  if (!start.ok) return start
  const page = await queryOpenCases(store, { limit, after: start.value })
  return ok({ items: page.items.map(viewCase), nextCursor: encodeCursor('cases', page.next) })
}

/** The decision and the suspensions it brings, in one transaction; their days are those of the policy in force. */
export const decideOnCase = async (
  deps: CommitDeps<Store>,
  id: string,
  decision: CaseDecision,
  operatorId: string,
): Promise<Result<CaseView>> => {
  const { eligibility } = await readPolicyInForce(deps.store)
  const suspension = { days: eligibility.strikes.suspensionDays, reason: decision.reason, caseId: id }
  const actor = { kind: 'operator', id: operatorId } as const
  return committing<Result<CaseView>>(deps, async () => {
    const before = await load(deps.store, 'case', id)
    if (before === null) return { changes: [], answer: refuse('not_found', `There is no case ${id}`, 'caseId') }
    const decided = decideCase(before.state, decision, operatorId)
    if (!decided.ok) return { changes: [], answer: decided }
    if (decided.value.length === 0) return { changes: [], answer: ok(viewCase(before.state)) }
    const now = instant(deps.now())
    const after = advance('case', id, before, decided.value, now, actor)
    const changes: Change[] = [{ kind: 'case', before, after }]
    for (const accountId of after.state.suspended ?? []) {
      const standing = await load(deps.store, 'standing', accountId)
      const events = decideSuspension(standing?.state ?? null, suspension, now)
      const change = standingChange(accountId, standing, events, now, actor)
      if (change !== null) changes.push(change)
    }
    return { changes, answer: ok(viewCase(after.state)) }
  })
}

/** An account's standing with the accounts that it is linked to. Of an account that we know nothing of it is empty. */
export const getAccountStanding = async (
  store: HandlesStore,
  accountId: string,
): Promise<Result<OperatorStandingView>> => {
  const standing = await load(store, 'standing', accountId)
  return ok(await operatorView(store, accountId, standing?.state ?? null))
}

/** Ends a suspension before its time. */
export const liftSuspension = async (
  deps: CommitDeps<Store>,
  accountId: string,
  reason: string,
  operatorId: string,
): Promise<Result<OperatorStandingView>> => {
  let refused: Result<readonly StandingEvent[]> | null = null
  const standing = await changeStanding(deps, accountId, { kind: 'operator', id: operatorId }, (before, now) => {
    const decided = decideLifted(before, reason, now)
    refused = decided.ok ? null : decided
    return decided.ok ? decided.value : []
  })
  return refused ?? ok(await operatorView(deps.store, accountId, standing))
}

const operatorView = async (
  store: HandlesStore,
  accountId: string,
  standing: Standing | null,
): Promise<OperatorStandingView> => {
  const traits: Trait[] = traitKinds.flatMap((kind) => (standing?.traits[kind] ?? []).map((hash) => ({ kind, hash })))
  const links = new Map<string, Set<TraitKind>>()
  for (const { trait, accountIds } of await linkedAccounts(store, traits)) {
    for (const other of accountIds) {
      if (other !== accountId) links.set(other, (links.get(other) ?? new Set()).add(trait.kind))
    }
  }
  return {
    ...viewStanding(standing),
    accountId,
    firstSeenAt: standing?.firstSeenAt ?? null,
    links: [...links].map(([other, shared]) => ({ accountId: other, shared: [...shared].toSorted() })),
  }
}

const viewCase = (one: Case): CaseView => ({
  id: one.id,
  ground: one.ground,
  status: one.status,
  saleId: one.saleId,
  accountIds: [...one.accountIds],
  shared: [...one.shared],
  words: caseWords(one),
  openedAt: one.openedAt,
  decision:
    one.decidedAt === undefined || one.decidedBy === undefined || one.reason === undefined
      ? null
      : { at: one.decidedAt, by: one.decidedBy, reason: one.reason, suspended: [...(one.suspended ?? [])] },
})
