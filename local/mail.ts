import { randomUUID } from 'node:crypto'
import type { Activity } from './activity.ts'
import type { Clock } from './clock.ts'
import type { Inbox } from './engines/mail.ts'
import type { EventBus } from './event-bus.ts'
import { arn, pseudo } from './intrinsics.ts'
import { asArray, asObject, asString, parseObject, type JsonObject } from './json.ts'
import type { ConfigurationSetPlan } from './plan.ts'
import { json, type Answer } from './service-errors.ts'

/** A mail as the inbox holds it. */
export interface SentMail {
  readonly messageId: string
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly html: string
  /** Headers that the sender set beside SES's own, by name. */
  readonly headers: Readonly<Record<string, string>>
  /** Seconds since the epoch, by the clock. */
  readonly at: number
}

/** What tests and people see of the mail that was sent. */
export interface SystemMail {
  /** The inbox's page. */
  readonly url: string
  /** The mails that were sent, oldest first; to one address where it is given. Bounced ones are among them. */
  sent(to?: string): Promise<readonly SentMail[]>
}

/** SES's own bounds (API reference of `MessageTag` and `SendEmail`). */
const tagText = /^[A-Za-z0-9_-]{1,256}$/
const recipientsMax = 50

/** The mailbox simulator of SES: what becomes of a mail to these addresses; a label after `+` changes nothing. */
const simulator = 'simulator.amazonses.com'

/**
 * SES v2 of the template: identities and configuration sets are checked as SES does, the engine takes the mail, and what
 * becomes of it is told to the event bus afterwards, where the configuration set wants to hear of it.
 */
export class Mail implements SystemMail {
  readonly url: string
  readonly #identities: ReadonlySet<string>
  readonly #sets: ReadonlyMap<string, ConfigurationSetPlan>
  readonly #inbox: Inbox
  readonly #bus: EventBus
  readonly #clock: Clock
  readonly #activity: Activity

  constructor(options: {
    identities: readonly string[]
    sets: readonly ConfigurationSetPlan[]
    inbox: Inbox
    bus: EventBus
    clock: Clock
    activity: Activity
  }) {
    this.url = options.inbox.url
    this.#identities = new Set(options.identities)
    this.#sets = new Map(options.sets.map((set) => [set.name, set]))
    this.#inbox = options.inbox
    this.#bus = options.bus
    this.#clock = options.clock
    this.#activity = options.activity
  }

  /** What `SendEmail` must be allowed on: the identity that sends, and the configuration set where one is named. */
  resourcesOf(body: Buffer): string[] {
    const request = parseObject(body.toString('utf8'))
    const from = addressOf(asString(request.FromEmailAddress) ?? '')
    const set = asString(request.ConfigurationSetName)
    return [
      arn('ses', `identity/${this.#identityOf(from) ?? from}`),
      ...(set === undefined ? [] : [arn('ses', `configuration-set/${set}`)]),
    ]
  }

