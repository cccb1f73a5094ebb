import { Aws, CfnOutput, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import { type EventBus, EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events'
import { LambdaFunction as LambdaTarget, SqsQueue } from 'aws-cdk-lib/aws-events-targets'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { EventSourceMapping, FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda'
import { Bucket, BucketEncryption, type CfnBucket, HttpMethods } from 'aws-cdk-lib/aws-s3'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { handOverReceivesMax, queueVariable } from '../shared/contract/queues.ts'
import { type MailEventMessage, reconciliationRequested, runRequested } from '../shared/contract/messages.ts'
import { alertEventTypes, reminderEventType } from '../shared/domain/alert.ts'
import type { StreamFailureQueueName } from '../shared/contract/queues.ts'
import {
  effectEventTypes,
  handOverEventType,
  noticeEventType,
  offerEventTypes,
  orderEndTypes,
} from '../shared/domain/effects.ts'
import { auctionMailTypes } from '../shared/domain/auction-mail.ts'
import { offerMailTypes } from '../shared/domain/offer-party-mail.ts'
import { partyMailTypes } from '../shared/domain/party-mail.ts'
import { addAlarm, addLoggedEventAlarm, alarmPeriod } from './alarms.ts'
import { type Deployment, NodeFunction } from './constructs/node-function.ts'
import { newDeadLetterQueue, QueueWorker } from './constructs/queue-worker.ts'
import { ScheduledFunction } from './constructs/scheduled-function.ts'
import { eventSource } from './events.ts'
import { findResource } from './resources.ts'
import { resourceName, type Settings } from './settings.ts'

export type WorkersStackProps = {
  readonly deployment: Deployment
  readonly bus: EventBus
  /** The configuration set of SES that notices are sent by. */
  readonly configurationSet: string
}

/** The roads that nobody waits for: import, clock, payment, effects, and the streams: outbox and search. */
export class WorkersStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, bus, configurationSet }: WorkersStackProps) {
    super(scope, id, { stackName: resourceName(deployment.settings, 'workers') })
    this.addImport(deployment)
    this.addEvidence(deployment)
    this.addReleases(deployment, bus)
    this.addPlans(deployment)
    this.addDeadlines(deployment)
    this.addPayments(deployment)
    this.addReconciliation(deployment, bus)
    this.addEffects(deployment, bus)
    this.addHandOvers(deployment, bus)
    this.addSaleOrders(deployment, bus)
    this.addNotices(deployment, bus)
    this.addPrivateOffers(deployment, bus)
    this.addPartyMails(deployment, bus)
    this.addMailEvents(deployment, configurationSet)
    this.addAlerts(deployment, bus)
    this.addOutbox(deployment)
    this.addShelves(deployment)
  }

  /** Feed in the bucket → feeds queue → `split-feed` → chunks → `import-accounts`. */
  private addImport(deployment: Deployment): void {
    const { settings, resources } = deployment
    const bucket = newFeedsBucket(this, settings)
    const bucketName = bucketNameOf(settings, 'feeds')
    const environment = { FEEDS_BUCKET: bucketName }
    resources.set('feeds-bucket/feeds/*', { arn: `${bucketArnOf(bucketName)}/feeds/*`, environment })
    resources.set('feeds-bucket/chunks/*', { arn: `${bucketArnOf(bucketName)}/chunks/*`, environment })

    new QueueWorker(this, 'ImportAccounts', {
      deployment,
      name: 'workers/import-accounts',
      queue: 'chunks',
      batchSize: 1,
      maxConcurrency: 16,
      memoryMb: 1024,
      timeout: Duration.minutes(5),
      waitMax: Duration.hours(2),
      errorImpact:
        'Part of an account feed is not imported: handles of those accounts are judged by old activity, or not at all.',
    })
    const splitFeed = new QueueWorker(this, 'SplitFeed', {
      deployment,
      name: 'workers/split-feed',
      queue: 'feeds',
      batchSize: 1,
      maxConcurrency: 2,
      memoryMb: 1769,
      timeout: Duration.minutes(15),
      waitMax: Duration.hours(1),
      errorImpact:
        'An account feed was uploaded and is not being imported: its operator waits, and nothing is released.',
    })
    notifyOfUploads(bucket, bucketName, 'feeds/', splitFeed.queue)

    new CfnOutput(this, 'FeedsBucket', { value: bucket.bucketName })
  }

  /** A file of a dispute in the bucket → evidence queue → `check-evidence`, which lists it or refuses it. */
  private addEvidence(deployment: Deployment): void {
    const { settings, resources } = deployment
    const bucketName = bucketNameOf(settings, 'evidence')
    const bucket = newEvidenceBucket(this, settings, bucketName)
    for (const prefix of ['files', 'packs'] as const) {
      resources.set(`evidence-bucket/${prefix}/*`, {
        arn: `${bucketArnOf(bucketName)}/${prefix}/*`,
        environment: { EVIDENCE_BUCKET: bucketName },
      })
    }
    const { queue } = new QueueWorker(this, 'CheckEvidence', {
      deployment,
      name: 'workers/check-evidence',
      queue: 'evidence',
      batchSize: 1,
      maxConcurrency: 4,
      memoryMb: 512,
      timeout: Duration.seconds(30),
      waitMax: Duration.minutes(30),
      errorImpact: 'Files that the sides of a dispute send are not listed: operators decide without them.',
    })
    notifyOfUploads(bucket, bucketName, 'files/', queue)
  }

  /** Every 15 minutes, or when an operator asks: what is due in the handles → releases queue → `release-handles`. */
  private addReleases(deployment: Deployment, bus: EventBus): void {
    const errorImpact =
      'Inactive handles are not given notice or released, so nothing new comes to market; buyers and prospects wait.'
    new QueueWorker(this, 'ReleaseHandles', {
      deployment,
      name: 'workers/release-handles',
      queue: 'releases',
      batchSize: 1,
      maxConcurrency: 32,
      memoryMb: 1024,
      timeout: Duration.minutes(1),
      waitMax: Duration.minutes(30),
      errorImpact,
    })
    const sweep = new ScheduledFunction(this, 'SweepHandles', {
      deployment,
      name: 'schedules/sweep-handles',
      every: Duration.minutes(15),
      memoryMb: 1024,
      timeout: Duration.minutes(14),
      errorImpact,
    })
    new Rule(this, 'RunsRule', {
      ruleName: resourceName(deployment.settings, 'runs'),
      description: 'Sweeps that an operator asks for',
      eventBus: bus,
      eventPattern: { source: [eventSource], detailType: [runRequested] },
      targets: [new LambdaTarget(sweep.lambda)],
    })
  }

  /** An operator's plan → plans queue → `plan-release`, part by part → the schedule in its bucket. */
  private addPlans(deployment: Deployment): void {
    const { settings, resources } = deployment
    const bucketName = bucketNameOf(settings, 'schedules')
    const bucketArn = bucketArnOf(bucketName)
    newSchedulesBucket(this, settings, bucketName)
    for (const prefix of ['parts', 'schedules'] as const) {
      resources.set(`schedules-bucket/${prefix}/*`, {
        arn: `${bucketArn}/${prefix}/*`,
        environment: { SCHEDULES_BUCKET: bucketName },
      })
    }
    new QueueWorker(this, 'PlanRelease', {
      deployment,
      name: 'workers/plan-release',
      queue: 'plans',
      batchSize: 1,
      maxConcurrency: 16,
      memoryMb: 1769,
      timeout: Duration.minutes(10),
      waitMax: Duration.hours(1),
      errorImpact: 'A release plan is not computed: operators cannot see what a policy would do. Nothing else waits.',
    })
  }

  /** Every minute: what is past its deadline or about to be → deadlines queue → `apply-deadlines`. */
  private addDeadlines(deployment: Deployment): void {
    const errorImpact =
      'Unpaid orders keep their handles off the market past the deadline, and settlements due by time are late.'
    new QueueWorker(this, 'ApplyDeadlines', {
      deployment,
      name: 'workers/apply-deadlines',
      queue: 'deadlines',
      batchSize: 10,
      maxConcurrency: 10,
      memoryMb: 512,
      timeout: Duration.minutes(1),
      waitMax: Duration.minutes(10),
      errorImpact,
    })
    new ScheduledFunction(this, 'SweepDeadlines', {
      deployment,
      name: 'schedules/sweep-deadlines',
      every: Duration.minutes(1),
      memoryMb: 512,
      timeout: Duration.seconds(50),
      errorImpact,
    })
  }

  /** Stripe's events, verified by the webhook → payments queue, in order within an order → `apply-payments`. */
  private addPayments(deployment: Deployment): void {
    const { worker } = new QueueWorker(this, 'ApplyPayments', {
      deployment,
      name: 'workers/apply-payments',
      queue: 'payments',
      fifo: true,
      // One: a worker that dies takes no other payment along to the dead-letter queue.
      batchSize: 1,
      maxConcurrency: 20,
      memoryMb: 1024,
      timeout: Duration.seconds(30),
      waitMax: Duration.minutes(5),
      errorImpact:
        'Buyers have paid and their money is not booked: no handle is handed over, and an order may expire although paid.',
    })
    addLoggedEventAlarm(this, 'PaymentSetAside', {
      settings: deployment.settings,
      logGroup: worker.logGroup,
      event: 'payment_set_aside',
      symptom:
        'A genuine event of Stripe did not fit its order by amount, currency, account or mode, and changed nothing.',
      errorImpact:
        'Money lies at Stripe that belongs to no sale, or a buyer paid in vain: a person must look at the payment.',
    })
  }

  /** Hand-overs that the platform is to make → hand-overs queue → `request-hand-overs` → its endpoint. */
  private addHandOvers(deployment: Deployment, bus: EventBus): void {
    const { platformWebhookUrl, platformLoopbackOrigin } = deployment.settings
    const { queue, deadLetters } = new QueueWorker(this, 'RequestHandOvers', {
      deployment,
      name: 'workers/request-hand-overs',
      queue: 'hand-overs',
      batchSize: 1,
      maxConcurrency: 10,
      memoryMb: 512,
      timeout: Duration.minutes(1),
      receivesMax: handOverReceivesMax,
      waitMax: Duration.minutes(30),
      environment: {
        ...(platformWebhookUrl && { PLATFORM_WEBHOOK_URL: platformWebhookUrl }),
        ...(platformLoopbackOrigin && { LOOPBACK_ORIGIN: platformLoopbackOrigin }),
      },
      errorImpact:
        'The platform does not hear that handles are sold: buyers wait, and after a day their money is given back.',
    })
    new Rule(this, 'HandOversRule', {
      ruleName: resourceName(deployment.settings, 'hand-overs'),
      description: 'Hand-overs that the platform is to make',
      eventBus: bus,
      eventPattern: { source: [eventSource], detailType: [handOverEventType], detail: { event: { by: ['platform'] } } },
      targets: [new SqsQueue(queue, { deadLetterQueue: deadLetters })],
    })
  }

  /** Ends of orders that sales placed → sale-orders queue → `advance-sales`. */
  private addSaleOrders(deployment: Deployment, bus: EventBus): void {
    const { queue, deadLetters } = new QueueWorker(this, 'AdvanceSales', {
      deployment,
      name: 'workers/advance-sales',
      queue: 'sale-orders',
      batchSize: 10,
      maxConcurrency: 10,
      memoryMb: 512,
      timeout: Duration.minutes(1),
      waitMax: Duration.minutes(10),
      errorImpact:
        'Auctions, drops and private offers do not hear that their winners paid or did not, until their own deadlines.',
    })
    new Rule(this, 'SaleOrdersRule', {
      ruleName: resourceName(deployment.settings, 'sale-orders'),
      description: 'Ends of orders, for the sales that placed them',
      eventBus: bus,
      eventPattern: {
        source: [eventSource],
        detailType: [...orderEndTypes],
        detail: { saleId: [{ exists: true }] },
      },
      targets: [new SqsQueue(queue, { deadLetterQueue: deadLetters })],
    })
  }

  /** Every day, or when an operator asks: the ledger beside the provider's balance. */
  private addReconciliation(deployment: Deployment, bus: EventBus): void {
    const { settings } = deployment
    const reconcile = new ScheduledFunction(this, 'Reconcile', {
      deployment,
      name: 'schedules/reconcile',
      every: Duration.days(1),
      runsMissedMax: 2,
      memoryMb: 1769,
      timeout: Duration.minutes(15),
      errorImpact: 'Nobody compares the ledger with the payment provider: money that went astray is not noticed.',
    })
    new Rule(this, 'ReconciliationsRule', {
      ruleName: resourceName(settings, 'reconciliations'),
      description: 'Reconciliations that an operator asks for',
      eventBus: bus,
      eventPattern: { source: [eventSource], detailType: [reconciliationRequested] },
      targets: [new LambdaTarget(reconcile.lambda)],
    })
    addLoggedEventAlarm(this, 'BooksDiffer', {
      settings,
      logGroup: reconcile.logGroup,
      event: 'books_differ',
      symptom: 'The ledger and the balance of the payment provider differ, or an account is on the wrong side of zero.',
      errorImpact: 'Money moved that the book does not know, or the reverse: a person must look at each difference.',
    })
  }

  /** Events that want something done outside → effects queue → `carry-out-effects`. */
  private addEffects(deployment: Deployment, bus: EventBus): void {
    const { worker, queue, deadLetters } = new QueueWorker(this, 'CarryOutEffects', {
      deployment,
      name: 'workers/carry-out-effects',
      queue: 'effects',
      batchSize: 1,
      // Stripe allows 25 requests a second on an endpoint; one call takes about half a second.
      maxConcurrency: 10,
      memoryMb: 1024,
      timeout: Duration.minutes(2),
      waitMax: Duration.minutes(15),
      environment: { PUBLIC_URL: deployment.publicUrl },
      errorImpact:
        'Refunds that buyers are owed are not made, and the checkout of a cancelled order can still be paid.',
    })
    addLoggedEventAlarm(this, 'RefundNotRecorded', {
      settings: deployment.settings,
      logGroup: worker.logGroup,
      event: 'refund_not_recorded',
      symptom: 'Stripe made a refund that its order would not take note of.',
      errorImpact: 'The ledger says that the money of a buyer is held, while Stripe has given it back.',
    })
    addLoggedEventAlarm(this, 'TransferNotRecorded', {
      settings: deployment.settings,
      logGroup: worker.logGroup,
      event: 'transfer_not_recorded',
      symptom: 'Stripe made a transfer to a seller that its order would not take note of.',
      errorImpact:
        'A seller has money for a sale that was taken back from its buyer or charged back: a person must look.',
    })
    addLoggedEventAlarm(this, 'ClawbackNotRecorded', {
      settings: deployment.settings,
      logGroup: worker.logGroup,
      event: 'clawback_not_recorded',
      symptom: 'Stripe took a transfer back from a seller, and its order would not take note of it.',
      errorImpact: 'A seller was paid by the ledger, and has not the money.',
    })
    new Rule(this, 'EffectsRule', {
      ruleName: resourceName(deployment.settings, 'effects'),
      description: 'What a committed journal entry wants done outside',
      eventBus: bus,
      eventPattern: { source: [eventSource], detailType: effectEventTypes },
      targets: [new SqsQueue(queue, { deadLetterQueue: deadLetters })],
    })
  }

  /** Notices that are wanted → notices queue → `send-notices`. */
  private addNotices(deployment: Deployment, bus: EventBus): void {
    const { queue, deadLetters } = new QueueWorker(this, 'SendNotices', {
      deployment,
      name: 'workers/send-notices',
      queue: 'notices',
      // A worker that dies between mail and commit sends as many mails twice.
      batchSize: 10,
      // Mails go one after another, some ten a second each. Where SES grants fewer, its client slows down.
      maxConcurrency: 10,
      memoryMb: 1024,
      timeout: Duration.minutes(2),
      // A sweep may want a million at once; SES carries them as fast as its quota lets it.
      waitMax: Duration.days(1),
      environment: { PUBLIC_URL: deployment.publicUrl },
      errorImpact: 'Holders are not told that their handles are due, so the handles wait and are released later.',
    })
    new Rule(this, 'NoticesRule', {
      ruleName: resourceName(deployment.settings, 'notices'),
      description: 'Notices that a committed journal entry wants sent',
      eventBus: bus,
      eventPattern: { source: [eventSource], detailType: [noticeEventType] },
      targets: [new SqsQueue(queue, { deadLetterQueue: deadLetters })],
    })
  }

  /** Campaigns that began or ended, and mails to prospects → private-offers queue → `send-private-offers`. */
  private addPrivateOffers(deployment: Deployment, bus: EventBus): void {
    const { queue, deadLetters } = new QueueWorker(this, 'SendPrivateOffers', {
      deployment,
      name: 'workers/send-private-offers',
      queue: 'private-offers',
      batchSize: 10,
      maxConcurrency: 5,
      memoryMb: 1024,
      // Ten messages, one of which may plan five hundred offers.
      timeout: Duration.minutes(3),
      waitMax: Duration.hours(1),
      environment: { PUBLIC_URL: deployment.publicUrl },
      errorImpact:
        'Campaigns stand still: prospects are not written to or answered, and their time to answer runs out.',
    })
    new Rule(this, 'PrivateOffersRule', {
      ruleName: resourceName(deployment.settings, 'private-offers'),
      description: 'Offers to plan or to take back, and mails to prospects that a committed journal entry wants',
      eventBus: bus,
      eventPattern: { source: [eventSource], detailType: [...offerEventTypes] },
      targets: [new SqsQueue(queue, { deadLetterQueue: deadLetters })],
    })
  }

  /** Steps of sales and offers between users, and of auctions → party-mails queue → `send-party-mails`. */
  private addPartyMails(deployment: Deployment, bus: EventBus): void {
    const { queue, deadLetters } = new QueueWorker(this, 'SendPartyMails', {
      deployment,
      name: 'workers/send-party-mails',
      queue: 'party-mails',
      batchSize: 10,
      maxConcurrency: 5,
      memoryMb: 512,
      timeout: Duration.minutes(1),
      waitMax: Duration.hours(1),
      errorImpact:
        'Buyers, sellers and bidders are not written to: they may miss the time to look at a handle, to answer, to bid ' +
        'again or to pay.',
    })
    new Rule(this, 'PartyMailsRule', {
      ruleName: resourceName(deployment.settings, 'party-mails'),
      description: 'Steps of sales between users that their parties are written of',
      eventBus: bus,
      eventPattern: {
        source: [eventSource],
        detailType: [...partyMailTypes],
        detail: { sellerId: [{ exists: true }] },
      },
      targets: [new SqsQueue(queue, { deadLetterQueue: deadLetters })],
    })
    new Rule(this, 'OfferMailsRule', {
      ruleName: resourceName(deployment.settings, 'offer-mails'),
      description: 'Steps of offers between users that their sides are written of',
      eventBus: bus,
      eventPattern: { source: [eventSource], detailType: [...offerMailTypes] },
      targets: [new SqsQueue(queue, { deadLetterQueue: deadLetters })],
    })
    new Rule(this, 'AuctionMailsRule', {
      ruleName: resourceName(deployment.settings, 'auction-mails'),
      description: 'Steps of auctions that their bidders are written of',
      eventBus: bus,
      eventPattern: { source: [eventSource], detailType: [...auctionMailTypes] },
      targets: [new SqsQueue(queue, { deadLetterQueue: deadLetters })],
    })
  }

  /** What SES tells of notices that did not arrive → mail-events queue → `apply-mail-events`. */
  private addMailEvents(deployment: Deployment, configurationSet: string): void {
    const { queue, deadLetters } = new QueueWorker(this, 'ApplyMailEvents', {
      deployment,
      name: 'workers/apply-mail-events',
      queue: 'mail-events',
      batchSize: 10,
      maxConcurrency: 10,
      memoryMb: 512,
      timeout: Duration.seconds(30),
      waitMax: Duration.hours(1),
      errorImpact: 'Notices that bounced count as given, so holders may lose handles without having heard of it.',
    })
    // Two rules, for a template of EventBridge must not name what an event may lack. The address stays behind.
    const told = {
      type: EventField.detailType,
      messageId: EventField.fromPath('$.detail.mail.messageId'),
      tags: EventField.fromPath('$.detail.mail.tags'),
    }
    const bounceType = EventField.fromPath('$.detail.bounce.bounceType')
    const bounceSubType = EventField.fromPath('$.detail.bounce.bounceSubType')
    for (const { name, detailType, message } of [
      { name: 'bounces', detailType: ['Email Bounced'], message: { ...told, bounceType, bounceSubType } },
      { name: 'complaints', detailType: ['Email Complaint Received', 'Email Rejected'], message: told },
    ] satisfies { name: string; detailType: MailEventMessage['type'][]; message: object }[]) {
      new Rule(this, name === 'bounces' ? 'BouncesRule' : 'ComplaintsRule', {
        ruleName: resourceName(deployment.settings, `mail-${name}`),
        description: `${detailType.join(', ')}: of notices, on the default bus`,
        eventPattern: {
          source: ['aws.ses'],
          detailType,
          detail: { mail: { tags: { 'ses:configuration-set': [configurationSet] } } },
        },
        targets: [new SqsQueue(queue, { deadLetterQueue: deadLetters, message: RuleTargetInput.fromObject(message) })],
      })
    }
  }

  /** What the watchers of a handle are told of → alerts queue → `send-alerts`, page by page. */
  private addAlerts(deployment: Deployment, bus: EventBus): void {
    const { queue, deadLetters } = new QueueWorker(this, 'SendAlerts', {
      deployment,
      name: 'workers/send-alerts',
      queue: 'alerts',
      batchSize: 1,
      // SES carries some ten mails a second for each; events and marks are faster.
      maxConcurrency: 10,
      memoryMb: 512,
      timeout: Duration.minutes(1),
      // A handle with 100,000 watchers is told in 2,000 pages, one after another.
      waitMax: Duration.hours(6),
      environment: { PUBLIC_URL: deployment.publicUrl },
      errorImpact: 'Accounts that watch a handle are not told that it came to market or changed; sales go on.',
    })
    new Rule(this, 'AlertsRule', {
      ruleName: resourceName(deployment.settings, 'alerts'),
      description: 'What the watchers of a handle are told of',
      eventBus: bus,
      eventPattern: { source: [eventSource], detailType: [...alertEventTypes, reminderEventType] },
      targets: [new SqsQueue(queue, { deadLetterQueue: deadLetters })],
    })
  }

  /** The streams of both tables → `publish-outbox` → archive of the journal, and the event bus. */
  private addOutbox(deployment: Deployment): void {
    const { settings, resources } = deployment
    const errorImpact =
      'Journal entries are neither archived nor published: refunds and hand-overs do not start. The stream forgets ' +
      'after 24 hours, and what is not archived by then is lost to the journal for good.'
    const failures = newStreamFailures(this, 'OutboxFailures', { deployment, name: 'outbox-failures', errorImpact })
    const publishOutbox = new NodeFunction(this, 'PublishOutbox', {
      deployment,
      name: 'workers/publish-outbox',
      memoryMb: 1024,
      timeout: Duration.minutes(2),
      errorImpact,
    })
    for (const table of ['handles', 'escrow'] as const) {
      new EventSourceMapping(publishOutbox, `${table === 'handles' ? 'Handles' : 'Escrow'}Stream`, {
        ...streamReading(failures),
        target: publishOutbox.lambda,
        eventSourceArn: findResource(resources, `${table}/stream`, 'the stream mapping').arn,
        filters: outboxFilters[table].map((filter) => FilterCriteria.filter(filter)),
      })
    }
    addAlarm(this, 'StreamBehind', {
      settings,
      name: 'stream-behind',
      metric: publishOutbox.lambda.metric('IteratorAge', { period: alarmPeriod, statistic: 'Maximum' }),
      threshold: Duration.minutes(30).toMilliseconds(),
      symptom: 'publish-outbox is 30 minutes or more behind the streams of the tables.',
      errorImpact,
    })
  }

  /** The streams of handles, auctions and drops → `project-shelves` → the rows that searches read. */
  private addShelves(deployment: Deployment): void {
    const { settings, resources } = deployment
    const errorImpact =
      'Searches by price, length, tier and word show what was for sale some time ago: new handles are missing, and sold ' +
      'ones are refused when they are ordered. Bidders miss new bids in the lists of their own. Search by name, and every ' +
      'sale, goes on.'
    const failures = newStreamFailures(this, 'ShelfFailures', { deployment, name: 'shelf-failures', errorImpact })
    const projectShelves = new NodeFunction(this, 'ProjectShelves', {
      deployment,
      name: 'workers/project-shelves',
      memoryMb: 1024,
      timeout: Duration.minutes(2),
      errorImpact,
    })
    // The second reader of each stream, and the last: DynamoDB throttles a shard that three read at once.
    for (const table of ['handles', 'escrow'] as const) {
      new EventSourceMapping(projectShelves, `${table === 'handles' ? 'Handles' : 'Escrow'}Stream`, {
        ...streamReading(failures),
        target: projectShelves.lambda,
        eventSourceArn: findResource(resources, `${table}/stream`, 'the stream mapping').arn,
        filters: shelfFilters[table].map((filter) => FilterCriteria.filter(filter)),
      })
    }
    addAlarm(this, 'ShelvesBehind', {
      settings,
      name: 'shelves-behind',
      metric: projectShelves.lambda.metric('IteratorAge', { period: alarmPeriod, statistic: 'Maximum' }),
      threshold: Duration.minutes(30).toMilliseconds(),
      symptom: 'project-shelves is 30 minutes or more behind the streams of the tables.',
      errorImpact,
    })
  }
}

