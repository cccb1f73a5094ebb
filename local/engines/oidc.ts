import { exportJWK, generateKeyPair, importJWK, SignJWT, type CryptoKey, type JWK } from 'jose'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../clock.ts'
import { asArray, asObject, parseObject, type JsonObject, asText } from '../json.ts'
import { freePort, loopback } from '../ports.ts'
import { marketScope, ordinaryClaims, testUsers } from '../users.ts'
import type { IssuerData } from './oidc-worker.ts'

/** The local OpenID Connect issuer. */
export interface Oidc {
  readonly issuer: string
  readonly port: number
  /**
   * Signs an access token as the issuer would, of an account that may do everything. A test user's groups, e-mail and
   * device are filled in; `claims` overrides any claim, and leaves one out where it is undefined (`exp` and `nbf` in
   * seconds since the epoch). Lives an hour unless `lifetimeSeconds` says otherwise.
   */
  token(sub: string, claims?: Record<string, unknown>, options?: { lifetimeSeconds?: number }): Promise<string>
  stop(): Promise<void>
}

/**
 * Starts the issuer in a thread of its own, whose time follows the clock. Its keys are kept in `dataDir`, so that
 * tokens outlive a restart.
 */
export async function startOidc(options: {
  readonly dataDir: string
  readonly clock: Clock
  readonly audience: string
  readonly port: number
  readonly onBusyPort?: (busy: number, used: number) => void
}): Promise<Oidc> {
  const { jwk, cookieKey } = await keys(options.dataDir)
  const port = await freePort(options.port)
  if (options.port !== 0 && port !== options.port) options.onBusyPort?.(options.port, port)
  const issuer = `http://${loopback}:${port}`
  const data: IssuerData = {
    clock: options.clock.shared,
    issuer,
    port,
    audience: options.audience,
    jwk,
    cookieKey,
    users: testUsers,
    scope: marketScope,
  }
  const worker = new Worker(new URL('./oidc-worker.ts', import.meta.url), {
    workerData: data,
    name: 'oidc',
    stdout: true,
    stderr: true,
  })
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve())
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the issuer ended at once (exit code ${code})`)))
  })
  worker.removeAllListeners('exit')
  const key = (await importJWK(jwk as JWK, 'RS256')) as CryptoKey
  return {
    issuer,
    port,
    async token(sub, claims = {}, { lifetimeSeconds = 3_600 } = {}) {
      const nowSeconds = Math.floor(options.clock.now() / 1000)
      const known = testUsers.find((user) => user.sub === sub)
      const payload: Record<string, unknown> = {
        iss: issuer,
        aud: options.audience,
        sub,
        scope: marketScope,
        client_id: sub,
        iat: nowSeconds,
        exp: nowSeconds + lifetimeSeconds,
        jti: randomUUID(),
        auth_time: nowSeconds,
        ...(known === undefined
          ? ordinaryClaims
          : { ...known.claims, groups: [...known.groups], email: known.email, email_verified: true }),
        ...claims,
      }
      return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: asText(jwk.kid) }).sign(key)
    },
    async stop() {
      await worker.terminate()
    },
  }
}

async function keys(dataDir: string): Promise<{ jwk: JsonObject; cookieKey: string }> {
  const file = join(dataDir, 'keys.json')
  if (existsSync(file)) {
    const kept = parseObject(readFileSync(file, 'utf8'))
    return { jwk: asObject(asArray(kept.keys)[0]), cookieKey: asText(kept.cookieKey) }
  }
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const exported = JSON.parse(JSON.stringify(await exportJWK(privateKey))) as JsonObject
  const kid = createHash('sha256').update(asText(exported.n)).digest('base64url').slice(0, 16)
  const jwk: JsonObject = { ...exported, kid, alg: 'RS256', use: 'sig' }
  const cookieKey = randomBytes(24).toString('base64url')
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(`${file}.new`, JSON.stringify({ keys: [jwk], cookieKey }))
  chmodSync(`${file}.new`, 0o600)
  renameSync(`${file}.new`, file)
  return { jwk, cookieKey }
}
