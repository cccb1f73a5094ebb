import type { VersionedOf } from '../domain/aggregate.ts'
import type { EscrowStore } from './client.ts'
import { chargebacksShard } from './items.ts'
import { type Page, type PageKeyTest, pageKeyTest, type PageOf } from './pages.ts'
import { queryWaiting } from './waiting.ts'

export const chargebackPageKey: PageKeyTest = pageKeyTest({
  pk: /^T#./,
  sk: 'chargeback',
  dueShard: chargebacksShard,
  dueAt: /./,
})

/** Chargebacks that the bank has not decided, by the day that it wants an answer. */
export const queryOpenChargebacks = (store: EscrowStore, page: Page): Promise<PageOf<VersionedOf<'chargeback'>>> =>
  queryWaiting(store, 'chargeback', chargebacksShard, page)
