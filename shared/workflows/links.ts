import { derivedId } from '../contract/ids.ts'
import { systemActor } from '../domain/actors.ts'
import { advance } from '../domain/aggregate.ts'
import { refuse, type Refusal } from '../domain/result.ts'
import {
  decideTraitSeen,
  noTraits,
  sharedTraits,
  type Standing,
  type Trait,
  traitOf,
  type TraitKind,
} from '../domain/standing.ts'
import type { Caller } from '../runtime/caller.ts'
import { load } from '../store/aggregates.ts'
import type { HandlesStore, Store } from '../store/client.ts'
import { linkAccount } from '../store/links.ts'
import { loadStandings } from '../store/standings.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { changeStanding } from './standing.ts'

type LinkDeps = CommitDeps<Store>

/** Learns that an account has a card, device or payout account. The index comes first, so that a repeat makes it whole. */
export const noteTrait = async (deps: CommitDeps<HandlesStore>, accountId: string, trait: Trait): Promise<void> => {
  await linkAccount(deps.store, trait, accountId)
  await changeStanding(deps, accountId, systemActor, (standing) => decideTraitSeen(standing, trait))
}

/** Learns the caller's device, where the token names one that its standing does not know yet: two writes, once a device. */
export const noteDevice = async (
  deps: CommitDeps<HandlesStore>,
  caller: Caller,
  standing: Standing | null,
): Promise<void> => {
  const device = deviceOf(caller)
  if (device !== null && decideTraitSeen(standing, device).length > 0) await noteTrait(deps, caller.id, device)
}

const deviceOf = ({ claims: { deviceId } }: Caller): Trait | null =>
  deviceId === undefined ? null : traitOf('device', deviceId)

/** Whom a bidder must not be linked to. `platform` is no account. */
export type SaleParties = {
  readonly saleId: string
  readonly sellerId?: string | undefined
  /** The operator who opened the sale. */
  readonly operatorId?: string | undefined
  /** The bidder who leads, and is bid up. */
  readonly rivalId?: string | undefined
}

/**
 * Whether a bidder has a card, a device or a payout account in common with the seller or the operator of the sale: refused
 * as `linked_account`. With the bidder whom it bids up: a case for operators, once a sale and pair. One request reads the
 * standings of all of them, unless they were read before.
 */
export const checkLinks = async (
  deps: LinkDeps,
  caller: Caller,
  parties: SaleParties,
  standingsRead?: ReadonlyMap<string, Standing>,
): Promise<Refusal | null> => {
  const { saleId, sellerId, operatorId, rivalId } = parties
  const others = othersIn(parties, caller.id)
  if (others.length === 0) return null
  const standings = standingsRead ?? (await loadStandings(deps.store, [caller.id, ...others]))
  const own = traitsOf(caller, standings.get(caller.id))
  const sharedWith = (id: string | undefined): readonly TraitKind[] =>
    id === undefined || id === caller.id ? [] : sharedTraits(own, standings.get(id)?.traits)
  for (const [id, role] of [
    [sellerId, 'seller'],
    [operatorId, 'operator'],
  ] as const) {
    const shared = sharedWith(id)
    if (shared.length > 0) {
      const words = `Your account and the ${role} of this sale have in common: ${shared.join(', ')}`
      return refuse('linked_account', words, undefined, { linkedTo: role, shared }).refusal
    }
  }
  const shared = sharedWith(rivalId)
  if (rivalId !== undefined && shared.length > 0) await openLinkCase(deps, saleId, [caller.id, rivalId], shared)
  return null
}

/** The accounts of a sale that a caller could be linked to. */
export const othersIn = ({ sellerId, operatorId, rivalId }: Omit<SaleParties, 'saleId'>, callerId: string): string[] =>
  [sellerId, operatorId, rivalId].flatMap((id) =>
    id === undefined || id === 'platform' || id === callerId ? [] : [id],
  )

const traitsOf = (caller: Caller, standing: Standing | undefined): Standing['traits'] => {
  const traits = standing?.traits ?? noTraits
  const device = deviceOf(caller)
  return device === null ? traits : { ...traits, device: [...traits.device, device.hash] }
}

const openLinkCase = (
  deps: LinkDeps,
  saleId: string,
  bidders: readonly [string, string],
  shared: readonly TraitKind[],
): Promise<void> => {
  const accountIds = bidders.toSorted()
  const id = derivedId('cas', 'linked_bidders', saleId, ...accountIds)
  return committing<void>(deps, async () => {
    if ((await load(deps.store, 'case', id)) !== null) return { changes: [], answer: undefined }
    const opened = { type: 'case_opened', ground: 'linked_bidders', saleId, accountIds, shared } as const
    const after = advance('case', id, null, [opened], instant(deps.now()), systemActor)
    return { changes: [{ kind: 'case', before: null, after }], answer: undefined }
  })
}
