import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Activity } from './activity.ts'
import { synthesise, type SynthOptions } from './assembly.ts'
import { openClock } from './clock.ts'
import { ControlServer } from './control.ts'
import type { Counts } from './counts.ts'
import { checkDeliveryPermissions } from './delivery-permissions.ts'
import { directAccessKey, Door, type Switches } from './door.ts'
import { environmentCode } from './environment-code.ts'
import { startDynamoDb, type DynamoDbKind } from './engines/dynamodb.ts'
import { startInbox } from './engines/mail.ts'
import { startOidc, type Oidc } from './engines/oidc.ts'
import { openSqsS3, type QueuedMessage } from './engines/sqs-s3.ts'
import { deliverTo, EventBus } from './event-bus.ts'
import { deleteExpired } from './expiry.ts'
import type { Fault, InjectedFault, MadeCall } from './faults.ts'
import { Functions, type FunctionUsage, type Outcome } from './functions.ts'
import { Gateway } from './gateway.ts'
import { pseudo } from './intrinsics.ts'
import { asObject, asString, asText, parseObject, type Json } from './json.ts'
import { lockFolder } from './lock.ts'
import { Logs } from './logs.ts'
import { Mail, type SystemMail } from './mail.ts'
import { readPlan, type FunctionPlan, type Plan } from './plan.ts'
import { close, loopback, reserve } from './ports.ts'
import { Queues, type QueueDepth } from './queues.ts'
import { Schedules } from './schedules.ts'
import { Streams } from './streams.ts'
import { startStripeServer, type StripeServer } from './stripe/server.ts'
import { connectEventTypes, stripeEventTypes } from '../shared/gateways/stripe-events.ts'

export interface SystemOptions {
  /** The project's folder; the one this file lies in when not given. */
  readonly root?: string
  /** Where all state is kept; `.local/state` of the project when not given. */
  readonly dataDir?: string
  /** Clears the state first. */
  readonly fresh?: boolean
  /** The API's port; Stripe, the issuer, the door and the inbox take the next four. 0 (the default) lets the system choose. */
  readonly port?: number
  /** Both on when not given. They can be changed while the system runs: `system.door.switches`. */
  readonly switches?: Partial<Switches>
  /** How many environments of one function may live at once; 4 when not given. */
  readonly environmentsMax?: number
  /** Whether schedules fire by themselves as time passes, or only on `clock.move` and `schedules.fire`. On when not given. */
  readonly schedulesRun?: boolean
  /** Which DynamoDB engine; the first that runs here when not given. */
  readonly dynamodb?: DynamoDbKind
  /** Milliseconds since the epoch: a clock that is opened for the first time stands there at the earliest. */
  readonly clockNotBefore?: number
  /** Queues whose readers wait for `queues.resume`, by their names or the ends of their names; none when not given. */
  readonly pausedQueues?: readonly string[]
  /** Another CDK app than the project's own, for tests of the runtime. */
  readonly synth?: Partial<SynthOptions>
  /** Told of each step of the start, and of what went otherwise than asked. */
  readonly onNotice?: (notice: string) => void
}