/** How both readers read a stream: from its beginning, in batches; what fails ten times is described in a queue. */
const streamReading = (failures: Queue) => ({
  startingPosition: StartingPosition.TRIM_HORIZON,
  batchSize: 500,
  maxBatchingWindow: Duration.seconds(1),
  bisectBatchOnError: true,
  reportBatchItemFailures: true,
  retryAttempts: 10,
  onFailure: { bind: () => ({ destination: failures.queueArn }) },
})

/** Where a stream's mappings describe what they could not deliver. */
function newStreamFailures(
  scope: Construct,
  id: string,
  { deployment, name, errorImpact }: { deployment: Deployment; name: StreamFailureQueueName; errorImpact: string },
): Queue {
  const { settings, resources } = deployment
  const failures = newDeadLetterQueue(scope, id, { settings, name, errorImpact })
  Validations.of(failures).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'This is itself a dead-letter queue: the on-failure destination of stream mappings, which name it.',
  })
  resources.set(name, { arn: failures.queueArn, environment: { [queueVariable(name)]: failures.queueUrl } })
  return failures
}

/** Which records concern the search. */
const shelfFilters = {
  handles: [listedIn('NewImage'), listedIn('OldImage')],
  escrow: [{ dynamodb: { Keys: { sk: { S: ['auction', 'drop'] } } } }],
} as const

