import pMap from 'p-map'
import type { Fault, InjectedFault } from '../../local/faults.ts'
import { feedDay } from '../../local/stock.ts'
import { startSystem, type System } from '../../local/system.ts'
import { createClient } from '../../shared/contract/client.ts'
import { type Composition, generateAccounts } from './accounts.ts'
import { expectationsOf } from './expectations.ts'
import { liveAndDie, momentWords, randomMoment } from './killing.ts'
import { loadAccounts } from './load.ts'
import { openEngineStore, reconcile } from './reconcile.ts'
import { seededRandom } from './seeded-random.ts'

/**
 * One sweep of any size with everything that may go wrong in it: the whole runtime is killed, environments die, calls
 * fail, half of a batch is not done, answers are lost, messages come twice, a second sweep runs beside the first, and
 * holders sign in half-way. At the end each due handle is released or reserved once, and every count reconciles.
 */
export type SoakOptions = {
  readonly dataDir: string
  readonly accounts: number
  readonly seed: number
  readonly say: (line: string) => void
}

export type SoakReport = {
  readonly accounts: number
  readonly due: number
  readonly released: number
  readonly reserved: number
  /** Sweeps that found something; together they tell of what the tables hold. */
  readonly runs: number
  /** Holders whose sign-in was told in time, and those whose handles were gone. */
  readonly kept: number
  readonly tooLate: number
  readonly kills: number
  readonly faultsStruck: number
  readonly messagesDoubled: number
  readonly deadLetters: number
  /** Empty, or something was lost, doubled or touched that should not have been. */
  readonly faults: readonly string[]
}

const runtimeKills = 3
const sweepEveryMs = 15 * 60_000
const reportsMax = 5_000

export const soak = async ({ dataDir, accounts, seed, say }: SoakOptions): Promise<SoakReport> => {
  const composition: Composition = { accounts, dueShare: 0.8, warnedShare: 0.4, reservedShare: 0.2, now: feedDay }
  const random = seededRandom(seed)
  say(`seed ${seed}`)
  await loadAccounts(dataDir, composition)
  const expected = await expectationsOf(composition)
  const { planned } = expected
  const due = planned.released + Object.values(planned.reservedByCode).reduce((sum, count) => sum + count, 0)
  say(`${accounts} accounts, ${due} handles due`)
  // 25 handles to a batch, each written and filed: the kills fall into the first part of the work, whatever its size.
  for (let kill = 0; kill < runtimeKills; kill += 1) {
    const moment = randomMoment(random, Math.max(12, due / 250))
    await liveAndDie(dataDir, moment)
    say(`the runtime was killed after ${momentWords(moment)}`)
  }
  // Nothing is released until all that goes wrong is prepared; what died with a message in hand left it invisible.
  const system = await startSystem({ dataDir, schedulesRun: false, pausedQueues: ['releases'] })
  try {
    // Their names may be in the queue since before the last kill. Some sign in now, some while the sweep runs, some after.
    const [early, midway, late] = await returningHolders(composition, random)
    const intime = await signIns(system, early)
    const injected = plannedFaults(due, random).map((fault) => system.door.inject(fault))
    system.schedules.fire('sweep-handles')
    await system.idle()
    const messagesDoubled = doubleMessages(system)
    say('the sweep is under way: doubled messages, a second sweep, dying environments, holders who sign in')
    system.queues.resume('releases')
    system.schedules.fire('sweep-handles')
    const [halfway] = await Promise.all([
      signIns(system, midway),
      system.functions.kill('workers-release-handles'),
      system.functions.kill('workers-publish-outbox'),
    ])
    await system.settle()
    // What a sweep that broke off did not queue is found by the next ones.
    for (let sweep = 0; sweep < 2; sweep += 1) {
      await system.clock.move(sweepEveryMs)
      await system.settle()
    }
    const past = await signIns(system, late)
    await system.settle()
    const kept = new Set([...intime.kept, ...halfway.kept, ...past.kept])
    const tooLate = intime.tooLate + halfway.tooLate + past.tooLate
    say('nothing is under way any more: both tables are read whole')
    const found = await reconcile(openEngineStore(system), (outcome) => expected.check(outcome, kept))
    const deadLetters = system.queues
      .depths()
      .filter(({ name }) => /-dead(\.fifo)?$|-failures$/.test(name))
      .reduce((sum, { ready, inflight }) => sum + ready + inflight, 0)
    const faults = [...expected.faultsOf(found, kept)]
    if (deadLetters > 0) faults.push(`${deadLetters} messages lie among the dead letters`)
    const reserved = Object.values(found.reservedByCode).reduce((sum, count) => sum + count, 0)
    const runs = await sumOfRuns(system)
    const done = { released: found.released, reserved: reserved - expected.counts.reserved }
    if (runs.released !== done.released || runs.reserved !== done.reserved) {
      faults.push(`the ${runs.runs} runs tell of ${JSON.stringify(runs)}, the tables of ${JSON.stringify(done)}`)
    }
    return {
      accounts,
      due,
      released: found.released,
      reserved,
      runs: runs.runs,
      kept: kept.size,
      tooLate,
      kills: runtimeKills,
      faultsStruck: injected.reduce((sum, { hits }: InjectedFault) => sum + hits, 0),
      messagesDoubled,
      deadLetters,
      faults,
    }
  } finally {
    await system.stop()
  }
}

