import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import * as z from 'zod'

const stripeSecretSchema = z.object({ secretKey: z.string().min(1), webhookSecret: z.string().min(1) })

export type StripeSecret = z.infer<typeof stripeSecretSchema>

/** Reads the Stripe keys once, at cold start. They live in this process's memory alone. */
export const readStripeSecret = async (arn: string): Promise<StripeSecret> => {
  const { SecretString } = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: arn }))
  const parsed = stripeSecretSchema.safeParse(JSON.parse(SecretString ?? '{}'))
  // The error names the missing key and never a value.
  if (!parsed.success)
    throw new Error(`the Stripe secret lacks ${parsed.error.issues.map((i) => i.path.join('.')).join(', ')}`)
  return parsed.data
}
