import type { FunctionCounts } from '../../local/counts.ts'
import type { Market } from '../cases/market.ts'

/** What some work cost at the door, over all functions, until nothing is under way. */
export const costOf = async (market: Market, work: () => Promise<unknown>): Promise<FunctionCounts> => {
  await market.system.idle()
  market.system.door.counts.reset()
  await work()
  await market.system.idle()
  return market.system.door.counts.total(market.system.functions.plans.map(({ label }) => label))
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