/** Records of handles that are or were for sale. A filter asks for what is there by a leaf, so by the listing's status. */
function listedIn(image: 'NewImage' | 'OldImage') {
  return {
    dynamodb: { Keys: { sk: { S: ['handle'] } }, [image]: { listing: { M: { status: { S: [{ exists: true }] } } } } },
  }
}

/**
 * Which records of a stream concern the outbox: Lambda is not invoked for others, nor charges for them. A new handle, look
 * or policy replaces no entry and wants no effect; what else lies in the tables is no aggregate.
 */
const outboxFilters = {
  handles: [
    { eventName: ['MODIFY'], dynamodb: { Keys: { sk: { S: ['handle', 'skeleton', 'policy'] } } } },
    // The first thing that is learnt of an account may be what its holder is told.
    { dynamodb: { Keys: { sk: { S: ['standing'] } } } },
  ],
  escrow: [
    {
      dynamodb: {
        Keys: {
          sk: {
            S: [
              'order',
              'plan',
              'case',
              'drop',
              'reminder',
              'auction',
              'campaign',
              'private_offer',
              'seller',
              'dispute',
              'chargeback',
              'negotiation',
              'offer_rules',
            ],
          },
        },
      },
    },
  ],
} as const

/** Unique in the world, and known before the bucket exists: its queue's policy and the grants name it. */
function bucketNameOf(settings: Settings, name: 'feeds' | 'schedules' | 'evidence'): string {
  return `${resourceName(settings, name)}-${Aws.ACCOUNT_ID}-${Aws.REGION}`
}

