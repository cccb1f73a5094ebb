import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import { CorsHttpMethod, HttpApi, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { routes } from '../shared/contract/routes.ts'
import { addAlarm, alarmPeriod } from './alarms.ts'
import { logRetention, resourceName, type Settings } from './settings.ts'

export type GatewayStackProps = { readonly settings: Settings }

/** Requests a second over the whole API: what the account's default concurrency of 1,000 can carry at 200 ms each. */
const throttle = { rateLimit: 5_000, burstLimit: 2_500 }

/**
 * The API's address, without its routes: workers put the address into links to the payment page, and routes lead to
 * functions that use the workers' queues, so the address must stand before both.
 */
export class GatewayStack extends Stack {
  readonly api: HttpApi
  readonly authorizer: HttpJwtAuthorizer
  readonly publicUrl: string

  constructor(scope: Construct, id: string, { settings }: GatewayStackProps) {
    super(scope, id, { stackName: resourceName(settings, 'gateway') })
    this.api = new HttpApi(this, 'Http', {
      apiName: resourceName(settings, 'api'),
      createDefaultStage: false,
      corsPreflight: {
        allowOrigins: [...settings.webOrigins],
        allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST],
        allowHeaders: ['authorization', 'content-type', 'idempotency-key'],
        exposeHeaders: ['location', 'retry-after'],
        maxAge: Duration.hours(1),
      },
    })
    this.authorizer = new HttpJwtAuthorizer('Jwt', settings.oidcIssuer, { jwtAudience: [settings.oidcAudience] })
    this.publicUrl = settings.publicUrl ?? this.api.apiEndpoint
    addStage(this.api, settings)

    addAlarm(this, 'ServerErrors', {
      settings,
      name: 'api-server-errors',
      metric: this.api.metricServerError({ period: alarmPeriod, statistic: 'Sum' }),
      threshold: 5,
      symptom: 'The API answered 5xx at least five times in five minutes.',
      errorImpact: 'Buyers see errors: some of them cannot order or pay, and sales are lost.',
    })

    new CfnOutput(this, 'ApiUrl', { value: this.publicUrl })
    new CfnOutput(this, 'StripeWebhookUrl', { value: `${this.publicUrl}${routes.receiveStripeEvent.path}` })
  }
}

/**
 * One stage at the root of the API's address. Its access log has no address, agent, token, path parameter or query:
 * the route and the request id are enough to find a fault, and say nothing about a person.
 */
function addStage(api: HttpApi, settings: Settings): void {
  const accessLog = new LogGroup(api, 'AccessLog', {
    logGroupName: `/aws/apigateway/${resourceName(settings, 'api')}`,
    retention: logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  })
  const fields = {
    requestId: '$context.requestId',
    time: '$context.requestTimeEpoch',
    route: '$context.routeKey',
    status: '$context.status',
    latencyMs: '$context.responseLatency',
    functionMs: '$context.integrationLatency',
    bytes: '$context.responseLength',
    authorizerError: '$context.authorizer.error',
    integrationError: '$context.integrationErrorMessage',
  }
  new HttpStage(api, 'Stage', {
    httpApi: api,
    stageName: '$default',
    autoDeploy: true,
    throttle,
    accessLogSettings: {
      destination: new LogGroupLogDestination(accessLog),
      format: AccessLogFormat.custom(JSON.stringify(fields)),
    },
  })
}
