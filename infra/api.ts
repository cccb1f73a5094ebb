import { CfnOutput, Stack, Validations } from 'aws-cdk-lib'
import {
  type CfnRoute,
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { type Route, type RouteGroup, routes } from '../shared/contract/routes.ts'
import { addAlarm, alarmPeriod } from './alarms.ts'
import { ApiFunction } from './constructs/api-function.ts'
import type { Deployment } from './constructs/node-function.ts'
import type { FunctionName } from './grants.ts'
import { logRetention, resourceName, type Settings } from './settings.ts'

export type ApiStackProps = { readonly deployment: Deployment }

/** Requests a second over the whole API: what the account's default concurrency of 1,000 can carry at 100 ms each. */
const throttle = { rateLimit: 5_000, burstLimit: 2_500 }

const functionOfGroup = {
  catalogue: { name: 'api/catalogue', errorImpact: 'Nobody can search the market or open a handle, so nobody buys.' },
  reference: { name: 'api/reference', errorImpact: 'Partners cannot read the API description; nothing else is hurt.' },
  purchases: { name: 'api/purchases', errorImpact: 'Orders cannot be placed, seen or cancelled: sales are lost.' },
  checkout: { name: 'api/checkout', errorImpact: 'Buyers who hold a handle cannot reach the payment page.' },
  accounts: {
    name: 'api/accounts',
    errorImpact: 'Accounts that came back are not reported, and may lose a handle that they use.',
  },
  operator: { name: 'api/operator', errorImpact: 'Operators cannot import feeds or read the journal.' },
  'stripe-webhook': {
    name: 'webhooks/stripe',
    errorImpact:
      'Payments are not noticed. Stripe sends again for up to three days; after that they must be found by hand.',
  },
} as const satisfies Record<RouteGroup, { name: FunctionName; errorImpact: string }>

/** The door for requests: one HTTP API, its routes read from the contract's table, one function a route group. */
export class ApiStack extends Stack {
  constructor(scope: Construct, id: string, { deployment }: ApiStackProps) {
    super(scope, id, { stackName: resourceName(deployment.settings, 'api') })
    const { settings } = deployment

    const api = new HttpApi(this, 'Http', {
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
    addStage(api, settings)
    const authorizer = new HttpJwtAuthorizer('Jwt', settings.oidcIssuer, { jwtAudience: [settings.oidcAudience] })
    const publicUrl = settings.publicUrl ?? api.apiEndpoint

    const functions = new Map<RouteGroup, ApiFunction>()
    for (const [group, { name, errorImpact }] of Object.entries(functionOfGroup) as [
      RouteGroup,
      (typeof functionOfGroup)[RouteGroup],
    ][]) {
      const environment = group === 'checkout' ? { PUBLIC_URL: publicUrl } : {}
      functions.set(group, new ApiFunction(this, pascal(group), { deployment, name, errorImpact, environment }))
    }
    const integrationOf = (group: RouteGroup) => {
      const found = functions.get(group)
      if (!found) throw new Error(`No function answers the route group ${group}`)
      return found.integration
    }

    for (const route of Object.values<Route>(routes)) {
      const isPublic = route.role === 'public'
      const httpRoute = new HttpRoute(this, `Route-${route.operationId}`, {
        httpApi: api,
        routeKey: HttpRouteKey.with(route.path, HttpMethod[route.method]),
        integration: integrationOf(route.group),
        ...(!isPublic && { authorizer }),
      })
      nameOperation(httpRoute, route.operationId)
      if (isPublic) acknowledgePublic(httpRoute, reasonOfPublicGroup(route.group))
    }
    const otherwise = new HttpRoute(this, 'Route-otherwise', {
      httpApi: api,
      routeKey: HttpRouteKey.DEFAULT,
      integration: integrationOf('reference'),
    })
    acknowledgePublic(otherwise, 'Answers every unknown route with a problem+json 404, and the reference page at /.')

    addAlarm(this, 'ServerErrors', {
      settings,
      name: 'api-server-errors',
      metric: api.metricServerError({ period: alarmPeriod, statistic: 'Sum' }),
      threshold: 5,
      symptom: 'The API answered 5xx at least five times in five minutes.',
      errorImpact: 'Buyers see errors: some of them cannot order or pay, and sales are lost.',
    })

    new CfnOutput(this, 'ApiUrl', { value: api.apiEndpoint })
    new CfnOutput(this, 'StripeWebhookUrl', { value: `${api.apiEndpoint}${routes.receiveStripeEvent.path}` })
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

function reasonOfPublicGroup(group: RouteGroup): string {
  return group === 'stripe-webhook'
    ? 'Stripe cannot present a token: the function verifies the signature over the raw body before anything else.'
    : 'Open to everyone by design: the market, the public sales history and the API description hold nothing personal.'
}

function acknowledgePublic(route: HttpRoute, reason: string): void {
  Validations.of(route).acknowledge({ id: 'AwsSolutions-APIG4', reason })
}

/** Carries the contract's operation id into the template, where a reader can match a route to its contract. */
function nameOperation(route: HttpRoute, operationId: string): void {
  const cfnRoute = route.node.defaultChild as CfnRoute
  cfnRoute.operationName = operationId
}

function pascal(group: RouteGroup): string {
  return group
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}