  /** Answers `SendEmail`. */
  async send(body: Buffer): Promise<Answer> {
    const request = parseObject(body.toString('utf8'))
    const refusal = this.#refusal(request)
    if (refusal !== undefined) return refusal
    const answer = await fetch(`${this.#inbox.url}/v2/email/outbound-emails`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'AWS4-HMAC-SHA256 local' },
      body: new Uint8Array(body),
    })
    const text = await answer.text()
    const { MessageId, detail } = parseObject(text)
    if (!answer.ok) return json(answer.status, 'BadRequestException', asString(detail) ?? text)
    this.#publishLater(request, asString(MessageId) ?? '')
    return { status: 200, headers: { 'content-type': 'application/json' }, body: text }
  }

  async sent(to?: string): Promise<readonly SentMail[]> {
    const answer = await fetch(`${this.#inbox.url}/store`)
    const { emails } = parseObject(await answer.text())
    return asArray(emails)
      .map(asObject)
      .map((email) => ({
        messageId: asString(email.messageId) ?? '',
        from: asString(email.from) ?? '',
        to: asArray(asObject(email.destination).to).map(String),
        subject: asString(email.subject) ?? '',
        text: asString(asObject(email.body).text) ?? '',
        html: asString(asObject(email.body).html) ?? '',
        headers: Object.fromEntries(
          asArray(email.headers)
            .map(asObject)
            .map(({ name, value }) => [asString(name) ?? '', asString(value) ?? '']),
        ),
        at: Number(email.at),
      }))
      .filter((email) => to === undefined || email.to.includes(to))
  }

  /** The identity that sends for an address: the address itself, or else its domain. */
  #identityOf(address: string): string | undefined {
    const domain = address.slice(address.lastIndexOf('@') + 1)
    return [address, domain].find((identity) => this.#identities.has(identity))
  }

  #refusal(request: JsonObject): Answer | undefined {
    const from = addressOf(asString(request.FromEmailAddress) ?? '')
    const set = asString(request.ConfigurationSetName)
    if (set !== undefined && !this.#sets.has(set)) {
      return json(404, 'NotFoundException', `Configuration set <${set}> does not exist.`)
    }
    const recipients = recipientsOf(request)
    if (recipients.length === 0 || recipients.length > recipientsMax) {
      return json(400, 'BadRequestException', `1 to ${recipientsMax} recipients, not ${recipients.length}`)
    }
    for (const address of [from, ...recipients.map(addressOf)]) {
      const fault = addressFault(address)
      if (fault !== undefined) return json(400, 'BadRequestException', fault)
    }
    for (const { Name, Value } of tagsOf(request)) {
      if (!tagText.test(asString(Name) ?? '') || !tagText.test(asString(Value) ?? '')) {
        return json(400, 'BadRequestException', 'Invalid tag name or value.')
      }
    }
    if (this.#identityOf(from) === undefined) {
      const region = pseudo.region.toUpperCase()
      const message = `Email address is not verified. The following identities failed the check in region ${region}: ${from}`
      return json(400, 'MessageRejected', message)
    }
    return undefined
  }

  /** SES tells what became of a mail after it has answered; here as soon as whoever sent it has its answer. */
  #publishLater(request: JsonObject, messageId: string): void {
    const name = asString(request.ConfigurationSetName)
    const set = name === undefined ? undefined : this.#sets.get(name)
    if (set === undefined) return
    const end = this.#activity.begin()
    setImmediate(() => {
      for (const outcome of outcomesOf(recipientsOf(request).map(addressOf)))
        this.#publish(set, request, messageId, outcome)
      end()
    })
  }

  #publish(set: ConfigurationSetPlan, request: JsonObject, messageId: string, outcome: Outcome): void {
    for (const destination of set.destinations) {
      if (!destination.events.includes(outcome.event)) continue
      const timestamp = new Date(this.#clock.now()).toISOString()
      const { eventType, detailType } = names[outcome.event]
      this.#bus.putServiceEvent({
        source: 'aws.ses',
        detailType,
        busName: destination.busName,
        resources: [arn('ses', `configuration-set/${set.name}`)],
        detail: {
          eventType,
          mail: mailObject(set.name, request, messageId, timestamp),
          [outcome.event]: { ...outcome.detail, timestamp },
        },
      })
    }
  }
}

type MailEvent = 'send' | 'delivery' | 'bounce' | 'complaint'
interface Outcome {
  readonly event: MailEvent
  readonly detail: JsonObject
}

/** The names of one event in the three places that it appears in (SES developer guide, events in EventBridge). */
const names: Readonly<Record<MailEvent, { readonly eventType: string; readonly detailType: string }>> = {
  send: { eventType: 'Send', detailType: 'Email Sent' },
  delivery: { eventType: 'Delivery', detailType: 'Email Delivered' },
  bounce: { eventType: 'Bounce', detailType: 'Email Bounced' },
  complaint: { eventType: 'Complaint', detailType: 'Email Complaint Received' },
}

