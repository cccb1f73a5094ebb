import { type Act, asksSecondFactor, authorisationFor, decideEligibility } from '../domain/eligibility.ts'
import type { ReleasePolicy } from '../domain/release-policy.ts'
import { type Refusal, refusalOf } from '../domain/result.ts'
import { decideReliedOn, type Standing } from '../domain/standing.ts'
import { dayMs } from '../domain/terms.ts'
import type { Humanity } from '../gateways/humanity.ts'
import type { SecondFactor } from '../gateways/second-factor.ts'
import type { Caller } from '../runtime/caller.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import { recentOrders } from '../store/orders.ts'
import { countRequest } from '../store/velocity.ts'
import { type CommitDeps, instant } from './committing.ts'
import { noteDevice } from './links.ts'
import { noteTakeover, relyOnAuthorisation } from './standing.ts'

export type EligibilityDeps = CommitDeps<Store> & {
  /** The policy in force, as `cachedPolicy` keeps it. */
  readonly policy: () => Promise<ReleasePolicy>
  readonly humanity: Humanity
  readonly secondFactor: SecondFactor
}

/** Acts in which accounts could play together. */
const playsWithOthers: ReadonlySet<Act['kind']> = new Set(['bid', 'offer', 'apply', 'list', 'sell'])

/** An order can hold its handle this long at most: a week for a slow payment, and a day for the hand-over. */
const openDaysMax = 9

/**
 * Whether a caller may do this now; null: yes. Every door that lets a user commit to something asks first. What it reads, it
 * reads at once; `standingRead` where it is read along with something else.
 */
export const checkEligibility = async (
  deps: EligibilityDeps,
  caller: Caller,
  act: Act,
  standingRead: Promise<Standing | null> = loadStanding(deps, caller.id),
): Promise<Refusal | null> => {
  const [standing, judge] = await Promise.all([standingRead, askEligibility(deps, caller, act)])
  const refusal = await judge(standing)
  if (refusal !== null) return refusal
  if (playsWithOthers.has(act.kind)) await noteDevice(deps, caller, standing)
  await keepAuthorisation(deps, standing, act)
  return null
}

const loadStanding = async ({ store }: EligibilityDeps, accountId: string): Promise<Standing | null> =>
  (await load(store, 'standing', accountId))?.state ?? null

/** A bid for which a card was asked keeps it until its sale ends: one write, once a sale. */
const keepAuthorisation = async (deps: EligibilityDeps, standing: Standing | null, act: Act): Promise<void> => {
  const { kind, amountMinor = 0, saleId } = act
  if (kind !== 'bid' || saleId === undefined || decideReliedOn(standing, saleId).length === 0) return
  const { eligibility } = await deps.policy()
  if (standing !== null && authorisationFor(eligibility, amountMinor) > 0) {
    await relyOnAuthorisation(deps, standing.accountId, saleId)
  }
}

/**
 * The same for a workflow that reads the standing along with something else. It reads the rules in force (kept for a minute)
 * and counts the request of its route, and for an order reads the account's last ones; the answer judges a standing.
 */
export const askEligibility = async (
  deps: EligibilityDeps,
  caller: Caller,
  act: Act,
): Promise<(standing: Standing | null) => Promise<Refusal | null>> => {
  const { eligibility: rules } = await deps.policy()
  const now = deps.now()
  const { windowSeconds, [act.kind]: max } = rules.velocity
  const ordersRead = Math.max(rules.openOrdersMax ?? 0, rules.ordersPerDayMax ?? 0)
  const [retryAfterSeconds, orders, human, secondFactor] = await Promise.all([
    countRequest(deps.store, { route: act.kind, accountId: caller.id, windowSeconds, max }, now),
    act.kind === 'order' && ordersRead > 0
      ? recentOrders(deps.store, caller.id, instant(now - openDaysMax * dayMs), ordersRead)
      : [],
    rules.humanFor.includes(act.kind) ? deps.humanity.isHuman(caller) : null,
    asksSecondFactor(rules, act) ? deps.secondFactor.hasSecondFactor(caller) : null,
  ])
  return async (standing) => {
    if (retryAfterSeconds !== null) {
      return refusalOf('rate_limited', `At most ${max} requests in ${windowSeconds} seconds`, undefined, {
        requestsMax: max,
        windowSeconds,
        retryAfterSeconds,
      })
    }
    const { claims } = caller
    const refusal = decideEligibility(rules, { claims, standing, human, secondFactor, orders }, act, instant(now))
    if (refusal?.code === 'cooling_off' && claims.credentialsChangedAt !== undefined) {
      const { kind, amountMinor } = act
      await noteTakeover(deps, caller.id, { act: kind, amountMinor, credentialsChangedAt: claims.credentialsChangedAt })
    }
    return refusal
  }
}
