import type { VersionedOf } from '../domain/aggregate.ts'
import type { EscrowStore } from './client.ts'
import { disputesShard } from './items.ts'
import { type Page, type PageKeyTest, pageKeyTest, type PageOf } from './pages.ts'
import { queryWaiting } from './waiting.ts'

export const disputePageKey: PageKeyTest = pageKeyTest({
  pk: /^Q#./,
  sk: 'dispute',
  dueShard: disputesShard,
  dueAt: /./,
})

/** Disputes that wait for an operator, the longest first. */
export const queryReviewedDisputes = (store: EscrowStore, page: Page): Promise<PageOf<VersionedOf<'dispute'>>> =>
  queryWaiting(store, 'dispute', disputesShard, page)
