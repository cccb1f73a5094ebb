import type { Duration } from 'aws-cdk-lib'
import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { addAlarm, alarmPeriod } from '../alarms.ts'
import { type FunctionName, type Grant, grants, wildcardReasons } from '../grants.ts'
import { findResource, type Resources } from '../resources.ts'
import { logRetention, type LogLevel, resourceName, type Settings } from '../settings.ts'

/** What every function is built from: the deployment's settings, the bundles, and the resources built so far. */
export type Deployment = {
  readonly settings: Settings
  readonly bundles: ReadonlyMap<FunctionName, string>
  readonly resources: Resources
  /** Base URL of the API, for links that buyers follow back from the payment page. */
  readonly publicUrl: string
}

export type NodeFunctionProps = {
  readonly name: FunctionName
  readonly deployment: Deployment
  readonly memoryMb: number
  readonly timeout: Duration
  /** What it costs whom while this function fails, as a sentence in plain words. */
  readonly errorImpact: string
  /** Variables beside those that come with its grants. */
  readonly environment?: Readonly<Record<string, string>>
  /** How often Lambda itself repeats an asynchronous call that failed. */
  readonly retryAttempts?: number
}

/** Lambda itself drops lines below this level; the code writes them all. */
const applicationLogLevels: Readonly<Record<LogLevel, ApplicationLogLevel>> = {
  debug: ApplicationLogLevel.DEBUG,
  info: ApplicationLogLevel.INFO,
  warn: ApplicationLogLevel.WARN,
  error: ApplicationLogLevel.ERROR,
}

/**
 * A function with its own role, its log group and its alarms. The role holds exactly what `grants.ts` says and is
 * closed to CDK's automatic grants, so that no construct can widen it from elsewhere.
 */
export class NodeFunction extends Construct {
  readonly lambda: LambdaFunction
  readonly logGroup: LogGroup

  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    super(scope, id)
    const { settings, bundles, resources } = props.deployment
    const functionGrants: readonly Grant[] = grants[props.name]
    const bundle = bundles.get(props.name)
    if (!bundle) throw new Error(`No bundle of ${props.name}`)
    const shortName = props.name.replace('/', '-')
    const functionName = resourceName(settings, shortName)

    this.logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    // The policy is inline, part of the role itself: a function never exists before it may do its work.
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What functions/${props.name}.ts may do, as infra/grants.ts says`,
      inlinePolicies: {
        grants: new PolicyDocument({
          statements: [
            allow(['logs:CreateLogStream', 'logs:PutLogEvents'], this.logGroup.logGroupArn),
            ...functionGrants.map((grant) =>
              allow(grant.allow, findResource(resources, grant.on, props.name).arn, grant.partitions),
            ),
          ],
        }),
      },
    })
    acknowledgeWildcards(role, functionGrants, resources)
    const usedByCode = functionGrants.filter((grant) => !grant.byEventSource)
    const usesStripe = usedByCode.some((grant) => grant.on === 'stripe-secret')

    this.lambda = new LambdaFunction(this, 'Function', {
      functionName,
      description: `functions/${props.name}.ts`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundle),
      handler: 'index.handler',
      memorySize: props.memoryMb,
      timeout: props.timeout,
      role: role.withoutPolicyUpdates(),
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: applicationLogLevels[settings.logLevel],
      environment: {
        ...Object.assign({}, ...usedByCode.map((grant) => findResource(resources, grant.on, props.name).environment)),
        ...(usesStripe && settings.stripeApiUrl ? { STRIPE_API_URL: settings.stripeApiUrl } : {}),
        // Placing an order freezes who hands over, and many functions place one.
        ...(settings.handOver === 'platform' ? { HAND_OVER: settings.handOver } : {}),
        ...props.environment,
      },
      ...(props.retryAttempts === undefined ? {} : { retryAttempts: props.retryAttempts }),
    })

    addAlarm(this, 'Errors', {
      settings,
      name: `${shortName}-errors`,
      metric: this.lambda.metricErrors({ period: alarmPeriod, statistic: 'Sum' }),
      threshold: 1,
      symptom: `functions/${props.name}.ts failed at least once in five minutes.`,
      errorImpact: props.errorImpact,
    })
    addAlarm(this, 'Throttles', {
      settings,
      name: `${shortName}-throttles`,
      metric: this.lambda.metricThrottles({ period: alarmPeriod, statistic: 'Sum' }),
      threshold: 1,
      symptom: `functions/${props.name}.ts was not started because the account's concurrency is used up.`,
      errorImpact: props.errorImpact,
    })
  }
}

function allow(actions: readonly string[], resourceArn: string, partitions?: readonly string[]): PolicyStatement {
  return new PolicyStatement({
    effect: Effect.ALLOW,
    actions: [...actions],
    resources: [resourceArn],
    ...(partitions && { conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...partitions] } } }),
  })
}

/**
 * An object prefix ends in a wildcard, and one action knows no resource: `grants.ts` has the reason of each. The rule
 * wants every finding acknowledged by the very ARN, so a wildcard that the table does not explain still fails.
 */
function acknowledgeWildcards(role: Role, functionGrants: readonly Grant[], resources: Resources): void {
  for (const { on } of functionGrants) {
    const reason = wildcardReasons[on]
    if (!reason) continue
    const arn = flattened(Stack.of(role).resolve(findResource(resources, on, role.node.path).arn))
    Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${arn}]`, reason })
  }
}

/** An ARN as the rule prints it: `arn:<AWS::Partition>:s3:::…`. */
function flattened(resolved: unknown): string {
  if (typeof resolved === 'string') return resolved
  const { Ref: reference, 'Fn::Join': join } = resolved as { Ref?: string; 'Fn::Join'?: [string, unknown[]] }
  if (reference) return `<${reference}>`
  if (join) return join[1].map(flattened).join(join[0])
  throw new Error(`A wildcard grant must be on a name known at synth, not on ${JSON.stringify(resolved)}`)
}