/** The whole system on this machine. */
export interface System {
  /** Base URL of the API. */
  readonly url: string
  /** The local Stripe server, with its Checkout page and controls. */
  readonly stripe: StripeServer | undefined
  readonly oidc: Oidc
  /** What was sent by mail, when the template sends any. */
  readonly mail: SystemMail | undefined
  /** An access token for any account id; see `Oidc.token`. */
  readonly token: Oidc['token']
  readonly clock: {
    /** Milliseconds since the epoch. */
    now(): number
    /** Moves the clock forward; schedules that fall due fire once each. With `settle`, waits for the work that follows. */
    move(ms: number, options?: { settle?: boolean }): Promise<void>
    /** Calls back on every move. Returns the way to stop. */
    onMove(listener: (ms: number) => void): () => void
  }
  readonly door: {
    readonly counts: Counts
    /** Change them to switch IAM evaluation or faults while the system runs. */
    readonly switches: Switches
    inject(fault: Fault): InjectedFault
    clearFaults(): void
    /** Calls back with every call that functions, tests and tools make, once it is over. Returns the way to stop. */
    onCall(listener: (call: MadeCall) => void): () => void
    readonly endpoint: string
  }
  readonly queues: {
    depths(): QueueDepth[]
    /** Messages that AWS services sent (EventBridge, S3), since the start. */
    serviceSends(): number
    /** Messages of a queue, by its name or the end of it (`releases-dead`), without receiving them. */
    peek(name: string): QueuedMessage[]
    /** Sends what a dead-letter queue holds back to its source. Returns how many messages. */
    redrive(name: string): number
    /** Lets the reader of a paused queue begin. */
    resume(name: string): void
    send(name: string, body: string, options?: { groupId?: string; deduplicationId?: string }): void
  }
  /** Calls back with every event on a bus, as subscribers outside see them. Returns the way to stop. */
  readonly onBusEvent: EventBus['onEvent']
  readonly schedules: { readonly names: readonly string[]; fire(name: string): void }
  readonly functions: {
    readonly plans: readonly FunctionPlan[]
    /** Invokes a function by its label. */
    invoke(label: string, event: Json): Promise<Outcome>
    /** Ends the environments of one function, or of all, as a crash would. */
    kill(label?: string): Promise<void>
    alive(): Record<string, number>
    /** Invocations, durations and heap peaks by function label, since the last reset. */
    usage(): Record<string, FunctionUsage>
    resetUsage(): void
    /** Looks at every environment's heap now; `usage` tells the peaks. */
    sampleHeaps(): Promise<void>
  }
  readonly logs: Logs
  readonly plan: Plan
  /** Physical names of the tables by their construct: `{ handles, escrow }`. */
  readonly tables: Readonly<Record<string, string>>
  /** Spread into any AWS client: it passes the door as `direct`, which every policy allows. */
  readonly aws: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  /** The engine behind the door, for raw rates. */
  readonly dynamodbEndpoint: string
  readonly dynamodbKind: DynamoDbKind
  readonly dataDir: string
  /** Resolves with the reason when an engine ends by itself: the system is of no use any more. */
  readonly failed: Promise<string>
  /**
   * Resolves when nothing is in flight: no request, invocation, message, stream record or webhook. Messages that failed
   * and wait for their visibility time-out do not count, as they wait for the clock: the result says how many there are.
   */
  idle(): Promise<{ retrying: number }>
  /** Like `idle`, but moves the clock to the next retry until nothing waits for one. What was sent with a delay stays delayed. */
  settle(): Promise<void>
  /** Deletes items whose time to live is over. It also happens when the clock moves by a day or more. */
  deleteExpired(): Promise<number>
  stop(): Promise<void>
}

const dayMs = 86_400_000

