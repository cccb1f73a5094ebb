import type * as z from 'zod'
import type { releasePolicySchema } from '../contract/release-policy.ts'
import { advance, policyId, policyAggregate } from '../domain/aggregate.ts'
import { completeRules } from '../domain/eligibility-rules.ts'
import type { Entry } from '../domain/journal.ts'
import {
  decidePublish,
  evolvePolicy,
  type PolicyDraft,
  type PolicyEvent,
  type PublishedPolicy,
  type ReleasePolicy,
  shippedPolicy,
} from '../domain/release-policy.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { HandlesStore, Store } from '../store/client.ts'
import { filedEntries } from '../store/journal.ts'
import { loadPolicy } from '../store/policy.ts'
import { type CommitDeps, committing, instant } from './committing.ts'

type PolicyView = z.input<typeof releasePolicySchema>

/** A policy that was published before a section of it existed goes by the shipped one there. */
const complete = (policy: PublishedPolicy): PublishedPolicy => {
  const whole = { ...shippedPolicy, ...policy }
  return { ...whole, eligibility: completeRules(whole.eligibility) }
}

/** The policy in force now. One read of one unit. */
export const readPolicyInForce = async (store: HandlesStore): Promise<ReleasePolicy> => {
  const policy = await loadPolicy(store)
  return policy === null ? shippedPolicy : complete(policy.state)
}

/** A page that people look at may show a policy this old; whatever decides reads it anew. */
const cacheMs = 60_000

export const cachedPolicy = (store: HandlesStore, now: () => number): (() => Promise<ReleasePolicy>) => {
  let cached: { readonly at: number; readonly policy: ReleasePolicy } | null = null
  return async () => {
    if (cached === null || now() - cached.at > cacheMs) cached = { at: now(), policy: await readPolicyInForce(store) }
    return cached.policy
  }
}

/** Publishes the next version; from the next look of the clock on it decides. */
export const publishPolicy = async (
  deps: CommitDeps,
  request: {
    readonly basedOn: number
    readonly draft: PolicyDraft
    readonly requestHash: string
    readonly idempotencyKey: string
  },
  operatorId: string,
): Promise<Result<PolicyView>> =>
  committing<Result<PolicyView>>(deps, async () => {
    const before = await loadPolicy(deps.store)
    const decided = decidePublish(before?.state ?? null, request)
    if (!decided.ok) return { changes: [], answer: decided }
    const [event] = decided.value
    if (event === undefined) return { changes: [], answer: ok(before?.state ?? shippedPolicy) }
    const after = advance('policy', policyId, before, [event], instant(deps.now()), {
      kind: 'operator',
      id: operatorId,
    })
    return { changes: [{ kind: 'policy', before, after }], answer: ok(after.state) }
  })

/** Every version, newest first: what was published when. */
export const listPolicies = async (store: Store): Promise<Result<{ policies: PolicyView[] }>> =>
  ok({ policies: await readVersions(store) })

export const getPolicy = async (store: Store, version: number): Promise<Result<PolicyView>> => {
  const found = (await readVersions(store)).find((policy) => policy.version === version)
  return found === undefined ? refuse('not_found', `There is no policy ${version}`, 'version') : ok(found)
}

const readVersions = async (store: Store): Promise<ReleasePolicy[]> => {
  const newest = await loadPolicy(store)
  if (newest === null) return [shippedPolicy]
  const filed = (await filedEntries(store, policyAggregate)) as Entry<PolicyEvent>[]
  const entries = [...filed.filter((entry) => entry.seq < newest.entry.seq), newest.entry]
  const versions: ReleasePolicy[] = [shippedPolicy]
  let policy: PublishedPolicy | null = null
  for (const entry of entries) {
    for (const event of entry.events) {
      policy = evolvePolicy(policy, event, entry.at)
      versions.unshift(complete(policy))
    }
  }
  return versions
}