function bucketArnOf(bucketName: string): string {
  return `arn:${Aws.PARTITION}:s3:::${bucketName}`
}

/** A dead letter of a plan may be sent back for two weeks: its parts are there as long. */
const partsKept = Duration.days(21)

/** Schedules are kept for good, in every version: the seal tells that one was changed, and an older one what it said. */
function newSchedulesBucket(stack: Stack, settings: Settings, bucketName: string): void {
  const bucket = new Bucket(stack, 'Schedules', {
    bucketName,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    versioned: true,
    removalPolicy: settings.retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    lifecycleRules: [
      {
        id: 'parts-are-read-once',
        prefix: 'parts/',
        expiration: partsKept,
        noncurrentVersionExpiration: Duration.days(1),
      },
      { id: 'broken-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
  })
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Schedules hold no personal data and are sealed in the journal with who asked for them and who published them; ' +
      'each is public from its first release on, so server access logs would add no knowledge.',
  })
}

/**
 * What the sides of a dispute sent, and what we made for banks. Card networks hear a case for months after the payment, and
 * a court longer: kept three years, in every version, so that a file which was put again does not replace what was seen.
 */
function newEvidenceBucket(stack: Stack, settings: Settings, bucketName: string): Bucket {
  const bucket = new Bucket(stack, 'Evidence', {
    bucketName,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    versioned: true,
    removalPolicy: settings.retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    lifecycleRules: [
      {
        id: 'kept-for-three-years',
        expiration: Duration.days(3 * 365),
        noncurrentVersionExpiration: Duration.days(3 * 365),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
    ],
    cors: [
      {
        allowedMethods: [HttpMethods.PUT],
        allowedOrigins: [...settings.webOrigins],
        allowedHeaders: ['content-type', 'x-amz-checksum-sha256'],
        maxAge: Duration.hours(1).toSeconds(),
      },
    ],
  })
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Every file is announced in the journal of its dispute with its hash, and links to it live ten minutes and are ' +
      'given to its parties and to operators alone, so server access logs would add a second store of personal data.',
  })
  return bucket
}

