/** Answers nothing yet. */
export const handler = (): Promise<void> => Promise.reject(new Error('webhooks/stripe is not built'))
