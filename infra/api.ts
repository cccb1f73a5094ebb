import { Stack, Validations } from 'aws-cdk-lib'
import { type CfnRoute, type HttpApi, HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2'
import type { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import type { Construct } from 'constructs'
import type { Page, Route, RouteGroup } from '../shared/contract/route.ts'
import { routes } from '../shared/contract/routes.ts'
import { pages } from '../shared/contract/pages.ts'
import { ApiFunction } from './constructs/api-function.ts'
import type { Deployment } from './constructs/node-function.ts'
import type { FunctionName } from './grants.ts'
import { resourceName } from './settings.ts'

export type ApiStackProps = {
  readonly deployment: Deployment
  readonly api: HttpApi
  readonly authorizer: HttpJwtAuthorizer
}

const functionOfGroup = {
  catalogue: { name: 'api/catalogue', errorImpact: 'Nobody can search the market or open a handle, so nobody buys.' },
  discovery: { name: 'api/discovery', errorImpact: 'Nobody is shown what is like the name they want; search goes on.' },
  reference: { name: 'api/reference', errorImpact: 'Partners cannot read the API description; nothing else is hurt.' },
  purchases: { name: 'api/purchases', errorImpact: 'Orders cannot be placed, seen or cancelled: sales are lost.' },
  checkout: { name: 'api/checkout', errorImpact: 'Buyers who hold a handle cannot reach the payment page.' },
  trading: {
    name: 'api/trading',
    errorImpact: 'Buyers cannot accept or cancel, and sellers do not see their sales; money and deadlines go on.',
  },
  listings: { name: 'api/listings', errorImpact: 'Holders cannot put their handles on sale or take them off.' },
  auctions: {
    name: 'api/auctions',
    errorImpact: 'Nobody can bid, so running auctions end too low or unsold; each still ends at its time.',
  },
  accounts: {
    name: 'api/accounts',
    errorImpact: 'Accounts that came back are not reported, and may lose a handle that they use.',
  },
  'hand-overs': {
    name: 'api/hand-overs',
    errorImpact:
      'The platform cannot tell that it handed a handle over or could not: buyers wait, and after a day get their money back.',
  },
  keep: {
    name: 'api/keep',
    errorImpact: 'Holders who want to keep their handles cannot do so by the link of their notice.',
  },
  operator: { name: 'api/operator', errorImpact: 'Operators cannot import feeds, protect names or read the journal.' },
  'dead-letters': {
    name: 'api/dead-letters',
    errorImpact: 'Operators cannot see what failed or send it back; the work itself goes on.',
  },
  'release-plans': {
    name: 'api/release-plans',
    errorImpact: 'Operators cannot plan a release or publish one, and nobody can check a published schedule.',
  },
  runs: { name: 'api/runs', errorImpact: 'Operators cannot see how far releases have come, or start them by hand.' },
  books: {
    name: 'api/books',
    errorImpact: 'Operators cannot see the trial balance or ask for a reconciliation; the daily one goes on.',
  },
  drops: {
    name: 'api/drops',
    errorImpact: 'Nobody can enter a drop, and operators cannot create or cancel one; what runs goes on by the clock.',
  },
  disputes: {
    name: 'api/disputes',
    errorImpact:
      'Buyers cannot dispute what they inspect, and the time in which they could runs out; nothing is decided.',
  },
  watches: {
    name: 'api/watches',
    errorImpact: 'Accounts cannot watch handles or end their watches; alerts that are due still go out.',
  },
  authorisations: {
    name: 'api/authorisations',
    errorImpact: 'Bidders cannot have a card authorised, so they are refused where large bids ask for one.',
  },
  cases: {
    name: 'api/cases',
    errorImpact: 'Operators cannot see or decide cases of linked accounts, or lift a suspension.',
  },
  campaigns: {
    name: 'api/campaigns',
    errorImpact: 'Operators cannot run private offers: counter-offers wait, and campaigns cannot be started or closed.',
  },
  'private-offers': {
    name: 'api/private-offers',
    errorImpact: 'Prospects cannot open, answer or accept their offers, and nobody can unsubscribe.',
  },
  sellers: {
    name: 'api/sellers',
    errorImpact: 'Users who sell cannot begin to be paid or see how they stand; what is under way goes on.',
  },
  offers: {
    name: 'api/offers',
    errorImpact:
      'Users cannot make or answer offers for held handles, and the time to answer those that are open runs out.',
  },
  'stripe-webhook': {
    name: 'webhooks/stripe',
    errorImpact:
      'Payments are not noticed. Stripe sends again for up to three days; after that they must be found by hand.',
  },
} as const satisfies Record<RouteGroup, { name: FunctionName; errorImpact: string }>

/** Their functions send people to the payment provider, which sends them back. */
const groupsWithLinks: ReadonlySet<RouteGroup> = new Set(['checkout', 'authorisations', 'sellers'])

/** The road of requests: routes read from the contract's table, one function a route group. */
export class ApiStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, api, authorizer }: ApiStackProps) {
    super(scope, id, { stackName: resourceName(deployment.settings, 'api') })
    const functions = new Map<RouteGroup, ApiFunction>()
    for (const [group, { name, errorImpact }] of Object.entries(functionOfGroup) as [
      RouteGroup,
      (typeof functionOfGroup)[RouteGroup],
    ][]) {
      const environment = groupsWithLinks.has(group) ? { PUBLIC_URL: deployment.publicUrl } : {}
      functions.set(group, new ApiFunction(this, pascal(group), { deployment, name, errorImpact, environment }))
    }
    const integrationOf = (group: RouteGroup) => {
      const found = functions.get(group)
      if (!found) throw new Error(`No function answers the route group ${group}`)
      return found.integration
    }

    for (const route of Object.values<Route | Page>({ ...routes, ...pages })) {
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
  }
}

function reasonOfPublicGroup(group: RouteGroup): string {
  switch (group) {
    case 'stripe-webhook':
      return 'Stripe cannot present a token: the function verifies the signature over the raw body before anything else.'
    case 'keep':
      return 'Holders who have forgotten how to sign in must be able to answer a notice: its link is signed, and checked first.'
    case 'private-offers':
      return 'Prospects have no account yet when they open an offer: its link is signed, and checked first. To accept, they sign in.'
    default:
      return 'Open to everyone by design: the market, the public sales history and the API description hold nothing personal.'
  }
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
