/** Answers nothing yet. */
export const handler = (): Promise<void> => Promise.reject(new Error('api/operator is not built'))