/** Starts the system from the synthesised template. Throws, with everything stopped again, when a part cannot start. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const undo: (() => Promise<void> | void)[] = []
  const stopAll = async () => {
    for (const step of undo.splice(0).toReversed()) await step()
  }
  try {
    return await start(options, undo, stopAll)
  } catch (error) {
    await stopAll()
    throw error
  }
}

async function start(
  options: SystemOptions,
  undo: (() => Promise<void> | void)[],
  stopAll: () => Promise<void>,
): Promise<System> {
  const root = resolve(options.root ?? join(import.meta.dirname, '..'))
  const dataDir = resolve(options.dataDir ?? join(root, '.local', 'state'))
  const notice = options.onNotice ?? (() => {})
  undo.push(lockFolder(dataDir))
  if (options.fresh === true) clearFolder(dataDir)

  const activity = new Activity()
  const logs = new Logs()
  const clock = openClock({
    file: join(dataDir, 'clock'),
    ...(options.clockNotBefore === undefined ? {} : { notBefore: options.clockNotBefore }),
  })
  const switches: Switches = { iam: options.switches?.iam ?? true, faults: options.switches?.faults ?? true }

  const [dynamodb, codeFile, { assembly, fresh: synthesised }] = await Promise.all([
    startDynamoDb({
      dataDir: join(dataDir, 'dynamodb'),
      ...(options.dynamodb === undefined ? {} : { kind: options.dynamodb }),
    }).then((engine) => {
      undo.push(() => engine.stop())
      return engine
    }),
    environmentCode(join(root, '.local', 'environment')),
    synthesise({ root, outDir: join(root, '.local', 'cdk.out'), ...options.synth }),
  ])
  if (synthesised) notice('synthesised the CDK app')

  const ports = preferredPorts(join(dataDir, 'ports.json'), options.port ?? 0)
  const onBusy = (busy: number, used: number) => notice(`port ${busy} is busy: using ${used} instead`)
  const api = await reserve(ports.kept.api, onBusy)
  const doorServer = await reserve(ports.kept.door, onBusy)
  undo.push(() => Promise.all([close(api.server), close(doorServer.server)]).then(() => {}))
  const url = `http://${loopback}:${api.port}`
  const endpoint = `http://${loopback}:${doorServer.port}`

  const plan = readPlan(assembly, { queues: endpoint, api: url })
  const secrets = localSecrets(plan, join(dataDir, 'secrets.json'))
  const [, sqsS3, oidc, inbox] = await Promise.all([
    dynamodb.createTables(plan.tables),
    openSqsS3({ dataDir: join(dataDir, 'sqs-s3'), queues: plan.queues, buckets: plan.buckets }).then((engine) => {
      undo.push(() => engine.stop())
      return engine
    }),
    startOidc({
      dataDir: join(dataDir, 'oidc'),
      clock,
      audience: plan.authorizers[0]?.audience[0] ?? 'local',
      port: ports.kept.oidc,
      onBusyPort: onBusy,
    }).then((issuer) => {
      undo.push(() => issuer.stop())
      return issuer
    }),
    plan.mailIdentities.length === 0
      ? undefined
      : startInbox({
          file: join(dataDir, 'mail', 'inbox.jsonl'),
          clock,
          port: ports.kept.mail,
          onBusyPort: onBusy,
        }).then((engine) => {
          undo.push(() => engine.stop())
          return engine
        }),
  ])

  // The parts below name each other; each is set before the first call that needs it can come.
  const parts: { functions?: Functions; queues?: Queues; streams?: Streams } = {}
  const door = new Door({
    functions: plan.functions,
    tables: plan.tables,
    clock,
    activity,
    switches,
    kill: (environment) => need(parts.functions).kill(environment),
    onWrite: () => parts.streams?.wake(),
    secrets: secrets.values,
  })
  undo.push(() => door.close())
  door.attach(doorServer.server)

  const stripeUsers = plan.functions.filter(({ environment }) => environment.STRIPE_SECRET_ARN !== undefined)
  const stripeUrls = new Map<string, string>()
  for (const user of stripeUsers) stripeUrls.set(user.arn, await door.openStripe(user))
  const functions = new Functions({
    plans: plan.functions,
    clock,
    activity,
    logs,
    environmentsMax: options.environmentsMax ?? 4,
    codeFile,
    cacheDir: join(root, '.local', 'compile-cache'),
    identityFor: (one) => door.identityOf(one),
    environmentFor: (one) => {
      const stripeUrl = stripeUrls.get(one.arn)
      return { AWS_ENDPOINT_URL: endpoint, ...(stripeUrl === undefined ? {} : { STRIPE_API_URL: stripeUrl }) }
    },
  })
  parts.functions = functions
  undo.push(() => functions.stop())

  const queues = new Queues({
    engine: sqsS3,
    activity,
    clock,
    plans: plan.queues,
    sources: plan.queueSources,
    buckets: plan.buckets,
    functions,
    paused: options.pausedQueues ?? [],
  })
  parts.queues = queues
  undo.push(() => queues.stop())
  const deliver = deliverTo({
    queues: () => queues,
    functions: () => functions,
    onFailed: (target, reason) => logs.add(target.arn.split(':').at(-1) ?? target.id, `failed: ${reason}`),
  })
  const bus = new EventBus({ rules: plan.rules, clock, deliver })
  const mail =
    inbox === undefined
      ? undefined
      : new Mail({ identities: plan.mailIdentities, sets: plan.configurationSets, inbox, bus, clock, activity })
  const streams = new Streams({
    plans: plan.streamSources,
    tables: plan.tables,
    dynamodb,
    functions,
    queues,
    activity,
    clock,
    logs,
    file: join(dataDir, 'streams.json'),
  })
  parts.streams = streams
  undo.push(() => streams.stop())
  if (switches.iam) await checkDeliveryPermissions(plan)

  const stripe = await openStripe({
    plan,
    url,
    clock,
    secrets,
    dataDir,
    port: ports.kept.stripe,
    onBusy,
    wanted: stripeUsers.length > 0,
  })
  if (stripe !== undefined) undo.push(() => stripe.stop())
  door.connect({ dynamodb, sqsS3, bus, mail, stripePort: stripe?.port })

  const gateway = new Gateway({
    routes: plan.routes,
    // The one thing that differs from the template: tokens come from the local issuer.
    authorizers: plan.authorizers.map((authorizer) => ({ ...authorizer, issuer: oidc.issuer })),
    cors: plan.cors,
    functions,
    activity,
    clock,
  })
  gateway.attach(api.server)
  ports.keep({
    api: api.port,
    door: doorServer.port,
    oidc: oidc.port,
    stripe: stripe?.port ?? 0,
    mail: inbox?.port ?? 0,
  })

  const schedules = new Schedules({
    plans: plan.schedules,
    clock,
    deliver,
    file: join(dataDir, 'schedules.json'),
    realTime: options.schedulesRun ?? true,
  })
  undo.push(() => schedules.stop())
  queues.start()
  streams.wake()
  schedules.start()

  const quiet = () => activity.running === 0 && queues.quiet && streams.quiet
  const idle = async () => {
    for (;;) {
      const { begun } = activity
      streams.wake()
      await until(activity, quiet)
      await stripe?.control.idle()
      if (quiet() && activity.begun === begun) return { retrying: queues.retrying }
    }
  }
  const move = async (ms: number, { settle = false }: { settle?: boolean } = {}) => {
    clock.move(ms)
    stripe?.control.tick()
    if (ms >= dayMs) await deleteExpired(dynamodb, plan.tables, clock.now())
    if (settle) await idle()
  }
  const settle = async () => {
    for (;;) {
      const { retrying } = await idle()
      const nextMs = queues.nextRetryMs()
      if (retrying === 0 || nextMs === undefined) return
      await move(Math.ceil(nextMs) + 1)
    }
  }
  const functionArn = (label: string) => {
    const found = plan.functions.find((one) => one.label === label)
    if (found === undefined)
      throw new Error(`no function ${label}; there are ${plan.functions.map((one) => one.label).join(', ')}`)
    return found.arn
  }

  const control = new ControlServer(
    {
      'clock/move': async ({ ms, settle: wait }) => {
        await move(Number(ms), { settle: wait === true })
        return { now: new Date(clock.now()).toISOString() }
      },
      'clock/now': () => Promise.resolve({ now: new Date(clock.now()).toISOString() }),
      'schedules/fire': ({ name }) => {
        schedules.fire(asText(name))
        return Promise.resolve({})
      },
      idle: async () => ({ ...(await idle()) }),
      'newest-mail': async () => {
        const { subject = null, text = null } = (await mail?.sent())?.at(-1) ?? {}
        return { subject, text }
      },
      queues: () => Promise.resolve({ queues: queues.depths().map((depth) => ({ ...depth })) }),
      token: async ({ sub }) => ({ token: await oidc.token(asText(sub)) }),
      addresses: () =>
        Promise.resolve({
          url,
          issuer: oidc.issuer,
          stripe: stripe?.url ?? null,
          mail: mail?.url ?? null,
          door: endpoint,
          tables: { ...tableNames(plan) },
        }),
    },
    join(dataDir, 'running.json'),
  )
  await control.open(url)
  undo.push(() => control.stop())

  return {
    url,
    stripe,
    oidc,
    mail,
    token: (sub, claims, lifetime) => oidc.token(sub, claims, lifetime),
    clock: { now: () => clock.now(), move, onMove: (listener) => clock.onMove(listener) },
    door: {
      counts: door.counts,
      switches,
      inject: (fault) => door.inject(fault),
      clearFaults: () => door.clearFaults(),
      onCall: (listener) => door.onCall(listener),
      endpoint,
    },
    queues: {
      depths: () => queues.depths(),
      serviceSends: () => queues.serviceSends,
      peek: (name) => queues.peek(name),
      redrive: (name) => queues.redrive(name),
      resume: (name) => queues.resume(name),
      send: (name, body, sending) => {
        const found = plan.queues.find((one) => one.name === name || one.name.endsWith(`-${name}`))
        if (found === undefined) throw new Error(`no queue ${name}`)
        queues.send(found.arn, body, sending)
      },
    },
    onBusEvent: (listener) => bus.onEvent(listener),
    schedules: { names: schedules.names, fire: (name) => schedules.fire(name) },
    functions: {
      plans: plan.functions,
      invoke: (label, event) => functions.invoke(functionArn(label), event),
      kill: (label) => functions.killAll(label),
      alive: () => functions.alive(),
      usage: () => functions.usage(),
      resetUsage: () => functions.resetUsage(),
      sampleHeaps: () => functions.sampleHeaps(),
    },
    logs,
    plan,
    tables: tableNames(plan),
    aws: {
      endpoint,
      region: pseudo.region,
      credentials: { accessKeyId: directAccessKey, secretAccessKey: 'local' },
    },
    dynamodbEndpoint: dynamodb.endpoint,
    dynamodbKind: dynamodb.kind,
    dataDir,
    failed: dynamodb.failed,
    idle,
    settle,
    deleteExpired: () => deleteExpired(dynamodb, plan.tables, clock.now()),
    stop: stopAll,
  }
}

function need<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the system is still starting')
  return part
}

function until(activity: Activity, condition: () => boolean): Promise<void> {
  if (condition()) return Promise.resolve()
  return new Promise((done) => {
    const stop = activity.onChange(() => {
      if (!condition()) return
      stop()
      done()
    })
  })
}

function clearFolder(folder: string): void {
  for (const entry of readdirSync(folder)) {
    // The lock is ours already, and stays.
    if (!entry.startsWith('lock.db') && entry !== 'pid') rmSync(join(folder, entry), { recursive: true, force: true })
  }
}

interface Ports {
  readonly api: number
  readonly stripe: number
  readonly oidc: number
  readonly door: number
  readonly mail: number
}

/** The ports of the last run, so that links and tokens live on; else the asked one and those after it. */
function preferredPorts(file: string, asked: number): { kept: Ports; keep(ports: Ports): void } {
  const fromAsked: Ports =
    asked === 0
      ? { api: 0, stripe: 0, oidc: 0, door: 0, mail: 0 }
      : { api: asked, stripe: asked + 1, oidc: asked + 2, door: asked + 3, mail: asked + 4 }
  const kept = existsSync(file) ? parseObject(readFileSync(file, 'utf8')) : undefined
  const last = (name: keyof Ports) => (asked === 0 && typeof kept?.[name] === 'number' ? kept[name] : fromAsked[name])
  return {
    kept: {
      api: last('api'),
      stripe: last('stripe'),
      oidc: last('oidc'),
      door: last('door'),
      mail: last('mail'),
    },
    keep(ports) {
      writeFileSync(file, JSON.stringify(ports))
    },
  }
}

