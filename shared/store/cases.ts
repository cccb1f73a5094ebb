import type { Case } from '../domain/case.ts'
import { getItems } from './batch-get.ts'
import type { EscrowStore } from './client.ts'
import { casesShard, readAggregate } from './items.ts'
import { type Page, type PageKeyTest, pageKeyTest, type PageOf, queryNewest } from './pages.ts'

export const casePageKey: PageKeyTest = pageKeyTest({ pk: /^U#./, sk: 'case', dueShard: casesShard, dueAt: /./ })

/** Open cases, newest first: one request of the index `byDue`, and one for the cases themselves. */
export const queryOpenCases = async (store: EscrowStore, page: Page): Promise<PageOf<Case>> => {
  const question = { table: store.escrowTable, index: 'byDue', key: 'dueShard', is: casesShard }
  const { items: keys, next } = await queryNewest<{ readonly pk: string; readonly sk: string }>(
    store.db,
    question,
    page,
  )
  const cases: Case[] = []
  for await (const item of getItems(
    store.db,
    store.escrowTable,
    keys.map(({ pk, sk }) => ({ pk, sk })),
  )) {
    cases.push(readAggregate('case', item).state)
  }
  return { items: cases.toSorted((a, b) => (a.openedAt < b.openedAt ? 1 : -1)), next }
}