/** Feeds hold personal data and are read once: private, encrypted, gone after a week. */
function newFeedsBucket(stack: Stack, settings: Settings): Bucket {
  const bucket = new Bucket(stack, 'Feeds', {
    bucketName: bucketNameOf(settings, 'feeds'),
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    versioned: false,
    removalPolicy: settings.retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    lifecycleRules: [
      {
        id: 'feeds-are-read-once',
        expiration: Duration.days(7),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
    ],
    cors: [
      {
        allowedMethods: [HttpMethods.PUT],
        allowedOrigins: [...settings.webOrigins],
        allowedHeaders: ['content-type', 'content-encoding'],
        maxAge: Duration.hours(1).toSeconds(),
      },
    ],
  })
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Objects live a week and are written by presigned URL only; each import is in the journal with its operator, ' +
      'so server access logs would add a second store of personal data and no knowledge.',
  })
  return bucket
}

/**
 * Uploads under a prefix send a message to the queue. Set on the resource itself, as CDK's `addEventNotification`
 * would deploy a custom-resource function with a wildcard policy of its own. S3 checks at creation that it may send, so
 * the bucket waits for the queue's policy, and that policy knows the bucket by its name.
 */
function notifyOfUploads(bucket: Bucket, bucketName: string, prefix: string, queue: Queue): void {
  const { policyDependable } = queue.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('s3.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: {
        StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
        ArnEquals: { 'aws:SourceArn': bucketArnOf(bucketName) },
      },
    }),
  )
  const cfnBucket = bucket.node.defaultChild as CfnBucket
  cfnBucket.notificationConfiguration = {
    queueConfigurations: [
      {
        event: 's3:ObjectCreated:*',
        filter: { s3Key: { rules: [{ name: 'prefix', value: prefix }] } },
        queue: queue.queueArn,
      },
    ],
  }
  if (policyDependable) bucket.node.addDependency(policyDependable)
}
