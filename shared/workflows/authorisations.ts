import { derivedId } from '../contract/ids.ts'
import type { Money } from '../contract/money.ts'
import type { authorisationPageSchema, standingSchema } from '../contract/standing.ts'
import { systemActor } from '../domain/actors.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import {
  decideAuthorisationEnded,
  decideAuthorisationHeld,
  decideCancelAuthorisation,
  traitOf,
} from '../domain/standing.ts'
import type { Authorisations } from '../gateways/authorisations.ts'
import type { Caller } from '../runtime/caller.ts'
import { load } from '../store/aggregates.ts'
import type { HandlesStore } from '../store/client.ts'
import type { CommitStore } from '../store/commit.ts'
import type { CommitDeps } from './committing.ts'
import { checkEligibility, type EligibilityDeps } from './eligibility.ts'
import { noteTrait } from './links.ts'
import { changeStanding, viewStanding } from './standing.ts'
import type * as z from 'zod'

type Provider = { readonly authorisations: () => Promise<Authorisations> }

/**
 * The hosted page on which a bidder has a card authorised. Its key and every parameter are derived from the request, so
 * asking again gives the same page, and nothing is kept until the provider says that the card is held.
 */
export const openAuthorisation = async (
  deps: EligibilityDeps & Provider & { readonly publicUrl: string },
  caller: Caller,
  request: { readonly amount: Money; readonly idempotencyKey: string },
): Promise<Result<z.input<typeof authorisationPageSchema>>> => {
  const barred = await checkEligibility(deps, caller, { kind: 'authorise' })
  if (barred !== null) return { ok: false, refusal: barred }
  const { amount } = request
  const id = derivedId('aut', caller.id, request.idempotencyKey)
  const authorisations = await deps.authorisations()
  const page = await authorisations.open({ id, accountId: caller.id, amount }, deps.publicUrl)
  switch (page) {
    case 'done':
      return refuse('checkout_closed', 'This page has done its work, or its time is over')
    case 'in_progress':
      return refuse('request_in_progress', 'The page is being opened by another request; ask again')
    case 'key_reused':
      return refuse('idempotency_key_reused', `This key opened ${id} with another amount`, 'Idempotency-Key')
    default:
      return ok({ authorisationId: id, amount, ...page })
  }
}

/**
 * The provider's word on an authorisation. It comes in any order and more than once, so the payment is read as it stands
 * now. Null: done, or nothing was to do. Otherwise why it was refused.
 */
export const applyAuthorisation = async (
  deps: CommitDeps<HandlesStore> & Provider,
  paymentIntentId: string,
): Promise<string | null> => {
  const authorisations = await deps.authorisations()
  const facts = await authorisations.read(paymentIntentId)
  if (facts === null) return 'its payment names no authorisation'
  const { state, accountId, cardFingerprint } = facts
  if (state === 'pending') return null
  if (state === 'held' && cardFingerprint !== null) {
    await noteTrait(deps, accountId, traitOf('card', cardFingerprint))
  }
  await changeStanding(deps, accountId, systemActor, (standing) =>
    state === 'held'
      ? decideAuthorisationHeld(standing, facts)
      : decideAuthorisationEnded(standing, facts.paymentIntentId),
  )
  return null
}

/** Carries out what a standing wants: payments that are not needed any more let their cards go. */
export const endAuthorisations = async (deps: CommitDeps<CommitStore> & Provider, accountId: string): Promise<void> => {
  const standing = await load(deps.store, 'standing', accountId)
  const authorisations = await deps.authorisations()
  for (const paymentIntentId of standing?.state.ending ?? []) {
    await authorisations.cancel(paymentIntentId)
    await changeStanding(deps, accountId, systemActor, (now) => decideAuthorisationEnded(now, paymentIntentId))
  }
}

/** The bidder wants the card back; refused while a sale needs it. */
export const cancelAuthorisation = async (
  deps: CommitDeps<CommitStore>,
  accountId: string,
  id: string,
): Promise<Result<z.input<typeof standingSchema>>> => {
  let refused: Result<never> | null = null
  const standing = await changeStanding(deps, accountId, { kind: 'buyer', id: accountId }, (before) => {
    const decided = decideCancelAuthorisation(before, id)
    refused = decided.ok ? null : decided
    return decided.ok ? decided.value : []
  })
  return refused ?? ok(viewStanding(standing))
}
