import { Stack } from 'aws-cdk-lib'
import { Dashboard, GraphWidget, type IMetric, Metric, TextWidget } from 'aws-cdk-lib/aws-cloudwatch'
import type { Construct } from 'constructs'
import { alarmPeriod } from './alarms.ts'
import type { QueueName } from '../shared/contract/queues.ts'
import type { FunctionName } from './grants.ts'
import { resourceName, type Settings } from './settings.ts'

export type ObservabilityStackProps = { readonly settings: Settings }

/** The roads, in the order in which a handle travels them, with the functions and queues of each. */
const roads: readonly { title: string; functions: readonly FunctionName[]; queues: readonly QueueName[] }[] = [
  {
    title: 'Request',
    functions: ['api/catalogue', 'api/discovery', 'api/purchases', 'api/checkout', 'api/accounts', 'api/operator'],
    queues: [],
  },
  {
    title: 'Dispute',
    functions: ['api/disputes', 'workers/check-evidence'],
    queues: ['evidence'],
  },
  { title: 'Import', functions: ['workers/split-feed', 'workers/import-accounts'], queues: ['feeds', 'chunks'] },
  {
    title: 'Clock',
    functions: [
      'schedules/sweep-handles',
      'workers/release-handles',
      'schedules/sweep-deadlines',
      'workers/apply-deadlines',
    ],
    queues: ['releases', 'deadlines'],
  },
  { title: 'Payment', functions: ['webhooks/stripe', 'workers/apply-payments'], queues: ['payments'] },
  {
    title: 'Event',
    functions: ['workers/publish-outbox', 'workers/carry-out-effects', 'workers/project-shelves'],
    queues: ['effects'],
  },
]

/**
 * One dashboard, a row a road: failures, time taken, work waiting. Metrics are named, not referenced, so this stack
 * depends on no other and none is held back by it. The alarms stand beside what they watch.
 */
export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, { settings }: ObservabilityStackProps) {
    super(scope, id, { stackName: resourceName(settings, 'observability') })
    const dashboard = new Dashboard(this, 'Dashboard', { dashboardName: resourceName(settings, 'roads') })
    const metricsOf = (functions: readonly FunctionName[], metricName: string, statistic: string): IMetric[] =>
      functions.map(
        (name) =>
          new Metric({
            namespace: 'AWS/Lambda',
            metricName,
            statistic,
            period: alarmPeriod,
            label: name,
            dimensionsMap: { FunctionName: resourceName(settings, name.replace('/', '-')) },
          }),
      )
    for (const { title, functions, queues } of roads) {
      dashboard.addWidgets(new TextWidget({ markdown: `## ${title}`, width: 24, height: 1 }))
      dashboard.addWidgets(
        new GraphWidget({ title: 'Errors', left: metricsOf(functions, 'Errors', 'Sum'), width: 8 }),
        new GraphWidget({ title: 'Duration p99 (ms)', left: metricsOf(functions, 'Duration', 'p99'), width: 8 }),
        new GraphWidget(
          queues.length > 0
            ? { title: 'Oldest message (s)', left: queues.map((queue) => ageOfOldest(settings, queue)), width: 8 }
            : { title: 'Invocations', left: metricsOf(functions, 'Invocations', 'Sum'), width: 8 },
        ),
      )
    }
  }
}

function ageOfOldest(settings: Settings, queue: QueueName): IMetric {
  return new Metric({
    namespace: 'AWS/SQS',
    metricName: 'ApproximateAgeOfOldestMessage',
    statistic: 'Maximum',
    period: alarmPeriod,
    label: queue,
    dimensionsMap: { QueueName: resourceName(settings, queue) + (queue === 'payments' ? '.fifo' : '') },
  })
}
