import { mailEventMessageSchema } from '../../shared/contract/messages.ts'
import { log } from '../../shared/runtime/log.ts'
import { worker } from '../../shared/runtime/worker.ts'

/** What SES tells of mail that did not arrive. Mail that names no notice in its tags is not ours to act on. */
export const handler = worker(mailEventMessageSchema, ({ 'detail-type': type, detail }) => {
  log('info', 'mail_event_ignored', { type, messageId: detail.mail.messageId })
  return Promise.resolve()
})
