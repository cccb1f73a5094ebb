import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { callInstance } from '../../local/control.ts'
import { asText } from '../../local/json.ts'
import { close, listen } from '../../local/ports.ts'
import { startSystem, type System } from '../../local/system.ts'
import { otherProcessesOf } from '../scale/processes.ts'
import { fixtureOptions, rows } from './fixture/start.ts'

const root = resolve(import.meta.dirname, '..', '..')
const running: System[] = []
const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(running.splice(0).map((system) => system.stop()))
})

async function start(options: Parameters<typeof startSystem>[0]): Promise<System> {
  const system = await startSystem(options)
  running.push(system)
  return system
}

/** Runs the fixture's system in a process of its own and waits until it says that it is ready. */
async function startProcess(dataDir: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(root, 'test', 'local', 'fixture', 'process.ts'), dataDir], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  await new Promise<void>((ready, failed) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString('utf8').includes('ready')) ready()
    })
    child.once('exit', (code) => failed(new Error(`ended with ${code} before it was ready`)))
  })
  return child
}

const ended = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise<void>((done) => child.once('exit', () => done()))

/** Looks again until nothing is left: the operating system reports the end of a process a moment later. */
async function waitUntilNoneLeft(folder: string): Promise<number[]> {
  const giveUp = performance.now() + 5_000
  for (;;) {
    const left = otherProcessesOf(folder)
    if (left.length === 0 || performance.now() > giveUp) return left
    await new Promise((again) => setTimeout(again, 20))
  }
}

describe('a restart', () => {
  it('goes on from the same state: tables, queues, clock, keys, ports', async () => {
    const options = fixtureOptions()
    const first = await start(options)
    const token = await first.token('alice', {}, { lifetimeSeconds: 3 * 86_400 })
    await first.clock.move(86_400_000)
    first.queues.send('jobs-dead', '{"id":"kept"}')
    const { url } = first
    await first.stop()
    running.pop()
    const second = await start(options)
    expect(second.url).toBe(url)
    expect(second.clock.now() - Date.now()).toBeGreaterThan(86_000_000)
    expect(second.queues.peek('jobs-dead').map(({ body }) => body)).toEqual(['{"id":"kept"}'])
    expect((await fetch(`${url}/private`, { headers: { authorization: token } })).status).toBe(200)
  })

  it('takes a stream up where it was left, and delivers what came in between once', async () => {
    const options = fixtureOptions()
    const write = async (system: System, pk: string) =>
      DynamoDBDocumentClient.from(new DynamoDBClient(system.aws)).send(
        new PutCommand({ TableName: system.tables.source ?? '', Item: { pk, sk: 'x' } }),
      )
    const first = await start(options)
    await write(first, 'before')
    await first.idle()
    // A record that is written while its reader cannot take it waits in the stream.
    first.door.inject({ kind: '500', function: 'readStream', times: 1_000 })
    await write(first, 'between')
    await first.stop()
    running.pop()
    const second = await start(options)
    await second.idle()
    expect(await rows(second, 'record before')).toHaveLength(1)
    expect(await rows(second, 'record between')).toHaveLength(1)
  })

  it('forgets everything when it is told to', async () => {
    const options = fixtureOptions()
    const first = await start(options)
    await first.clock.move(86_400_000)
    first.queues.send('jobs-dead', '{}')
    await first.stop()
    running.pop()
    const second = await start({ ...options, fresh: true })
    expect(second.clock.now() - Date.now()).toBeLessThan(1_000)
    expect(second.queues.peek('jobs-dead')).toEqual([])
  })
})

describe('a start', () => {
  it('takes another port when one is busy, and says so', async () => {
    const busy = createServer()
    const port = await listen(busy, 0)
    try {
      const notices: string[] = []
      const system = await start({ ...fixtureOptions(), port, onNotice: (notice) => notices.push(notice) })
      expect(system.url).not.toContain(`:${port}`)
      expect(notices.join('\n')).toContain(`port ${port} is busy: using`)
      expect((await fetch(`${system.url}/open/echo`)).status).toBe(200)
    } finally {
      await close(busy)
    }
  })

  it('refuses a folder that another instance uses', async () => {
    const options = fixtureOptions()
    const child = await startProcess(options.dataDir)
    await expect(startSystem(options)).rejects.toThrow(
      `${options.dataDir} is in use by another instance (process ${child.pid})`,
    )
    expect(child.exitCode).toBeNull()
  })

  it('refuses a template that sets up a delivery it does not permit', async () => {
    const options = fixtureOptions()
    await expect(
      startSystem({
        ...options,
        synth: {
          ...options.synth,
          app: 'node test/local/fixture/unpermitted.ts',
          outDir: join(root, '.local', 'unpermitted.out'),
        },
      }),
    ).rejects.toThrow(/may not sqs:ReceiveMessage on its event source/)
    expect(await waitUntilNoneLeft(options.dataDir)).toEqual([])
  })
})

describe('an end', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'by %s leaves no process, and the next start is clean',
    async (signal) => {
      const { dataDir } = fixtureOptions(mkdtempSync(join(tmpdir(), 'end-')))
      const child = await startProcess(dataDir)
      expect(otherProcessesOf(dataDir).length).toBeGreaterThan(1)
      child.kill(signal)
      await ended(child)
      expect(await waitUntilNoneLeft(dataDir)).toEqual([])
      const again = await startProcess(dataDir)
      again.kill('SIGKILL')
      await ended(again)
    },
  )

  it('in the middle of work loses nothing', async () => {
    const { dataDir } = fixtureOptions(mkdtempSync(join(tmpdir(), 'cut-')))
    const child = await startProcess(dataDir)
    const { url } = await callInstance(join(dataDir, 'running.json'), 'addresses', {})
    const sent = Array.from({ length: 60 }, (_, at) => `cut-${at}`)
    await Promise.all(
      sent.map((id) =>
        fetch(`${asText(url)}/open/send`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ id }),
        }).then((answer) => expect(answer.status).toBe(200)),
      ),
    )
    child.kill('SIGKILL')
    await ended(child)
    await waitUntilNoneLeft(dataDir)
    const system = await start(fixtureOptions(dataDir))
    await system.idle()
    const done = new Set((await rows(system, 'job cut-')).map(({ pk }) => pk))
    expect(done.size).toBe(60)
    expect(system.queues.peek('jobs')).toEqual([])
  })
})
