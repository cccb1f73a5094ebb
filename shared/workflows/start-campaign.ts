import type * as z from 'zod'
import type { campaignSchema, HandleRule } from '../contract/campaign.ts'
import type { listingCardSchema } from '../contract/market-resources.ts'
import { checkoutMaxMinor } from '../contract/money.ts'
import { advance } from '../domain/aggregate.ts'
import { type Campaign, decideStart, fitsRule, type OfferedHandle } from '../domain/campaign.ts'
import type { Handle } from '../domain/handle.ts'
import { skeleton } from '../domain/handle-name.ts'
import { guardOf } from '../domain/protected-names.ts'
import { systemActor } from '../domain/actors.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { decideSaleOpened } from '../domain/listing.ts'
import { load } from '../store/aggregates.ts'
import { loadOffersOfHandle } from '../store/campaigns.ts'
import type { ShelvesStore, Store } from '../store/client.ts'
import { loadHandles } from '../store/handles.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { viewCampaign } from './offer-views.ts'
import { searchListings } from './search-listings.ts'

export type StartDeps = CommitDeps<Store & ShelvesStore> & {
  /** How many known words a name is made of; 0 where it is none. Loads word lists, so it is asked for last. */
  readonly wordsOf: () => Promise<(name: string, display: string) => number>
}

/**
 * Starts a campaign: resolves its handles from the search indexes or its list, fixes the price of each, and commits both.
 * The offers are planned and the first go out by the event road. A handle of a list that cannot be offered refuses the
 * start, with its name; a rule takes only what can be.
 */
export const startCampaign = async (
  deps: StartDeps,
  id: string,
  operatorId: string,
): Promise<Result<z.input<typeof campaignSchema>>> =>
  committing<Result<z.input<typeof campaignSchema>>>(deps, async () => {
    const before = await load(deps.store, 'campaign', id)
    if (before === null) {
      return { changes: [], answer: refuse('not_found', `There is no campaign ${id}`, 'campaignId') }
    }
    // Refused, or started already, before anything is looked for.
    const early = decideStart(before.state, [noHandle])
    if (!early.ok) return { changes: [], answer: early }
    if (early.value.length === 0) return { changes: [], answer: ok(viewCampaign(before.state, null)) }
    const at = instant(deps.now())
    const offered = await resolve(deps, id, before.state, at)
    if (!offered.ok) return { changes: [], answer: offered }
    const decided = decideStart(before.state, offered.value)
    if (!decided.ok) return { changes: [], answer: decided }
    const after = advance('campaign', id, before, decided.value, at, { kind: 'operator', id: operatorId })
    return { changes: [{ kind: 'campaign', before, after }], answer: ok(viewCampaign(after.state, null)) }
  })

const noHandle: OfferedHandle = { handle: '', display: '', priceMinor: 1 }

const resolve = async (
  deps: StartDeps,
  campaignId: string,
  campaign: Campaign,
  at: string,
): Promise<Result<readonly OfferedHandle[]>> => {
  const { handles } = campaign
  const resolved = 'list' in handles ? ok(handles.list) : await findByRule(deps, handles.rule)
  if (!resolved.ok) return resolved
  const names = resolved.value
  const found = await loadHandles(deps.store, names, names.map(skeleton))
  const offered: OfferedHandle[] = []
  for (const name of names) {
    const handle = found.handles.get(name)?.state
    const offer = handle === undefined ? unknownHandle(name) : offerable(handle, found, campaignId, campaign, at)
    if (offer.ok) offered.push(offer.value)
    else if ('list' in handles) return offer
  }
  const priced = await checkPrices(deps, campaignId, campaign, offered)
  return priced.ok ? ok(offered) : priced
}

const unknownHandle = (name: string) => refuse('handle_not_for_sale', `${name} is not for sale`, 'handles.list')

