/** Answers nothing yet. */
export const handler = (): Promise<void> => Promise.reject(new Error('workers/apply-payments is not built'))
