/** An occasion that no event of a handle marks, because the clock alone brings it about. */
export type Occasion = { readonly kind: 'opened' | 'closing_soon'; readonly at: string }

/** What the watchers of one handle are to be told of later: it is there only where somebody watches. */
export type Reminder = {
  /** Canonical. */
  readonly handle: string
  readonly planned: readonly Occasion[]
}

export type ReminderEvent =
  | { readonly type: 'reminders_planned'; readonly planned: readonly Occasion[] }
  | ({ readonly type: 'reminder_due' } & Occasion)

/** Folds one event into the state. */
export const evolveReminder = (handle: string, reminder: Reminder | null, event: ReminderEvent): Reminder => {
  switch (event.type) {
    case 'reminders_planned':
      return { handle, planned: event.planned }
    case 'reminder_due':
      return { handle, planned: (reminder?.planned ?? []).filter(({ kind }) => kind !== event.kind) }
  }
}

/** When the next occasion comes; null: none is planned. */
export const reminderDueAt = ({ planned }: Reminder): string | null => planned.map(({ at }) => at).toSorted()[0] ?? null

/** What has become due. */
export const decideReminder = ({ planned }: Reminder, now: string): readonly ReminderEvent[] =>
  planned.filter(({ at }) => at <= now).map((occasion) => ({ type: 'reminder_due', ...occasion }))

/** Watchers hear so long before the end of an auction, of a drop, or of the fall of a price. */
const closingSoonHours = 24

/** Whether an end is near enough to be told of now. */
export const isClosingSoon = (endsAt: string, now: string): boolean =>
  endsAt > now && Date.parse(endsAt) - Date.parse(now) <= closingSoonHours * 3_600_000

/** The occasions to come of a listing that opens at `opensAt` and whose timed sale ends at `endsAt` (null: it has none). */
export const occasionsOf = (opensAt: string, endsAt: string | null, now: string): readonly Occasion[] => {
  const closingAt = endsAt === null ? null : new Date(Date.parse(endsAt) - closingSoonHours * 3_600_000).toISOString()
  return [
    ...(opensAt > now ? [{ kind: 'opened', at: opensAt } as const] : []),
    ...(closingAt !== null && closingAt > now ? [{ kind: 'closing_soon', at: closingAt } as const] : []),
  ]
}
