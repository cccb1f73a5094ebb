/** Answers nothing yet. */
export const handler = (): Promise<void> => Promise.reject(new Error('workers/apply-deadlines is not built'))
