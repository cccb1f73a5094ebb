import { readSignedToken, signToken } from './signed-token.ts'
import { dayMs } from './terms.ts'

/** What a link in an alert's mail ends: one watch, or all mails of alerts to the account; its other watches stay. */
export type AlertLink =
  | { readonly kind: 'watch'; readonly accountId: string; readonly handle: string }
  | { readonly kind: 'all'; readonly accountId: string }

/** Why a link is not followed; neither says whose it is. */
export type AlertLinkFault = 'invalid' | 'expired'

/** How long a link can be used: thrice what CAN-SPAM asks of an opt-out (15 U.S.C. § 7704(a)(3): 30 days). */
export const alertLinkDays = 90

const kind = { label: 'alert link 1', macBytes: 16 } as const
const content = /^([0-9a-z]{1,9}) (?:watch ([0-9a-z_]{1,15})|all) ([\x21-\x7e]{1,64})$/

/**
 * The token of a link: base64url of an HMAC-SHA256, cut to 128 bits, and of what it signs with the second at which it ends.
 * Whoever holds it can end mails and nothing else, so it goes into the mail that it is about. Signed with a secret of its
 * own: what sends alerts must not be able to keep handles or to answer offers.
 */
export const alertToken = (link: AlertLink, sentAt: string, secret: string): string => {
  const endsAt = Math.floor((Date.parse(sentAt) + alertLinkDays * dayMs) / 1000).toString(36)
  const what = link.kind === 'watch' ? `watch ${link.handle}` : 'all'
  return signToken(kind, `${endsAt} ${what} ${link.accountId}`, secret)
}

/** What a token is about at this instant; `expired` is told of our own tokens alone. */
export const readAlertToken = (token: string, now: string, secret: string): AlertLink | AlertLinkFault => {
  const [, endsAt, handle, accountId] = content.exec(readSignedToken(kind, token, secret) ?? '') ?? []
  if (endsAt === undefined || accountId === undefined) return 'invalid'
  if (Date.parse(now) >= Number.parseInt(endsAt, 36) * 1000) return 'expired'
  return handle === undefined ? { kind: 'all', accountId } : { kind: 'watch', accountId, handle }
}
