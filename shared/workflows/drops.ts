import type * as z from 'zod'
import type {
  applicationSchema,
  dropCardSchema,
  dropSchema,
  newDropFields,
  publicEntrySchema,
} from '../contract/drop.ts'
import { derivedId } from '../contract/ids.ts'
import type { DeadlineMessage } from '../contract/messages.ts'
import type { Actor } from '../domain/actors.ts'
import { advance, aggregateName, type VersionedOf } from '../domain/aggregate.ts'
import { commitmentOf, seedText } from '../domain/draw.ts'
import { decidesAt, type Drop, dropDueAt, type DropEvent, dropMachine, type Lot } from '../domain/drop.ts'
import { decideCancelDrop, decideCreateDrop, decideReview } from '../domain/drop-decisions.ts'
import { checkHandle } from '../domain/handle-name.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { Queue } from '../gateways/queue.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import { load } from '../store/aggregates.ts'
import type { PageKey } from '../store/pages.ts'
import type { EscrowStore, Store } from '../store/client.ts'
import { dropListKey, entryPageKey, keepSeed, loadEntry, queryDrops, queryEntries } from '../store/drops.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { nextStep } from './views.ts'

type DropView = z.infer<typeof dropSchema>
type NewDrop = z.infer<z.ZodObject<typeof newDropFields>>
type Page<T> = { readonly items: T[]; readonly nextCursor: string | null }
type PageQuery = { readonly limit: number; readonly cursor?: string | undefined }

export type DropDeps = CommitDeps<Store> & {
  /** Deadlines: what is to be done at once is asked for here; the sweep finds it in any case. */
  readonly queue: Queue
  /** Secret random bytes: the seed, and the key of the entries' pseudonyms. */
  readonly randomBytes: (count: number) => Uint8Array
}

const money = (lot: Lot) =>
  lot.priceMinor === undefined || lot.currency === undefined
    ? null
    : { amountMinor: lot.priceMinor, currency: lot.currency }

/** What everybody may see. Whom the draw serves is told with the seed, not before. */
export const viewDrop = (drop: Drop): DropView => ({
  id: drop.id,
  title: drop.title,
  method: drop.method,
  status: drop.status,
  announcedAt: drop.announcedAt ?? null,
  opensAt: drop.opensAt,
  closesAt: drop.closesAt,
  decidesAt: decidesAt(drop),
  questions: [...drop.questions],
  entriesPerAccountMax: drop.entriesPerAccountMax,
  paymentWindowHours: drop.paymentWindowHours,
  roundsMax: drop.roundsMax,
  commitment: drop.commitment,
  seed: drop.seed ?? null,
  lots: drop.lots.map((lot) => ({
    handle: lot.handle,
    status: lot.status,
    price: money(lot),
    why: lot.why ?? null,
    entries: lot.entries ?? null,
    listSha256: lot.listHash ?? null,
    order: drop.seed === undefined ? null : [...(lot.order ?? [])],
    offeredTo: lot.entryId ?? null,
    round: lot.round,
    payBy: lot.payBy ?? null,
  })),
  cancelReason: drop.cancelReason ?? null,
  next: nextStep(dropMachine, drop.status, dropDueAt(drop)),
})

/**
 * Creates a drop: the seed is kept first, so that no drop is committed to one that is lost. The id is derived from operator
 * and key, so a repeat finds the drop. Its handles are bound at once by the clock's worker, one after another.
 */
