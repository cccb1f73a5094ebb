import { keepPages, keepRoutes } from '../../shared/contract/routes/keep.ts'
import { ok, type Result } from '../../shared/domain/result.ts'
import { readKeepSecret } from '../../shared/gateways/secret.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { keepPage } from '../../shared/runtime/keep-page.ts'
import { once } from '../../shared/runtime/once.ts'
import { type PageOf, withPages } from '../../shared/runtime/pages.ts'
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
  (look: (token: string) => Promise<Result<{ readonly display: string }>>, step: 'ask' | 'kept'): PageOf =>
  async (token, event) =>
    keepPage(step, await look(token), event.headers['accept-language'])

/** The link of a notice: a page for people, whose button keeps the handle, and the same for apps. */
export const handler = withPages(
  keepPages,
  {
    showKeepLink: page(async (token) => readKeepLink(await deps(), token), 'ask'),
    useKeepLink: page(async (token) => keepHandle(await deps(), token), 'kept'),
  },
  answer,
)
