import { randomBytes } from 'node:crypto'
import { Agent, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Activity } from './activity.ts'
import type { Clock } from './clock.ts'
import { Counts, payloadUnits } from './counts.ts'
import {
  accesses,
  askForCapacity,
  isCounted,
  isWrite,
  partitionKeys,
  takeCapacity,
  transactionItems,
} from './dynamodb-call.ts'
import { engineHeaders, type DynamoDb } from './engines/dynamodb.ts'
import type { SqsS3 } from './engines/sqs-s3.ts'
import { type Call, Faults, type Fault, type InjectedFault, type MadeCall } from './faults.ts'
import type { Identity } from './functions.ts'
import { Permissions } from './iam.ts'
import { arn, pseudo } from './intrinsics.ts'
import { asArray, asObject, asString, parseObject, type JsonObject } from './json.ts'
import type { EventBus } from './event-bus.ts'
import type { Mail } from './mail.ts'
import type { FunctionPlan, TablePlan } from './plan.ts'
import { halfBatch } from './partial-batch.ts'
import { close, loopback, reserve } from './ports.ts'
import { presignedKey, presignedRefusal, readObjectCall } from './s3-call.ts'
import { accessDenied, faultAnswer, json, unknownOperation, xml, type Answer } from './service-errors.ts'

/** Who calls: a function, or `direct` for tests and tools, which no policy binds and no fault strikes unless asked. */
export interface Caller {
  readonly label: string
  readonly plan: FunctionPlan | undefined
  readonly secretAccessKey: string
}

export interface DoorOptions {
  readonly functions: readonly FunctionPlan[]
  readonly tables: readonly TablePlan[]
  readonly clock: Clock
  readonly activity: Activity
  /** Whether IAM policies are evaluated, and whether faults can be injected. */
  readonly switches: Switches
  /** Ends the environment with this session token, or all of the function with this label. */
  readonly kill: (token: string) => Promise<void>
  /** Told after a write to any table, so that streams are read at once. */
  readonly onWrite: () => void
  /** The values of secrets by ARN or name. */
  readonly secrets: ReadonlyMap<string, string>
}

export interface Switches {
  iam: boolean
  faults: boolean
}

export interface Backends {
  readonly dynamodb: DynamoDb
  readonly sqsS3: SqsS3
  readonly bus: EventBus
  /** SES, when the template sends mail. */
  readonly mail: Mail | undefined
  /** The port of the local Stripe server, when there is one. */
  readonly stripePort: number | undefined
}

/** For tests and tools: a caller with every permission. */
export const directAccessKey = 'AKIALOCALDIRECT00000'

/**
 * The one door. Every call that a function makes to AWS or Stripe comes in here under the function's own identity, is
 * judged by its policies, counted, struck by a fault where one waits, and handed to the engine.
 */
