import { createHmac, timingSafeEqual } from 'node:crypto'

const macBytes = 16
const content = /^pof_[0-9A-HJKMNP-TV-Z]{26}$/

/**
 * The token of a private offer's link: base64url of an HMAC-SHA256, cut to 128 bits, and of the offer's id, which is all
 * that it signs. Whoever holds it may read the offer and answer it, so it goes into the prospect's mails and nowhere else.
 * It says nothing of when it ends: that is for the offer's state to say.
 *
 * Signed with a secret of its own, and not with that of holders' links: mail to prospects is sent by other functions, which
 * must not be able to keep handles, and a leak there is answered by a new value that ends no holder's link.
 */
export const offerToken = (offerId: string, secret: string): string => {
  const signed = Buffer.from(offerId)
  return Buffer.concat([macOf(signed, secret), signed]).toString('base64url')
}

/** The offer that a token is of; null where it is not one of ours, whatever is wrong with it. Compared in constant time. */
export const readOfferToken = (token: string, secret: string): string | null => {
  const bytes = Buffer.from(token, 'base64url')
  // Base64 has spellings that mean the same bytes; a token has one.
  if (bytes.length <= macBytes || bytes.toString('base64url') !== token) return null
  const signed = bytes.subarray(macBytes)
  if (!timingSafeEqual(bytes.subarray(0, macBytes), macOf(signed, secret))) return null
  const offerId = signed.toString('utf8')
  return content.test(offerId) ? offerId : null
}

const macOf = (signed: Buffer, secret: string): Buffer =>
  createHmac('sha256', secret).update('offer link 1\0').update(signed).digest().subarray(0, macBytes)
