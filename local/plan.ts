import type { Assembly } from './assembly.ts'
import { arn, Resolver, type Addresses, type Resource, type Stack } from './intrinsics.ts'
import { asArray, asNumber, asObject, asString, isObject, type Json, type JsonObject, asText } from './json.ts'

/** What the templates say, in the terms that the local system runs: nothing in it is written a second time here. */
export interface Plan {
  readonly functions: readonly FunctionPlan[]
  readonly tables: readonly TablePlan[]
  readonly queues: readonly QueuePlan[]
  readonly buckets: readonly BucketPlan[]
  readonly rules: readonly RulePlan[]
  readonly schedules: readonly SchedulePlan[]
  readonly routes: readonly RoutePlan[]
  readonly authorizers: readonly AuthorizerPlan[]
  readonly cors: CorsPlan | undefined
  readonly queueSources: readonly QueueSourcePlan[]
  readonly streamSources: readonly StreamSourcePlan[]
  readonly secrets: readonly SecretPlan[]
  /** Addresses and domains that mail may be sent from. */
  readonly mailIdentities: readonly string[]
  readonly configurationSets: readonly ConfigurationSetPlan[]
  readonly outputs: Readonly<Record<string, string>>
}

export interface FunctionPlan {
  /** The physical name without what all names begin with: `marketplace-dev-api-purchases` is `api-purchases`. */
  readonly label: string
  readonly name: string
  readonly arn: string
  readonly codeDir: string
  readonly handler: string
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly memoryMb: number
  readonly reservedConcurrency: number | undefined
  readonly roleArn: string
  /** The policies of its role, resolved. */
  readonly policies: readonly { readonly name: string; readonly document: JsonObject }[]
}

export interface TablePlan {
  readonly name: string
  readonly arn: string
  readonly streamArn: string | undefined
  /** The input of `CreateTable`. */
  readonly create: JsonObject
  readonly ttlAttribute: string | undefined
}

export interface QueuePlan {
  readonly name: string
  readonly arn: string
  readonly url: string
  readonly attributes: Readonly<Record<string, string>>
  readonly policy: JsonObject | undefined
}

export interface BucketPlan {
  readonly name: string
  readonly arn: string
  readonly notifications: readonly {
    readonly events: readonly string[]
    readonly prefix: string
    readonly suffix: string
    readonly queueArn: string
  }[]
}

export interface TargetPlan {
  readonly id: string
  readonly arn: string
  readonly input: string | undefined
  readonly inputPath: string | undefined
  readonly inputTransformer: { readonly paths: Readonly<Record<string, string>>; readonly template: string } | undefined
  readonly messageGroupId: string | undefined
}

export interface RulePlan {
  readonly name: string
  readonly arn: string
  readonly busName: string
  readonly pattern: JsonObject
  readonly targets: readonly TargetPlan[]
}

export interface SchedulePlan {
  readonly name: string
  readonly arn: string
  readonly expression: string
  readonly timezone: string | undefined
  readonly targets: readonly TargetPlan[]
}

export interface RoutePlan {
  /** `GET /v1/handles/{handle}` or `$default`. */
  readonly key: string
  readonly functionArn: string
  readonly timeoutMs: number
  readonly authorizerId: string | undefined
  readonly scopes: readonly string[]
}

export interface AuthorizerPlan {
  readonly id: string
  readonly issuer: string
  readonly audience: readonly string[]
}

export interface CorsPlan {
  readonly origins: readonly string[]
  readonly methods: readonly string[]
  readonly headers: readonly string[]
  readonly exposed: readonly string[]
  readonly credentials: boolean
  readonly maxAgeSeconds: number | undefined
}

interface SourcePlan {
  readonly functionArn: string
  readonly batchSize: number
  readonly windowMs: number
  readonly partialFailures: boolean
  readonly filters: readonly JsonObject[]
}

export interface QueueSourcePlan extends SourcePlan {
  readonly queueArn: string
  readonly concurrencyMax: number | undefined
}

export interface StreamSourcePlan extends SourcePlan {
  readonly streamArn: string
  readonly fromHorizon: boolean
  readonly bisect: boolean
  readonly retriesMax: number
  readonly recordAgeMaxMs: number
  readonly failureQueueArn: string | undefined
}

export interface SecretPlan {
  readonly name: string
  readonly arn: string
  readonly value: string | undefined
}

/** A configuration set of SES, and the event buses that are told what becomes of its mail. */
export interface ConfigurationSetPlan {
  readonly name: string
  /** Names of events as the template has them: `bounce`, `complaint`, `delivery`. */
  readonly destinations: readonly { readonly events: readonly string[]; readonly busName: string }[]
}

