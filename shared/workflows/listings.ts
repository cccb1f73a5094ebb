import type { Money } from '../contract/money.ts'
import type { SaleBook } from '../domain/appraisal/comparables.ts'
import { advanceHandle } from '../domain/aggregate.ts'
import type { Actor } from '../domain/actors.ts'
import { checkHandle } from '../domain/handle-name.ts'
import type { Handle, HandleEvent } from '../domain/handle.ts'
import { decideListingClosed, decideListingOpened, sellingHindered } from '../domain/user-listing.ts'
import { atStakeMinor } from '../domain/resale.ts'
import type { GateFacts } from '../domain/release-gate.ts'
import type { Assessment } from '../domain/release.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { Caller } from '../runtime/caller.ts'
import type { Store } from '../store/client.ts'
import { type HandleForSale, type LoadedHandle, loadForSale, loadHandle } from '../store/handles.ts'
import { type CommitDeps, committing, instant, knownThenRead } from './committing.ts'
import { noteContact } from './note-contact.ts'
import { checkEligibility, type EligibilityDeps } from './eligibility.ts'

export type ListingDeps = EligibilityDeps & {
  /** Gate and appraisal of a name, by recent sales. */
  readonly assess: (name: string, display: string, facts: GateFacts, sales: SaleBook) => Assessment
  readonly sales: () => Promise<SaleBook>
}

/**
 * A holder puts a handle on sale, or changes its price. The gate is asked as before a release: names that the market does
 * not carry are not sold by their holders either. The appraisal is stored with the listing, so that buyers see a range.
 */
export const openListing = async (
  deps: ListingDeps,
  caller: Caller,
  input: string,
  price: Money,
): Promise<Result<Handle>> => {
  const sellerId = caller.id
  const name = checkHandle(input)
  if (!name.ok) return name
  const actor: Actor = { kind: 'seller', id: sellerId }
  const [book, known] = await Promise.all([deps.sales(), loadForSale(deps.store, name.value)])
  if (known === null) return unknownHandle(name.value)
  const assessed = deps.assess(name.value, known.state.display, factsOf(known), book)
  const appraisal = assessed.pass ? assessed.appraisal : known.state.appraisal
  const amountMinor = atStakeMinor({ appraisal }, price.amountMinor)
  const refused = await checkEligibility(deps, caller, { kind: 'list', amountMinor })
  if (refused !== null) return { ok: false, refusal: refused }
  await noteContact(deps, caller)
  const read = knownThenRead<LoadedHandle | null>(known, () => loadHandle(deps.store, name.value))
  return moving(deps, name.value, actor, read, (handle, now) => {
    const hindered = sellingHindered(handle, sellerId, deps.terms, now)
    if (hindered !== null) return { ok: false, refusal: hindered }
    if (!assessed.pass && assessed.code !== 'above_checkout') {
      return refuse('handle_not_offered', assessed.reason, 'handle', { gate: assessed.code })
    }
    const { amountMinor: priceMinor, currency } = price
    const offered = { sellerId, priceMinor, currency, ...(appraisal !== undefined && { appraisal }) }
    return decideListingOpened(handle, offered, deps.terms, actor, now)
  })
}

const unknownHandle = (name: string) => refuse('not_found', `There is no handle ${name}`, 'handle')

const factsOf = ({ state, look }: HandleForSale): GateFacts => ({
  overruled: new Set(state.overruled?.codes),
  ...(look !== undefined && { look }),
})

/** A holder takes a handle off sale. */
export const closeListing = async (
  deps: CommitDeps<Store>,
  sellerId: string,
  input: string,
): Promise<Result<Handle>> => {
  const name = checkHandle(input)
  if (!name.ok) return name
  const actor: Actor = { kind: 'seller', id: sellerId }
  const read = () => loadHandle(deps.store, name.value)
  return moving(deps, name.value, actor, read, (handle, now) => decideListingClosed(handle, sellerId, actor, now))
}

const moving = (
  deps: CommitDeps<Store>,
  name: string,
  actor: Actor,
  read: () => Promise<LoadedHandle | null>,
  decide: (handle: Handle, now: string) => Result<readonly HandleEvent[]>,
): Promise<Result<Handle>> =>
  committing<Result<Handle>>(deps, async () => {
    const before = await read()
    if (before === null) return { changes: [], answer: unknownHandle(name) }
    const now = instant(deps.now())
    const decided = decide(before.state, now)
    if (!decided.ok) return { changes: [], answer: decided }
    if (decided.value.length === 0) return { changes: [], answer: ok(before.state) }
    const after = advanceHandle(name, before, decided.value, now, actor)
    return {
      changes: [{ kind: 'handle', before, after, contact: before.contact }],
      answer: ok(after.state),
    }
  })
