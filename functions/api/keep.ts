import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { keepPages, keepRoutes } from '../../shared/contract/routes/keep.ts'
import { ok, type Result } from '../../shared/domain/result.ts'
import { readKeepSecret } from '../../shared/gateways/secret.ts'
import { api, faultResponse } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { keepPage } from '../../shared/runtime/keep-page.ts'
import { once } from '../../shared/runtime/once.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { keepHandle, readKeepLink } from '../../shared/workflows/keep-handle.ts'

const config = readConfig('HANDLES_TABLE', 'KEEP_SECRET_ARN')
const store = openStore({ handlesTable: config.HANDLES_TABLE })
const keepSecret = once(() => readKeepSecret(config.KEEP_SECRET_ARN))
const deps = async () => ({ ...running, store, keepSecret: await keepSecret() })

const answer = api(keepRoutes, {
  keepHandle: async ({ body }) => {
    const kept = await keepHandle(await deps(), body.token)
    return kept.ok ? ok({ handle: kept.value.name, display: kept.value.display, status: kept.value.status }) : kept
  },
})

const page =
  (look: (token: string) => Promise<Result<{ readonly display: string }>>, step: 'ask' | 'kept') =>
  async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    try {
      return keepPage(step, await look(event.pathParameters?.['token'] ?? ''), event.headers['accept-language'])
    } catch (error) {
      return faultResponse(event, error)
    }
  }

const pageOf: { readonly [K in keyof typeof keepPages]: ReturnType<typeof page> } = {
  showKeepLink: page(async (token) => readKeepLink(await deps(), token), 'ask'),
  useKeepLink: page(async (token) => keepHandle(await deps(), token), 'kept'),
}
const byRouteKey = new Map(
  (Object.keys(keepPages) as (keyof typeof keepPages)[]).map((name) => [
    `${keepPages[name].method} ${keepPages[name].path}`,
    pageOf[name],
  ]),
)

/** The link of a notice: a page for people, whose button keeps the handle, and the same for apps. */
export const handler = async (
  event: APIGatewayProxyEventV2,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2> => byRouteKey.get(event.routeKey)?.(event) ?? answer(event, context)
