import { createHash } from 'node:crypto'
import { checkHandle } from './handle-name.ts'
import type { Redirect } from './handle.ts'
import type { Order } from './order.ts'
import { durationMs, type Terms } from './terms.ts'

// A handle moves, and an account never is without one: whoever sells gets another.

const generatedTries = 5

/** Names for the seller's account, the best first: the one asked for, then generated ones, the same for the same order. */
export const replacementNames = (order: Order): { readonly name: string; readonly display: string }[] => {
  const { replacement } = order
  const asked = replacement === undefined ? null : checkHandle(replacement.handle)
  const generated = Array.from({ length: generatedTries }, (_, index) => {
    const digest = createHash('sha256').update(`${order.id} ${index}`).digest('hex')
    const name = `user_${BigInt(`0x${digest.slice(0, 16)}`)
      .toString(36)
      .slice(0, 10)}`
    return { name, display: name }
  })
  return asked?.ok === true && replacement !== undefined
    ? [{ name: asked.value, display: replacement.handle }, ...generated]
    : generated
}

/** Where an account is now, told for as long as the terms say. */
export const redirectTo = (handle: string, accountId: string, at: string, terms: Terms): Redirect => ({
  handle,
  accountId,
  until: new Date(Date.parse(at) + durationMs(terms, 'redirectDays')).toISOString(),
})
