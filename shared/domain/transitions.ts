import type { ActorKind } from './actors.ts'
import type { DurationName } from './terms.ts'

/** The instants that a drop itself names: `drop.ts`. */
export type DropDeadline = 'dropStep' | 'dropOpening' | 'dropEnd' | 'dropDecision' | 'dropPayment'

/**
 * One row: in state `from`, the event `on` leads to `to`, by one of these actors. `from: null` is the birth. `after` is
 * the deadline of a waiting state: when it has passed, the sweep raises this event. Diagrams, the deadline sweep, "what
 * can I do now" and the tests read the same rows.
 */
export type Transition<S extends string, E extends string> = {
  readonly from: S | null
  readonly on: E
  readonly to: S
  readonly by: readonly ActorKind[]
  readonly after?:
    | DurationName
    | 'releaseRule'
    | 'graceEnd'
    | 'orderDeadline'
    | 'auctionStart'
    | 'auctionEnd'
    | DropDeadline
    | 'offerWindow'
    | 'answerBy'
    | 'answerWindow'
}

/** `waiting`: somebody owes an act, so a deadline must exist. `resting`: nobody does. `final`: nothing follows. */
export type StateKind = 'waiting' | 'resting' | 'final'

export type Machine<S extends string, E extends string> = {
  readonly name: string
  readonly states: Readonly<Record<S, StateKind>>
  readonly transitions: readonly Transition<S, E>[]
}

/** The same event leads from each of these states to the same one. */
export const fromEach = <S extends string, E extends string>(
  states: readonly S[],
  on: E,
  to: S,
  by: readonly ActorKind[],
): Transition<S, E>[] => states.map((from) => ({ from, on, to, by }))

/** What may happen in a state and leaves it as it is. */
export const noted = <S extends string, E extends string>(
  state: S,
  by: readonly ActorKind[],
  ...events: readonly E[]
): Transition<S, E>[] => events.map((on) => ({ from: state, on, to: state, by }))

export const findTransition = <S extends string, E extends string>(
  machine: Machine<S, E>,
  from: S | null,
  on: E,
): Transition<S, E> | undefined => machine.transitions.find((row) => row.from === from && row.on === on)

/** The row of an event that has happened. @throws where the table has none: an impossible state */
export const rowOf = <S extends string, E extends string>(
  machine: Machine<S, E>,
  id: string,
  before: { readonly status: S } | null,
  event: { readonly type: E },
): Transition<S, E> => {
  const from = before?.status ?? null
  const row = findTransition(machine, from, event.type)
  if (row === undefined) throw new Error(`${event.type} happened to ${id} in state ${from ?? 'none'}`)
  return row
}

/** Only a birth can happen to what is not there yet. */
export function assertBorn<T>(id: string, before: T | null, event: { readonly type: string }): asserts before is T {
  if (before === null) throw new Error(`${event.type} happened to ${id} before it existed`)
}

/** The events that may follow now, for "what is possible" in a refusal. */
export const possibleEvents = <S extends string, E extends string>(machine: Machine<S, E>, from: S | null): E[] =>
  machine.transitions.filter((row) => row.from === from).map((row) => row.on)

/** The row that the clock raises in this state, if there is one. */
export const deadlineOf = <S extends string, E extends string>(
  machine: Machine<S, E>,
  state: S,
): Transition<S, E> | undefined => machine.transitions.find((row) => row.from === state && row.after !== undefined)

/** A Mermaid state diagram of the table. */
export const toMermaid = <S extends string, E extends string>(machine: Machine<S, E>): string => {
  const lines = machine.transitions.map((row) => {
    const clock = row.after === undefined ? '' : ` ⏱ ${row.after}`
    return `    ${row.from ?? '[*]'} --> ${row.to}: ${row.on} (${row.by.join(', ')})${clock}`
  })
  const finals = Object.entries(machine.states)
    .filter(([, kind]) => kind === 'final')
    .map(([state]) => `    ${state} --> [*]`)
  return ['stateDiagram-v2', ...lines, ...finals].join('\n')
}
