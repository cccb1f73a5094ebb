import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { System } from '../../local/system.ts'
import { ask, rows, startFixture } from './fixture/start.ts'

let system: System
beforeAll(async () => {
  system = await startFixture()
})
afterAll(() => system.stop())
afterEach(() => {
  system.door.clearFaults()
  system.door.switches.iam = true
})

const stored = (id: string) => ask(system, 'put', { query: { id } })

describe('identities', () => {
  it('denies what no policy of the function allows, as DynamoDB says it', async () => {
    const { status, body } = await ask(system, 'forbidden')
    expect(status).toBe(502)
    expect(body.name).toBe('AccessDeniedException')
    expect(body.message).toContain('is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:')
  })

  it('asks for the right of each kind of item in a transaction', async () => {
    expect((await ask(system, 'transact', { query: { check: 'no' } })).status).toBe(200)
    const { body } = await ask(system, 'transact', { query: { check: 'yes' } })
    expect(body.name).toBe('AccessDeniedException')
    expect(body.message).toContain('dynamodb:ConditionCheckItem')
  })

  it('allows by prefix in S3 and denies beside it', async () => {
    expect((await ask(system, 'upload', { query: { key: 'in/allowed' } })).status).toBe(200)
    const { body } = await ask(system, 'upload', { query: { key: 'out/denied' } })
    expect([body.name, body.status]).toEqual(['AccessDenied', 403])
    await system.idle()
  })

  it('can be switched off', async () => {
    system.door.switches.iam = false
    expect((await ask(system, 'forbidden')).status).toBe(200)
  })

  it('gives a secret to the function that may read it', async () => {
    expect((await ask(system, 'secret')).body).toEqual({ word: 'open sesame' })
  })
})

describe('presigned URLs', () => {
  const sign = async (key: string) => String((await ask(system, 'presign', { query: { key } })).body.url)
  const upload = (url: string) => fetch(url, { method: 'PUT', body: 'from outside' })

  it('upload under the identity of the function that signed', async () => {
    expect((await upload(await sign('in/signed'))).status).toBe(200)
    const object = await new S3Client({ ...system.aws, forcePathStyle: true }).send(
      new GetObjectCommand({ Bucket: 'fixture-uploads', Key: 'in/signed' }),
    )
    expect(await object.Body?.transformToString()).toBe('from outside')
    await system.idle()
    expect(await rows(system, 'job upload in/signed')).toHaveLength(1)
  })

  it('are refused where that function has no right', async () => {
    const answer = await upload(await sign('out/signed'))
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')])
  })

  it('are refused when another key is put in, or no signature is there', async () => {
    const url = await sign('in/mine')
    const changed = await upload(url.replace('in/mine', 'in/theirs'))
    expect([changed.status, await changed.text()]).toEqual([403, expect.stringContaining('SignatureDoesNotMatch')])
    expect((await upload(`${system.door.endpoint}/fixture-uploads/in/plain`)).status).toBe(403)
  })

  it('are refused after their time', async () => {
    const url = await sign('in/late')
    await system.clock.move(601_000)
    const answer = await upload(url)
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('Request has expired')])
  })
})

describe('counting', () => {
  it('counts calls, round trips and units of tables and indexes apart, and hides what was not asked for', async () => {
    system.door.counts.reset()
    const { body } = await stored('counted')
    expect(body.ConsumedCapacity).toBeUndefined()
    const counts = system.door.counts.snapshot().api
    expect(counts).toMatchObject({ roundTrips: 1, calls: { 'dynamodb:PutItem': 1 }, writeUnits: 1, indexWriteUnits: 0 })
    await ask(system, 'transact', { query: { check: 'no' } })
    // A transaction writes each item twice over.
    expect(system.door.counts.total(['api']).writeUnits).toBe(3)
  })
})

describe('faults', () => {
  // Only the function under test: the stream's reader writes too, at its own pace.
  const aim = { function: 'api', service: 'dynamodb' }

  it.each([
    ['throttle', { name: 'ProvisionedThroughputExceededException', status: 400 }],
    ['500', { name: 'InternalServerError', status: 500 }],
    ['429', { status: 429 }],
    ['conflict', { name: 'TransactionConflictException', status: 400 }],
  ] as const)('%s answers as the service does, before the call', async (kind, expected) => {
    const fault = system.door.inject({ kind, ...aim })
    const { body } = await stored(`before-${kind}`)
    expect(body).toMatchObject(expected)
    expect(fault.hits).toBe(1)
    expect((await stored(`before-${kind}`)).body.Attributes).toBeUndefined()
  })

  it('a conflict cancels a transaction with its reasons', async () => {
    system.door.inject({ kind: 'conflict', operation: 'TransactWriteItems' })
    const { body } = await ask(system, 'transact', { query: { check: 'no' } })
    expect(body.name).toBe('TransactionCanceledException')
    expect(body.CancellationReasons).toMatchObject([{ Code: 'TransactionConflict' }])
  })

  it.each(['cut', 'timeout'] as const)('%s before the call: nothing was written', async (kind) => {
    system.door.inject({ kind, ...aim })
    expect((await stored(`lost-${kind}`)).status).toBe(502)
    expect((await stored(`lost-${kind}`)).body.Attributes).toBeUndefined()
  })

  it.each(['cut', 'timeout', '500'] as const)('%s after the call: it was written all the same', async (kind) => {
    system.door.inject({ kind, ...aim, when: 'after' })
    expect((await stored(`kept-${kind}`)).status).toBe(502)
    expect((await stored(`kept-${kind}`)).body.Attributes).toBeDefined()
  })

  it('kill ends the environment in the middle of the call', async () => {
    system.door.inject({ kind: 'kill', ...aim, when: 'after' })
    expect((await stored('killed')).body).toEqual({ message: 'Internal Server Error' })
    expect((await stored('killed')).body.Attributes).toBeDefined()
  })

  it('strikes the nth call and no other', async () => {
    const fault = system.door.inject({ kind: '500', function: 'api', operation: 'PutItem', nth: 2, times: 2 })
    const statuses: number[] = []
    for (let at = 0; at < 4; at += 1) statuses.push((await stored('nth')).status)
    expect(statuses).toEqual([200, 502, 502, 200])
    expect(fault.hits).toBe(2)
  })

  it('does not strike another function or service', async () => {
    const fault = system.door.inject({ kind: '500', function: 'consume' })
    expect((await stored('untouched')).status).toBe(200)
    expect(fault.hits).toBe(0)
  })
})
