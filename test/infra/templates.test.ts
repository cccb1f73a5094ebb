import { beforeAll, describe, expect, it } from 'vitest'
import { readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { unreachedCredentialProviders } from '../../infra/bundles.ts'
import { type FunctionName, functionNames, type Grant, grants, wildcardReasons } from '../../infra/grants.ts'
import {
  deadLetterQueueNames,
  deadLetterVariables,
  handOverReceivesMax,
  receivesMax,
  workQueueNames,
} from '../../shared/contract/queues.ts'
import type { Page, Route } from '../../shared/contract/route.ts'
import { routes } from '../../shared/contract/routes.ts'
import { pages } from '../../shared/contract/pages.ts'
import { effectEventTypes, noticeEventType } from '../../shared/domain/effects.ts'
import { termsInForce } from '../../shared/domain/terms.ts'
import { eventSource } from '../../shared/gateways/events.ts'
import { type Assembly, projectFolder, type Properties, synthesise, type TemplateResource } from './assembly.ts'

// One synth serves all the tests of this file: it is the slow part, and none of them changes it.
let assembly: Assembly
beforeAll(async () => {
  assembly = await synthesise()
  return () => assembly.remove()
})

type Statement = {
  Effect: string
  Action: string | string[]
  Resource: unknown
  Condition?: { 'ForAllValues:StringLike'?: { 'dynamodb:LeadingKeys'?: string | string[] } }
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value])