/** Reads the plan off the templates of an assembly. Throws `UnresolvedError` where a template says what cannot be answered. */
export function readPlan(assembly: Assembly, addresses: Addresses): Plan {
  const resolver = new Resolver(assembly.stacks, addresses)
  const found: Found[] = []
  for (const stack of assembly.stacks) {
    for (const [id, resource] of stack.resources) {
      if (resolver.created(stack, resource)) found.push({ stack, id, resource })
    }
  }
  const of = (...types: string[]) => found.filter(({ resource }) => types.includes(resource.Type))
  const reader = new Reader(resolver, assembly, of)
  return {
    functions: reader.functions(),
    tables: of('AWS::DynamoDB::Table').map((item) => reader.table(item)),
    queues: of('AWS::SQS::Queue').map((item) => reader.queue(item)),
    buckets: of('AWS::S3::Bucket').map((item) => reader.bucket(item)),
    rules: of('AWS::Events::Rule').flatMap((item) => reader.rule(item)),
    schedules: [
      ...of('AWS::Events::Rule').flatMap((item) => reader.scheduleRule(item)),
      ...of('AWS::Scheduler::Schedule').flatMap((item) => reader.schedule(item)),
    ],
    routes: of('AWS::ApiGatewayV2::Route').map((item) => reader.route(item)),
    authorizers: of('AWS::ApiGatewayV2::Authorizer').map((item) => reader.authorizer(item)),
    cors: of('AWS::ApiGatewayV2::Api').map((item) => reader.cors(item))[0],
    queueSources: reader.queueSources(),
    streamSources: reader.streamSources(),
    secrets: of('AWS::SecretsManager::Secret').map((item) => reader.secret(item)),
    mailIdentities: of('AWS::SES::EmailIdentity').map((item) => reader.mailIdentity(item)),
    configurationSets: of('AWS::SES::ConfigurationSet').map((item) => reader.configurationSet(item)),
    outputs: reader.outputs(assembly.stacks),
  }
}

interface Found {
  readonly stack: Stack
  readonly id: string
  readonly resource: Resource
}

class Reader {
  readonly #resolver: Resolver
  readonly #assembly: Assembly
  readonly #of: (...types: string[]) => Found[]

  constructor(resolver: Resolver, assembly: Assembly, of: (...types: string[]) => Found[]) {
    this.#resolver = resolver
    this.#assembly = assembly
    this.#of = of
  }

