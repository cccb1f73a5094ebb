import type { Core } from '../core.ts'
import type { WireEvent } from '../resource-types.ts'
import { listPage, required, type Call, type Route } from '../route.ts'
import { invalidRequest, noSuch } from '../stripe-error.ts'

/** `pending_webhooks` as of now: deliveries that have not succeeded and are still tried. */
const asOfNow = (core: Core, event: WireEvent): WireEvent => ({
  ...event,
  pending_webhooks: core.state.pendingDeliveries(event.id),
})

const retrieve = ({ core, id }: Call): WireEvent => {
  const event = required(core, 'event', id)
  if (event.created < core.oldestEventSeconds()) throw noSuch('event', id, 'id')
  return asOfNow(core, event)
}

const list = ({ core, parameters }: Call): object => {
  const types = parameters['types'] as string[] | undefined
  const type = parameters['type'] as string | undefined
  if (type && types) throw invalidRequest('You may pass either type or types, not both.', { param: 'types' })
  const created = parameters['created'] ?? { gte: core.oldestEventSeconds() }
  const page = listPage(core, 'event', '/v1/events', { ...parameters, created }, { type: type ?? types })
  return { ...page, data: page.data.map((event) => asOfNow(core, event)) }
}

export const eventRoutes: readonly Route[] = [
  {
    operationId: 'GetEvents',
    method: 'GET',
    path: '/v1/events',
    serves: ['created', 'type', 'types'],
    connected: true,
    run: list,
  },
  {
    operationId: 'GetEventsId',
    method: 'GET',
    path: '/v1/events/{}',
    serves: [],
    connected: true,
    run: retrieve,
  },
]
