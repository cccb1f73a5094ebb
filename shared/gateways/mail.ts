import { domainToASCII } from 'node:url'
import {
  BadRequestException,
  MessageRejected,
  SendEmailCommand,
  SESv2Client,
  SESv2ServiceException,
} from '@aws-sdk/client-sesv2'

export type MailConfig = {
  /** The sender's address, of an identity that SES has verified. */
  readonly from: string
  readonly configurationSet: string
  /** Tries for one mail; 4 when not given. More than one may send it twice: SES has no key by which it could tell. */
  readonly attemptsMax?: number
}

export type MailMessage = {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  /** Come back in every event about this mail. Names and values: letters, digits, `_` and `-`, 256 at most. */
  readonly tags: Readonly<Record<string, string>>
  /** Headers beside those that SES writes itself. */
  readonly headers?: Readonly<Record<string, string>>
}

/** RFC 8058: the mail program unsubscribes by one POST to this address, without a page. */
export const unsubscribeHeaders = (url: string): Readonly<Record<string, string>> => ({
  'List-Unsubscribe': `<${url}>`,
  'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
})

/**
 * Accepted by SES, which is not yet arrived; or refused for good: the address can never take a mail, or SES will not
 * carry this one.
 */
export type Sent =
  | { readonly kind: 'sent'; readonly messageId: string }
  | { readonly kind: 'refused'; readonly reason: 'address_invalid' | 'message_rejected' }

export type Mail = { readonly send: (message: MailMessage) => Promise<Sent> }

/** SES throttles, or did not answer after several tries; the next mail would meet the same. */
export class MailUnavailable extends Error {
  override readonly name = 'MailUnavailable'
}

/**
 * Whether SES has certainly not taken a mail whose sending threw: it answered with an error, or was not reached. Otherwise
 * the answer was lost, and nobody knows.
 */
export const isUnsent = (error: unknown): boolean => {
  const reason = error instanceof MailUnavailable ? error.cause : error
  if (reason instanceof SESv2ServiceException) return true
  return reason instanceof Error && 'code' in reason && unreached.has(reason.code)
}

const unreached: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'])

/**
 * Sends through SES. Neither the address nor SES's own words, which may repeat it, are part of any result.
 * @throws MailUnavailable where SES does not answer or throttles; SES's own error where it is us that it refuses (an
 * unverified sender, a suspended account, an unknown configuration set): no address is to blame for that
 */
export const openMail = ({ from, configurationSet, attemptsMax = 4 }: MailConfig): Mail => {
  // Slows down by itself when SES throttles: every account has its own rate, a new one 14 mails a second.
  const client = new SESv2Client({
    retryMode: 'adaptive',
    maxAttempts: attemptsMax,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  })
  return {
    send: async ({ to, subject, text, html, tags, headers = {} }) => {
      const address = asciiAddress(to)
      if (address === null) return { kind: 'refused', reason: 'address_invalid' }
      const command = new SendEmailCommand({
        FromEmailAddress: from,
        Destination: { ToAddresses: [address] },
        ConfigurationSetName: configurationSet,
        EmailTags: Object.entries(tags).map(([Name, Value]) => ({ Name, Value })),
        Content: {
          Simple: {
            Subject: utf8(subject),
            Body: { Text: utf8(text), Html: utf8(html) },
            Headers: Object.entries(headers).map(([Name, Value]) => ({ Name, Value })),
          },
        },
      })
      try {
        const { MessageId } = await client.send(command)
        if (MessageId === undefined) throw new Error('SES gave no message id')
        return { kind: 'sent', messageId: MessageId }
      } catch (error) {
        const reason = refusalOf(error)
        if (reason !== null) return { kind: 'refused', reason }
        if (isPassing(error)) throw new MailUnavailable(error instanceof Error ? error.name : 'SES', { cause: error })
        throw withoutAddress(error, [to, address])
      }
    },
  }
}

const utf8 = (Data: string) => ({ Data, Charset: 'UTF-8' })

/** Domains of other scripts are written in ASCII; SES takes nothing else, and before the at sign there is no such form. */
const asciiAddress = (address: string): string | null => {
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  const domain = domainToASCII(address.slice(at + 1))
  return at > 0 && /^[\u0021-\u007e]{1,64}$/.test(local) && domain !== '' ? `${local}@${domain}` : null
}

/** SES says by words alone whose fault a refusal is: the recipient's, or ours. */
const refusalOf = (error: unknown): 'address_invalid' | 'message_rejected' | null => {
  if (error instanceof BadRequestException && /address|domain/i.test(error.message)) return 'address_invalid'
  if (error instanceof MessageRejected && !/not verified/i.test(error.message)) return 'message_rejected'
  return null
}

/** Whatever is not an answer of SES that blames the request. */
const isPassing = (error: unknown): boolean =>
  !(error instanceof SESv2ServiceException) || error.name === 'TooManyRequestsException' || error.$fault === 'server'

const withoutAddress = (error: unknown, addresses: readonly string[]): unknown => {
  if (error instanceof Error) {
    for (const address of addresses) error.message = error.message.replaceAll(address, '(address)')
  }
  return error
}
