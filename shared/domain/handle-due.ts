import type { Handle } from './handle.ts'
import { dueUnder, type ReleasePolicy, ruleFor, ruleNames } from './release-policy.ts'

/** When the clock wants this handle, by this policy; null: never, or not now. */
export const handleDueAt = (handle: Handle, policy: ReleasePolicy): string | null => {
  if (handle.legalHold !== undefined) return null
  if (handle.status === 'dormant') return handle.dormancy?.releaseAt ?? null
  if (handle.status !== 'active' || handle.holder === null) return null
  return dueUnder(handle.holder, policy)?.dueAt ?? null
}

/** Whether an operator overruled the very refusal that keeps the handle from the market. */
export const isOverruled = ({ status, reserved, overruled }: Handle): boolean =>
  status === 'reserved' && reserved !== undefined && overruled?.codes.includes(reserved.code) === true

/** Queues of the clock: an active holder's handle stands under its rule, a handle with a planned step under `waiting`. */
export const dueQueues = [...ruleNames, 'waiting'] as const
export type DueQueue = (typeof dueQueues)[number]

/**
 * Where the clock looks for this handle: under its rule from the instant the rule counts from, or at the instant of its
 * next step. It holds facts and no deadline of a policy, so a new policy finds every handle where it stands. Null: the
 * clock has no business with it.
 */
export const dueFrom = (handle: Handle): { readonly queue: DueQueue; readonly from: string } | null => {
  if (handle.legalHold !== undefined) return null
  if (handle.status === 'active' && handle.holder !== null) {
    const found = ruleFor(handle.holder)
    return found === null ? null : { queue: found.rule, from: found.from }
  }
  const nextStepAt =
    handle.status === 'dormant' ? handle.dormancy?.nextAt : isOverruled(handle) ? handle.overruled?.at : undefined
  return nextStepAt === undefined ? null : { queue: 'waiting', from: nextStepAt }
}
