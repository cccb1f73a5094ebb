import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a notice's link is about: a handle, and the time of grace that the notice belongs to. */
export type KeepLink = {
  /** Canonical. */
  readonly handle: string
  /** The instant at which that grace began. */
  readonly cycle: string
}

const macBytes = 32
const content = /^([0-9a-z_]{1,15}) (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)$/

/**
 * The token of a link: base64url of an HMAC-SHA256 and of what it signs. Whoever holds it may keep the handle, so it goes
 * into the holder's notices and nowhere else. It says nothing of when it ends: that is for the handle's state to say.
 */
export const keepToken = ({ handle, cycle }: KeepLink, secret: string): string => {
  const signed = Buffer.from(`${handle} ${cycle}`)
  return Buffer.concat([macOf(signed, secret), signed]).toString('base64url')
}

/** What a token is about; null where it is not one of ours, whatever is wrong with it. Compared in constant time. */
export const readKeepToken = (token: string, secret: string): KeepLink | null => {
  const bytes = Buffer.from(token, 'base64url')
  // Base64 has spellings that mean the same bytes; a token has one.
  if (bytes.length <= macBytes || bytes.toString('base64url') !== token) return null
  const signed = bytes.subarray(macBytes)
  if (!timingSafeEqual(bytes.subarray(0, macBytes), macOf(signed, secret))) return null
  const [, handle, cycle] = content.exec(signed.toString('utf8')) ?? []
  return handle === undefined || cycle === undefined ? null : { handle, cycle }
}

const macOf = (signed: Buffer, secret: string): Buffer =>
  createHmac('sha256', secret).update('keep link 1\0').update(signed).digest()
