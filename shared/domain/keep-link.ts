import { readSignedToken, signToken } from './signed-token.ts'

/** What a notice's link is about: a handle, and the time of grace that the notice belongs to. */
export type KeepLink = {
  /** Canonical. */
  readonly handle: string
  /** The instant at which that grace began. */
  readonly cycle: string
}

const kind = { label: 'keep link 1', macBytes: 32 } as const
const content = /^([0-9a-z_]{1,15}) (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)$/

/**
 * The token of a link: base64url of an HMAC-SHA256 and of what it signs. Whoever holds it may keep the handle, so it goes
 * into the holder's notices and nowhere else. It says nothing of when it ends: that is for the handle's state to say.
 */
export const keepToken = ({ handle, cycle }: KeepLink, secret: string): string =>
  signToken(kind, `${handle} ${cycle}`, secret)

/** What a token is about; null where it is not one of ours, whatever is wrong with it. */
export const readKeepToken = (token: string, secret: string): KeepLink | null => {
  const [, handle, cycle] = content.exec(readSignedToken(kind, token, secret) ?? '') ?? []
  return handle === undefined || cycle === undefined ? null : { handle, cycle }
}
