import { systemActor } from '../domain/actors.ts'
import { advance } from '../domain/aggregate.ts'
import type { Handle } from '../domain/handle.ts'
import { canonicalJson } from '../domain/journal.ts'
import { decayTimes, liveSale, opensAtOf } from '../domain/listing.ts'
import { decideReminder, occasionsOf, reminderDueAt } from '../domain/reminder.ts'
import { load } from '../store/aggregates.ts'
import type { EscrowStore, Store } from '../store/client.ts'
import type { ApplyDeadline, DeadlineOutcome } from './apply-deadline.ts'
import { type CommitDeps, committing, instant } from './committing.ts'

/** When the timed sale of a handle ends, as it stands now; null: it is in none. */
export const saleEndOf = async (store: EscrowStore, { listing }: Handle, now: string): Promise<string | null> => {
  if (listing === undefined) return null
  const sale = liveSale(listing, now)
  switch (sale?.mode) {
    case 'auction':
      return (await load(store, 'auction', sale.id))?.state.endsAt ?? null
    case 'drop':
      return (await load(store, 'drop', sale.id))?.state.closesAt ?? null
    case 'private_offer':
      return null
    case undefined:
      return listing.decay === undefined ? null : decayTimes(listing, listing.decay).endsAt
  }
}

/** Plans what the watchers of a handle are told of when the clock brings it about; planned already: nothing. */
export const planReminders = async (deps: CommitDeps<Store>, handle: Handle): Promise<void> => {
  const { listing, name } = handle
  if (listing === undefined) return
  const now = instant(deps.now())
  const planned = occasionsOf(opensAtOf(listing), await saleEndOf(deps.store, handle, now), now)
  await committing<null>(deps, async () => {
    const before = await load(deps.store, 'reminder', name)
    if (canonicalJson(before?.state.planned ?? []) === canonicalJson(planned)) return { changes: [], answer: null }
    const after = advance('reminder', name, before, [{ type: 'reminders_planned', planned }], now, systemActor)
    return { changes: [{ kind: 'reminder', before, after }], answer: null }
  })
}

/** An occasion has come: its event goes to the alerts' worker. */
export const applyReminderDeadline: ApplyDeadline = (deps, handle) =>
  committing<DeadlineOutcome>(deps, async () => {
    const before = await load(deps.store, 'reminder', handle)
    if (before === null) return { changes: [], answer: { notDue: null } }
    const now = instant(deps.now())
    const events = decideReminder(before.state, now)
    if (events.length === 0) return { changes: [], answer: { notDue: reminderDueAt(before.state) } }
    const after = advance('reminder', handle, before, events, now, systemActor)
    return { changes: [{ kind: 'reminder', before, after }], answer: 'moved' }
  })
