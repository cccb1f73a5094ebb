import { DeleteCommand, GetCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemActor } from '../../shared/domain/actors.ts'
import { advanceHandle, type VersionedHandle } from '../../shared/domain/aggregate.ts'
import { type Change, commit, commitAll } from '../../shared/store/commit.ts'
import { loadHandle } from '../../shared/store/handles.ts'
import { handleKey } from '../../shared/store/items.ts'
import { engineKind, startStore, type TestStore } from './engine.ts'
import { at, contact, context, handedOver, heldHandle, importedHandle, releasedHandle } from './samples.ts'

let store: TestStore
beforeAll(async () => {
  store = await startStore()
}, 120_000)
afterAll(() => store.stop())

const committed = { committed: true }

/** Each step of a handle's life, from an item that stands. */
const lives: Record<string, (name: string) => readonly VersionedHandle[]> = {
  imported: (name) => [importedHandle(name)],
  updated: (name) => {
    const imported = importedHandle(name)
    const { accountId: _a, createdAt: _c, suspendedAt: _s, ...account } = imported.state.holder ?? never()
    return [
      imported,
      advanceHandle(name, imported, [{ type: 'account_updated', display: name, ...account }], at(500), systemActor),
    ]
  },
  released: (name) => {
    const imported = importedHandle(name)
    return [imported, releasedHandle(imported)]
  },
  reserved: (name) => {
    const imported = importedHandle(name)
    const event = {
      type: 'handle_reserved',
      policyVersion: 1,
      rule: 'ordinary',
      dueAt: at(-1),
      noticesGiven: 3,
      code: 'brand',
      reason: 'a brand',
    } as const
    return [imported, advanceHandle(name, imported, [event], at(500), systemActor)]
  },
  // Two attributes go with the listing: this one is not written by a statement.
  'handed over': (name) => {
    const imported = importedHandle(name)
    const released = releasedHandle(imported)
    const held = heldHandle(released, 'ord_ABCDEFGHJKMNPQRSTVWXYZ0123')
    return [imported, released, held, handedOver(held, 'ord_ABCDEFGHJKMNPQRSTVWXYZ0123')]
  },
}

const never = () => {
  throw new Error('an imported handle has a holder')
}

const itemOf = async (name: string) =>
  (await store.db.send(new GetCommand({ TableName: store.handlesTable, Key: handleKey(name), ConsistentRead: true })))
    .Item

const changesOf = (life: readonly VersionedHandle[]): Change[] =>
  life.map((after, step) => ({
    kind: 'handle',
    before: life[step - 1] ?? null,
    after,
    contact: after.state.holder === null ? undefined : contact,
  }))

describe(`commitAll on ${engineKind}`, () => {
  it.each(Object.keys(lives))('leaves the very item that commit leaves: %s', async (kind) => {
    const life = lives[kind] ?? never()
    for (const change of changesOf(life('singly'))) expect(await commit(store, context, [change])).toEqual(committed)
    const singly = await itemOf('singly')
    await store.db.send(new DeleteCommand({ TableName: store.handlesTable, Key: handleKey('singly') }))
    for (const change of changesOf(life('singly')))
      expect(await commitAll(store, context, [change])).toEqual([committed])
    expect(await itemOf('singly')).toEqual(singly)
    await store.db.send(new DeleteCommand({ TableName: store.handlesTable, Key: handleKey('singly') }))
  })

  it('commits many, each by itself: what somebody moved first is a conflict with what stands there, and harms no other', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `many_${index}`)
    const imported = new Map(names.map((name) => [name, importedHandle(name)]))
    const create = names.map((name): Change => ({ kind: 'handle', before: null, after: imported.get(name) ?? never() }))
    expect(await commitAll(store, context, create)).toEqual(names.map(() => committed))
    const moved = imported.get('many_30') ?? never()
    const event = {
      type: 'handle_reserved',
      policyVersion: 1,
      rule: 'ordinary',
      dueAt: at(-1),
      noticesGiven: 3,
      code: 'brand',
      reason: 'a brand',
    } as const
    const reserved = advanceHandle('many_30', moved, [event], at(500), systemActor)
    expect(await commit(store, context, [{ kind: 'handle', before: moved, after: reserved }])).toEqual(committed)
    const results = await commitAll(
      store,
      context,
      names.map((name) => {
        const before = imported.get(name) ?? never()
        return { kind: 'handle', before, after: releasedHandle(before) }
      }),
    )
    expect(results.filter(({ committed: done }) => done)).toHaveLength(59)
    expect(results[30]).toMatchObject({ committed: false, existing: [{ name: 'many_30', status: 'reserved' }] })
    expect((await loadHandle(store, 'many_29'))?.state.status).toBe('released')
    expect((await loadHandle(store, 'many_30'))?.state.status).toBe('reserved')
  })

  it('takes a repeat of its own for done: the answer was lost, the write was not', async () => {
    const changes = changesOf(lives['released']?.('repeated') ?? never())
    for (const change of changes) await commitAll(store, context, [change])
    const [, last] = changes
    expect(await commitAll(store, context, [last ?? never()])).toEqual([committed])
    const [first] = changesOf([importedHandle('repeated_new')])
    await commitAll(store, context, [first ?? never()])
    expect(await commitAll(store, context, [first ?? never()])).toEqual([committed])
  })
})
