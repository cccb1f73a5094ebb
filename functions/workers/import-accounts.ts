/** Answers nothing yet. */
export const handler = (): Promise<void> => Promise.reject(new Error('workers/import-accounts is not built'))