/** What becomes of a mail: as the simulator's address says, and delivered to every other. */
function outcomesOf(recipients: readonly string[]): Outcome[] {
  const boxOf = (address: string) => {
    const [local = '', domain] = address.split('@')
    return domain?.toLowerCase() === simulator ? (local.split('+')[0] ?? '').toLowerCase() : ''
  }
  const of = (...boxes: string[]) => recipients.filter((address) => boxes.includes(boxOf(address)))
  const unknown = of('bounce')
  const suppressed = of('suppressionlist')
  const complaining = of('complaint')
  const delivered = recipients.filter((address) => !unknown.includes(address) && !suppressed.includes(address))
  const feedbackId = () => `${randomUUID()}-000000`
  const bounced = (bounceSubType: string, addresses: string[], more: JsonObject): Outcome => ({
    event: 'bounce',
    detail: {
      feedbackId: feedbackId(),
      bounceType: 'Permanent',
      bounceSubType,
      bouncedRecipients: addresses.map((emailAddress) => ({ emailAddress, action: 'failed', ...more })),
      reportingMTA: 'dns; local.smtp-out.amazonses.com',
    },
  })
  return [
    { event: 'send', detail: {} },
    ...(unknown.length === 0
      ? []
      : [bounced('General', unknown, { status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 user unknown' })]),
    ...(suppressed.length === 0
      ? []
      : [
          bounced('Suppressed', suppressed, {
            status: '5.1.1',
            diagnosticCode:
              'Amazon SES has suppressed sending to this address because it has a recent history of bouncing',
          }),
        ]),
    ...(delivered.length === 0
      ? []
      : [
          {
            event: 'delivery' as const,
            detail: { recipients: delivered, processingTimeMillis: 1, smtpResponse: '250 2.6.0 Message received' },
          },
        ]),
    ...(complaining.length === 0
      ? []
      : [
          {
            event: 'complaint' as const,
            detail: {
              feedbackId: feedbackId(),
              complaintSubType: null,
              complaintFeedbackType: 'abuse',
              complainedRecipients: complaining.map((emailAddress) => ({ emailAddress })),
            },
          },
        ]),
  ]
}

/** The `mail` object of every event: SES adds tags of its own, and every tag has a list of values. */
function mailObject(set: string, request: JsonObject, messageId: string, timestamp: string): JsonObject {
  const from = asString(request.FromEmailAddress) ?? ''
  const destination = recipientsOf(request).map(addressOf)
  const tags: JsonObject = {
    'ses:configuration-set': [set],
    'ses:from-domain': [addressOf(from).split('@')[1] ?? ''],
    'ses:operation': ['SendEmail'],
  }
  for (const { Name, Value } of tagsOf(request)) tags[asString(Name) ?? ''] = [asString(Value) ?? '']
  return {
    timestamp,
    source: from,
    sendingAccountId: pseudo.account,
    messageId,
    destination,
    headersTruncated: false,
    headers: [],
    commonHeaders: {
      from: [from],
      to: destination,
      messageId,
      subject: asString(asObject(asObject(asObject(request.Content).Simple).Subject).Data) ?? '',
    },
    tags,
  }
}

function recipientsOf(request: JsonObject): string[] {
  const destination = asObject(request.Destination)
  return ['ToAddresses', 'CcAddresses', 'BccAddresses'].flatMap((list) => asArray(destination[list]).map(String))
}

function tagsOf(request: JsonObject): JsonObject[] {
  return asArray(request.EmailTags).map(asObject)
}

/** The bare address of `Handles <notices@handles.example>`. */
function addressOf(text: string): string {
  return /<([^<>]*)>\s*$/.exec(text)?.[1] ?? text.trim()
}

/** What SES says of an address that it cannot send to, in its own words. SES takes ASCII before the at sign only. */
function addressFault(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  if (at === -1) return "Missing final '@domain'"
  if (at === 0 || !/^[\u0021-\u007e]+$/.test(address.slice(0, at)))
    return 'Local address contains control or whitespace'
  if (!/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/.test(address.slice(at + 1))) return 'Domain contains illegal character'
  return undefined
}
