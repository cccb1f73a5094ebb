import { Duration } from 'aws-cdk-lib'
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda'
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { addAlarm, alarmPeriod } from '../alarms.ts'
import { queueVariable, receivesMax, type WorkQueueName } from '../../shared/contract/queues.ts'
import { deadLetterRetention, resourceName, type Settings } from '../settings.ts'
import { NodeFunction, type NodeFunctionProps } from './node-function.ts'

export type QueueWorkerProps = NodeFunctionProps & {
  readonly queue: WorkQueueName
  /** Messages an invocation, 10 at most without a batching window. */
  readonly batchSize: number
  /** Bounds the load on what the worker calls; SQS holds the rest. */
  readonly maxConcurrency?: number
  /** Keeps the order within a message group, and drops repetitions of a deduplication id for five minutes. */
  readonly fifo?: true
  /** How often a message is received before it is a dead letter, where that is not `receivesMax`. */
  readonly receivesMax?: number
  /** The oldest message may wait this long before the alarm. */
  readonly waitMax: Duration
}

/** Queue, dead-letter queue, function and alarms as one piece. */
export class QueueWorker extends Construct {
  readonly queue: Queue
  readonly deadLetters: Queue
  readonly worker: NodeFunction

  constructor(scope: Construct, id: string, props: QueueWorkerProps) {
    super(scope, id)
    const { settings, resources } = props.deployment
    this.deadLetters = newDeadLetterQueue(this, 'DeadLetters', {
      settings,
      name: `${props.queue}-dead`,
      errorImpact: props.errorImpact,
      ...(props.fifo && { fifo: true }),
    })
    this.queue = new Queue(this, 'Queue', {
      queueName: resourceName(settings, props.queue) + (props.fifo ? '.fifo' : ''),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // AWS's own rule: less than six times the time limit, and a throttled worker's messages come back too early.
      visibilityTimeout: Duration.seconds(props.timeout.toSeconds() * 6),
      retentionPeriod: Duration.days(7),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: props.receivesMax ?? receivesMax },
      ...(props.fifo && {
        fifo: true,
        deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
        fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      }),
    })
    resources.set(props.queue, {
      arn: this.queue.queueArn,
      environment: { [queueVariable(props.queue)]: this.queue.queueUrl },
    })
    resources.set(`${props.queue}-dead`, {
      arn: this.deadLetters.queueArn,
      environment: { [queueVariable(`${props.queue}-dead`)]: this.deadLetters.queueUrl },
    })
    this.worker = new NodeFunction(this, 'Worker', props)
    new EventSourceMapping(this, 'Source', {
      target: this.worker.lambda,
      eventSourceArn: this.queue.queueArn,
      batchSize: props.batchSize,
      reportBatchItemFailures: true,
      ...(props.maxConcurrency !== undefined && { maxConcurrency: props.maxConcurrency }),
    })
    addAlarm(this, 'Waiting', {
      settings,
      name: `${props.queue}-waiting`,
      metric: this.queue.metricApproximateAgeOfOldestMessage({ period: alarmPeriod, statistic: 'Maximum' }),
      threshold: props.waitMax.toSeconds(),
      symptom: `The oldest message of the queue ${props.queue} has waited ${props.waitMax.toMinutes()} minutes or more.`,
      errorImpact: props.errorImpact,
    })
  }
}

export type DeadLetterQueueProps = {
  readonly settings: Settings
  readonly name: string
  readonly errorImpact: string
  readonly fifo?: true
}

/** A queue for what could not be done, with an alarm on its first message. */
export function newDeadLetterQueue(scope: Construct, id: string, props: DeadLetterQueueProps): Queue {
  const queue = new Queue(scope, id, {
    queueName: resourceName(props.settings, props.name) + (props.fifo ? '.fifo' : ''),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: deadLetterRetention,
    ...(props.fifo && { fifo: true }),
  })
  addAlarm(scope, `${id}NotEmpty`, {
    settings: props.settings,
    name: `${props.name}-not-empty`,
    metric: queue.metricApproximateNumberOfMessagesVisible({ period: alarmPeriod, statistic: 'Maximum' }),
    threshold: 1,
    symptom: `The dead-letter queue ${props.name} holds work that failed every time.`,
    errorImpact: props.errorImpact,
  })
  return queue
}
