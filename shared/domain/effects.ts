/**
 * The events that want something done outside, and what. The event bus rule selects these detail types, the worker
 * `carry-out-effects` has one branch for each, and nothing is done outside before the commit that holds the event.
 */
export const effects = {
  'order.refund_wanted': 'give the money back through the payment provider',
  'order.order_cancelled': "close the payment provider's checkout so that nobody pays for a cancelled order",
} as const

/** Asks for a notice to the holder of a dormant handle; its rule and its worker are those of the notices. */
export const noticeEventType = 'handle.notice_wanted'

export type EffectEventType = keyof typeof effects
export const effectEventTypes = Object.keys(effects) as EffectEventType[]