function functionOf(name: FunctionName): TemplateResource {
  const found = assembly
    .ofType('AWS::Lambda::Function')
    .filter(({ properties }) => properties['Description'] === `functions/${name}.ts`)
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} functions are made from ${name}`)
  return found[0]
}

function roleOf(lambda: TemplateResource): TemplateResource {
  return assembly.follow(lambda.properties['Role'], lambda.stack)
}

function allowedBy(role: TemplateResource): string[] {
  const policies = role.properties['Policies'] as { PolicyDocument: { Statement: Statement[] } }[]
  return policies.flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.flatMap((statement) =>
      listOf(statement.Action).flatMap((action) =>
        listOf(statement.Resource).map(
          (resource) =>
            `${statement.Effect} ${String(action)} on ${assembly.text(resource, role.stack)}${conditionOf(statement)}`,
        ),
      ),
    ),
  )
}

/** The only condition that a grant can have: some partitions of a table. */
function conditionOf({ Condition }: Statement): string {
  if (Condition === undefined) return ''
  const keys = Condition['ForAllValues:StringLike']?.['dynamodb:LeadingKeys']
  return Object.keys(Condition).length === 1 && keys !== undefined ? ` in ${listOf(keys).join(', ')}` : ' if …'
}

function alarmsOn(dimension: string, resource: TemplateResource, metricName: string): TemplateResource[] {
  return assembly.ofType('AWS::CloudWatch::Alarm').filter(({ properties, stack }) => {
    const dimensions = (properties['Dimensions'] ?? []) as { Name: string; Value: unknown }[]
    return (
      properties['MetricName'] === metricName &&
      dimensions.some(({ Name, Value }) => Name === dimension && assembly.follow(Value, stack) === resource)
    )
  })
}

describe('grants', () => {
  const workers: Record<string, string> = {
    feeds: 'SplitFeed',
    chunks: 'ImportAccounts',
    releases: 'ReleaseHandles',
    deadlines: 'ApplyDeadlines',
    payments: 'ApplyPayments',
    effects: 'CarryOutEffects',
    notices: 'SendNotices',
    'mail-events': 'ApplyMailEvents',
    'private-offers': 'SendPrivateOffers',
    'party-mails': 'SendPartyMails',
    plans: 'PlanRelease',
    alerts: 'SendAlerts',
    evidence: 'CheckEvidence',
    'sale-orders': 'AdvanceSales',
    'hand-overs': 'RequestHandOvers',
  }
  const queuePaths: Record<string, string> = {
    ...Object.fromEntries(
      Object.entries(workers).flatMap(([queue, worker]) => [
        [queue, `Workers/${worker}/Queue/Resource`],
        [`${queue}-dead`, `Workers/${worker}/DeadLetters/Resource`],
      ]),
    ),
    'outbox-failures': 'Workers/OutboxFailures/Resource',
    'shelf-failures': 'Workers/ShelfFailures/Resource',
  }

  /** What a name of the table must be in the templates, found by where the resource was made. */
  function arnOf(name: Grant['on']): string {
    const attributeOf = (path: string, attribute: string) => {
      const { stack, id } = assembly.at(path)
      return `<${stack}.${id}${attribute}>`
    }
    const [table, kind, index] = name.split('/')
    const queuePath = queuePaths[name]
    if (queuePath) return attributeOf(queuePath, '.Arn')
    if (table === 'handles' || table === 'escrow' || table === 'shelves') {
      const path = `Data/${table.charAt(0).toUpperCase()}${table.slice(1)}/Resource`
      if (kind === 'stream') return attributeOf(path, '.StreamArn')
      return attributeOf(path, '.Arn') + (kind === 'index' ? `/index/${index}` : '')
    }
    if (table === 'feeds-bucket' || table === 'schedules-bucket' || table === 'evidence-bucket') {
      const id = `${table.charAt(0).toUpperCase()}${table.slice(1).replace('-bucket', '')}`
      const bucket = assembly.at(`Workers/${id}/Resource`)
      const bucketName = assembly.text(bucket.properties['BucketName'], bucket.stack)
      return `arn:<AWS::Partition>:s3:::${bucketName}/${kind}/${index}`
    }
    if (name === 'bus') return attributeOf('Events/Bus/Resource', '.Arn')
    if (name === 'platform-secret') return attributeOf('Data/PlatformSecret', '')
    if (name === 'offer-secret') return attributeOf('Data/OfferSecret', '')
    if (name === 'alert-secret') return attributeOf('Data/AlertSecret', '')
    if (name === 'stripe-secret') return attributeOf('Data/StripeSecret', '')
    const ses = 'arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>'
    if (name === 'keep-secret') return attributeOf('Data/KeepSecret', '')
    if (name === 'mail-identity') return `${ses}:identity/${attributeOf('Mail/Sender/Resource', '')}`
    if (name === 'mail-configuration-set') return `${ses}:configuration-set/${attributeOf('Mail/Notices/Resource', '')}`
    expect(name).toBe('any-stream')
    return '*'
  }

  it.each(functionNames)('%s may do what the table says, write its own log, and nothing else', (name) => {
    const lambda = functionOf(name)
    const logging = lambda.properties['LoggingConfig'] as { LogGroup: unknown }
    const logGroup = assembly.follow(logging.LogGroup, lambda.stack)
    const expected = [
      `Allow logs:CreateLogStream on <${logGroup.stack}.${logGroup.id}.Arn>`,
      `Allow logs:PutLogEvents on <${logGroup.stack}.${logGroup.id}.Arn>`,
      ...(grants[name] as readonly Grant[]).flatMap(({ allow, on, partitions }) =>
        allow.map((action) => `Allow ${action} on ${arnOf(on)}${partitions ? ` in ${partitions.join(', ')}` : ''}`),
      ),
    ]
    expect(allowedBy(roleOf(lambda)).toSorted()).toEqual(expected.toSorted())
  })

  it('has one role a function, and no policy beside those of the roles', () => {
    const roles = functionNames.map((name) => roleOf(functionOf(name)))
    expect(new Set(roles).size).toBe(functionNames.length)
    expect(assembly.ofType('AWS::IAM::Role')).toHaveLength(functionNames.length)
    expect(assembly.ofType('AWS::IAM::Policy')).toEqual([])
    expect(assembly.ofType('AWS::IAM::ManagedPolicy')).toEqual([])
    expect(roles.filter(({ properties }) => properties['ManagedPolicyArns'])).toEqual([])
  })

  it('has no wildcard but those that the table gives a reason for', () => {
    const wildcards = functionNames.flatMap((name) =>
      allowedBy(roleOf(functionOf(name)))
        // A pattern of partitions narrows a grant; the table itself is named.
        .map((line) => line.replace(/ in .*/, ''))
        .filter((line) => line.includes('*'))
        .map((line) => `${name}: ${line}`),
    )
    const bucketOf = (name: string) =>
      `arn:<AWS::Partition>:s3:::marketplace-dev-${name}-<AWS::AccountId>-<AWS::Region>`
    const bucket = bucketOf('feeds')
    const schedules = bucketOf('schedules')
    const evidence = bucketOf('evidence')
    expect(wildcards).toEqual([
      `api/operator: Allow s3:PutObject on ${bucket}/feeds/*`,
      `api/release-plans: Allow s3:GetObject on ${schedules}/schedules/*`,
      `api/disputes: Allow s3:GetObject on ${evidence}/files/*`,
      `api/disputes: Allow s3:PutObject on ${evidence}/files/*`,
      `api/disputes: Allow s3:GetObject on ${evidence}/packs/*`,
      `workers/split-feed: Allow s3:GetObject on ${bucket}/feeds/*`,
      `workers/split-feed: Allow s3:PutObject on ${bucket}/chunks/*`,
      `workers/check-evidence: Allow s3:GetObject on ${evidence}/files/*`,
      `workers/import-accounts: Allow s3:GetObject on ${bucket}/chunks/*`,
      `workers/plan-release: Allow s3:GetObject on ${schedules}/parts/*`,
      `workers/plan-release: Allow s3:PutObject on ${schedules}/parts/*`,
      `workers/plan-release: Allow s3:AbortMultipartUpload on ${schedules}/schedules/*`,
      `workers/plan-release: Allow s3:PutObject on ${schedules}/schedules/*`,
      `workers/carry-out-effects: Allow s3:PutObject on ${evidence}/packs/*`,
      'workers/publish-outbox: Allow dynamodb:ListStreams on *',
      'workers/project-shelves: Allow dynamodb:ListStreams on *',
    ])
    expect(Object.keys(wildcardReasons)).toEqual([
      'feeds-bucket/feeds/*',
      'feeds-bucket/chunks/*',
      'schedules-bucket/parts/*',
      'schedules-bucket/schedules/*',
      'evidence-bucket/files/*',
      'evidence-bucket/packs/*',
      'any-stream',
    ])
  })

  it.each(functionNames)('%s is given the variables that its code reads, and no others', async (name) => {
    const source = await readFile(join(projectFolder, 'functions', `${name}.ts`), 'utf8')
    const read = [...source.matchAll(/readConfig\(([^)]*)\)/g)].flatMap(([, names = '']) => [
      ...[...names.matchAll(/'([A-Z_]+)'/g)].map(([, variable]) => variable ?? ''),
      ...(names.includes('...deadLetterVariables') ? deadLetterVariables : []),
    ])
    const optional = ['STRIPE_API_URL', 'PLATFORM_WEBHOOK_URL', 'LOOPBACK_ORIGIN']
    const given = functionOf(name).properties['Environment'] as { Variables: Properties } | undefined
    expect(Object.keys(given?.Variables ?? {}).toSorted()).toEqual(
      read.filter((variable) => !optional.includes(variable)).toSorted(),
    )
  })
})

describe('routes', () => {
  const httpRoutes = () => assembly.ofType('AWS::ApiGatewayV2::Route')
  const functionBehind = ({ properties, stack }: TemplateResource): string => {
    const target = properties['Target'] as { 'Fn::Join': [string, unknown[]] }
    const integration = assembly.follow(target['Fn::Join'][1][1], stack)
    expect(integration.properties['PayloadFormatVersion']).toBe('2.0')
    return assembly.textOf(assembly.follow(integration.properties['IntegrationUri'], stack), 'Description')
  }

  it.each(Object.values<Route | Page>({ ...routes, ...pages }))(
    '$method $path leads to its function, with its authoriser',
    (route) => {
      const found = httpRoutes().filter(({ properties }) => properties['OperationName'] === route.operationId)
      expect(found).toHaveLength(1)
      const { properties, stack } = found[0]!
      expect(properties['RouteKey']).toBe(`${route.method} ${route.path}`)
      const entry = route.group === 'stripe-webhook' ? 'webhooks/stripe' : `api/${route.group}`
      expect(functionBehind(found[0]!)).toBe(`functions/${entry}.ts`)
      const authorizer = properties['AuthorizerId'] && assembly.follow(properties['AuthorizerId'], stack).path
      expect([properties['AuthorizationType'], authorizer]).toEqual(
        route.role === 'public' ? ['NONE', undefined] : ['JWT', 'Gateway/Http/Jwt/Resource'],
      )
    },
  )

  it('takes tokens of the one issuer, made for this API', () => {
    expect(assembly.at('Gateway/Http/Jwt/Resource').properties).toMatchObject({
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Audience: ['handle-marketplace'], Issuer: 'https://identity.example.com' },
    })
    expect(assembly.ofType('AWS::ApiGatewayV2::Authorizer')).toHaveLength(1)
  })

  it('has one route beside the tables, for everything unknown', () => {
    const others = httpRoutes().filter(({ properties }) => !properties['OperationName'])
    expect(others.map(({ properties }) => properties['RouteKey'])).toEqual(['$default'])
    expect(functionBehind(others[0]!)).toBe('functions/api/reference.ts')
    expect(httpRoutes()).toHaveLength(Object.keys({ ...routes, ...pages }).length + 1)
  })

  it('lets the API call each function by exactly the paths of its routes', () => {
    const permitted = assembly
      .ofType('AWS::Lambda::Permission')
      .filter(({ properties }) => properties['Principal'] === 'apigateway.amazonaws.com')
      .map(({ properties, stack }) => {
        const lambda = assembly.follow(properties['FunctionName'], stack)
        const path = assembly.text(properties['SourceArn'], stack).split('/*/*')[1]
        return `${assembly.textOf(lambda, 'Description')} ${path}`
      })
    const routed = httpRoutes().map((route) => {
      const path = assembly.textOf(route, 'RouteKey').split(' ')[1] ?? ''
      return `${functionBehind(route)} ${path}`
    })
    expect(permitted.toSorted()).toEqual(routed.toSorted())
  })

  it('is throttled, and its access log names no person', () => {
    const stage = assembly.at('Gateway/Http/Stage/Resource')
    expect(assembly.ofType('AWS::ApiGatewayV2::Stage')).toEqual([stage])
    expect(stage.properties['DefaultRouteSettings']).toEqual({
      ThrottlingBurstLimit: 2_500,
      ThrottlingRateLimit: 5_000,
    })
    const { Format: format } = stage.properties['AccessLogSettings'] as { Format: string }
    expect(format).not.toMatch(/identity|claims|userAgent|sourceIp|context\.path|header/i)
  })
})

