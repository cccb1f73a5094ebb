import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/** The two tables and the client that reaches them; every function of the store takes one. */
export type Store = {
  readonly db: DynamoDBDocumentClient
  readonly handlesTable: string
  readonly escrowTable: string
}

/**
 * The client retries what is safe to retry (throttling, cut connections) up to 4 times with jitter; every write of ours
 * is conditional or carries a token, so a repeated one has one effect.
 */
export const openStore = (tables: { readonly handlesTable: string; readonly escrowTable: string }): Store => ({
  db: DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts: 5 }), {
    marshallOptions: { removeUndefinedValues: true },
  }),
  ...tables,
})
