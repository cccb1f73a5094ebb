/** An instant as mails and pages write it: `2026-11-23 12:00 UTC`, down to the minute, so that nobody comes too late by it. */
export const minute = (instant: string): string => `${instant.slice(0, 16).replace('T', ' ')} UTC`
