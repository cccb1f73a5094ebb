import type { RouteGroup } from '../../shared/contract/route.ts'
import { type OperationId, routes } from '../../shared/contract/routes.ts'
import { checkedFetch, routeOf } from './contract-check.ts'

const saleGroups: ReadonlySet<RouteGroup> = new Set([
  'auctions',
  'authorisations',
  'campaigns',
  'cases',
  'drops',
  'offers',
  'private-offers',
  'sellers',
  'trading',
  'listings',
  'watches',
])

/** Whether an operation is about a sale by auction, drop or private offer, or about who may take part. */
export const isOfSale = (operationId: OperationId): boolean => saleGroups.has(routes[operationId].group)

/** Whether an operation is about what becomes of a sale afterwards: disputes, refunds, chargebacks, records. */
export const isOfDispute = (operationId: OperationId): boolean => routes[operationId].group === 'disputes'

/** A fetch that holds every answer to the contract, and notes which operations succeeded. */
export const newNoting = () => {
  const succeeded = new Set<string>()
  const noting: typeof fetch = async (input, init) => {
    const response = await checkedFetch(input, init)
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    const route = routeOf(init?.method ?? 'GET', pathname)
    if (response.ok && route !== undefined) succeeded.add(route.operationId)
    return response
  }
  return { succeeded, noting }
}
