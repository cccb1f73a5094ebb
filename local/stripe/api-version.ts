/** The API version of the `stripe` client in use; a test holds the two together. Objects and events have its shape. */
export const apiVersion = '2026-10-28.endive'

/**
 * From this version on the client's types alone say which parameters exist; it took `payment_method_types` away from
 * Checkout, among others. Requests of older versions may also use what Stripe's OpenAPI document knows.
 */
export const clientShapeSince = '2026-09-30'
