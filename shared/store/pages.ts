/** A key to go on from, as DynamoDB gives it: index and table keys, all strings. */
export type PageKey = Record<string, string>

export type PageOf<T> = { readonly items: readonly T[]; readonly next: PageKey | undefined }

export const pageOf = <T>(answer: {
  readonly Items?: Record<string, unknown>[] | undefined
  readonly LastEvaluatedKey?: Record<string, unknown> | undefined
}): PageOf<T> => ({
  items: (answer.Items ?? []) as T[],
  next: answer.LastEvaluatedKey as PageKey | undefined,
})