interface LocalSecrets {
  readonly values: ReadonlyMap<string, string>
  readonly stripe: {
    readonly secretKey: string
    readonly webhookSecret: string
    readonly connectWebhookSecret: string
  }
}

/** The secrets that the template declares or functions name, with values of this instance alone, kept over restarts. */
function localSecrets(plan: Plan, file: string): LocalSecrets {
  const kept = existsSync(file) ? parseObject(readFileSync(file, 'utf8')) : {}
  const stripe = {
    secretKey: asString(kept.secretKey) ?? `sk_test_local${randomBytes(12).toString('hex')}`,
    webhookSecret: asString(kept.webhookSecret) ?? `whsec_local${randomBytes(16).toString('hex')}`,
    connectWebhookSecret: asString(kept.connectWebhookSecret) ?? `whsec_local${randomBytes(16).toString('hex')}`,
  }
  const generated = asObject(kept.generated)
  const values = new Map<string, string>()
  for (const secret of plan.secrets) {
    const value = secret.value ?? asString(generated[secret.name]) ?? randomBytes(32).toString('hex')
    if (secret.value === undefined) generated[secret.name] = value
    values.set(secret.arn, value).set(secret.name, value)
  }
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, JSON.stringify({ ...stripe, generated }), { mode: 0o600 })
  for (const { environment } of plan.functions) {
    const id = environment.STRIPE_SECRET_ARN
    if (id !== undefined) values.set(id, JSON.stringify(stripe))
  }
  return { values, stripe }
}

