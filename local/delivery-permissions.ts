import { Permissions, servicePermitted } from './iam.ts'
import type { FunctionPlan, Plan } from './plan.ts'

const queueActions = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']
const streamActions = ['dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:DescribeStream']

/**
 * Checks what AWS checks before it delivers anything: that a function's role may read its event sources, and that a
 * queue's own policy lets EventBridge or S3 send to it. Throws with every gap, so that a missing grant fails here as it
 * would fail there.
 */
export async function checkDeliveryPermissions(plan: Plan): Promise<void> {
  const permissions = new Permissions()
  const gaps: string[] = []
  const functionOf = (arn: string) => plan.functions.find((one) => one.arn === arn)
  const mayAll = async (reader: FunctionPlan | undefined, actions: readonly string[], resource: string) => {
    if (reader === undefined) return
    for (const action of actions) {
      if (!(await permissions.allows(reader, action, resource))) {
        gaps.push(`${reader.label} may not ${action} on its event source ${resource}`)
      }
    }
  }
  for (const source of plan.queueSources) await mayAll(functionOf(source.functionArn), queueActions, source.queueArn)
  for (const source of plan.streamSources) {
    const reader = functionOf(source.functionArn)
    await mayAll(reader, streamActions, source.streamArn)
    if (source.failureQueueArn !== undefined) await mayAll(reader, ['sqs:SendMessage'], source.failureQueueArn)
  }
  const sends = [
    ...plan.rules.flatMap((rule) =>
      rule.targets.map((target) => ({ service: 'events.amazonaws.com', sourceArn: rule.arn, queueArn: target.arn })),
    ),
    ...plan.buckets.flatMap((bucket) =>
      bucket.notifications.map(({ queueArn }) => ({ service: 's3.amazonaws.com', sourceArn: bucket.arn, queueArn })),
    ),
  ]
  for (const { service, sourceArn, queueArn } of sends) {
    const queue = plan.queues.find((one) => one.arn === queueArn)
    if (queue === undefined) continue
    const permitted = await servicePermitted({
      service,
      action: 'sqs:SendMessage',
      resource: queueArn,
      sourceArn,
      policy: queue.policy,
    })
    if (!permitted) gaps.push(`the policy of ${queue.name} does not let ${service} send for ${sourceArn}`)
  }
  if (gaps.length > 0) throw new Error(`the template forbids deliveries that it sets up:\n  ${gaps.join('\n  ')}`)
}
