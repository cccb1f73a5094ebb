import type { Standing } from '../domain/standing.ts'
import { getItems } from './batch-get.ts'
import type { HandlesStore } from './client.ts'
import { readAggregate, standingKey } from './items.ts'

/** The standings of several accounts, in one request: a unit each. An account of which nothing is known is left out. */
export const loadStandings = async (
  store: HandlesStore,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, Standing>> => {
  const found = new Map<string, Standing>()
  for await (const item of getItems(store.db, store.handlesTable, [...new Set(accountIds)].map(standingKey))) {
    const { state } = readAggregate('standing', item)
    found.set(state.accountId, state)
  }
  return found
}
