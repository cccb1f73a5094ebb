import * as z from 'zod'
import { ok, refuse, type Result } from '../domain/result.ts'

/**
 * Opaque cursors: base64url of the key to go on from. A cursor is only a place in an index: it is checked to be one for
 * this very question (`scope`, and a key that `fits`), so that it cannot be used to look elsewhere.
 */
const cursorSchema = z.strictObject({ scope: z.string(), key: z.record(z.string().max(64), z.string().max(512)) })

export const encodeCursor = (scope: string, key: Readonly<Record<string, string>> | undefined): string | null =>
  key === undefined ? null : Buffer.from(JSON.stringify({ scope, key })).toString('base64url')

export const decodeCursor = (
  scope: string,
  cursor: string | undefined,
  fits: (key: Record<string, string>) => boolean,
): Result<Record<string, string> | undefined> => {
  if (cursor === undefined) return ok(undefined)
  const refusal = refuse('cursor_invalid', 'Send a cursor as a page of this same question gave it', 'cursor')
  try {
    const parsed = cursorSchema.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
    if (!parsed.success || parsed.data.scope !== scope) return refusal
    const { key } = parsed.data
    return fits(key) ? ok(key) : refusal
  } catch {
    // Not JSON: not one of ours.
    return refusal
  }
}
