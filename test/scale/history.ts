import { createHash } from 'node:crypto'
import { decideImport } from '../../shared/domain/account.ts'
import { type Actor, systemActor } from '../../shared/domain/actors.ts'
import { advanceHandle, type VersionedHandle } from '../../shared/domain/aggregate.ts'
import type { HandleEvent } from '../../shared/domain/handle.ts'
import type { Entry } from '../../shared/domain/journal.ts'
import { decideNoticeGiven } from '../../shared/domain/notice.ts'
import { dueUnder, plusDays, shippedPolicy } from '../../shared/domain/release-policy.ts'
import { type Assess, decideDue } from '../../shared/domain/release.ts'
import type { Result } from '../../shared/domain/result.ts'
import type { GeneratedAccount } from './accounts.ts'

/** A handle as it stands, and the entries that came before the one on it, oldest first. */
export type History = { readonly handle: VersionedHandle; readonly filed: readonly Entry[] }

export const importId = 'imp_00000000000000000000000000'
export const operator = { kind: 'operator', id: 'acct_loader' } as const

/**
 * What must have happened to an account's handle for the account to stand where it does at `now` (milliseconds since the
 * epoch): every step decided by the domain under the shipped policy, so that the chain is one that the system would have
 * written itself.
 */
export const historyOf = ({ line, kind }: GeneratedAccount, now: number): History => {
  const { name, display, account, contact } = line
  const filed: Entry[] = []
  let handle: VersionedHandle | null = null
  const step = (decided: Result<readonly HandleEvent[]>, at: string, by: Actor): VersionedHandle => {
    if (!decided.ok) throw new Error(`${name} (${kind}): ${decided.refusal.message}`)
    if (handle !== null) filed.push(handle.entry)
    handle = advanceHandle(name, handle, decided.value, at, by)
    return handle
  }
  const present = new Date(now).toISOString()
  const graceDays = kind === 'warned' ? (dueUnder(account, shippedPolicy)?.rule.graceDays ?? 0) : 0
  const startedAt = kind === 'warned' ? plusDays(present, -graceDays - 1) : present
  const importedAt = kind === 'warned' ? plusDays(startedAt, -1) : present
  let last = step(decideImport(null, { display, account }, true, importId), importedAt, operator)
  if (kind === 'reserved')
    last = step(decideDue(last.state, shippedPolicy, reservedBefore, present), present, systemActor)
  if (kind === 'warned') {
    for (let at = startedAt; at < plusDays(startedAt, graceDays); at = last.state.dormancy?.nextAt ?? present) {
      last = step(decideDue(last.state, shippedPolicy, notYet, at), at, systemActor)
      const { startedAt: cycle = '', attempts: attempt = 0 } = last.state.dormancy ?? {}
      const notice = { cycle, attempt, messageId: messageIdOf(name, attempt), addressHash: hashOf(contact.email) }
      last = step(decideNoticeGiven(last.state, notice, shippedPolicy), at, systemActor)
    }
  }
  return { handle: last, filed }
}

const reservedBefore: Assess = () => ({ pass: false, code: 'reserved_name', reason: 'Reserved before this sweep.' })

const notYet: Assess = () => {
  throw new Error('no release is due in the time of grace')
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

/** As long as SES makes them. */
const messageIdOf = (name: string, attempt: number): string =>
  `0100019${hashOf(`${name} ${attempt}`).slice(0, 9)}-7d3f2a61-9c1b-4f8e-a2d4-5b6c7d8e9f01-000000`
