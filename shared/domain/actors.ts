/**
 * Who did it. `system` is the clock, the payment provider's signed word, or the pipeline itself; `holder` is the account
 * whose handle it is, known by a signed link.
 */
export type Actor =
  | { readonly kind: 'buyer' | 'seller' | 'holder' | 'prospect' | 'operator' | 'platform'; readonly id: string }
  | { readonly kind: 'system' }

export type ActorKind = Actor['kind']

export const systemActor: Actor = { kind: 'system' }

/** `buyer:acct_1`, `system`: as journal entries store it. */
export const actorName = (actor: Actor): string => (actor.kind === 'system' ? 'system' : `${actor.kind}:${actor.id}`)
