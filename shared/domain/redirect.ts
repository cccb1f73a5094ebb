import type { Handle, Redirect } from './handle.ts'

/** Where the account is now that had a handle before it was sold, or stood in for one, while that is told; null: nowhere. */
export const redirectOf = ({ movedTo }: Pick<Handle, 'movedTo'>, now: string): Redirect | null =>
  movedTo !== undefined && movedTo.until > now ? movedTo : null

/**
 * The same for everybody to see: where the seller asked for it, and nowhere else. A handle that stood in for one and was
 * retired leads to its account too, but nobody asked for that.
 */
export const publicRedirectOf = (handle: Handle, now: string): Redirect | null =>
  handle.status === 'reserved' ? null : redirectOf(handle, now)
