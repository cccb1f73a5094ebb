/** Answers nothing yet. */
export const handler = (): Promise<void> => Promise.reject(new Error('workers/carry-out-effects is not built'))
