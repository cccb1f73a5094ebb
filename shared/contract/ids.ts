import { createHash, createHmac } from 'node:crypto'
import * as z from 'zod'

/**
 * Ids are a prefix and 26 Crockford characters, derived from who asked and the Idempotency-Key, so that a repeated request
 * finds what its first one made without an item of its own (docs/adr/0004).
 */
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const body = '[0-9A-HJKMNP-TV-Z]{26}'

const prefixed = (prefix: string, name: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_${body}$`), `an id that starts with ${prefix}_`)
    .meta({ id: name })

export const orderIdSchema = /* @__PURE__ */ prefixed('ord', 'OrderId')
export const importIdSchema = /* @__PURE__ */ prefixed('imp', 'ImportId')
export const dropIdSchema = /* @__PURE__ */ prefixed('drp', 'DropId')
export const entryIdSchema = /* @__PURE__ */ prefixed('app', 'EntryId')
export const planIdSchema = /* @__PURE__ */ prefixed('pln', 'PlanId')
export const runIdSchema = /* @__PURE__ */ prefixed('run', 'RunId')
export const reconciliationIdSchema = /* @__PURE__ */ prefixed('rec', 'ReconciliationId')
export const authorisationIdSchema = /* @__PURE__ */ prefixed('aut', 'AuthorisationId')
export const caseIdSchema = /* @__PURE__ */ prefixed('cas', 'CaseId')
export const campaignIdSchema = /* @__PURE__ */ prefixed('cmp', 'CampaignId')
export const offerIdSchema = /* @__PURE__ */ prefixed('pof', 'PrivateOfferId')
export const negotiationIdSchema = /* @__PURE__ */ prefixed('off', 'OfferId')
export const disputeIdSchema = /* @__PURE__ */ prefixed('dsp', 'DisputeId')
export const evidenceIdSchema = /* @__PURE__ */ prefixed('evi', 'EvidenceId')
export const auctionIdSchema = /* @__PURE__ */ prefixed('auc', 'AuctionId')

/** The platform's own account id: printable ASCII without spaces. */
export const accountIdSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/, 'an account id of 1 to 64 printable characters without spaces')
  .meta({ id: 'AccountId' })

/** 26 Crockford characters of SHA-256 over the parts; the separator keeps ('ab','c') and ('a','bc') apart. */
export const derivedId = (prefix: string, ...parts: string[]): string =>
  idOf(prefix, createHash('sha256').update(parts.join('\u0000')).digest())

/** The same under a key: without it nobody can tell which parts an id was derived from, by trying them. */
export const keyedId = (prefix: string, key: string, ...parts: string[]): string =>
  idOf(prefix, createHmac('sha256', key).update(parts.join('\u0000')).digest())

const idOf = (prefix: string, digest: Uint8Array): string => {
  let bits = 0
  let value = 0
  let text = ''
  for (const byte of digest) {
    value = ((value << 8) | byte) & 0xffff
    bits += 8
    while (bits >= 5 && text.length < 26) {
      bits -= 5
      text += crockford[(value >> bits) & 31]
    }
  }
  return `${prefix}_${text}`
}
