import { type AlertLink, type AlertLinkFault, readAlertToken } from '../domain/alert-link.ts'
import type { HandlesStore } from '../store/client.ts'
import { type CommitDeps, instant } from './committing.ts'
import { stopAlertMails, stopWatching } from './watches.ts'

/** The secret under which the links of alerts are signed. */
export type AlertSecret = { readonly alertSecret: string }

/** What a link would end. Changes nothing: scanners of mail open links. */
export const readAlertLink = (
  { now, alertSecret }: AlertSecret & { readonly now: () => number },
  token: string,
): AlertLink | AlertLinkFault => readAlertToken(token, instant(now()), alertSecret)

/** Ends what the link is about; again, the same. */
export const useAlertLink = async (
  deps: CommitDeps<HandlesStore> & AlertSecret,
  token: string,
): Promise<AlertLink | AlertLinkFault> => {
  const link = readAlertLink(deps, token)
  if (link === 'invalid' || link === 'expired') return link
  if (link.kind === 'all') await stopAlertMails(deps, link.accountId)
  else await stopWatching(deps, link.accountId, link.handle)
  return link
}
