import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'

/** A key to go on from, as DynamoDB gives it: index and table keys, all strings. */
export type PageKey = Record<string, string>

/** Whether a caller's key is one of a question's own. */
export type PageKeyTest = (key: PageKey) => boolean

/**
 * A key fits that has these attributes and no others, each this very text or one that matches. DynamoDB answers a starting
 * key that lies outside of the question with a fault, so what a caller hands in is tested first.
 */
export const pageKeyTest =
  (shape: Readonly<Record<string, string | RegExp>>): PageKeyTest =>
  (key) =>
    Object.keys(key).length === Object.keys(shape).length &&
    Object.entries(shape).every(([name, wanted]) => {
      const value = Object.hasOwn(key, name) ? key[name] : undefined
      return value !== undefined && (typeof wanted === 'string' ? value === wanted : wanted.test(value))
    })

export type PageOf<T> = { readonly items: readonly T[]; readonly next: PageKey | undefined }

export const pageOf = <T>(answer: {
  readonly Items?: Record<string, unknown>[] | undefined
  readonly LastEvaluatedKey?: Record<string, unknown> | undefined
}): PageOf<T> => ({
  items: (answer.Items ?? []) as T[],
  next: answer.LastEvaluatedKey as PageKey | undefined,
})

export type Page = { readonly limit: number; readonly after?: PageKey | undefined }

/** One partition of an index. */
export type Question = { readonly table: string; readonly index: string; readonly key: string; readonly is: string }

/** One page of one partition of an index, newest first: one request. */
export const queryNewest = <T>(db: DynamoDBDocumentClient, question: Question, page: Page): Promise<PageOf<T>> =>
  queryPage(db, question, page, 'newest')

/** The same, those that stand there longest first. */
export const queryOldest = <T>(db: DynamoDBDocumentClient, question: Question, page: Page): Promise<PageOf<T>> =>
  queryPage(db, question, page, 'oldest')

const queryPage = async <T>(
  db: DynamoDBDocumentClient,
  question: Question,
  page: Page,
  first: 'newest' | 'oldest',
): Promise<PageOf<T>> =>
  pageOf(
    await db.send(
      new QueryCommand({
        TableName: question.table,
        IndexName: question.index,
        KeyConditionExpression: '#key = :is',
        ExpressionAttributeNames: { '#key': question.key },
        ExpressionAttributeValues: { ':is': question.is },
        ScanIndexForward: first === 'oldest',
        Limit: page.limit,
        ExclusiveStartKey: page.after,
      }),
    ),
  )