/** Whether the handle could be bound now, and what its prospects are asked. */
const offerable = (
  handle: Handle,
  { looks }: Awaited<ReturnType<typeof loadHandles>>,
  campaignId: string,
  { price }: Campaign,
  at: string,
): Result<OfferedHandle> => {
  const guard = guardOf(handle.name, looks.get(skeleton(handle.name)), handle.overruled)
  const sale = { mode: 'private_offer' as const, id: campaignId, startsAt: at }
  const opened = decideSaleOpened(handle, sale, guard, systemActor, at)
  if (!opened.ok) return { ok: false, refusal: { ...opened.refusal, field: 'handles.list' } }
  const priceMinor = price.by === 'amount' ? price.amountMinor : handle.appraisal?.expected
  if (priceMinor === undefined || priceMinor > checkoutMaxMinor) {
    const why = priceMinor === undefined ? 'was never appraised' : 'is appraised above what one payment can carry'
    return refuse('handle_not_for_sale', `${handle.name} ${why}: set an amount`, 'price')
  }
  return ok({ handle: handle.name, display: handle.display, priceMinor })
}

/** Every prospect of a handle is asked one price, whichever campaign asks: another one needs the campaign's reason. */
const checkPrices = async (
  deps: StartDeps,
  campaignId: string,
  { priceReason }: Campaign,
  offered: readonly OfferedHandle[],
): Promise<Result<null>> => {
  if (priceReason !== undefined) return ok(null)
  for (const { handle, priceMinor } of offered) {
    const offers = await loadOffersOfHandle(deps.store, handle)
    const asked = offers.find(
      ({ state }) => state.campaignId !== campaignId && state.asked.length > 0 && state.priceMinor !== priceMinor,
    )
    if (asked === undefined) continue
    const { campaignId: earlier, priceMinor: earlierMinor, currency } = asked.state
    return refuse(
      'price_reason_missing',
      `${handle} was offered at ${earlierMinor} ${currency} (minor units) by ${earlier}, and now at ${priceMinor}`,
      'priceReason',
      { handle, campaignId: earlier, price: { amountMinor: earlierMinor, currency } },
    )
  }
  return ok(null)
}

/** Pages of a search that one start reads at most; each is bounded by the search itself. */
const pagesMax = 50
const cardsPerPage = 100

/**
 * The dearest handles that fit, from the search that everybody uses: by price from the top, or with a prefix all of its
 * names. Nothing is scanned; what lies behind the bound is not found.
 */
const findByRule = async (deps: StartDeps, rule: HandleRule): Promise<Result<readonly string[]>> => {
  const { prefix, tier, priceMin, priceMax, lengthMin, lengthMax, wordsMin, wordsMax, handlesMax } = rule
  const length = lengthMin === lengthMax ? lengthMin : undefined
  const sort = prefix === undefined ? ('-price' as const) : ('name' as const)
  const search = { prefix, tier, priceMin, priceMax, length, sort, limit: cardsPerPage }
  const wordsOf = wordsMin === undefined && wordsMax === undefined ? null : await deps.wordsOf()
  const fits = ({ handle: name, display, tier: tierOf, price, status }: ListingCard): boolean => {
    if (status !== 'open' || !fitsRule(rule, { name, tier: tierOf, priceMinor: price.amountMinor })) return false
    const words = wordsOf?.(name, display)
    return words === undefined || (words > 0 && words >= (wordsMin ?? 1) && words <= (wordsMax ?? words))
  }
  const found: ListingCard[] = []
  let cursor: string | undefined
  for (let page = 0; page < pagesMax; page += 1) {
    const cards = await searchListings(deps, { ...search, cursor })
    if (!cards.ok) return cards
    found.push(...cards.value.items.filter(fits))
    cursor = cards.value.nextCursor ?? undefined
    if (cursor === undefined || (sort === '-price' && found.length >= handlesMax)) break
  }
  const dearest = found.toSorted((a, b) => b.price.amountMinor - a.price.amountMinor || (a.handle < b.handle ? -1 : 1))
  return ok(dearest.slice(0, handlesMax).map(({ handle }) => handle))
}

type ListingCard = z.infer<typeof listingCardSchema>
