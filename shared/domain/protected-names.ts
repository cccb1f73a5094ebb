import { refuse, ok, type Result } from './result.ts'

// A look is what names with one skeleton share. It is protected by a verified account that has one of these names, by
// marks that an operator imported (of a trade mark register, of the platform's partners), or by both.

/** A name that an operator imported. `since` (RFC 3339 UTC) is when this source first told of it. */
export type Mark = {
  readonly name: string
  readonly source: string
  readonly owner?: string | undefined
  readonly since: string
}

export type ProtectedLook = {
  readonly skeleton: string
  /** The handle of the verified or government account that had these looks first. */
  readonly handle?: string | undefined
  readonly accountSince?: string | undefined
  readonly marks: readonly Mark[]
}

export type LookEvent =
  | { readonly type: 'account_protected'; readonly handle: string; readonly importId: string }
  | {
      readonly type: 'mark_protected'
      readonly name: string
      readonly source: string
      readonly owner?: string | undefined
    }
  | { readonly type: 'mark_withdrawn'; readonly name: string; readonly source: string; readonly reason: string }

/** Folds one event, which happened at `at`, into the look. */
export const evolveLook = (
  skeleton: string,
  look: ProtectedLook | null,
  event: LookEvent,
  at: string,
): ProtectedLook => {
  const before = look ?? { skeleton, marks: [] }
  const without = (name: string, source: string) =>
    before.marks.filter((mark) => mark.name !== name || mark.source !== source)
  switch (event.type) {
    case 'account_protected':
      return { ...before, handle: event.handle, accountSince: at }
    case 'mark_protected': {
      const { name, source, owner } = event
      const since = markOf(before, name, source)?.since ?? at
      return { ...before, marks: [...without(name, source), { name, source, owner, since }] }
    }
    case 'mark_withdrawn':
      return { ...before, marks: without(event.name, event.source) }
  }
}

const markOf = (look: ProtectedLook, name: string, source: string): Mark | undefined =>
  look.marks.find((mark) => mark.name === name && mark.source === source)

/** Marks on one look: with the newest entry they stay below 4 KB, so that a look costs one read unit. */
export const marksPerLookMax = 8

/** A verified account's name takes the looks; of two that look alike the first keeps them. */
export const decideAccountProtection = (
  look: ProtectedLook | null,
  handle: string,
  importId: string,
): readonly LookEvent[] => (look?.handle === undefined ? [{ type: 'account_protected', handle, importId }] : [])

/** An imported mark: new, or told with another owner. The same again gives no event. */
export const decideMarkProtection = (
  look: ProtectedLook | null,
  mark: { readonly name: string; readonly source: string; readonly owner?: string | undefined },
): Result<readonly LookEvent[]> => {
  const { name, source, owner } = mark
  const known = look === null ? undefined : markOf(look, name, source)
  if (known !== undefined && known.owner === owner) return ok([])
  if (known === undefined && (look?.marks.length ?? 0) >= marksPerLookMax) {
    return refuse('look_full', `${marksPerLookMax} names that look like ${name} are protected already`, 'name')
  }
  return ok([{ type: 'mark_protected', name, source, owner }])
}

/**
 * Takes an imported name away, of one source or of every one. What a verified account or the shipped list protects cannot
 * be withdrawn; where nothing protects the name itself there is nothing to do.
 */
export const decideWithdrawal = (
  look: ProtectedLook | null,
  wanted: { readonly name: string; readonly source?: string | undefined; readonly reason: string },
  shippedBrand: boolean,
): Result<readonly LookEvent[]> => {
  const { name, source, reason } = wanted
  const marks = (look?.marks ?? []).filter(
    (mark) => mark.name === name && (source === undefined || mark.source === source),
  )
  if (marks.length === 0 && (look?.handle === name || shippedBrand)) {
    const by = look?.handle === name ? 'a verified account has it' : 'it is on the list that ships with the system'
    return refuse('protection_not_imported', `${name} is protected because ${by}; that cannot be withdrawn`, 'name')
  }
  return ok(marks.map((mark) => ({ type: 'mark_withdrawn', name, source: mark.source, reason })))
}

/** One reason for which a name is protected. */
export type Protection = {
  readonly code: 'protected_name' | 'confusable_with_protected'
  /** The protected name: this one, or the one it can be taken for. */
  readonly like: string
  readonly by: 'mark' | 'account'
  readonly source?: string | undefined
  readonly owner?: string | undefined
  readonly since?: string | undefined
}

/**
 * Everything that protects a name, its own marks first, then the account that has the looks, then marks that look like it.
 * An account's own name is no look-alike of itself: it is listed, and `guardOf` leaves it out.
 */
export const protectionsOf = (name: string, look: ProtectedLook | undefined): readonly Protection[] => {
  if (look === undefined) return []
  const marks = look.marks.map(({ name: like, source, owner, since }): Protection => {
    const code = like === name ? 'protected_name' : 'confusable_with_protected'
    return { code, like, by: 'mark', source, owner, since }
  })
  const { handle, accountSince } = look
  const code = handle === name ? 'protected_name' : 'confusable_with_protected'
  return [
    ...marks.filter(({ like }) => like === name),
    ...(handle === undefined ? [] : [{ code, like: handle, by: 'account', since: accountSince } as const]),
    ...marks.filter(({ like }) => like !== name),
  ]
}

/**
 * Why a name is not offered: the first protection that is not its own account's, nor of a code that an operator overruled
 * for this name after it was protected. Null: these looks are free.
 */
export const guardOf = (
  name: string,
  look: ProtectedLook | undefined,
  overruled?: { readonly codes: readonly string[]; readonly at: string },
): Protection | null =>
  protectionsOf(name, look).find(
    ({ by, like, code, since = '' }) =>
      (by === 'mark' || like !== name) && !(overruled?.codes.includes(code) === true && since <= overruled.at),
  ) ?? null

/** The sentence that an operator and a buyer read. */
export const guardWords = ({ code, like, source }: Protection): string =>
  code === 'protected_name'
    ? `The name is protected: ${source === undefined ? 'a verified account has it' : `it was registered by ${source}`}.`
    : `The name can be taken for ${like}, which is protected.`
