import { Duration, Stack } from 'aws-cdk-lib'
import { Archive, EventBus } from 'aws-cdk-lib/aws-events'
import type { Construct } from 'constructs'
import type { Resources } from './resources.ts'
import { resourceName, type Settings } from './settings.ts'

/** The `source` of every event that this system publishes. */
export const eventSource = 'marketplace'

export type EventsStackProps = { readonly settings: Settings; readonly resources: Resources }

/** The bus on which every journal entry appears as an event, and an archive from which events can be replayed. */
export class EventsStack extends Stack {
  readonly bus: EventBus

  constructor(scope: Construct, id: string, { settings, resources }: EventsStackProps) {
    super(scope, id, { stackName: resourceName(settings, 'events') })
    const busName = `marketplace-${settings.stage}`
    this.bus = new EventBus(this, 'Bus', { eventBusName: busName })
    new Archive(this, 'Archive', {
      archiveName: busName,
      sourceEventBus: this.bus,
      description: 'For replay to a consumer that was wrong; the journal, not this archive, is the record',
      eventPattern: { source: [eventSource] },
      retention: Duration.days(30),
    })
    resources.set('bus', { arn: this.bus.eventBusArn, environment: { EVENT_BUS: this.bus.eventBusName } })
  }
}