  #get(item: Found, property: string): Json | undefined {
    const value = item.resource.Properties[property]
    return value === undefined ? undefined : this.#resolver.resolve(item.stack, value)
  }

  #name(item: Found): string {
    return this.#resolver.physicalName(item.stack, item.id)
  }

  #arn(item: Found): string {
    return this.#resolver.attribute(item.stack, item.id, 'Arn')
  }

  functions(): FunctionPlan[] {
    const helpers = this.#customResourceFunctions()
    const items = this.#of('AWS::Lambda::Function').filter((item) => !helpers.has(this.#arn(item)))
    const prefix = commonPrefix(items.map((item) => this.#name(item)))
    return items.map((item) => this.#function(item, prefix))
  }

  /** Functions that only serve deployment (custom resources) have nothing to do on one machine. */
  #customResourceFunctions(): Set<string> {
    const arns = new Set<string>()
    for (const { stack, resource } of this.#allResources()) {
      const token = resource.Properties.ServiceToken
      if (token !== undefined) arns.add(this.#resolver.string(stack, token))
    }
    return arns
  }

  #allResources(): { stack: Stack; resource: Resource }[] {
    return this.#assembly.stacks.flatMap((stack) =>
      [...stack.resources.values()].map((resource) => ({ stack, resource })),
    )
  }

  #function(item: Found, prefix: string): FunctionPlan {
    const code = asObject(this.#get(item, 'Code'))
    const key = asString(code.S3Key) ?? ''
    const codeDir = this.#assembly.assetPath(key)
    if (codeDir === undefined)
      throw new Error(`${item.stack.name}: the code of ${item.id} is not an asset of the assembly`)
    const environment: Record<string, string> = {}
    for (const [name, value] of Object.entries(asObject(asObject(this.#get(item, 'Environment')).Variables))) {
      environment[name] = asText(value)
    }
    const roleArn = asString(this.#get(item, 'Role')) ?? ''
    return {
      label: this.#name(item).slice(prefix.length),
      name: this.#name(item),
      arn: this.#arn(item),
      codeDir,
      handler: asString(this.#get(item, 'Handler')) ?? 'index.handler',
      environment,
      timeoutMs: (asNumber(this.#get(item, 'Timeout')) ?? 3) * 1000,
      memoryMb: asNumber(this.#get(item, 'MemorySize')) ?? 128,
      reservedConcurrency: asNumber(this.#get(item, 'ReservedConcurrentExecutions')),
      roleArn,
      policies: this.#policies(roleArn),
    }
  }

  #policies(roleArn: string): { name: string; document: JsonObject }[] {
    const policies: { name: string; document: JsonObject }[] = []
    const roleName = roleArn.split('/').at(-1)
    for (const item of this.#of('AWS::IAM::Role')) {
      if (this.#arn(item) !== roleArn) continue
      for (const value of asArray(this.#get(item, 'Policies'))) {
        const { PolicyName, PolicyDocument } = asObject(value)
        policies.push({ name: asText(PolicyName), document: asObject(PolicyDocument) })
      }
      const managed = new Set(asArray(this.#get(item, 'ManagedPolicyArns')).map(String))
      for (const other of this.#of('AWS::IAM::ManagedPolicy')) {
        if (managed.has(this.#arn(other))) {
          policies.push({ name: this.#name(other), document: asObject(this.#get(other, 'PolicyDocument')) })
        }
      }
    }
    for (const item of this.#of('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy')) {
      if (
        !asArray(this.#get(item, 'Roles'))
          .map(String)
          .includes(roleName ?? '')
      )
        continue
      policies.push({ name: this.#name(item), document: asObject(this.#get(item, 'PolicyDocument')) })
    }
    return policies
  }

  table(item: Found): TablePlan {
    const name = this.#name(item)
    const create: JsonObject = { TableName: name, BillingMode: 'PAY_PER_REQUEST' }
    for (const property of ['AttributeDefinitions', 'KeySchema', 'GlobalSecondaryIndexes', 'LocalSecondaryIndexes']) {
      const value = this.#get(item, property)
      if (Array.isArray(value) && value.length > 0) create[property] = value.map(withoutLimits)
    }
    const stream = asString(asObject(this.#get(item, 'StreamSpecification')).StreamViewType)
    if (stream !== undefined) create.StreamSpecification = { StreamEnabled: true, StreamViewType: stream }
    const ttl = asObject(this.#get(item, 'TimeToLiveSpecification'))
    return {
      name,
      arn: this.#arn(item),
      streamArn: stream === undefined ? undefined : this.#resolver.attribute(item.stack, item.id, 'StreamArn'),
      create,
      ttlAttribute: ttl.Enabled === false ? undefined : asString(ttl.AttributeName),
    }
  }

  queue(item: Found): QueuePlan {
    const attributes: Record<string, string> = {}
    for (const property of queueAttributes) {
      const value = this.#get(item, property)
      if (value !== undefined && value !== null) attributes[property] = asText(value)
    }
    const size = this.#get(item, 'MaximumMessageSize')
    if (size !== undefined) attributes.MaximumMessageSize = asText(size)
    const arnOfQueue = this.#arn(item)
    const url = this.#resolver.ref(item.stack, item.id)
    const statements = this.#of('AWS::SQS::QueuePolicy')
      .filter((policy) => asArray(this.#get(policy, 'Queues')).includes(url))
      .flatMap((policy) => asArray(asObject(this.#get(policy, 'PolicyDocument')).Statement))
    return {
      name: this.#name(item),
      arn: arnOfQueue,
      url,
      attributes,
      policy: statements.length === 0 ? undefined : { Version: '2012-10-17', Statement: statements },
    }
  }

  bucket(item: Found): BucketPlan {
    const name = this.#name(item)
    const configurations: JsonObject[] = [asObject(this.#get(item, 'NotificationConfiguration'))]
    for (const custom of this.#of('Custom::S3BucketNotifications')) {
      if (this.#get(custom, 'BucketName') === name) {
        configurations.push(asObject(this.#get(custom, 'NotificationConfiguration')))
      }
    }
    const notifications = configurations.flatMap((configuration) =>
      asArray(configuration.QueueConfigurations).map((value) => {
        const entry = asObject(value)
        const filter = asObject(asObject(entry.Filter).Key ?? asObject(entry.Filter).S3Key)
        const rules = asArray(filter.FilterRules ?? filter.Rules).map(asObject)
        const rule = (which: string) =>
          asString(rules.find(({ Name }) => asText(Name).toLowerCase() === which)?.Value) ?? ''
        return {
          events: asArray(entry.Events ?? entry.Event).map(String),
          prefix: rule('prefix'),
          suffix: rule('suffix'),
          queueArn: asText(entry.QueueArn ?? entry.Queue),
        }
      }),
    )
    return { name, arn: this.#arn(item), notifications }
  }

  rule(item: Found): RulePlan[] {
    const pattern = this.#get(item, 'EventPattern')
    if (!isObject(pattern) || this.#get(item, 'State') === 'DISABLED') return []
    const bus = asString(this.#get(item, 'EventBusName')) ?? 'default'
    return [
      {
        name: this.#name(item),
        arn: this.#arn(item),
        busName: bus.split('/').at(-1) ?? bus,
        pattern,
        targets: this.#targets(item),
      },
    ]
  }

  scheduleRule(item: Found): SchedulePlan[] {
    const expression = asString(this.#get(item, 'ScheduleExpression'))
    if (expression === undefined || this.#get(item, 'State') === 'DISABLED') return []
    const targets = this.#targets(item)
    return [{ name: this.#name(item), arn: this.#arn(item), expression, timezone: undefined, targets }]
  }

  schedule(item: Found): SchedulePlan[] {
    const expression = asString(this.#get(item, 'ScheduleExpression'))
    if (expression === undefined || this.#get(item, 'State') === 'DISABLED') return []
    const target = asObject(this.#get(item, 'Target'))
    return [
      {
        name: this.#name(item),
        arn: arn('scheduler', `schedule/default/${this.#name(item)}`),
        expression,
        timezone: asString(this.#get(item, 'ScheduleExpressionTimezone')),
        targets: [readTarget({ ...target, Id: this.#name(item) })],
      },
    ]
  }

  #targets(item: Found): TargetPlan[] {
    return asArray(this.#get(item, 'Targets')).map((value) => readTarget(asObject(value)))
  }

  route(item: Found): RoutePlan {
    const target = asString(this.#get(item, 'Target')) ?? ''
    const integrationId = target.replace('integrations/', '')
    const integration = this.#of('AWS::ApiGatewayV2::Integration').find(
      (other) => this.#resolver.ref(other.stack, other.id) === integrationId,
    )
    if (integration === undefined) throw new Error(`${item.stack.name}: the route ${item.id} has no integration`)
    const uri = asString(this.#get(integration, 'IntegrationUri')) ?? ''
    const scopes = asArray(this.#get(item, 'AuthorizationScopes')).map(String)
    return {
      key: asString(this.#get(item, 'RouteKey')) ?? '$default',
      functionArn: functionArn(uri),
      timeoutMs: asNumber(this.#get(integration, 'TimeoutInMillis')) ?? 30_000,
      authorizerId:
        this.#get(item, 'AuthorizationType') === 'JWT' ? asString(this.#get(item, 'AuthorizerId')) : undefined,
      scopes,
    }
  }

  authorizer(item: Found): AuthorizerPlan {
    const configuration = asObject(this.#get(item, 'JwtConfiguration'))
    return {
      id: this.#resolver.ref(item.stack, item.id),
      issuer: asString(configuration.Issuer) ?? '',
      audience: asArray(configuration.Audience).map(String),
    }
  }

  cors(item: Found): CorsPlan | undefined {
    const cors = this.#get(item, 'CorsConfiguration')
    if (!isObject(cors)) return undefined
    const list = (property: string) => asArray(cors[property]).map(String)
    return {
      origins: list('AllowOrigins'),
      methods: list('AllowMethods'),
      headers: list('AllowHeaders'),
      exposed: list('ExposeHeaders'),
      credentials: cors.AllowCredentials === true,
      maxAgeSeconds: asNumber(cors.MaxAge),
    }
  }

  queueSources(): QueueSourcePlan[] {
    return this.#sources(':sqs:').map(({ item, source, shared }) => ({
      ...shared,
      queueArn: source,
      concurrencyMax: asNumber(asObject(this.#get(item, 'ScalingConfig')).MaximumConcurrency),
    }))
  }

  streamSources(): StreamSourcePlan[] {
    return this.#sources(':dynamodb:').map(({ item, source, shared }) => {
      const retries = asNumber(this.#get(item, 'MaximumRetryAttempts')) ?? -1
      const age = asNumber(this.#get(item, 'MaximumRecordAgeInSeconds')) ?? -1
      return {
        ...shared,
        streamArn: source,
        fromHorizon: this.#get(item, 'StartingPosition') === 'TRIM_HORIZON',
        bisect: this.#get(item, 'BisectBatchOnFunctionError') === true,
        retriesMax: retries < 0 ? Number.POSITIVE_INFINITY : retries,
        recordAgeMaxMs: age < 0 ? Number.POSITIVE_INFINITY : age * 1000,
        failureQueueArn: asString(asObject(asObject(this.#get(item, 'DestinationConfig')).OnFailure).Destination),
      }
    })
  }

  #sources(service: string): { item: Found; source: string; shared: SourcePlan }[] {
    return this.#of('AWS::Lambda::EventSourceMapping').flatMap((item) => {
      const source = asString(this.#get(item, 'EventSourceArn')) ?? ''
      if (!source.includes(service) || this.#get(item, 'Enabled') === false) return []
      const shared: SourcePlan = {
        functionArn: functionArn(asString(this.#get(item, 'FunctionName')) ?? ''),
        batchSize: asNumber(this.#get(item, 'BatchSize')) ?? (service === ':sqs:' ? 10 : 100),
        windowMs: (asNumber(this.#get(item, 'MaximumBatchingWindowInSeconds')) ?? 0) * 1000,
        partialFailures: asArray(this.#get(item, 'FunctionResponseTypes')).includes('ReportBatchItemFailures'),
        filters: asArray(asObject(this.#get(item, 'FilterCriteria')).Filters).map((filter) =>
          asObject(JSON.parse(asText(asObject(filter).Pattern ?? '{}')) as Json),
        ),
      }
      return [{ item, source, shared }]
    })
  }

  secret(item: Found): SecretPlan {
    return { name: this.#name(item), arn: this.#arn(item), value: asString(this.#get(item, 'SecretString')) }
  }

  mailIdentity(item: Found): string {
    return this.#name(item)
  }

  configurationSet(item: Found): ConfigurationSetPlan {
    const name = this.#name(item)
    const destinations = this.#of('AWS::SES::ConfigurationSetEventDestination')
      .filter((other) => this.#get(other, 'ConfigurationSetName') === name)
      .map((other) => asObject(this.#get(other, 'EventDestination')))
      .filter(({ Enabled, EventBridgeDestination }) => Enabled === true && isObject(EventBridgeDestination))
      .map(({ MatchingEventTypes, EventBridgeDestination }) => ({
        events: asArray(MatchingEventTypes).map(String),
        busName: asText(asObject(EventBridgeDestination).EventBusArn).split('/').at(-1) ?? 'default',
      }))
    return { name, destinations }
  }

  outputs(stacks: readonly Stack[]): Record<string, string> {
    const outputs: Record<string, string> = {}
    for (const stack of stacks) {
      for (const [id, output] of Object.entries(stack.outputs)) {
        const value = asString(this.#resolver.resolve(stack, asObject(output).Value ?? null))
        if (value !== undefined) outputs[`${stack.name}.${id}`] = value
      }
    }
    return outputs
  }
}

const queueAttributes = [
  'VisibilityTimeout',
  'DelaySeconds',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy',
  'FifoQueue',
  'ContentBasedDeduplication',
]

/** What all names begin with, up to a hyphen. */
function commonPrefix(names: readonly string[]): string {
  const [first = '', ...rest] = names
  if (rest.length === 0) return ''
  let length = first.length
  for (const name of rest) {
    let same = 0
    while (same < length && name[same] === first[same]) same += 1
    length = same
  }
  return first.slice(0, first.lastIndexOf('-', length - 1) + 1)
}

/** On-demand limits and the like are for a bill, not for one machine. */
function withoutLimits(value: Json): Json {
  if (!isObject(value)) return value
  const { OnDemandThroughput: _o, ProvisionedThroughput: _p, ContributorInsightsSpecification: _c, ...rest } = value
  return rest
}

function readTarget(target: JsonObject): TargetPlan {
  const transformer = isObject(target.InputTransformer) ? target.InputTransformer : undefined
  const group =
    asObject(target.SqsParameters).MessageGroupId ??
    asObject(asObject(target.SqsParameters)).MessageGroupId ??
    undefined
  return {
    id: asString(target.Id) ?? 'target',
    arn: asString(target.Arn) ?? '',
    input: asString(target.Input),
    inputPath: asString(target.InputPath),
    inputTransformer:
      transformer === undefined
        ? undefined
        : {
            paths: Object.fromEntries(
              Object.entries(asObject(transformer.InputPathsMap)).map(([name, path]) => [name, asText(path)]),
            ),
            template: asText(transformer.InputTemplate),
          },
    messageGroupId: asString(group),
  }
}

/** The function's own ARN from an ARN with a version or alias, from an API integration's URI, or from a bare name. */
function functionArn(text: string): string {
  const inside = /functions\/(arn:[^/]+)\/invocations/.exec(text)?.[1] ?? text
  if (!inside.startsWith('arn:')) return arn('lambda', `function:${inside}`)
  return inside.split(':').slice(0, 7).join(':')
}
