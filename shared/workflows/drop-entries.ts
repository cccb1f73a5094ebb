import type * as z from 'zod'
import type { dropEntrySchema } from '../contract/drop.ts'
import { type Drop, entryIdOf } from '../domain/drop.ts'
import { decideEntry, decideWithdrawal } from '../domain/drop-decisions.ts'
import { checkHandle } from '../domain/handle-name.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { load } from '../store/aggregates.ts'
import type { EscrowStore, Store } from '../store/client.ts'
import { enterDrop as writeEntry, type Entry, loadEntriesOf, loadEntry, withdrawEntry } from '../store/drops.ts'
import type { Caller } from '../runtime/caller.ts'
import { type CommitDeps, instant } from './committing.ts'
import { checkLinks } from './links.ts'
import { checkEligibility, type EligibilityDeps } from './eligibility.ts'

type EntryView = z.infer<typeof dropEntrySchema>

const viewEntry = (dropId: string, { handle, entryId, answers, enteredAt }: Entry): EntryView => ({
  dropId,
  handle,
  entryId,
  answers: [...answers],
  enteredAt,
})

const loadDrop = async (store: EscrowStore, id: string): Promise<Result<Drop>> => {
  const drop = await load(store, 'drop', id)
  return drop === null ? refuse('not_found', `There is no drop ${id}`) : ok(drop.state)
}

/**
 * Enters an account for one handle of a drop. Entering again changes nothing and answers the entry that there is. The
 * instant of the request decides whether it is in time.
 */
export const enterDrop = async (
  deps: EligibilityDeps,
  id: string,
  wanted: { readonly handle: string; readonly answers: readonly string[] },
  caller: Caller,
): Promise<Result<EntryView>> => {
  const enteredAt = instant(deps.now())
  const name = checkHandle(wanted.handle)
  if (!name.ok) return name
  const [drop, refusal] = await Promise.all([
    loadDrop(deps.store, id),
    checkEligibility(deps, caller, { kind: 'apply', saleId: id }),
  ])
  if (!drop.ok) return drop
  if (refusal !== null) return { ok: false, refusal }
  const { id: accountId } = caller
  const { createdBy: operatorId } = drop.value
  if (accountId === operatorId) return refuse('linked_account', 'Whoever made a drop does not enter it')
  const linked = await checkLinks(deps, caller, { saleId: id, operatorId })
  if (linked !== null) return { ok: false, refusal: linked }
  const decided = decideEntry(drop.value, name.value, wanted.answers, enteredAt)
  if (!decided.ok) return decided
  const entryId = entryIdOf(drop.value, name.value, accountId)
  const entry: Entry = { entryId, handle: name.value, accountId, answers: [...wanted.answers], enteredAt }
  const written = await writeEntry(deps.store, deps, drop.value, entry)
  if (written === 'limit') {
    const { entriesPerAccountMax } = drop.value
    return refuse(
      'entry_limit',
      `An account enters for ${entriesPerAccountMax} handles of this drop at most`,
      'handle',
      {
        entriesPerAccountMax,
      },
    )
  }
  const stands = written === 'there' ? await loadEntry(deps.store, id, name.value, entryId) : entry
  // Taken back by the same account a moment ago.
  return ok(viewEntry(id, stands ?? entry))
}

/** Takes an entry back before the end; one that is not there is taken back already. */
export const withdrawFromDrop = async (
  deps: CommitDeps<Store>,
  id: string,
  handle: string,
  accountId: string,
): Promise<Result<{ readonly dropId: string; readonly handle: string; readonly entered: false }>> => {
  const now = instant(deps.now())
  const name = checkHandle(handle)
  if (!name.ok) return name
  const drop = await loadDrop(deps.store, id)
  if (!drop.ok) return drop
  const decided = decideWithdrawal(drop.value, name.value, now)
  if (!decided.ok) return decided
  const entryId = entryIdOf(drop.value, name.value, accountId)
  await withdrawEntry(deps.store, deps, drop.value, { handle: name.value, entryId, accountId })
  return ok({ dropId: id, handle: name.value, entered: false })
}

/** The account's own entries in a drop. */
export const listMyEntries = async (
  store: EscrowStore,
  id: string,
  accountId: string,
): Promise<Result<{ readonly items: EntryView[] }>> => {
  const drop = await loadDrop(store, id)
  if (!drop.ok) return drop
  const entries = await loadEntriesOf(store, drop.value, accountId)
  return ok({ items: entries.map((entry) => viewEntry(id, entry)) })
}
