import { parseAggregate } from '../domain/aggregate.ts'
import type { Entry } from '../domain/journal.ts'
import type { PrivateOffer } from '../domain/private-offer.ts'
import { answerableStatuses } from '../domain/private-offer-machine.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import { filedEntries } from '../store/journal.ts'

/**
 * Every entry of one aggregate, oldest first: the filed ones and the newest, which its item carries. An entry that was
 * replaced a moment ago may still be on its way to the archive; the numbers show it.
 */
export const readJournal = async (store: Store, aggregate: string): Promise<Result<readonly Entry[]>> => {
  const named = parseAggregate(aggregate)
  const head = named === null ? null : await load(store, named.kind, named.id)
  if (head === null) return refuse('not_found', `There is no ${aggregate}`, 'aggregateId')
  if (isSealed(head.state))
    return refuse('journal_sealed', 'The round has not ended: its amounts are closed', 'aggregateId')
  const filed = await filedEntries(store, aggregate)
  return ok([...filed.filter((entry) => entry.seq < head.entry.seq), head.entry])
}

/** An offer of a sealed round: its amounts are closed to operators, too, until nobody can answer any more. */
const isSealed = (state: object): boolean =>
  'mode' in state &&
  state.mode === 'sealed' &&
  'askedMinor' in state &&
  answerableStatuses.has((state as PrivateOffer).status)
