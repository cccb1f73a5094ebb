/** Answers nothing yet. */
export const handler = (): Promise<void> => Promise.reject(new Error('schedules/sweep-handles is not built'))
