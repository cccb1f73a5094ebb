/** A key to go on from, as DynamoDB gives it: index and table keys, all strings. */
export type PageKey = Record<string, string>

/** What each attribute of a question's page keys is: this very text, or one that fits. A key has these and no others. */
export type PageKeyShape = Readonly<Record<string, string | RegExp>>

/** DynamoDB answers a starting key that lies outside of the question with a fault; what a caller hands in is checked first. */
export const fitsPageKey = (key: PageKey, shape: PageKeyShape): boolean =>
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