export class Door {
  readonly counts = new Counts()
  readonly switches: Switches
  readonly #options: DoorOptions
  readonly #faults = new Faults()
  readonly #permissions = new Permissions()
  readonly #callers = new Map<string, Caller>()
  readonly #keys = new Map<string, Identity>()
  readonly #tables: ReadonlyMap<string, TablePlan>
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 })
  readonly #stripe: Server[] = []
  readonly #listeners = new Set<(call: MadeCall) => void>()
  #backends: Backends | undefined

  constructor(options: DoorOptions) {
    this.#options = options
    this.switches = options.switches
    this.#tables = new Map(options.tables.map((table) => [table.name, table]))
    options.functions.forEach((plan, index) => {
      const identity: Identity = {
        accessKeyId: `AKIALOCAL${String(index).padStart(11, '0')}`,
        secretAccessKey: randomBytes(20).toString('hex'),
      }
      this.#keys.set(plan.arn, identity)
      this.#callers.set(identity.accessKeyId, { label: plan.label, plan, secretAccessKey: identity.secretAccessKey })
    })
    this.#callers.set(directAccessKey, { label: 'direct', plan: undefined, secretAccessKey: 'local' })
  }

  /** Answers on a server that listens already. */
  attach(server: Server): void {
    server.on('request', (incoming, outgoing) => void this.#serve(incoming, outgoing))
  }

  /** Connects the engines. Calls that come earlier are refused. */
  connect(backends: Backends): void {
    this.#backends = backends
  }

  identityOf(plan: FunctionPlan): Identity {
    const identity = this.#keys.get(plan.arn)
    if (identity === undefined) throw new Error(`no identity for ${plan.label}`)
    return identity
  }

  /** Opens a listener through which one function reaches Stripe, and returns its base URL. */
  async openStripe(plan: FunctionPlan): Promise<string> {
    const { server, port } = await reserve(0)
    server.on('request', (incoming, outgoing) => void this.#serveStripe(plan, incoming, outgoing))
    this.#stripe.push(server)
    return `http://${loopback}:${port}`
  }

  inject(fault: Fault): InjectedFault {
    if (!this.switches.faults) throw new Error('faults are switched off: start the system with switches.faults on')
    return this.#faults.inject(fault)
  }

  clearFaults(): void {
    this.#faults.clear()
  }

  /** Calls back with every call that comes through, once it is over. Returns the way to stop. */
  onCall(listener: (call: MadeCall) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    await Promise.all(this.#stripe.map((server) => close(server)))
    this.#agent.destroy()
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // The SDK takes the server's date for the true time; the clock it should follow is its own thread's.
    outgoing.sendDate = false
    const end = this.#options.activity.begin()
    try {
      const body = await read(incoming)
      const answer = await this.#answer(incoming, body)
      if (answer !== undefined && !outgoing.destroyed) send(outgoing, answer)
    } catch (error) {
      if (!outgoing.destroyed && !outgoing.headersSent) {
        send(outgoing, json(500, 'InternalFailure', error instanceof Error ? error.message : String(error)))
      }
    } finally {
      end()
    }
  }

  /** The answer to one call, or undefined when the connection was cut or left hanging by a fault. */
  async #answer(incoming: IncomingMessage, body: Buffer): Promise<Answer | undefined> {
    const { headers } = incoming
    const credential = headers.authorization
    const start = credential?.indexOf('Credential=') ?? -1
    if (credential === undefined || start === -1) return this.#presigned(incoming, body)
    const scope = credential.slice(start + 11, credential.indexOf(',', start)).split('/')
    const caller = this.#callers.get(scope[0] ?? '')
    if (caller === undefined)
      return json(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.')
    const service = scope[3] ?? ''
    const target = headers['x-amz-target']
    const operation = typeof target === 'string' ? target.slice(target.indexOf('.') + 1) : ''
    switch (service) {
      case 'dynamodb':
        return this.#dynamodb(incoming, caller, String(target), operation, body)
      case 'sqs':
        return this.#sqs(incoming, caller, operation, body)
      case 's3':
        return this.#s3(incoming, caller, body)
      case 'events':
        return this.#events(incoming, caller, operation, body)
      case 'ses':
        return this.#ses(incoming, caller, body)
      case 'secretsmanager':
        return this.#secret(incoming, caller, operation, body)
      default:
        return unknownOperation(service, operation)
    }
  }

  async #dynamodb(
    incoming: IncomingMessage,
    caller: Caller,
    target: string,
    operation: string,
    body: Buffer,
  ): Promise<Answer | undefined> {
    if (caller.plan !== undefined && this.switches.iam) {
      const list = accesses(operation, body)
      if (list === undefined) return unknownOperation('dynamodb', operation)
      for (const { action, table, index } of list) {
        // Calls may name a table by its ARN.
        const name = table.startsWith('arn:') ? (table.split('/')[1] ?? table) : table
        const tableArn = this.#tables.get(name)?.arn ?? arn('dynamodb', `table/${name}`)
        const resource = index === undefined ? tableArn : `${tableArn}/index/${index}`
        const allowed = this.#permissions.allows(caller.plan, `dynamodb:${action}`, resource, () =>
          partitionKeys(operation, body, table, partitionKeyOf(this.#tables.get(name))),
        )
        if (!(typeof allowed === 'boolean' ? allowed : await allowed)) {
          this.counts.call(caller.label, `dynamodb:${operation}`)
          return accessDenied('dynamodb', principal(caller), `dynamodb:${action}`, resource)
        }
      }
    }
    return this.#through(incoming, caller.label, 'dynamodb', operation, body, async (wanted) => {
      const asked = isCounted(operation) ? askForCapacity(wanted) : { body: wanted, added: false }
      const answer = await this.#forward(this.#ready().dynamodb.port, target, asked.body)
      if (isWrite(operation)) this.#options.onWrite()
      return isCounted(operation)
        ? { ...answer, body: takeCapacity(operation, answer.body, asked.added, this.counts.of(caller.label)) }
        : answer
    })
  }

  async #sqs(incoming: IncomingMessage, caller: Caller, operation: string, body: Buffer): Promise<Answer | undefined> {
    if (caller.plan !== undefined && this.switches.iam) {
      const { QueueUrl } = parseObject(body.toString('utf8'))
      const queue = (asString(QueueUrl) ?? '').split('/').at(-1) ?? ''
      const denied = await this.#denied(
        caller,
        'sqs',
        operation,
        `sqs:${operation.replace(/Batch$/, '')}`,
        arn('sqs', queue),
      )
      if (denied !== undefined) return denied
    }
    this.counts.of(caller.label).queueRequestUnits += payloadUnits(body.length)
    return this.#through(incoming, caller.label, 'sqs', operation, body, (wanted) => this.#toSqsS3(incoming, wanted))
  }

  async #s3(incoming: IncomingMessage, caller: Caller, body: Buffer): Promise<Answer | undefined> {
    const { operation, action, bucket, key } = readObjectCall(incoming.method ?? 'GET', incoming.url ?? '/')
    if (caller.plan !== undefined && this.switches.iam) {
      const bucketArn = `arn:${pseudo.partition}:s3:::${bucket}`
      const resource = action === 's3:ListBucket' ? bucketArn : `${bucketArn}/${key}`
      const denied = await this.#denied(caller, 's3', operation, action, resource)
      if (denied !== undefined) return denied
    }
    return this.#through(incoming, caller.label, 's3', operation, body, () => {
      const { s3 } = this.#ready().sqsS3
      // Feeds are larger than what the HTTP parser of the engine takes; its store takes them as they are.
      const chunked = String(incoming.headers['content-encoding'] ?? '').includes('aws-chunked')
      if (operation !== 'PutObject' || chunked || body.length < 8 * 1024 * 1024) return this.#toSqsS3(incoming, body)
      if (!s3.hasBucket(bucket)) {
        return Promise.resolve(xml(404, 'NoSuchBucket', `The specified bucket does not exist: ${bucket}`))
      }
      const encoding = incoming.headers['content-encoding']
      const system = typeof encoding === 'string' ? { contentEncoding: encoding } : {}
      const stored = s3.putObject(bucket, key, body, incoming.headers['content-type'], {}, system)
      return Promise.resolve({ status: 200, headers: { etag: stored.etag }, body: '' })
    })
  }

  /** A presigned URL acts under the identity that signed it, whoever sends it. */
  async #presigned(incoming: IncomingMessage, body: Buffer): Promise<Answer | undefined> {
    if (incoming.method === 'OPTIONS') return preflight(incoming)
    const key = presignedKey(incoming.url ?? '')
    const caller = key === undefined ? undefined : this.#callers.get(key)
    if (caller === undefined) return xml(403, 'AccessDenied', 'Access Denied')
    const refusal = presignedRefusal(incoming, caller.secretAccessKey, this.#options.clock.now())
    if (refusal !== undefined) return xml(403, refusal.code, refusal.message)
    const answer = await this.#s3(incoming, caller, body)
    return answer === undefined
      ? undefined
      : {
          ...answer,
          headers: { ...answer.headers, 'access-control-allow-origin': '*', 'access-control-expose-headers': 'ETag' },
        }
  }

  async #events(
    incoming: IncomingMessage,
    caller: Caller,
    operation: string,
    body: Buffer,
  ): Promise<Answer | undefined> {
    if (operation !== 'PutEvents') return unknownOperation('events', operation)
    const entries = entriesOf(body)
    if (caller.plan !== undefined && this.switches.iam) {
      for (const bus of new Set(entries.map(({ EventBusName }) => asString(EventBusName) ?? 'default'))) {
        const resource = bus.startsWith('arn:') ? bus : arn('events', `event-bus/${bus}`)
        const denied = await this.#denied(caller, 'events', operation, 'events:PutEvents', resource)
        if (denied !== undefined) return denied
      }
    }
    for (const entry of entries) {
      this.counts.of(caller.label).eventUnits += payloadUnits(Buffer.byteLength(JSON.stringify(entry)))
    }
    return this.#through(incoming, caller.label, 'events', operation, body, (wanted) => {
      const { status, body: result } = this.#ready().bus.putEvents(entriesOf(wanted))
      return Promise.resolve({
        status,
        headers: { 'content-type': 'application/x-amz-json-1.1' },
        body: JSON.stringify(result),
      })
    })
  }

  async #ses(incoming: IncomingMessage, caller: Caller, body: Buffer): Promise<Answer | undefined> {
    const called = `${incoming.method} ${incoming.url?.split('?', 1)[0]}`
    const { mail } = this.#ready()
    if (mail === undefined || called !== 'POST /v2/email/outbound-emails') return unknownOperation('ses', called)
    const operation = 'SendEmail'
    if (caller.plan !== undefined && this.switches.iam) {
      for (const resource of mail.resourcesOf(body)) {
        const denied = await this.#denied(caller, 'ses', operation, 'ses:SendEmail', resource)
        if (denied !== undefined) return denied
      }
    }
    return this.#through(incoming, caller.label, 'ses', operation, body, () => mail.send(body))
  }

  async #secret(
    incoming: IncomingMessage,
    caller: Caller,
    operation: string,
    body: Buffer,
  ): Promise<Answer | undefined> {
    if (operation !== 'GetSecretValue') return unknownOperation('secretsmanager', operation)
    const id = asString(parseObject(body.toString('utf8')).SecretId) ?? ''
    const resource = id.startsWith('arn:') ? id : arn('secretsmanager', `secret:${id}`)
    if (caller.plan !== undefined && this.switches.iam) {
      const denied = await this.#denied(caller, 'secretsmanager', operation, 'secretsmanager:GetSecretValue', resource)
      if (denied !== undefined) return denied
    }
    return this.#through(incoming, caller.label, 'secretsmanager', operation, body, () => {
      const value = this.#options.secrets.get(id)
      if (value === undefined) {
        return Promise.resolve(
          json(400, 'ResourceNotFoundException', "Secrets Manager can't find the specified secret."),
        )
      }
      const found = {
        ARN: resource,
        Name: id,
        VersionId: '00000000-0000-4000-8000-000000000000',
        VersionStages: ['AWSCURRENT'],
        SecretString: value,
      }
      return Promise.resolve({
        status: 200,
        headers: { 'content-type': 'application/x-amz-json-1.1' },
        body: JSON.stringify(found),
      })
    })
  }

  async #serveStripe(plan: FunctionPlan, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    outgoing.sendDate = false
    const end = this.#options.activity.begin()
    try {
      const body = await read(incoming)
      const port = this.#ready().stripePort
      if (port === undefined) throw new Error('no Stripe server runs')
      const operation = stripeOperation(incoming.method ?? 'GET', incoming.url ?? '/')
      const answer = await this.#through(incoming, plan.label, 'stripe', operation, body, () =>
        this.#exchange({
          port,
          method: incoming.method ?? 'GET',
          path: incoming.url ?? '/',
          headers: { ...incoming.headers, host: `${loopback}:${port}` },
          body,
          caller: outgoing,
        }),
      )
      if (answer !== undefined && !outgoing.destroyed) send(outgoing, answer)
    } catch (error) {
      // A connection that Stripe breaks off breaks off here too: the function sees what it would see at Stripe.
      if (error instanceof Error && 'code' in error) outgoing.destroy()
      if (!outgoing.destroyed && !outgoing.headersSent) {
        const message = error instanceof Error ? error.message : String(error)
        send(outgoing, {
          status: 500,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ error: { type: 'api_error', message } }),
        })
      }
    } finally {
      end()
    }
  }

  async #denied(
    caller: Caller,
    service: string,
    operation: string,
    action: string,
    resource: string,
  ): Promise<Answer | undefined> {
    if (caller.plan === undefined || (await this.#permissions.allows(caller.plan, action, resource))) return undefined
    this.counts.call(caller.label, `${service}:${operation}`)
    return accessDenied(service, principal(caller), action, resource)
  }

  /** Counts a call, lets a waiting fault strike it, and does it. */
  async #through<Result extends Answer>(
    incoming: IncomingMessage,
    label: string,
    service: string,
    operation: string,
    body: Buffer,
    work: (body: Buffer) => Promise<Result>,
  ): Promise<Answer | undefined> {
    this.counts.call(label, `${service}:${operation}`)
    const struck = this.switches.faults && this.#faults.waiting
    if (!struck && this.#listeners.size === 0) return work(body)
    const call: Call = {
      function: label,
      service,
      operation,
      path: incoming.url ?? '/',
      body: body.toString('utf8'),
      stripeAccount: asString(incoming.headers['stripe-account'] ?? null),
    }
    const fault = struck ? this.#faults.strike(call) : undefined
    if (fault === undefined) return this.#told(call, await work(body))
    this.#told(call, fault.when === 'after' ? await work(body) : undefined)
    const half = fault.kind === 'partial' ? halfBatch(operation, body) : undefined
    if (half !== undefined) {
      const done = half.request === undefined ? undefined : await work(Buffer.from(JSON.stringify(half.request)))
      if (done !== undefined && done.status !== 200) return done
      const answer = half.finish(done === undefined ? {} : parseObject(done.body.toString('utf8')))
      return { status: 200, headers: done?.headers ?? {}, body: JSON.stringify(answer) }
    }
    const token = incoming.headers['x-amz-security-token']
    switch (fault.kind) {
      case 'timeout':
        await gone(incoming)
        return undefined
      case 'cut':
        incoming.socket.destroy()
        return undefined
      case 'kill':
        // Stripe calls carry no token of ours: there, the function's environments are told apart by nothing.
        await this.#options.kill(typeof token === 'string' ? token : label)
        incoming.socket.destroy()
        return undefined
      default: {
        const items = service === 'dynamodb' && operation.startsWith('Transact') ? transactionItems(body) : 1
        return faultAnswer(fault.kind, service, operation, items)
      }
    }
  }

  #told<Result extends Answer | undefined>(call: Call, answer: Result): Result {
    const made: MadeCall = { ...call, answer: answer === undefined ? undefined : String(answer.body) }
    for (const listener of this.#listeners) listener(made)
    return answer
  }

  async #toSqsS3(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    const {
      status,
      headers,
      body: answer,
    } = await this.#ready().sqsS3.handle({
      method: incoming.method ?? 'GET',
      url: incoming.url ?? '/',
      headers: {
        ...incoming.headers,
        ...(incoming.headers['content-length'] === undefined ? {} : { 'content-length': String(body.length) }),
      },
      body,
    })
    const kept: Record<string, string> = {}
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined && !hopHeaders.has(name)) kept[name] = String(value)
    }
    return { status, headers: kept, body: answer }
  }

  #forward(port: number, target: string, body: Buffer): Promise<Answer & { body: Buffer }> {
    return this.#exchange({ port, method: 'POST', path: '/', headers: engineHeaders(target, body.length), body })
  }

  #exchange(call: {
    port: number
    method: string
    path: string
    headers: Record<string, string | string[] | number | undefined>
    body: Buffer
    /** The answer that waits for this one: when its reader has gone, nobody waits any more. */
    caller?: ServerResponse
  }): Promise<Answer & { body: Buffer }> {
    return new Promise((resolve, reject) => {
      const { port, method, path, headers, caller } = call
      const outgoing = httpRequest({ host: loopback, port, method, path, agent: this.#agent, headers }, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const kept: Record<string, string> = {}
          for (const [name, value] of Object.entries(incoming.headers)) {
            if (value !== undefined && !hopHeaders.has(name)) kept[name] = String(value)
          }
          const [first] = chunks
          const whole = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
          resolve({ status: incoming.statusCode ?? 502, headers: kept, body: whole })
        })
      })
      outgoing.on('error', reject)
      caller?.once('close', () => outgoing.destroy())
      outgoing.end(call.body)
    })
  }

  #ready(): Backends {
    if (this.#backends === undefined) throw new Error('the engines are not connected yet')
    return this.#backends
  }
}

