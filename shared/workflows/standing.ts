import type * as z from 'zod'
import type { standingSchema } from '../contract/standing.ts'
import { type Actor, systemActor } from '../domain/actors.ts'
import { advanceStanding, type VersionedOf } from '../domain/aggregate.ts'
import {
  decideLetGo,
  decideReliedOn,
  decideStrike,
  decideTakeoverSuspected,
  type Standing,
  type StandingEvent,
} from '../domain/standing.ts'
import { load } from '../store/aggregates.ts'
import type { HandlesStore } from '../store/client.ts'
import { type Change, type CommitStore } from '../store/commit.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { readPolicyInForce } from './policies.ts'

type StandingDeps = CommitDeps<CommitStore>

/** Loads an account's standing, decides on it and commits what was decided, again while others are faster. */
export const changeStanding = (
  deps: StandingDeps,
  accountId: string,
  actor: Actor,
  decide: (standing: Standing | null, now: string) => readonly StandingEvent[],
): Promise<Standing | null> =>
  committing<Standing | null>(deps, async () => {
    const before = await load(deps.store, 'standing', accountId)
    const now = instant(deps.now())
    const events = decide(before?.state ?? null, now)
    const change = standingChange(accountId, before, events, now, actor)
    return change === null
      ? { changes: [], answer: before?.state ?? null }
      : { changes: [change], answer: change.after.state }
  })

/** What an account sees of its own standing. */
export const viewStanding = (standing: Standing | null): z.input<typeof standingSchema> => {
  const held = standing?.authorisation
  return {
    suspendedUntil: standing?.suspendedUntil ?? null,
    suspendedFor: standing?.suspendedFor ?? null,
    strikes: [...(standing?.strikes ?? [])],
    authorisation:
      held === undefined
        ? null
        : {
            authorisationId: held.id,
            amount: { amountMinor: held.amountMinor, currency: held.currency },
            until: held.until,
            neededBy: [...held.sales],
          },
  }
}

/** One standing's part of a commit; null where nothing happened to it. */
export const standingChange = (
  accountId: string,
  before: VersionedOf<'standing'> | null,
  events: readonly StandingEvent[],
  now: string,
  actor: Actor,
): Extract<Change, { readonly kind: 'standing' }> | null =>
  events.length === 0
    ? null
    : { kind: 'standing', before, after: advanceStanding(accountId, before, events, now, actor) }

/**
 * A winner did not pay: one strike for the sale, however often this is told, and by the policy in force a suspension.
 * `reason` is a sentence for the account and for operators.
 */
export const recordStrike = async (
  deps: StandingDeps & { readonly store: HandlesStore },
  accountId: string,
  strike: { readonly saleId: string; readonly reason: string },
): Promise<void> => {
  const { eligibility } = await readPolicyInForce(deps.store)
  await changeStanding(deps, accountId, systemActor, (standing, now) =>
    decideStrike(standing, strike, eligibility, now),
  )
}

/** The platform hears of it by the event on the bus, and tells the account's holder. */
export const noteTakeover = async (
  deps: StandingDeps,
  accountId: string,
  tried: Parameters<typeof decideTakeoverSuspected>[1],
): Promise<void> => {
  await changeStanding(deps, accountId, systemActor, (standing) => decideTakeoverSuspected(standing, tried))
}

/** A bid that asked for an authorisation was made in this sale: it is kept until the sale ends. One write a sale. */
export const relyOnAuthorisation = async (deps: StandingDeps, accountId: string, saleId: string): Promise<void> => {
  await changeStanding(deps, accountId, systemActor, (standing) => decideReliedOn(standing, saleId))
}

/** A sale has ended for this bidder. After the last one that needed it the card is let go. */
export const letGoAuthorisation = async (deps: StandingDeps, accountId: string, saleId: string): Promise<void> => {
  await changeStanding(deps, accountId, systemActor, (standing) => decideLetGo(standing, saleId))
}
