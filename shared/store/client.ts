import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/** The client and the tables it reaches. A function of the store asks for the table it needs, and a Lambda has only those. */
export type HandlesStore = { readonly db: DynamoDBDocumentClient; readonly handlesTable: string }
export type EscrowStore = { readonly db: DynamoDBDocumentClient; readonly escrowTable: string }
export type ShelvesStore = { readonly db: DynamoDBDocumentClient; readonly shelvesTable: string }
export type Store = HandlesStore & EscrowStore

/**
 * The client retries what is safe to retry (throttling, cut connections) up to 4 times with jitter; every write of ours
 * is conditional or carries a token, so a repeated one has one effect.
 */
export const openStore = <
  T extends { readonly handlesTable?: string; readonly escrowTable?: string; readonly shelvesTable?: string },
>(
  tables: T,
): T & { readonly db: DynamoDBDocumentClient } => ({
  db: DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts: 5 }), {
    marshallOptions: { removeUndefinedValues: true },
  }),
  ...tables,
})
