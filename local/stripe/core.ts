import { apiVersion } from './api-version.ts'
import { newId } from './ids.ts'
import type { WireEvent } from './resource-types.ts'
import { platform, type State } from './state.ts'

/**
 * An endpoint that events are sent to: those of the platform's own account or, with `connect`, those of connected accounts.
 * Without `enabledEvents`, or with `*` among them, it gets all of them.
 */
export interface Webhook {
  url: string
  secret: string
  enabledEvents?: readonly string[]
  connect?: boolean
}

/** The API call that causes an event; Stripe tells it in the event's `request`. */
export interface Cause {
  id: string | null
  idempotencyKey: string | null
}

const eventDays = 30

/** What every resource works with: the state, the clock, the events. One for each server. */
export class Core {
  readonly state: State
  /** Where this server is reached; known once it listens. */
  publicUrl = ''
  webhooks: readonly Webhook[]
  /** Whose data is worked on: the platform's own, or those of a connected account. */
  account = platform
  /** Told of each new delivery; the change that holds it may still be undone. */
  onDelivery: (id: string) => void = () => {}
  private readonly clock: () => number
  private latest = 0
  private cause: Cause = { id: null, idempotencyKey: null }

  constructor(state: State, clock: () => number, webhooks: readonly Webhook[]) {
    this.state = state
    this.clock = clock
    this.webhooks = webhooks
  }

  /** Milliseconds. Never earlier than an answer given before: the clock moves forward only. */
  now(): number {
    this.latest = Math.max(this.latest, this.clock())
    return this.latest
  }

  /** Whole seconds, as all times of Stripe's API. */
  seconds(): number {
    return Math.floor(this.now() / 1000)
  }

  newId(prefix: string): string {
    return newId(prefix, this.now())
  }

  /** Runs `work` as one change of state; its events name `cause`. */
  transact<T>(cause: Cause, work: () => T): T {
    const outer = this.cause
    this.cause = cause
    try {
      return this.state.transact(work)
    } finally {
      this.cause = outer
    }
  }

  /** Runs part of a change without a cause, as Stripe does for what it does of its own accord. */
  uncaused<T>(work: () => T): T {
    return this.transact({ id: null, idempotencyKey: null }, work)
  }

  /** Runs part of a change in the name of another account; what it records, and its events, are that account's. */
  within<T>(account: string, work: () => T): T {
    const outer = this.account
    this.account = account
    try {
      return work()
    } finally {
      this.account = outer
    }
  }

  /**
   * Records an event with the resource as it is now, and a delivery of it to each endpoint that wants it.
   * @param previous the fields that changed, with their earlier values, where Stripe sends them (`*.updated`)
   */
  emit(type: string, resource: object, previous?: object): void {
    const connected = this.account !== platform
    const targets = this.webhooks.filter((webhook) => takes(webhook, type, connected))
    const event: WireEvent = {
      id: this.newId('evt'),
      object: 'event',
      ...(connected && { account: this.account }),
      api_version: apiVersion,
      created: this.seconds(),
      data: { object: resource, ...(previous && { previous_attributes: previous }) },
      livemode: false,
      pending_webhooks: targets.length,
      request: { id: this.cause.id, idempotency_key: this.cause.idempotencyKey },
      type,
    }
    this.state.insert('event', event, undefined, this.account)
    for (const { url } of targets) this.queueDelivery(event.id, url)
  }

  /** Queues one more delivery of an event, due at once. */
  queueDelivery(event: string, url: string): string {
    const id = this.newId('whd')
    this.state.insertDelivery({
      id,
      event,
      url,
      status: 'pending',
      attempts: 0,
      nextAt: this.now(),
      responseStatus: null,
      error: null,
      createdAt: this.now(),
    })
    this.onDelivery(id)
    return id
  }

  /** Has `task` done for `id` once the clock reaches the time (seconds). */
  at(seconds: number, task: string, id: string): void {
    this.state.setTimer({ at: seconds * 1000, task, id })
  }

  /** Events are kept for 30 days, as at Stripe. */
  oldestEventSeconds(): number {
    return this.seconds() - eventDays * 86_400
  }
}

const takes = ({ enabledEvents, connect = false }: Webhook, type: string, connected: boolean): boolean =>
  connect === connected && (!enabledEvents || enabledEvents.some((enabled) => enabled === '*' || enabled === type))
