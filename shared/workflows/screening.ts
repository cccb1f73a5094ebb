import { derivedId } from '../contract/ids.ts'
import { systemActor } from '../domain/actors.ts'
import { advanceCase } from '../domain/aggregate.ts'
import { screeningPeriod } from '../domain/case.ts'
import { type Refusal, refusalOf } from '../domain/result.ts'
import { type Screening, type ScreeningSubject, ScreeningUnavailable } from '../gateways/screening.ts'
import { load } from '../store/aggregates.ts'
import type { CommitStore } from '../store/commit.ts'
import { type CommitDeps, committing, instant } from './committing.ts'

export type ScreeningDeps = CommitDeps<CommitStore> & { readonly screening: Screening }

/**
 * Whether these accounts may deal with each other; null: yes. `about` is what it is asked for (an order, `onboarding`), for
 * the operator to read. A hit opens a case, one an account and quarter, and is refused in words that tell neither why nor
 * which account: whoever is on a list must not be warned of it. A case that was dismissed clears the account until the end of
 * its quarter. Asked before anything is written.
 * @throws ScreeningUnavailable where one of them could not be looked up
 */
export const screenAccounts = async (
  deps: ScreeningDeps,
  subjects: readonly ScreeningSubject[],
  about: string,
): Promise<Refusal | null> => {
  const answers = await Promise.all(subjects.map((subject) => deps.screening.screen(subject)))
  if (answers.includes('unavailable')) throw new ScreeningUnavailable()
  const hits = subjects.filter((_, index) => answers[index] === 'hit')
  const cleared = await Promise.all(hits.map(({ accountId }) => isCleared(deps, accountId, about)))
  return cleared.includes(false) ? refusalOf('act_refused', 'This cannot be done') : null
}

/** Both sides of a sale between users. */
export const partiesOf = (buyerId: string, sellerId: string): readonly ScreeningSubject[] => [
  { accountId: buyerId, role: 'buyer' },
  { accountId: sellerId, role: 'seller' },
]

/** Opens the account's case where there is none yet. */
const isCleared = (deps: ScreeningDeps, accountId: string, about: string): Promise<boolean> => {
  const now = instant(deps.now())
  const id = derivedId('cas', 'screening_hit', accountId, screeningPeriod(now))
  return committing<boolean>(deps, async () => {
    const before = await load(deps.store, 'case', id)
    if (before !== null) return { changes: [], answer: before.state.status === 'dismissed' }
    const ground = 'screening_hit'
    const opened = { type: 'case_opened', ground, saleId: about, accountIds: [accountId], shared: [] } as const
    const after = advanceCase(id, null, [opened], now, systemActor)
    return { changes: [{ kind: 'case', before: null, after }], answer: false }
  })
}