export const createDrop = async (
  deps: DropDeps,
  request: { readonly body: NewDrop; readonly idempotencyKey: string; readonly requestHash: string },
  operatorId: string,
): Promise<Result<DropView>> => {
  const { idempotencyKey, requestHash, body } = request
  const id = derivedId('drp', operatorId, idempotencyKey)
  const actor: Actor = { kind: 'operator', id: operatorId }
  const { handles, ...terms } = body
  const lots: Pick<Lot, 'handle' | 'askedMinor'>[] = []
  for (const [index, { handle, price }] of handles.entries()) {
    const name = checkHandle(handle, `handles.${index}.handle`)
    if (!name.ok) return name
    lots.push({ handle: name.value, ...(price === undefined ? {} : { askedMinor: price.amountMinor }) })
  }
  const seed = seedText(deps.randomBytes(32))
  const commitment = commitmentOf(seed)
  const aliasKey = Buffer.from(deps.randomBytes(32)).toString('hex')
  const created = await committing<Result<Drop>>(deps, async () => {
    const before = await load(deps.store, 'drop', id)
    if (before !== null) {
      return before.state.requestHash === requestHash
        ? { changes: [], answer: ok(before.state) }
        : {
            changes: [],
            answer: refuse('idempotency_key_reused', `This key made ${id} of another body`, 'Idempotency-Key'),
          }
    }
    const now = instant(deps.now())
    const decided = decideCreateDrop({ ...terms, commitment, aliasKey, createdBy: operatorId, requestHash }, lots, now)
    if (!decided.ok) return { changes: [], answer: decided }
    await keepSeed(deps.store, { id, commitment }, seed)
    const after = advance('drop', id, null, decided.value, now, actor)
    return { changes: [{ kind: 'drop', before: null, after }], answer: ok(after.state) }
  })
  if (created.ok) await askForStep(deps, id)
  return created.ok ? ok(viewDrop(created.value)) : created
}

const askForStep = async (deps: DropDeps, id: string): Promise<void> => {
  const message: DeadlineMessage = { aggregate: aggregateName('drop', id) }
  await deps.queue.sendAll([message])
}

/** An operator's act on a drop: load, decide, commit. */
const act = (
  deps: CommitDeps<Store>,
  id: string,
  operatorId: string,
  decide: (drop: Drop, actor: Actor, now: string) => Result<readonly DropEvent[]>,
): Promise<Result<Drop>> =>
  committing<Result<Drop>>(deps, async () => {
    const before: VersionedOf<'drop'> | null = await load(deps.store, 'drop', id)
    if (before === null) return { changes: [], answer: notFound(id) }
    const actor: Actor = { kind: 'operator', id: operatorId }
    const now = instant(deps.now())
    const decided = decide(before.state, actor, now)
    if (!decided.ok) return { changes: [], answer: decided }
    if (decided.value.length === 0) return { changes: [], answer: ok(before.state) }
    const after = advance('drop', id, before, decided.value, now, actor)
    return { changes: [{ kind: 'drop', before, after }], answer: ok(after.state) }
  })

const notFound = (id: string) => refuse('not_found', `There is no drop ${id}`)

/** Calls a drop off before it opens; its handles are freed at once, one after another. Again: the same answer. */
export const cancelDrop = async (
  deps: DropDeps,
  id: string,
  reason: string,
  operatorId: string,
): Promise<Result<DropView>> => {
  const cancelled = await act(deps, id, operatorId, (drop, actor) => decideCancelDrop(drop, reason, actor))
  if (!cancelled.ok) return cancelled
  if (cancelled.value.status === 'cancelling') await askForStep(deps, id)
  return ok(viewDrop(cancelled.value))
}

/** Accepts an application with a score, or declines it; the newest word counts. */
export const reviewApplication = async (
  deps: CommitDeps<Store>,
  id: string,
  entryId: string,
  review: { readonly handle: string; readonly accepted: boolean; readonly score: number; readonly reason: string },
  operatorId: string,
): Promise<Result<z.infer<typeof applicationSchema>>> => {
  const name = checkHandle(review.handle)
  if (!name.ok) return name
  const entry = await loadEntry(deps.store, id, name.value, entryId)
  if (entry === null) return refuse('not_found', `There is no such application in ${id}`, 'entryId')
  const reviewed = await act(deps, id, operatorId, (drop, actor, now) =>
    decideReview(drop, name.value, entryId, review, actor, now),
  )
  return reviewed.ok ? ok(viewApplication(reviewed.value, entry)) : reviewed
}

