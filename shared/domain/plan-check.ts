import type { HandleEvent, HandleStatus } from './handle.ts'
import type { ScheduleLine } from './schedule.ts'

/** Something that happened to a handle since the plan; of a release also what it was decided on. */
export type Happening = {
  readonly type: HandleEvent['type']
  readonly policyVersion?: number | undefined
  readonly dueAt?: string | undefined
}

/** A handle after the plan. */
export type Observed = {
  readonly status: HandleStatus
  readonly legalHold: boolean
  /** In order; null: whoever looks may not read the journal. */
  readonly since: readonly Happening[] | null
}

/** The part of a published plan that names are held against. */
export type CheckedPlan = { readonly policyVersion: number; readonly asOf: string }

/**
 * What a comparison says of one name: it came as planned (`as`), otherwise for a reason that came after the plan, otherwise
 * without one, or it cannot be told without the journal.
 */
export type Verdict =
  | { readonly kind: 'planned'; readonly as: 'released' | 'reserved' | 'in_grace' | 'kept' | 'not_concerned' }
  | { readonly kind: 'explained' | 'differs' | 'untold'; readonly words: string }

const planned = (as: Extract<Verdict, { kind: 'planned' }>['as']): Verdict => ({ kind: 'planned', as })

/** What lets a handle be, once it is on the schedule. */
const keeping: ReadonlySet<HandleEvent['type']> = new Set([
  'handle_kept',
  'account_updated',
  'dormancy_ended',
  'legal_hold_placed',
])

/** A name on the schedule is released, reserved, kept, or still in its time of grace: none slipped out. */
export const checkListed = (line: ScheduleLine, observed: Observed | null): Verdict => {
  if (observed === null) return { kind: 'differs', words: 'is on the schedule, and there is no such handle' }
  const { status, legalHold, since } = observed
  const happened = (type: HandleEvent['type']) => since?.some((one) => one.type === type) === true
  switch (status) {
    case 'dormant':
    case 'unreachable':
      return planned('in_grace')
    case 'released':
    case 'locked':
      return checkReleased(line, observed)
    case 'reserved':
      return line.outcome === 'reserve'
        ? planned('reserved')
        : { kind: 'explained', words: 'was to be released and is reserved: its name has become protected' }
    case 'active':
      if (since === null) return { kind: 'untold', words: 'is active: only its journal says why' }
      if (happened('handle_released')) return checkReleased(line, observed)
      if (legalHold || since.some(({ type }) => keeping.has(type))) return planned('kept')
      return { kind: 'differs', words: 'is on the schedule, and nothing has happened to it since the plan' }
  }
}

const checkReleased = ({ outcome }: ScheduleLine, { since }: Observed): Verdict => {
  if (outcome === 'release') return planned('released')
  const words = 'was to be reserved and is released'
  if (since === null) return { kind: 'untold', words: `${words}: only its journal says why` }
  return since.some(({ type }) => type === 'gate_overruled')
    ? { kind: 'explained', words: `${words}: an operator overruled the gate` }
    : { kind: 'differs', words: `${words}, though nobody overruled the gate` }
}

/** What makes a handle due for release that was not when the plan was made. */
const explaining: ReadonlySet<HandleEvent['type']> = new Set([
  'handle_imported',
  'account_updated',
  'handle_kept',
  'dormancy_ended',
  'legal_hold_placed',
  'legal_hold_lifted',
  'gate_overruled',
  'handle_handed_over',
])

/**
 * A name that is not on the schedule was not released by the plan's policy for what was due when it was made: none slipped
 * in. `released` is the release that the handle itself tells of, for whoever may not read its journal.
 */
export const checkUnlisted = (
  plan: CheckedPlan,
  { since }: Pick<Observed, 'since'>,
  released: { readonly policyVersion: number; readonly dueAt: string } | null,
): Verdict => {
  const isPlans = ({ policyVersion, dueAt }: { policyVersion?: number | undefined; dueAt?: string | undefined }) =>
    policyVersion === plan.policyVersion && dueAt !== undefined && dueAt <= plan.asOf
  if (since === null) {
    return released === null || !isPlans(released)
      ? planned('not_concerned')
      : { kind: 'untold', words: 'was released and is not on the schedule: only its journal says why' }
  }
  const at = since.findIndex((one) => one.type === 'handle_released' && isPlans(one))
  if (at === -1) return planned('not_concerned')
  const reason = since.slice(0, at).find(({ type }) => explaining.has(type))
  return reason === undefined
    ? { kind: 'differs', words: 'was released and is not on the schedule' }
    : { kind: 'explained', words: `was released and is not on the schedule: ${reason.type} after the plan` }
}

/** The part of an event that a check looks at. */
export const happeningOf = (event: HandleEvent): Happening =>
  event.type === 'handle_released'
    ? { type: event.type, policyVersion: event.policyVersion, dueAt: event.dueAt }
    : { type: event.type }
