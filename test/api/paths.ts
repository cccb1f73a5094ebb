import type { Route } from '../../shared/contract/route.ts'

/** What a path's parameters may be: of the right shape, and of nothing that exists but `quietriver`. */
const parameters: Readonly<Record<string, string>> = {
  handle: 'quietriver',
  orderId: 'ord_00000000000000000000000000',
  importId: 'imp_00000000000000000000000000',
  planId: 'pln_00000000000000000000000000',
  runId: 'run_00000000000000000000000000',
  auctionId: 'auc_00000000000000000000000000',
  campaignId: 'cmp_00000000000000000000000000',
  offerId: 'pof_00000000000000000000000000',
  authorisationId: 'aut_00000000000000000000000000',
  dropId: 'drp_00000000000000000000000000',
  entryId: 'app_00000000000000000000000000',
  caseId: 'cas_00000000000000000000000000',
  accountId: 'acct_1',
  aggregateId: 'handle:quietriver',
  name: 'quietriver',
  token: 'not-a-link',
  queue: 'chunks',
  version: '1',
}

export const pathOf = ({ path }: Route): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? name)

/** A list that is asked for with what its query needs beside `limit` and `cursor`. */
export const listPathOf = (route: Route): string =>
  `${pathOf(route)}?${route.query?.shape['handle']?.safeParse(undefined).success === false ? 'handle=quietriver&' : ''}`
