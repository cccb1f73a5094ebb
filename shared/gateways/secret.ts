import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import * as z from 'zod'

const stripeSecretSchema = z.object({
  secretKey: z.string().min(1),
  webhookSecret: z.string().min(1),
  /** Of the endpoint for events of connected accounts; absent: there is none, and nobody sells. */
  connectWebhookSecret: z.string().min(1).optional(),
})

const linkSecretSchema = z.string().min(32)

export type StripeSecret = z.infer<typeof stripeSecretSchema>

/** Reads the Stripe keys once, at cold start. They live in this process's memory alone. */
export const readStripeSecret = async (arn: string): Promise<StripeSecret> => {
  const parsed = stripeSecretSchema.safeParse(JSON.parse((await readSecret(arn)) ?? '{}'))
  // The error names the missing key and never a value.
  if (!parsed.success)
    throw new Error(`the Stripe secret lacks ${parsed.error.issues.map((i) => i.path.join('.')).join(', ')}`)
  return parsed.data
}

/** Reads what the links of notices are signed with. */
export const readKeepSecret = (arn: string): Promise<string> => readLinkSecret(arn, 'keep links')

/** Reads what the links of private offers are signed with. */
export const readOfferSecret = (arn: string): Promise<string> => readLinkSecret(arn, 'offer links')

/** Reads what the links of alerts are signed with. */
export const readAlertSecret = (arn: string): Promise<string> => readLinkSecret(arn, 'alert links')

/** Reads what webhooks to the platform are signed with. */
export const readPlatformSecret = (arn: string): Promise<string> => readLinkSecret(arn, 'webhooks')

const readLinkSecret = async (arn: string, links: string): Promise<string> => {
  const parsed = linkSecretSchema.safeParse(await readSecret(arn))
  if (!parsed.success) throw new Error(`the secret of the ${links} has no value of 32 characters or more`)
  return parsed.data
}

const readSecret = async (arn: string): Promise<string | undefined> =>
  (await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: arn }))).SecretString
