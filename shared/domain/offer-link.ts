import { readSignedToken, signToken } from './signed-token.ts'

const kind = { label: 'offer link 1', macBytes: 16 } as const
const content = /^pof_[0-9A-HJKMNP-TV-Z]{26}$/

/**
 * The token of a private offer's link: base64url of an HMAC-SHA256, cut to 128 bits, and of the offer's id, which is all
 * that it signs. Whoever holds it may read the offer and answer it, so it goes into the prospect's mails and nowhere else.
 * It says nothing of when it ends: that is for the offer's state to say.
 *
 * Signed with a secret of its own, and not with that of holders' links: mail to prospects is sent by other functions, which
 * must not be able to keep handles, and a leak there is answered by a new value that ends no holder's link.
 */
export const offerToken = (offerId: string, secret: string): string => signToken(kind, offerId, secret)

/** The offer that a token is of; null where it is not one of ours, whatever is wrong with it. */
export const readOfferToken = (token: string, secret: string): string | null => {
  const offerId = readSignedToken(kind, token, secret)
  return offerId !== null && content.test(offerId) ? offerId : null
}
