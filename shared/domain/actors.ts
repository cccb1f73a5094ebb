/**
 * Who did it. `system` is the clock, the payment provider's signed word, or the pipeline itself; `holder` is the account
 * whose handle it is, known by a signed link. The clock's sweeps say which run it was.
 */
export type Actor =
  | { readonly kind: 'buyer' | 'seller' | 'holder' | 'prospect' | 'operator' | 'platform'; readonly id: string }
  | { readonly kind: 'system'; readonly runId?: string }

export type ActorKind = Actor['kind']

export const systemActor: Actor = { kind: 'system' }

/** `buyer:acct_1`, `system`, `system:run_…`: as journal entries store it. */
export const actorName = (actor: Actor): string => {
  const id = actor.kind === 'system' ? actor.runId : actor.id
  return id === undefined ? actor.kind : `${actor.kind}:${id}`
}
