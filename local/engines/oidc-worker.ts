import Provider from 'oidc-provider'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'
import { installClock } from '../clock.ts'
import type { JsonObject } from '../json.ts'
import { loopback } from '../ports.ts'
import type { TestUser } from '../users.ts'
import { loginPage } from './login-page.ts'

/** What the issuer's thread is told. */
export interface IssuerData {
  readonly clock: SharedArrayBuffer
  readonly issuer: string
  readonly port: number
  readonly audience: string
  readonly jwk: JsonObject
  readonly cookieKey: string
  readonly users: readonly TestUser[]
  readonly scope: string
}

const data = workerData as IssuerData
installClock(data.clock)

/** The API as a resource; tokens for it carry the audience that the template's authoriser wants. */
const resource = 'urn:marketplace:api'
/** The public client of browser and native apps: any port of the loopback interface may receive the code. */
const webClientId = 'web'

const provider = new Provider(data.issuer, {
  jwks: { keys: [data.jwk] },
  cookies: { keys: [data.cookieKey] },
  scopes: ['openid', 'email', 'offline_access', data.scope],
  claims: { openid: ['sub', 'groups'], email: ['email'] },
  clients: [
    {
      client_id: webClientId,
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [`http://${loopback}/callback`],
    },
    ...data.users.map(({ sub }) => ({
      client_id: sub,
      client_secret: sub,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
  ],
  clientBasedCORS: () => true,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: data.scope,
        audience: data.audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 3_600,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  ttl: {
    AccessToken: 3_600,
    ClientCredentials: 3_600,
    IdToken: 3_600,
    Session: 86_400,
    Grant: 86_400,
    Interaction: 3_600,
  },
  extraTokenClaims: (_context: unknown, token: { accountId?: string; clientId?: string }) => {
    const user = find(token.accountId ?? token.clientId ?? '')
    const authTime = { auth_time: Math.floor(Date.now() / 1000) }
    return user === undefined
      ? authTime
      : { ...authTime, ...user.claims, groups: [...user.groups], email: user.email, email_verified: true }
  },
  findAccount: (_context: unknown, sub: string) => ({
    accountId: sub,
    claims: () => ({ sub, groups: [...(find(sub)?.groups ?? [])], email: find(sub)?.email ?? `${sub}@example.com` }),
  }),
  interactions: { url: (_context: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
  renderError: (context: { type: string; body: string }, out: Record<string, unknown>) => {
    context.type = 'text/plain'
    context.body = Object.entries(out)
      .map(([name, value]) => `${name}: ${String(value)}`)
      .join('\n')
  },
})

function find(sub: string): TestUser | undefined {
  return data.users.find((user) => user.sub === sub)
}

/** Shows the list of test users, takes the choice, and grants what was asked: consent adds nothing on one machine. */
async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { uid, prompt, params, session } = await provider.interactionDetails(request, response)
  if (request.method === 'POST') {
    const form = new URLSearchParams((await body(request)).toString('utf8'))
    const accountId = form.get('user') ?? ''
    if (find(accountId) === undefined) {
      await provider.interactionFinished(request, response, { error: 'access_denied' })
      return
    }
    await provider.interactionFinished(request, response, { login: { accountId } }, { mergeWithLastSubmission: false })
    return
  }
  if (prompt.name === 'consent' && session !== undefined) {
    const grant = new provider.Grant({ accountId: session.accountId, clientId: String(params.client_id) })
    grant.addOIDCScope('openid email offline_access')
    grant.addResourceScope(resource, data.scope)
    await provider.interactionFinished(
      request,
      response,
      { consent: { grantId: await grant.save() } },
      { mergeWithLastSubmission: true },
    )
    return
  }
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
  response.end(loginPage(uid, data.users))
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const handle = provider.callback()
const server = createServer((request, response) => {
  const work =
    request.url?.startsWith('/interaction/') === true ? interact(request, response) : handle(request, response)
  work.catch((error: unknown) => {
    if (!response.headersSent) response.writeHead(400, { 'content-type': 'text/plain' })
    response.end(error instanceof Error ? error.message : String(error))
  })
})
server.listen(data.port, loopback, () => parentPort?.postMessage('ready'))
