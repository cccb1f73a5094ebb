import type { Money } from '../contract/money.ts'
import type { Actor } from '../domain/actors.ts'
import { advanceHandle } from '../domain/aggregate.ts'
import { checkHandle } from '../domain/handle-name.ts'
import type { Handle, HandleEvent } from '../domain/handle.ts'
import { decideListingChanged, decideRightRecorded, decideRightWithdrawn } from '../domain/listing.ts'
import { decideLegalHold, decideOverrule } from '../domain/release.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { loadHandle } from '../store/handles.ts'
import { type CommitDeps, committing, instant } from './committing.ts'

type Decide = (handle: Handle, actor: Actor, now: string) => Result<readonly HandleEvent[]>

/** An operator's act on one handle: load, decide, commit. Acting again changes nothing and answers the same. */
const act = async (deps: CommitDeps, input: string, operatorId: string, decide: Decide): Promise<Result<Handle>> => {
  const name = checkHandle(input)
  if (!name.ok) return name
  const actor: Actor = { kind: 'operator', id: operatorId }
  return committing<Result<Handle>>(deps, async () => {
    const before = await loadHandle(deps.store, name.value)
    if (before === null) {
      return { changes: [], answer: refuse('not_found', `There is no handle ${name.value}`, 'handle') }
    }
    const now = instant(deps.now())
    const decided = decide(before.state, actor, now)
    if (!decided.ok) return { changes: [], answer: decided }
    if (decided.value.length === 0) return { changes: [], answer: ok(before.state) }
    const after = advanceHandle(name.value, before, decided.value, now, actor)
    return { changes: [{ kind: 'handle', before, after, contact: before.contact }], answer: ok(after.state) }
  })
}

/** Keeps a handle as it is, whatever is due, or ends that. */
export const setLegalHold = (
  deps: CommitDeps,
  request: { readonly handle: string; readonly place: boolean; readonly reason: string },
  operatorId: string,
): Promise<Result<Handle>> =>
  act(deps, request.handle, operatorId, (handle, actor) => decideLegalHold(handle, request, actor))

/** Lets a name through that the gate refused for `code`; the next sweep releases it. */
export const overruleGate = (
  deps: CommitDeps,
  request: { readonly handle: string; readonly code: string; readonly reason: string },
  operatorId: string,
): Promise<Result<Handle>> =>
  act(deps, request.handle, operatorId, (handle, actor) => decideOverrule(handle, request.code, request.reason, actor))

/** Sets price and mode of a released handle; `dutch: null` is a fixed price. */
export const changeListing = (
  deps: CommitDeps,
  handle: string,
  wanted: {
    readonly price: Money
    readonly dutch: {
      readonly floor: Money
      readonly premium: Money
      readonly halfLifeHours: number
      readonly days: number
    } | null
    readonly reason: string
  },
  operatorId: string,
): Promise<Result<Handle>> => {
  const { price, dutch, reason } = wanted
  const decay =
    dutch === null
      ? null
      : {
          floorMinor: dutch.floor.amountMinor,
          premiumMinor: dutch.premium.amountMinor,
          halfLifeHours: dutch.halfLifeHours,
          days: dutch.days,
        }
  return act(deps, handle, operatorId, (state, actor, now) =>
    decideListingChanged(state, { priceMinor: price.amountMinor, dutch: decay, reason }, actor, now),
  )
}

export const recordRight = (
  deps: CommitDeps,
  { handle, ...right }: { readonly handle: string; readonly accountId: string; readonly ground: string },
  operatorId: string,
): Promise<Result<Handle>> => act(deps, handle, operatorId, (state, actor) => decideRightRecorded(state, right, actor))

export const withdrawRight = (
  deps: CommitDeps,
  { handle, ...right }: { readonly handle: string; readonly accountId: string; readonly reason: string },
  operatorId: string,
): Promise<Result<Handle>> => act(deps, handle, operatorId, (state, actor) => decideRightWithdrawn(state, right, actor))
