import pMap from 'p-map'
import type * as z from 'zod'
import type { Money } from '../contract/money.ts'
import type { watchSchema } from '../contract/routes/watches.ts'
import { checkHandle } from '../domain/handle-name.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { type Watch, watchesPerAccountMax } from '../domain/watch.ts'
import type { Caller } from '../runtime/caller.ts'
import type { HandlesStore } from '../store/client.ts'
import { CommitUnavailable } from '../store/commit.ts'
import { loadHandle } from '../store/handles.ts'
import { loadWatch, loadWatches, writeWatch } from '../store/watches.ts'
import { type CommitDeps, decisionsMax, instant } from './committing.ts'
import { planReminders } from './reminders.ts'
import { checkEligibility, type EligibilityDeps } from './eligibility.ts'

type WatchView = z.infer<typeof watchSchema>

const viewWatch = ({ handle, createdAt, maxPriceMinor, email }: Watch): WatchView => ({
  handle,
  kind: maxPriceMinor === undefined ? 'watch' : 'backorder',
  maxPrice: maxPriceMinor === undefined ? null : { amountMinor: maxPriceMinor, currency: 'USD' },
  mail: email !== undefined,
  since: createdAt,
})

/**
 * Watches any name that fits the grammar, or changes the watch that there is; with a price it is a backorder. The address
 * comes from the token alone, so that nobody can have alerts sent to somebody else.
 */
export const watchHandle = async (
  deps: EligibilityDeps,
  watcher: Caller,
  wanted: { readonly handle: string; readonly maxPrice?: Money | undefined; readonly mail: boolean },
): Promise<Result<WatchView>> => {
  const name = checkHandle(wanted.handle)
  if (!name.ok) return name
  if (wanted.mail && watcher.email === null) {
    return refuse('address_not_verified', 'Your token has no e-mail address that its issuer has verified', 'mail')
  }
  const refusal = await checkEligibility(deps, watcher, { kind: 'watch' })
  if (refusal !== null) return { ok: false, refusal }
  const { id: accountId, email } = watcher
  return writing(deps, async () => {
    const before = await loadWatch(deps.store, name.value, accountId)
    const now = instant(deps.now())
    const after: Watch = {
      handle: name.value,
      accountId,
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
      ...(wanted.maxPrice === undefined ? {} : { maxPriceMinor: wanted.maxPrice.amountMinor }),
      ...(wanted.mail && email !== null ? { email } : {}),
      told: before?.told ?? new Set(),
    }
    if (before !== null && isSame(before, after)) return ok(viewWatch(before))
    const written = await writeWatch(deps.store, deps, before, after)
    if (written === 'limit') {
      return refuse('watch_limit', `An account watches ${watchesPerAccountMax} handles at most`, 'handle', {
        watchesMax: watchesPerAccountMax,
      })
    }
    if (written === 'moved') return null
    if (before === null) await remindOf(deps, name.value)
    return ok(viewWatch(after))
  })
}

/** What comes to market unwatched plans nothing: whoever is the first to watch it has it planned. */
const remindOf = async (deps: EligibilityDeps, name: string): Promise<void> => {
  const handle = await loadHandle(deps.store, name)
  if (handle !== null) await planReminders(deps, handle.state)
}

const isSame = (a: Watch, b: Watch): boolean => a.maxPriceMinor === b.maxPriceMinor && a.email === b.email

/** Ends a watch, and its address with it; one that is not there is ended already. */
export const stopWatching = async (
  deps: CommitDeps<HandlesStore>,
  accountId: string,
  handle: string,
): Promise<Result<{ readonly handle: string; readonly watched: false }>> => {
  const name = checkHandle(handle)
  if (!name.ok) return name
  return writing(deps, async () => {
    const before = await loadWatch(deps.store, name.value, accountId)
    if (before !== null && (await writeWatch(deps.store, deps, before, null)) !== 'written') return null
    return ok({ handle: name.value, watched: false })
  })
}

const watchesAtOnce = 10

/** Ends the mails of every watch that an account has, and keeps the watches; each address goes with its mails. */
export const stopAlertMails = async (deps: CommitDeps<HandlesStore>, accountId: string): Promise<void> => {
  await pMap(
    await loadWatches(deps.store, accountId, true),
    ({ handle }) =>
      writing(deps, async () => {
        const before = await loadWatch(deps.store, handle, accountId)
        if (before?.email === undefined) return ok(null)
        const after: Watch = { ...before, updatedAt: instant(deps.now()), email: undefined }
        return (await writeWatch(deps.store, deps, before, after)) === 'written' ? ok(null) : null
      }),
    { concurrency: watchesAtOnce },
  )
}

/** What an account watches, by name. */
export const listWatches = async (
  store: HandlesStore,
  accountId: string,
): Promise<Result<{ readonly items: WatchView[] }>> =>
  ok({ items: (await loadWatches(store, accountId)).map(viewWatch) })

/** Reads and writes again while the same account changed the watch in between. */
const writing = async <T>(
  deps: CommitDeps<HandlesStore>,
  write: () => Promise<Result<T> | null>,
): Promise<Result<T>> => {
  for (let attempt = 1; attempt <= decisionsMax; attempt += 1) {
    const answer = await write()
    if (answer !== null) return answer
    await deps.pause(deps.random() * 10 * 2 ** attempt)
  }
  throw new CommitUnavailable(`the watch was changed ${decisionsMax} times meanwhile`)
}
