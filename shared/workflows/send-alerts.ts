import pMap from 'p-map'
import type { AlertPage } from '../contract/messages.ts'
import { type Alert, alertFor, alertMail, type AlertUrls } from '../domain/alert.ts'
import { type AlertLink, alertToken } from '../domain/alert-link.ts'
import { isClosingSoon } from '../domain/reminder.ts'
import type { Watch } from '../domain/watch.ts'
import type { EventBus } from '../gateways/events.ts'
import { type Mail, unsubscribeHeaders } from '../gateways/mail.ts'
import type { Queue } from '../gateways/queue.ts'
import type { Store } from '../store/client.ts'
import { loadHandle } from '../store/handles.ts'
import { markTold, queryWatches } from '../store/watches.ts'
import { type CommitDeps, instant } from './committing.ts'
import { planReminders, saleEndOf } from './reminders.ts'

export type AlertDeps = CommitDeps<Store> & {
  readonly bus: EventBus
  readonly mail: Mail
  readonly alertSecret: string
  /** Base URL of the API, for the links. */
  readonly publicUrl: string
  /** Where the rest of a handle's watches is asked for. */
  readonly queue: Pick<Queue, 'sendAll'>
}

/** Watches that one message tells: their mails go one after another, some ten a second. */
export const watchesPerPage = 50
const marksAtOnce = 10

/**
 * Tells one page of a handle's watchers, backorders first, and asks for the next page. What is told is the handle as it
 * stands now. Each watch is marked once it was told, so that a message that comes again tells nobody twice; a worker that
 * dies between a mail and its mark sends that one mail again, and the events of its page, which carry the same ids.
 */
export const sendAlerts = async (deps: AlertDeps, { handle: name, cause, after }: AlertPage): Promise<number> => {
  const [handle, page] = await Promise.all([
    loadHandle(deps.store, name),
    queryWatches(deps.store, name, { limit: watchesPerPage, after }),
  ])
  if (handle === null) return 0
  const now = instant(deps.now())
  const endsAt = await saleEndOf(deps.store, handle.state, now)
  // The sale that a reminder was planned for may have been closed, or its end moved.
  if (cause.kind === 'closing_soon' && (endsAt === null || !isClosingSoon(endsAt, now))) return 0
  if (after === undefined && page.items.length > 0) await planReminders(deps, handle.state)
  const wanted = page.items.flatMap((watch) => {
    const alert = alertFor(watch, handle.state, cause, endsAt, now)
    return alert === null ? [] : [{ watch, alert }]
  })
  await deps.bus.publish(wanted.map(({ alert }) => ({ detailType: 'watch.alert', detail: alert, at: now })))
  const mark = (watch: Watch) => markTold(deps.store, watch, cause.key, cause.kind === 'released')
  await pMap(
    wanted.filter(({ watch }) => watch.email === undefined),
    ({ watch }) => mark(watch),
    { concurrency: marksAtOnce },
  )
  for (const { watch, alert } of wanted) {
    if (watch.email === undefined) continue
    const urls = urlsOf(deps, watch, now)
    await deps.mail.send({
      to: watch.email,
      ...alertMail(alert, now, urls),
      headers: unsubscribeHeaders(urls.watchUrl),
      tags: { alert: tagOf(alert) },
    })
    await mark(watch)
  }
  if (page.next !== undefined) {
    const rest: AlertPage = { handle: name, cause, after: page.next }
    await deps.queue.sendAll([rest])
  }
  return wanted.length
}

const urlsOf = ({ publicUrl, alertSecret }: AlertDeps, { accountId, handle }: Watch, sentAt: string): AlertUrls => {
  const urlOf = (link: AlertLink) => `${publicUrl}/alerts/${alertToken(link, sentAt, alertSecret)}`
  return { watchUrl: urlOf({ kind: 'watch', accountId, handle }), allUrl: urlOf({ kind: 'all', accountId }) }
}

/** What the mail service tells later of this mail names neither account nor address. */
const tagOf = ({ id }: Alert): string => id
