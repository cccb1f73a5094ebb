import { addressHash } from '../domain/prospect.ts'
import { isUnsent, type Mail, type MailMessage, MailUnavailable } from '../gateways/mail.ts'
import { instant } from './committing.ts'

/** What is noted of a mail that went out, or why it did not; never an address. */
export type MailOutcome =
  | { readonly sentAt: string; readonly messageId: string; readonly addressHash: string }
  | { readonly refused: string }

/** How a mail's sender, which has claimed it, notes what became of it, or gives the claim up. */
export type MailClaim = {
  readonly note: (outcome: MailOutcome) => Promise<void>
  readonly giveUp: () => Promise<void>
}

/**
 * Sends a mail that was claimed, once at most. Returns whether it went out; where the answer was lost nobody knows, and it
 * is noted as `no_answer` and not tried again.
 * @throws the gateway's error where the mail was certainly not taken: the claim is given up, so that the message may come again
 */
export const sendClaimed = async (
  { mail, now }: { readonly mail: Mail; readonly now: () => number },
  message: MailMessage,
  { note, giveUp }: MailClaim,
): Promise<boolean> => {
  const result = await answerOf(mail, message, giveUp)
  await note(
    result.kind === 'sent'
      ? { sentAt: instant(now()), messageId: result.messageId, addressHash: addressHash(message.to) }
      : { refused: result.reason },
  )
  return result.kind === 'sent'
}

const answerOf = async (mail: Mail, message: MailMessage, giveUp: MailClaim['giveUp']) => {
  try {
    return await mail.send(message)
  } catch (error) {
    if (!isUnsent(error) && error instanceof MailUnavailable) return { kind: 'refused', reason: 'no_answer' } as const
    if (isUnsent(error)) await giveUp()
    throw error
  }
}
