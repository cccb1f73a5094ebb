/** Answers nothing yet. */
export const handler = (): Promise<void> => Promise.reject(new Error('api/accounts is not built'))
