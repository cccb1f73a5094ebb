import { Duration } from 'aws-cdk-lib'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Node } from 'constructs'

/** What one deployment chooses. Every value comes from CDK context (`cdk.json`, or `-c key=value`). */
export type Settings = {
  /** Names every stack and resource: `marketplace-<stage>-…`. */
  readonly stage: string
  /** Keeps tables, bucket and secret when a stack is deleted, and refuses to delete the tables. */
  readonly retainData: boolean
  readonly oidcIssuer: string
  readonly oidcAudience: string
  /** Browser origins that may call the API and PUT a feed to its presigned URL. */
  readonly webOrigins: readonly string[]
  /** Base URL of the API for links that buyers follow; absent: the API's own URL. */
  readonly publicUrl: string | undefined
  /** Where the Stripe client sends its requests; absent: Stripe's own address. */
  readonly stripeApiUrl: string | undefined
  /** Who hands a sold handle over: this system, as the registry of names, or the platform, which is asked by webhook. */
  readonly handOver: 'registry' | 'platform'
  /** Where the platform is asked to hand over; there wherever it does. */
  readonly platformWebhookUrl: string | undefined
  /** The one origin on this machine that webhooks may go to: for a whole system on one machine, and never in AWS. */
  readonly platformLoopbackOrigin: string | undefined
  /** The address that notices come from; its domain becomes an identity of SES. */
  readonly mailFrom: string
  /** An SNS topic of the operator that every alarm notifies; absent: alarms only show their state. */
  readonly alarmTopicArn: string | undefined
  readonly logLevel: LogLevel
}

/** Months of logs are personal data at rest without a use: the journal is the record, logs only explain faults. */
export const logRetention = RetentionDays.ONE_MONTH

/** Redrive by hand must be possible after a long weekend; 14 days is the longest that SQS keeps a message. */
export const deadLetterRetention = Duration.days(14)

const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/**
 * Reads the settings once, so that a wrong value stops the synth and not a deployment.
 * @throws Error naming the context key at fault
 */
export function readSettings(node: Node): Settings {
  const stage = requiredText(node, 'stage')
  if (!/^[a-z][a-z0-9]{0,11}$/.test(stage)) {
    throw new Error(`Context "stage" must be 1 to 12 lower-case letters and digits, and is "${stage}"`)
  }
  const levelText = optionalText(node, 'logLevel') ?? 'info'
  const logLevel = logLevels.find((level) => level === levelText)
  if (!logLevel) throw new Error(`Context "logLevel" must be one of ${logLevels.join(', ')}, and is "${levelText}"`)
  const handOver = optionalText(node, 'handOver') ?? 'registry'
  if (handOver !== 'registry' && handOver !== 'platform') {
    throw new Error(`Context "handOver" must be registry or platform, and is "${handOver}"`)
  }
  const platformLoopbackOrigin = loopbackOrigin(node, 'platformLoopbackOrigin')
  const platformWebhookUrl = webhookUrl(node, 'platformWebhookUrl', platformLoopbackOrigin)
  if (handOver === 'platform' && platformWebhookUrl === undefined) {
    throw new Error('Context "platformWebhookUrl" is missing: the platform hands over, and must be asked')
  }
  return {
    stage,
    retainData: flag(node, 'retainData') ?? stage.startsWith('prod'),
    oidcIssuer: requiredText(node, 'oidcIssuer'),
    oidcAudience: requiredText(node, 'oidcAudience'),
    webOrigins: texts(node, 'webOrigins'),
    publicUrl: optionalUrl(node, 'publicUrl'),
    stripeApiUrl: optionalUrl(node, 'stripeApiUrl'),
    handOver,
    platformWebhookUrl,
    platformLoopbackOrigin,
    mailFrom: mailAddress(node, 'mailFrom'),
    alarmTopicArn: optionalText(node, 'alarmTopicArn'),
    logLevel,
  }
}

/** The name of a resource of this deployment, such as `marketplace-dev-releases`. */
export function resourceName(settings: Settings, name: string): string {
  return `marketplace-${settings.stage}-${name}`
}

function optionalText(node: Node, key: string): string | undefined {
  const value: unknown = node.tryGetContext(key)
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string') throw new Error(`Context "${key}" must be text`)
  return value
}

function requiredText(node: Node, key: string): string {
  const value = optionalText(node, key)
  if (value === undefined) throw new Error(`Context "${key}" is missing: set it in cdk.json or with -c ${key}=…`)
  return value
}

/** Paths are put behind these addresses, so they end without a slash. */
function optionalUrl(node: Node, key: string): string | undefined {
  const value = optionalText(node, key)
  if (value !== undefined && (!/^https?:\/\//.test(value) || !URL.canParse(value) || value.endsWith('/'))) {
    throw new Error(`Context "${key}" must be a URL without a slash at its end, and is "${value}"`)
  }
  return value
}

/** Names no other machine, whoever sets it: the exception could otherwise open a way into a private network. */
function loopbackOrigin(node: Node, key: string): string | undefined {
  const value = optionalText(node, key)
  if (value !== undefined && !/^https?:\/\/127\.0\.0\.1:\d{1,5}$/.test(value)) {
    throw new Error(`Context "${key}" must be an origin at 127.0.0.1 with its port, and is "${value}"`)
  }
  return value
}

function webhookUrl(node: Node, key: string, allowedOrigin: string | undefined): string | undefined {
  const value = optionalText(node, key)
  if (value === undefined) return undefined
  const url = URL.parse(value)
  if (url === null || (url.protocol !== 'https:' && url.origin !== allowedOrigin) || url.username !== '') {
    throw new Error(`Context "${key}" must be an https:// URL without credentials`)
  }
  return value
}

/** A bare address: a name beside it would be shown to holders and belongs into the notices' texts. */
function mailAddress(node: Node, key: string): string {
  const value = requiredText(node, key)
  if (!/^[a-z0-9._+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(value)) {
    throw new Error(`Context "${key}" must be an e-mail address in lower case, and is "${value}"`)
  }
  return value
}

/** Context from the command line is always text, from `cdk.json` it may be a boolean. */
function flag(node: Node, key: string): boolean | undefined {
  const value: unknown = node.tryGetContext(key)
  if (value === undefined) return undefined
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw new Error(`Context "${key}" must be true or false`)
}

/** A list in `cdk.json`, or values with commas between them on the command line. */
function texts(node: Node, key: string): readonly string[] {
  const value: unknown = node.tryGetContext(key)
  const list: unknown = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value
  if (!Array.isArray(list) || list.length === 0 || !list.every((part): part is string => typeof part === 'string')) {
    throw new Error(`Context "${key}" must be a list of texts with at least one entry`)
  }
  return list
}
