import type { ReleaseMessage } from '../contract/messages.ts'
import { errorFacts, log } from '../runtime/log.ts'
import { loadResult, recordResult, type RunResult } from '../store/runs.ts'
import { type ReleaseDeps, releaseHandles, type ReleaseOutcome } from './release-handles.ts'

/** Failures that a result names, and how much of each reason: a message's result stays small. */
const failuresKeptMax = 10
const reasonCharactersMax = 120

/** Some names of a message failed, and the rest was done. The message comes again, for these names. */
export class NamesFailed extends Error {
  override readonly name = 'NamesFailed'
}

/** The figures of a message's result; it has a number and a run besides. */
export type ReleaseTally = Omit<RunResult, 'number' | 'receives' | 'at'>

/**
 * Works off one message of a sweep and keeps its result under the run. A repeated delivery finds the result and does nothing;
 * after failures it tries what failed, so that every name of a run is counted once.
 * @throws NamesFailed with the names and their reasons; anything else failed for the whole message
 */
export const workOffRelease = async (
  deps: ReleaseDeps,
  { names, run }: ReleaseMessage,
  receives: number,
): Promise<ReleaseTally> => {
  if (run === undefined) return throwFailures(tallyOf(await releaseHandles(deps, names)))
  const earlier = await loadResult(deps.store, run.id, run.number)
  if (earlier?.failed === 0) return earlier
  const [rest, done] = earlier === null ? [names, noneYet] : remaining(names, earlier)
  const record = (tally: ReleaseTally) =>
    recordResult(deps.store, run.id, {
      number: run.number,
      ...tally,
      receives,
      at: new Date(deps.now()).toISOString(),
    })
  let outcomes: readonly ReleaseOutcome[]
  try {
    outcomes = await releaseHandles(deps, rest, { id: run.id, repeated: receives > 1 })
  } catch (error) {
    await record(earlier ?? { ...noneYet, names: new Set(names).size, failed: new Set(names).size }).catch(
      (unrecorded: unknown) => log('error', 'result_not_recorded', { ...run, ...errorFacts(unrecorded) }),
    )
    throw error
  }
  const tally = sum(done, tallyOf(outcomes))
  await record(tally)
  return throwFailures(tally)
}

export const noneYet: ReleaseTally = {
  names: 0,
  released: 0,
  reserved: {},
  noticed: 0,
  begun: 0,
  unreachable: 0,
  letBe: 0,
  notDue: 0,
  failed: 0,
  failures: [],
}

/** What an earlier delivery left to do, and what it did: where it could name every failure, those names are all that is left. */
const remaining = (names: readonly string[], earlier: RunResult): readonly [readonly string[], ReleaseTally] => {
  if (earlier.failures.length !== earlier.failed) return [names, noneYet]
  const done = { ...earlier, names: earlier.names - earlier.failed, failed: 0, failures: [] }
  return [earlier.failures.map(({ name }) => name), done]
}

export const tallyOf = (outcomes: readonly ReleaseOutcome[]): ReleaseTally => {
  const of = (kind: ReleaseOutcome['kind']) => outcomes.filter((outcome) => outcome.kind === kind).length
  const reserved: Record<string, number> = {}
  for (const outcome of outcomes) {
    if (outcome.kind === 'reserved') reserved[outcome.code] = (reserved[outcome.code] ?? 0) + 1
  }
  const failures = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome.failure] : []))
  return {
    names: outcomes.length,
    released: of('released'),
    reserved,
    noticed: of('noticed'),
    begun: outcomes.filter((outcome) => outcome.kind === 'noticed' && outcome.begins).length,
    unreachable: of('unreachable'),
    letBe: of('letBe'),
    notDue: of('notDue'),
    failed: failures.length,
    failures: failures
      .slice(0, failuresKeptMax)
      .map((failure) => ({ ...failure, message: failure.message.slice(0, reasonCharactersMax) })),
  }
}

/** Figures added up; of the failures as many as are kept. */
export const sum = (a: ReleaseTally, b: ReleaseTally): ReleaseTally => {
  const codes = new Set([...Object.keys(a.reserved), ...Object.keys(b.reserved)])
  return {
    names: a.names + b.names,
    released: a.released + b.released,
    reserved: Object.fromEntries([...codes].map((code) => [code, (a.reserved[code] ?? 0) + (b.reserved[code] ?? 0)])),
    noticed: a.noticed + b.noticed,
    begun: a.begun + b.begun,
    unreachable: a.unreachable + b.unreachable,
    letBe: a.letBe + b.letBe,
    notDue: a.notDue + b.notDue,
    failed: a.failed + b.failed,
    failures: [...a.failures, ...b.failures],
  }
}

const throwFailures = (tally: ReleaseTally): ReleaseTally => {
  if (tally.failed === 0) return tally
  const names = tally.failures.map(({ name }) => name).join(', ')
  const reasons = new Set(tally.failures.map(({ error, message }) => `${error}: ${message}`))
  throw new NamesFailed(`${tally.failed} of ${tally.names} names (${names}): ${[...reasons].join('; ')}`)
}
