import type { FunctionCounts } from '../../local/counts.ts'
import type { Market } from '../cases/market.ts'

type Running = Pick<Market, 'system'>

/** What makes the rows of the search. Its costs follow every change of a listing and are counted apart. */
export const searchFunction = 'workers-project-shelves'

/** The functions that the costs of a step are summed over: all but the search's, and nothing that a test asked itself. */
export const stepFunctions = (labels: readonly string[]): string[] => labels.filter((label) => label !== searchFunction)

/** What some work cost at the door, over all functions but the search's, until nothing is under way. */
export const costOf = async (market: Running, work: () => Promise<unknown>): Promise<FunctionCounts> => {
  await doCounted(market, work)
  return market.system.door.counts.total(stepFunctions(market.system.functions.plans.map(({ label }) => label)))
}

/** What some work cost in rows of the search. */
export const searchCostOf = async (market: Running, work: () => Promise<unknown>): Promise<FunctionCounts> => {
  await doCounted(market, work)
  return market.system.door.counts.total([searchFunction])
}

const doCounted = async (market: Running, work: () => Promise<unknown>): Promise<void> => {
  await market.system.idle()
  market.system.door.counts.reset()
  await work()
  await market.system.idle()
}

/** Calls of one service, by its operations. */
export const callsTo = (cost: FunctionCounts, service: string): Record<string, number> =>
  Object.fromEntries(Object.entries(cost.calls).filter(([call]) => call.startsWith(`${service}:`)))

export const units = ({ readUnits, indexReadUnits, writeUnits, indexWriteUnits }: FunctionCounts) => ({
  readUnits,
  indexReadUnits,
  writeUnits,
  indexWriteUnits,
})
