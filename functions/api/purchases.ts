/** Answers nothing yet. */
export const handler = (): Promise<void> => Promise.reject(new Error('api/purchases is not built'))
