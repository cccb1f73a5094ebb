/** Answers nothing yet. */
export const handler = (): Promise<void> => Promise.reject(new Error('workers/split-feed is not built'))
