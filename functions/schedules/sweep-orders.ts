/** Answers nothing yet. */
export const handler = (): Promise<void> => Promise.reject(new Error('schedules/sweep-orders is not built'))
