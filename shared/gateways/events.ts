import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'

export const eventSource = 'marketplace'

export type DomainEvent = { readonly detailType: string; readonly detail: unknown; readonly at: string }

export type EventBus = { readonly publish: (events: readonly DomainEvent[]) => Promise<void> }

const batchMax = 10

/** @throws where the bus did not take an event: the stream batch is then read again. */
export const openEventBus = (name: string): EventBus => {
  const client = new EventBridgeClient({})
  return {
    publish: async (events) => {
      for (let start = 0; start < events.length; start += batchMax) {
        const Entries = events.slice(start, start + batchMax).map((event) => ({
          EventBusName: name,
          Source: eventSource,
          DetailType: event.detailType,
          Detail: JSON.stringify(event.detail),
          Time: new Date(event.at),
        }))
        const { FailedEntryCount, Entries: answers } = await client.send(new PutEventsCommand({ Entries }))
        if (FailedEntryCount !== undefined && FailedEntryCount > 0) {
          const code = answers?.find((answer) => answer.ErrorCode !== undefined)?.ErrorCode ?? ''
          throw new Error(`the bus refused ${FailedEntryCount} of ${Entries.length} events: ${code}`)
        }
      }
    },
  }
}
