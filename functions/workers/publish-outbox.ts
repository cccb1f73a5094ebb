/** Answers nothing yet. */
export const handler = (): Promise<void> => Promise.reject(new Error('workers/publish-outbox is not built'))