const viewApplication = (
  drop: Drop,
  { entryId, handle, accountId, answers, enteredAt }: NonNullable<Awaited<ReturnType<typeof loadEntry>>>,
): z.infer<typeof applicationSchema> => {
  const lot = drop.lots.find((one) => one.handle === handle)
  const accepted = lot?.accepted?.find((one) => one.entryId === entryId)
  const review = accepted === undefined ? null : { score: accepted.score, reason: accepted.reason }
  return { entryId, handle, accountId, answers: [...answers], enteredAt, review }
}

export const getDrop = async (store: EscrowStore, id: string): Promise<Result<DropView>> => {
  const drop = await load(store, 'drop', id)
  return drop === null ? notFound(id) : ok(viewDrop(drop.state))
}

/** Announced drops, newest first. */
export const listDrops = async (
  store: EscrowStore,
  query: PageQuery,
): Promise<Result<Page<z.infer<typeof dropCardSchema>>>> => {
  const after = decodeCursor('drops', query.cursor, dropListKey)
  if (!after.ok) return after
  const { items, next } = await queryDrops(store, { limit: query.limit, after: after.value })
  return ok({ items: [...items], nextCursor: encodeCursor('drops', next) })
}

type EntryQuery = PageQuery & { readonly handle: string }

/** Where a page of entries goes on, for a handle as it was typed. */
const entryPlace = (dropId: string, query: EntryQuery) => {
  const name = checkHandle(query.handle)
  if (!name.ok) return name
  const scope = `entries ${dropId} ${name.value}`
  const after = decodeCursor(scope, query.cursor, entryPageKey(dropId, name.value))
  return after.ok ? ok({ name: name.value, scope, after: after.value, limit: query.limit }) : after
}

type EntryPlace = {
  readonly name: string
  readonly scope: string
  readonly after: PageKey | undefined
  readonly limit: number
}

const entryPage = async (store: EscrowStore, drop: Drop, { name, scope, after, limit }: EntryPlace) => {
  if (!drop.lots.some(({ handle }) => handle === name)) {
    return refuse('not_found', `${name} is not in ${drop.id}`, 'handle')
  }
  const { items, next } = await queryEntries(store, drop.id, name, { limit, after })
  return ok({ items, nextCursor: encodeCursor(scope, next) })
}

/** The sealed list of a handle's entries, in ascending order of their ids; shown with the seed, not before. */
export const listEntries = async (
  store: EscrowStore,
  id: string,
  query: EntryQuery,
): Promise<Result<Page<z.infer<typeof publicEntrySchema>>>> => {
  const place = entryPlace(id, query)
  if (!place.ok) return place
  const drop = await load(store, 'drop', id)
  if (drop === null) return notFound(id)
  if (drop.state.seed === undefined) {
    return refuse('drop_not_drawn', `The entries of ${id} are listed once it is drawn`, undefined, {
      decidesAt: decidesAt(drop.state),
    })
  }
  const page = await entryPage(store, drop.state, place.value)
  return page.ok ? ok({ ...page.value, items: page.value.items.map(({ entryId }) => ({ entryId })) }) : page
}

/** Applications with their answers, for operators. */
export const listApplications = async (
  store: EscrowStore,
  id: string,
  query: EntryQuery,
): Promise<Result<Page<z.infer<typeof applicationSchema>>>> => {
  const place = entryPlace(id, query)
  if (!place.ok) return place
  const drop = await load(store, 'drop', id)
  if (drop === null) return notFound(id)
  const page = await entryPage(store, drop.state, place.value)
  if (!page.ok) return page
  return ok({ ...page.value, items: page.value.items.map((entry) => viewApplication(drop.state, entry)) })
}
