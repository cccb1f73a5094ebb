import type { Route } from '../../shared/contract/route.ts'

/** What a path's parameters may be: of the right shape, and of nothing that exists but `quietriver`. */
const parameters: Readonly<Record<string, string | readonly string[]>> = {
  handle: 'quietriver',
  orderId: 'ord_00000000000000000000000000',
  importId: 'imp_00000000000000000000000000',
  planId: 'pln_00000000000000000000000000',
  runId: 'run_00000000000000000000000000',
  auctionId: 'auc_00000000000000000000000000',
  campaignId: 'cmp_00000000000000000000000000',
  offerId: ['pof_00000000000000000000000000', 'off_00000000000000000000000000'],
  authorisationId: 'aut_00000000000000000000000000',
  dropId: 'drp_00000000000000000000000000',
  entryId: 'app_00000000000000000000000000',
  disputeId: 'dsp_00000000000000000000000000',
  evidenceId: 'evi_00000000000000000000000000',
  caseId: 'cas_00000000000000000000000000',
  accountId: 'acct_1',
  aggregateId: 'handle:quietriver',
  name: 'quietriver',
  token: 'not-a-link',
  queue: 'chunks',
  version: '1',
}

export const pathOf = ({ path, params }: Route): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const values = [parameters[name] ?? name].flat()
    return values.find((value) => params?.shape[name]?.safeParse(value).success === true) ?? values[0] ?? name
  })

/** What a query may be, where it must be there. */
const queries: Readonly<Record<string, string>> = { handle: 'quietriver', side: 'made' }

/** A list that is asked for with what its query needs beside `limit` and `cursor`. */
export const listPathOf = (route: Route): string => {
  const needed = Object.entries(queries).filter(
    ([name]) => route.query?.shape[name]?.safeParse(undefined).success === false,
  )
  return `${pathOf(route)}?${needed.map(([name, value]) => `${name}=${value}&`).join('')}`
}