async function openStripe(options: {
  readonly plan: Plan
  readonly url: string
  readonly clock: { now(): number }
  readonly secrets: LocalSecrets
  readonly dataDir: string
  readonly port: number
  readonly onBusy: (busy: number, used: number) => void
  readonly wanted: boolean
}): Promise<StripeServer | undefined> {
  if (!options.wanted) return undefined
  const webhook = options.plan.routes.find(({ key }) => /^(POST|ANY) .*stripe/.test(key))?.key.split(' ')[1]
  const settings = {
    host: loopback,
    now: () => options.clock.now(),
    dataDir: join(options.dataDir, 'stripe'),
    secretKey: options.secrets.stripe.secretKey,
    webhooks:
      webhook === undefined
        ? []
        : [
            {
              url: `${options.url}${webhook}`,
              secret: options.secrets.stripe.webhookSecret,
              // As the endpoint is to be set up at Stripe: each event it need not have would cost a message and a write.
              enabledEvents: stripeEventTypes,
            },
            {
              url: `${options.url}${webhook}`,
              secret: options.secrets.stripe.connectWebhookSecret,
              enabledEvents: connectEventTypes,
              connect: true,
            },
          ],
  }
  try {
    return await startStripeServer({ ...settings, port: options.port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    const server = await startStripeServer({ ...settings, port: 0 })
    options.onBusy(options.port, server.port)
    return server
  }
}

/** A table's construct, from its logical id without CDK's hash: `HandlesB6A0B2C1` is `handles`. */
function tableNames(plan: Plan): Record<string, string> {
  return Object.fromEntries(
    plan.tables.map(({ name }) => {
      const last = name.split('-').at(-1) ?? name
      const construct = last.replace(/[0-9A-F]{8}$/, '')
      return [construct.charAt(0).toLowerCase() + construct.slice(1), name]
    }),
  )
}
