import { createHmac, timingSafeEqual } from 'node:crypto'

/** A kind of token: what its signature is about beside the content, and how much of the signature is kept. */
export type TokenKind = { readonly label: string; readonly macBytes: number }

/** base64url of an HMAC-SHA256, cut to `macBytes`, and of the content that it signs. */
export const signToken = (kind: TokenKind, content: string, secret: string): string => {
  const signed = Buffer.from(content)
  return Buffer.concat([macOf(kind, signed, secret), signed]).toString('base64url')
}

/** What a token of this kind signs; null where it is not one of ours, whatever is wrong with it. Compared in constant time. */
export const readSignedToken = (kind: TokenKind, token: string, secret: string): string | null => {
  const bytes = Buffer.from(token, 'base64url')
  // Base64 has spellings that mean the same bytes; a token has one.
  if (bytes.length <= kind.macBytes || bytes.toString('base64url') !== token) return null
  const signed = bytes.subarray(kind.macBytes)
  return timingSafeEqual(bytes.subarray(0, kind.macBytes), macOf(kind, signed, secret)) ? signed.toString('utf8') : null
}

const macOf = ({ label, macBytes }: TokenKind, signed: Buffer, secret: string): Buffer =>
  createHmac('sha256', secret).update(`${label}\0`).update(signed).digest().subarray(0, macBytes)