describe('queues', () => {
  const queues = () => assembly.ofType('AWS::SQS::Queue')
  const redriveOf = ({ properties }: TemplateResource) =>
    properties['RedrivePolicy'] as { deadLetterTargetArn: unknown; maxReceiveCount: number } | undefined
  const workQueues = () => queues().filter(redriveOf)
  const mappingsOf = (queue: TemplateResource) =>
    assembly
      .ofType('AWS::Lambda::EventSourceMapping')
      .filter(({ properties, stack }) => assembly.follow(properties['EventSourceArn'], stack) === queue)

  const handOvers = () => assembly.at('Workers/RequestHandOvers/Queue/Resource')

  it('asks the platform to hand over for longer than an order waits for it', () => {
    const askedSeconds = Number(handOvers().properties['VisibilityTimeout']) * handOverReceivesMax
    expect(askedSeconds).toBeGreaterThan(termsInForce.handOverHours * 3600)
  })

  it('gives each queue of work a dead-letter queue of its own kind after five receipts, and hand-overs after more', () => {
    expect(workQueues()).toHaveLength(workQueueNames.length)
    for (const queue of workQueues()) {
      const deadLetters = assembly.follow(redriveOf(queue)?.deadLetterTargetArn, queue.stack)
      expect(redriveOf(queue)?.maxReceiveCount).toBe(queue === handOvers() ? handOverReceivesMax : receivesMax)
      expect(deadLetters.properties['FifoQueue']).toBe(queue.properties['FifoQueue'])
      expect(deadLetters.properties['MessageRetentionPeriod']).toBe(14 * 24 * 60 * 60)
    }
  })

  it('alarms on work that waits', () => {
    const withoutAlarm = workQueues().filter(
      (queue) => alarmsOn('QueueName', queue, 'ApproximateAgeOfOldestMessage').length !== 1,
    )
    expect(withoutAlarm).toEqual([])
  })

  it('alarms on the first dead letter', () => {
    const deadLetterQueues = queues().filter((queue) => !redriveOf(queue))
    expect(deadLetterQueues).toHaveLength(deadLetterQueueNames.length)
    const alarms = deadLetterQueues.flatMap((queue) =>
      alarmsOn('QueueName', queue, 'ApproximateNumberOfMessagesVisible'),
    )
    expect(alarms.map(({ properties }) => [properties['Threshold'], properties['ComparisonOperator']])).toEqual(
      deadLetterQueues.map(() => [1, 'GreaterThanOrEqualToThreshold']),
    )
  })

  it('hides a message for at least six time limits of its worker, and takes back only what failed', () => {
    for (const queue of workQueues()) {
      const [mapping, ...others] = mappingsOf(queue)
      expect(others).toEqual([])
      const worker = assembly.follow(mapping?.properties['FunctionName'], queue.stack)
      expect(queue.properties['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * Number(worker.properties['Timeout']))
      expect(mapping?.properties['FunctionResponseTypes']).toEqual(['ReportBatchItemFailures'])
    }
  })

  it('is encrypted and refuses plain HTTP', () => {
    const refusal = '"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"'
    const open = queues().filter((queue) => {
      const policies = assembly
        .ofType('AWS::SQS::QueuePolicy')
        .filter(({ properties, stack }) =>
          listOf(properties['Queues']).some((q) => assembly.follow(q, stack) === queue),
        )
        .map(({ properties }) => JSON.stringify(properties))
      return queue.properties['SqsManagedSseEnabled'] !== true || !policies.join().includes(refusal)
    })
    expect(open).toEqual([])
  })

  it('keeps payments in order within an order, and lets orders pass each other', () => {
    expect(assembly.at('Workers/ApplyPayments/Queue/Resource').properties).toMatchObject({
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    })
  })
})

describe('functions', () => {
  it.each(functionNames)('%s runs on Node 24 on arm64, with a JSON log that is kept for 30 days', (name) => {
    const lambda = functionOf(name)
    expect(lambda.properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
    })
    expect(lambda.properties['TracingConfig']).toBeUndefined()
    const logging = lambda.properties['LoggingConfig'] as { LogFormat: string; LogGroup: unknown }
    expect(logging.LogFormat).toBe('JSON')
    expect(assembly.follow(logging.LogGroup, lambda.stack).properties['RetentionInDays']).toBe(30)
  })

  it.each(functionNames)('%s has an alarm on errors and one on throttling', (name) => {
    expect(alarmsOn('FunctionName', functionOf(name), 'Errors')).toHaveLength(1)
    expect(alarmsOn('FunctionName', functionOf(name), 'Throttles')).toHaveLength(1)
  })

  it('is exactly those of the table', () => {
    expect(assembly.ofType('AWS::Lambda::Function')).toHaveLength(functionNames.length)
  })
})

describe('events', () => {
  it.each([
    ['schedules/sweep-handles', 'rate(15 minutes)'],
    ['schedules/sweep-deadlines', 'rate(1 minute)'],
    ['schedules/reconcile', 'rate(1 day)'],
  ] as const)('%s starts at %s, and an alarm tells when it does not', (name, schedule) => {
    const lambda = functionOf(name)
    const rules = assembly
      .ofType('AWS::Events::Rule')
      .filter(({ properties }) => properties['ScheduleExpression'] === schedule)
    expect(rules).toHaveLength(1)
    const [target] = rules[0]!.properties['Targets'] as { Arn: unknown }[]
    expect(assembly.follow(target?.Arn, lambda.stack)).toBe(lambda)
    expect(alarmsOn('FunctionName', lambda, 'Invocations')[0]?.properties['TreatMissingData']).toBe('breaching')
  })

  it('sends every event that wants an effect to the effects queue', () => {
    const rule = assembly.at('Workers/EffectsRule/Resource')
    expect(rule.properties['EventPattern']).toEqual({ source: [eventSource], 'detail-type': effectEventTypes })
    const [target, ...others] = rule.properties['Targets'] as { Arn: unknown }[]
    expect(others).toEqual([])
    expect(assembly.follow(target?.Arn, rule.stack).path).toBe('Workers/CarryOutEffects/Queue/Resource')
  })

  it('sends every notice that is wanted to the notices queue', () => {
    const rule = assembly.at('Workers/NoticesRule/Resource')
    expect(rule.properties['EventPattern']).toEqual({ source: [eventSource], 'detail-type': [noticeEventType] })
    const [target, ...others] = rule.properties['Targets'] as { Arn: unknown }[]
    expect(others).toEqual([])
    expect(assembly.follow(target?.Arn, rule.stack).path).toBe('Workers/SendNotices/Queue/Resource')
  })

  it('sends what SES tells of mail that did not arrive, and no other mail of the account, to its queue', () => {
    const set = assembly.at('Mail/Notices/Resource')
    expect(set.properties['Name']).toBe('marketplace-dev-notices')
    const destinations = assembly.ofType('AWS::SES::ConfigurationSetEventDestination')
    expect(destinations).toHaveLength(1)
    const { EventDestination: destination } = destinations[0]!.properties as {
      EventDestination: { MatchingEventTypes: string[]; EventBridgeDestination: { EventBusArn: unknown } }
    }
    expect(destination).toMatchObject({ Enabled: true, MatchingEventTypes: ['bounce', 'complaint', 'reject'] })
    const bus = assembly.text(destination.EventBridgeDestination.EventBusArn, 'Mail')
    expect(bus).toBe('arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus/default')
    for (const [id, types] of [
      ['BouncesRule', ['Email Bounced']],
      ['ComplaintsRule', ['Email Complaint Received', 'Email Rejected']],
    ] as const) {
      const rule = assembly.at(`Workers/${id}/Resource`)
      expect(rule.properties['EventBusName']).toBeUndefined()
      expect(rule.properties['EventPattern']).toEqual({
        source: ['aws.ses'],
        'detail-type': types,
        detail: { mail: { tags: { 'ses:configuration-set': ['marketplace-dev-notices'] } } },
      })
      const [target, ...others] = rule.properties['Targets'] as { Arn: unknown; InputTransformer: unknown }[]
      expect(others).toEqual([])
      expect(assembly.follow(target?.Arn, rule.stack).path).toBe('Workers/ApplyMailEvents/Queue/Resource')
      expect(JSON.stringify(target?.InputTransformer)).not.toMatch(/ecipient|destination|source|ommonHeaders/)
    }
  })

  it('lets mail come from the domain of the sender that the settings name', () => {
    const identities = assembly.ofType('AWS::SES::EmailIdentity')
    expect(identities.map(({ properties }) => properties['EmailIdentity'])).toEqual(['handles.example'])
  })

  it.each([
    ['PublishOutbox', 'Handles', 'OutboxFailures'],
    ['PublishOutbox', 'Escrow', 'OutboxFailures'],
    ['ProjectShelves', 'Handles', 'ShelfFailures'],
    ['ProjectShelves', 'Escrow', 'ShelfFailures'],
  ])(
    'lets %s read the stream of %s from its beginning, and puts aside what fails for good',
    (reader, table, failures) => {
      const mapping = assembly.at(`Workers/${reader}/${table}Stream/Resource`)
      expect(assembly.text(mapping.properties['EventSourceArn'], mapping.stack)).toBe(
        `<Data.${assembly.at(`Data/${table}/Resource`).id}.StreamArn>`,
      )
      expect(mapping.properties).toMatchObject({
        BatchSize: 500,
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        MaximumBatchingWindowInSeconds: 1,
        MaximumRetryAttempts: 10,
        StartingPosition: 'TRIM_HORIZON',
      })
      const { OnFailure: onFailure } = mapping.properties['DestinationConfig'] as {
        OnFailure: { Destination: unknown }
      }
      expect(assembly.follow(onFailure.Destination, mapping.stack).path).toBe(`Workers/${failures}/Resource`)
    },
  )

  it('has at most two readers of a stream, as DynamoDB allows, and an alarm on each that falls behind', () => {
    const readers = assembly
      .ofType('AWS::Lambda::EventSourceMapping')
      .filter(({ properties }) => properties['StartingPosition'] !== undefined)
      .map(({ properties, stack }) => assembly.text(properties['EventSourceArn'], stack))
    for (const stream of new Set(readers)) expect(readers.filter((one) => one === stream).length).toBeLessThanOrEqual(2)
    for (const name of ['workers/publish-outbox', 'workers/project-shelves'] as const) {
      expect(alarmsOn('FunctionName', functionOf(name), 'IteratorAge')).toHaveLength(1)
    }
  })

  it.each([
    ['Feeds', 'feeds/', 'SplitFeed'],
    ['Evidence', 'files/', 'CheckEvidence'],
  ])('tells the queue of %s of uploads under %s alone', (id, prefix, worker) => {
    const bucket = assembly.at(`Workers/${id}/Resource`)
    const notification = bucket.properties['NotificationConfiguration'] as {
      QueueConfigurations: { Event: string; Filter: unknown; Queue: unknown }[]
    }
    const [configuration, ...others] = notification.QueueConfigurations
    expect(others).toEqual([])
    expect(configuration).toMatchObject({
      Event: 's3:ObjectCreated:*',
      Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: prefix }] } },
    })
    expect(assembly.follow(configuration?.Queue, bucket.stack).path).toBe(`Workers/${worker}/Queue/Resource`)
  })
})

