import * as z from 'zod'
import type { QueueVariable } from '../contract/queues.ts'

const text = z.string().min(1)

/** Every variable a function may be given, beside the addresses of queues. Infra sets only those a function uses. */
const schemas = {
  HANDLES_TABLE: text,
  ESCROW_TABLE: text,
  SHELVES_TABLE: text,
  EVENT_BUS: text,
  FEEDS_BUCKET: text,
  SCHEDULES_BUCKET: text,
  EVIDENCE_BUCKET: text,
  MAIL_FROM: z.email(),
  MAIL_CONFIGURATION_SET: text,
  KEEP_SECRET_ARN: text,
  OFFER_SECRET_ARN: text,
  ALERT_SECRET_ARN: text,
  STRIPE_SECRET_ARN: text,
  PLATFORM_SECRET_ARN: text,
  /** Where the platform is asked to hand over; only where a deployment lets it. */
  PLATFORM_WEBHOOK_URL: z.url().optional(),
  /** The one origin on this machine that webhooks may go to; in AWS there is none. */
  LOOPBACK_ORIGIN: z.url().optional(),
  /** Set where the platform hands over, and not this system. */
  HAND_OVER: z.enum(['platform']).optional(),
  /** Only where the payment provider is not at its public address. */
  STRIPE_API_URL: z.url().optional(),
  /** Where people and the provider's return links reach this API. */
  PUBLIC_URL: z.url(),
} as const

type Schemas = typeof schemas
export type ConfigName = keyof Schemas | QueueVariable
export type Config<N extends ConfigName> = { readonly [K in N]: K extends keyof Schemas ? z.infer<Schemas[K]> : string }

const schemaOf = (name: ConfigName): z.ZodType => (name in schemas ? schemas[name as keyof Schemas] : z.url())

/**
 * Reads and checks the variables a function needs, once, at cold start: a function with a missing or malformed one never
 * answers a request. This is the only place that reads `process.env`.
 */
export const readConfig = <N extends ConfigName>(...names: N[]): Config<N> => {
  const wanted = z.object(Object.fromEntries(names.map((name) => [name, schemaOf(name)])))
  const parsed = wanted.safeParse(process.env)
  if (!parsed.success) {
    throw new Error(`configuration: ${parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ')}`)
  }
  return parsed.data as unknown as Config<N>
}
