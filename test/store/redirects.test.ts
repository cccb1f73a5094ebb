import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemActor } from '../../shared/domain/actors.ts'
import { advanceHandle, type VersionedHandle } from '../../shared/domain/aggregate.ts'
import type { HandleEvent } from '../../shared/domain/handle.ts'
import { redirectTo } from '../../shared/domain/replacement.ts'
import { shippedPolicy } from '../../shared/domain/release-policy.ts'
import { termsInForce as terms } from '../../shared/domain/terms.ts'
import { commit } from '../../shared/store/commit.ts'
import { getHandle } from '../../shared/workflows/catalogue.ts'
import { getRedirect } from '../../shared/workflows/redirects.ts'
import { startStore, type TestStore } from './engine.ts'
import { at, contact, context, importedHandle } from './samples.ts'

let store: TestStore
beforeAll(async () => {
  store = await startStore()
}, 120_000)
afterAll(() => store.stop())

const dayMs = 86_400_000
const [handedOver, seller, buyer, stranger] = [at(0), 'acct_seller', 'acct_buyer', 'acct_stranger'] as const

const write = async (before: VersionedHandle | null, after: VersionedHandle): Promise<VersionedHandle> => {
  expect(await commit(store, context, [{ kind: 'handle', before, after, contact }])).toEqual({ committed: true })
  return after
}

const move = (handle: VersionedHandle, event: HandleEvent, ms: number) =>
  write(handle, advanceHandle(handle.state.name, handle, [event], at(ms), systemActor))

const granted = (name: string, accountId: string) => {
  const event: HandleEvent = {
    type: 'handle_granted',
    display: name,
    orderId: 'ord_1',
    accountId,
    class: 'ordinary',
    createdAt: handedOver,
    lastActiveAt: handedOver,
    followers: 0,
  }
  return write(null, advanceHandle(name, null, [event], handedOver, systemActor))
}

/** A seller's handle goes to a buyer; `asked`: old links are to lead to the handle that the seller has instead. */
const sold = async (name: string, asked: boolean) => {
  const before = await write(null, importedHandle(name))
  const replacement = await granted(`${name}_two`, seller)
  const movedTo = redirectTo(`${name}_two`, seller, handedOver, terms)
  const event: HandleEvent = {
    type: 'handle_handed_over',
    accountId: buyer,
    orderId: 'ord_1',
    ...(asked && { movedTo }),
  }
  return { handle: await move(before, event, 0), replacement }
}

const shown = async (name: string, ms: number) => {
  const page = await getHandle(store, () => Promise.resolve(shippedPolicy), name, at(ms))
  if (!page.ok) throw new Error(page.refusal.message)
  return page.value.movedTo
}

it('the public page says where the account is now, to the last millisecond and no longer', async () => {
  await sold('asked', true)
  const until = at(30 * dayMs)
  expect(await shown('asked', 0)).toEqual({ handle: 'asked_two', until })
  expect(await shown('asked', 30 * dayMs - 1)).toEqual({ handle: 'asked_two', until })
  expect(await shown('asked', 30 * dayMs)).toBeNull()
  expect(await getRedirect(store, 'asked', at(30 * dayMs - 1))).toMatchObject({
    ok: true,
    value: { accountId: seller },
  })
  expect(await getRedirect(store, 'asked', at(30 * dayMs))).toMatchObject({ ok: false })
})

it('the public page says nothing where the seller did not ask for it', async () => {
  await sold('silent', false)
  expect(await shown('silent', 0)).toBeNull()
})

it('the public page says nothing once the account has sold the other handle too', async () => {
  const { replacement } = await sold('twice', true)
  await move(replacement, { type: 'handle_handed_over', accountId: stranger, orderId: 'ord_2' }, dayMs)
  expect(await shown('twice', dayMs)).toBeNull()
})

it('the public page says nothing once the buyer has sold the handle on', async () => {
  const { handle } = await sold('onward', true)
  await move(handle, { type: 'handle_handed_over', accountId: stranger, orderId: 'ord_2' }, dayMs)
  expect(await shown('onward', dayMs)).toBeNull()
})

it('a handle that stood in and was retired leads the platform alone to its account, for nobody asked for more', async () => {
  const { replacement } = await sold('returned', true)
  const movedTo = redirectTo('returned', seller, at(dayMs), terms)
  await move(replacement, { type: 'handle_retired', orderId: 'ord_1', movedTo }, dayMs)
  expect(await shown('returned_two', dayMs)).toBeNull()
  expect(await getRedirect(store, 'returned_two', at(dayMs))).toMatchObject({ ok: true, value: { accountId: seller } })
})