const entriesOf = (body: Buffer): JsonObject[] => asArray(parseObject(body.toString('utf8')).Entries).map(asObject)

const hopHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date', 'x-amz-crc32'])

/** The name of a table's partition key. */
function partitionKeyOf(table: TablePlan | undefined): string {
  const key = asArray(table?.create.KeySchema)
    .map(asObject)
    .find(({ KeyType }) => KeyType === 'HASH')
  return asString(key?.AttributeName) ?? ''
}

function principal(caller: Caller): string {
  const role = caller.plan?.roleArn.split('/').at(-1) ?? 'direct'
  return `arn:${pseudo.partition}:sts::${pseudo.account}:assumed-role/${role}/${caller.plan?.name ?? 'direct'}`
}

/** `POST /v1/refunds/re_123/cancel` counts as `POST /v1/refunds/{id}/cancel`. */
function stripeOperation(method: string, url: string): string {
  const path = (url.split('?', 1)[0] ?? url).replaceAll(/\/[a-z]+_[A-Za-z0-9_]{8,}/g, '/{id}')
  return `${method} ${path}`
}

/** What a browser asks before it uploads to a presigned URL. */
function preflight(incoming: IncomingMessage): Answer {
  return {
    status: 200,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': String(incoming.headers['access-control-request-headers'] ?? ''),
    },
    body: '',
  }
}

function gone(incoming: IncomingMessage): Promise<void> {
  if (incoming.socket.destroyed) return Promise.resolve()
  return new Promise((resolve) => incoming.socket.once('close', () => resolve()))
}

function read(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const [first] = chunks
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks))
    })
    incoming.on('error', reject)
  })
}

function send(outgoing: ServerResponse, answer: Answer): void {
  outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(answer.body) })
  outgoing.end(answer.body)
}