describe('alarms', () => {
  it('say what was seen, and then what it costs', () => {
    const alarms = assembly.ofType('AWS::CloudWatch::Alarm')
    expect(alarms.length).toBeGreaterThan(functionNames.length * 2)
    const silent = alarms.filter((alarm) => {
      const [symptom, ...impact] = assembly.textOf(alarm, 'AlarmDescription').split(/(?<=\.) (?=[A-Z])/)
      return !symptom?.endsWith('.') || impact.join(' ').length < 40
    })
    expect(silent).toEqual([])
  })

  it.each(['payment_set_aside', 'refund_not_recorded'])('counts %s in the log of the code that writes it', (event) => {
    const filters = assembly
      .ofType('AWS::Logs::MetricFilter')
      .filter(({ properties }) => properties['FilterPattern'] === `"${event}"`)
    expect(filters).toHaveLength(1)
    const alarms = assembly
      .ofType('AWS::CloudWatch::Alarm')
      .filter(({ properties }) => properties['MetricName'] === event)
    expect(alarms).toHaveLength(1)
  })

  it('has one for answers of the API that blame the server', () => {
    const api = assembly.at('Gateway/Http/Resource')
    expect(alarmsOn('ApiId', api, '5xx')).toHaveLength(1)
  })
})

describe('rules of cdk-nag', () => {
  const suppressions = () =>
    assembly.resources.flatMap(({ path, metadata }) =>
      (metadata.cdk_nag?.rules_to_suppress ?? []).map(({ id, reason }) => ({ path, id, reason })),
    )

  it('are acknowledged only where a reason is given in a sentence', () => {
    expect(suppressions().length).toBeGreaterThan(0)
    const unexplained = suppressions().filter(({ reason }) => reason.length < 60 || !reason.endsWith('.'))
    expect(unexplained).toEqual([])
  })

  it('are these and no others', () => {
    const ids = new Set(suppressions().map(({ id }) => id.replace(/\[.*/, '')))
    expect([...ids].toSorted()).toEqual([
      'AwsSolutions-APIG4',
      'AwsSolutions-DDB3',
      'AwsSolutions-IAM5',
      'AwsSolutions-S1',
      'AwsSolutions-SMG4',
      'AwsSolutions-SQS3',
    ])
  })
})

describe('bundles', () => {
  const kilobyte = 1000
  /** Minified size in kB at most. The hot two are the budget of the design; the others keep growth visible. */
  const budgets: Record<FunctionName, number> = {
    'api/catalogue': 380,
    // The word lists, to tell what is like a name.
    'api/discovery': 1_950,
    'api/reference': 240,
    'api/purchases': 380,
    'api/checkout': 700,
    'api/trading': 480,
    // Its word lists: what a handle is worth.
    'api/listings': 2_200,
    'api/accounts': 420,
    'api/auctions': 450,
    'api/hand-overs': 400,
    'api/keep': 420,
    'api/watches': 420,
    'api/drops': 450,
    // Links to evidence are signed by the client of S3.
    'api/disputes': 720,
    // Two take names of other systems, and so the table of letters that look alike.
    'api/operator': 760,
    'api/dead-letters': 520,
    'api/release-plans': 780,
    'api/authorisations': 720,
    'api/cases': 420,
    'api/runs': 420,
    'api/books': 420,
    // Its word lists: how many words a name is made of.
    'api/campaigns': 2_200,
    'api/private-offers': 480,
    'api/sellers': 760,
    'api/offers': 520,
    'webhooks/stripe': 660,
    'schedules/sweep-handles': 400,
    'schedules/sweep-deadlines': 400,
    'schedules/reconcile': 700,
    'workers/split-feed': 640,
    'workers/check-evidence': 700,
    'workers/import-accounts': 700,
    // Its word lists: what a handle is worth, and what it must not say.
    'workers/release-handles': 2_200,
    'workers/plan-release': 2_500,
    'workers/apply-deadlines': 460,
    'workers/request-hand-overs': 620,
    'workers/advance-sales': 430,
    'workers/apply-payments': 700,
    // The clients of Stripe and of S3, where evidence packs are put.
    'workers/carry-out-effects': 880,
    'workers/send-notices': 600,
    'workers/send-private-offers': 600,
    'workers/send-party-mails': 600,
    'workers/apply-mail-events': 400,
    'workers/send-alerts': 600,
    'workers/publish-outbox': 400,
    // The word lists, to tell the words of a name.
    'workers/project-shelves': 1_900,
  }
  const mayHoldStripe: readonly FunctionName[] = [
    'api/authorisations',
    'api/checkout',
    'api/sellers',
    'schedules/reconcile',
    'webhooks/stripe',
    'workers/apply-payments',
    'workers/carry-out-effects',
  ]
  /** A text of Stripe's client that no minifier can change: the address it calls. */
  const stripeMark = 'api.stripe.com'
  const bundleOf = (name: FunctionName) =>
    readFile(join(assembly.folder, functionOf(name).metadata['aws:asset:path'] ?? 'no asset', 'index.js'), 'utf8')

  it.each(functionNames)('%s stays within its budget', async (name) => {
    expect(Buffer.byteLength(await bundleOf(name)) / kilobyte).toBeLessThanOrEqual(budgets[name])
  })

  it.each(functionNames)(
    '%s needs nothing but Node and the credential providers Lambda never reaches',
    async (name) => {
      const required = [...(await bundleOf(name)).matchAll(/\b(?:require|import)\("([^"]+)"\)/g)].map(
        ([, id]) => id ?? '',
      )
      const outside = new Set(required.filter((id) => !isBuiltin(id)))
      // Named in the text of an error of the signer, and never loaded.
      outside.delete('@aws-sdk/signature-v4-crt')
      for (const provider of unreachedCredentialProviders) outside.delete(provider)
      expect([...outside]).toEqual([])
    },
  )

  it("holds Stripe's client only where it is used", async () => {
    const client = await readFile(new URL(import.meta.resolve('stripe')), 'utf8')
    expect(client).toContain(stripeMark)
    const holders: FunctionName[] = []
    for (const name of functionNames) if ((await bundleOf(name)).includes(stripeMark)) holders.push(name)
    expect(holders.filter((name) => !mayHoldStripe.includes(name))).toEqual([])
  })
})
