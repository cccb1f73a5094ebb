/** Answers nothing yet. */
export const handler = (): Promise<void> => Promise.reject(new Error('workers/release-handles is not built'))