const release = { function: 'workers-release-handles', service: 'dynamodb' }
const outbox = { function: 'workers-publish-outbox', service: 'dynamodb' }
const sweep = { function: 'schedules-sweep-handles' }

/** What goes wrong, each at some call of the kind: once where it breaks off the sweep, again and again elsewhere. */
const plannedFaults = (due: number, random: () => number): Fault[] => {
  const kinds: readonly Fault[] = [
    { kind: 'partial', ...release, operation: 'BatchExecuteStatement' },
    { kind: 'cut', when: 'after', ...release, operation: 'BatchExecuteStatement' },
    { kind: 'throttle', ...release, operation: 'BatchExecuteStatement' },
    { kind: 'kill', when: 'before', ...release, operation: 'BatchExecuteStatement' },
    { kind: 'kill', when: 'after', ...release, operation: 'BatchExecuteStatement' },
    { kind: 'partial', ...release, operation: 'BatchGetItem' },
    { kind: '500', ...release, operation: 'BatchGetItem' },
    { kind: 'partial', ...outbox, operation: 'BatchWriteItem' },
    { kind: 'cut', when: 'after', ...outbox, operation: 'BatchWriteItem' },
    { kind: 'kill', when: 'after', ...outbox, operation: 'BatchWriteItem' },
    { kind: '500', ...outbox, operation: 'BatchWriteItem' },
  ]
  // 25 handles to a call: the faults lie all over the work.
  const calls = Math.ceil(due / 25)
  const rounds = Math.max(2, Math.floor(calls / 1_000))
  return [
    { kind: 'partial', ...sweep, operation: 'SendMessageBatch' },
    { kind: 'throttle', ...sweep, operation: 'Query', nth: 3 },
    ...Array.from({ length: rounds }, () => kinds)
      .flat()
      .map((fault) => ({ ...fault, nth: 1 + Math.floor(random() * calls * 0.8) })),
  ]
}

/** What all runs together did, as an operator reads it. */
const sumOfRuns = async (system: System) => {
  const operator = createClient({ baseUrl: system.url, token: () => system.token('operator') })
  const sum = { runs: 0, released: 0, reserved: 0 }
  let cursor: string | null = null
  do {
    const page = await operator.listRuns({ query: { limit: 20, ...(cursor === null ? {} : { cursor }) } })
    if (!page.ok) throw new Error(`the runs cannot be read: ${page.problem.title}`)
    for (const { released, reserved } of page.value.items) {
      sum.runs += 1
      sum.released += released
      sum.reserved += reserved
    }
    cursor = page.value.nextCursor
  } while (cursor !== null)
  return sum
}

/** A queue may deliver a message twice: a third of what waits is there once more. */
const doubleMessages = (system: System): number => {
  const waiting = system.queues.peek('releases')
  const doubled = waiting.slice(0, Math.ceil(waiting.length / 3))
  for (const { body } of doubled) system.queues.send('releases', body)
  return doubled.length
}

type Returning = { readonly handle: string; readonly accountId: string }

/** Holders who sign in: before the sweep comes to them, while it runs, and when it is over. */
const returningHolders = async (
  composition: Composition,
  random: () => number,
): Promise<[Returning[], Returning[], Returning[]]> => {
  const share = Math.min(0.1, reportsMax / composition.accounts)
  const groups: [Returning[], Returning[], Returning[]] = [[], [], []]
  let next = 0
  for await (const { line, kind } of generateAccounts(composition)) {
    // A suspended account is due whether it signs in or not; a warned one keeps its handle.
    if (kind !== 'warned' || random() >= share) continue
    groups[next % groups.length]?.push({ handle: line.name, accountId: line.account.accountId })
    next += 1
  }
  return groups
}

/** The platform says that these holders signed in: who is told in time keeps the handle. */
const signIns = async (system: System, returning: readonly Returning[]) => {
  const platform = createClient({ baseUrl: system.url, token: () => system.token('platform') })
  const activeAt = new Date(system.clock.now()).toISOString()
  const kept = new Set<string>()
  let tooLate = 0
  await pMap(
    returning,
    async ({ handle, accountId }) => {
      const answer = await platform.reportActivity({ body: { handle, accountId, activeAt } })
      if (answer.ok) kept.add(handle)
      else if (answer.problem.code === 'handle_not_active') tooLate += 1
      else throw new Error(`${handle}: ${answer.problem.code}`)
    },
    { concurrency: 8 },
  )
  return { kept, tooLate }
}
