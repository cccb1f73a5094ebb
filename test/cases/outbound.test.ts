import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openOutbound, type OutboundConfig, OutboundFailed } from '../../shared/gateways/outbound.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const now = () => Date.parse('2026-11-24T12:00:00.500Z')
const message = { id: 'handover_1', body: '{"type":"handover.wanted"}' }

/** Listens on every address of this machine, and is never to be reached: not even a connection may come. */
const trap = createTcpServer((socket) => {
  reached += 1
  socket.destroy()
})
let reached = 0
let port = 0

type Seen = { readonly headers: IncomingMessage['headers']; readonly body: string }
const seen: Seen[] = []
let answer: (response: ServerResponse) => void = (response) => void response.writeHead(204).end()
/** The endpoint of a deployment on one machine. */
const endpoint = createServer((incoming, response) => {
  const parts: Buffer[] = []
  incoming.on('data', (part: Buffer) => parts.push(part))
  incoming.on('end', () => {
    seen.push({ headers: incoming.headers, body: Buffer.concat(parts).toString('utf8') })
    answer(response)
  })
})
let origin = ''

beforeAll(async () => {
  await new Promise<void>((done) => trap.listen(0, '::', done))
  port = (trap.address() as AddressInfo).port
  await new Promise<void>((done) => endpoint.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`
})
afterEach(() => checkUnreached())
afterAll(async () => {
  endpoint.closeAllConnections()
  await Promise.all([trap, endpoint].map((server) => new Promise((done) => server.close(done))))
})

const checkUnreached = () => {
  seen.length = 0
  expect(reached).toBe(0)
}

const send = (url: string, more: Partial<OutboundConfig> = {}) =>
  openOutbound({ url, secret, now, timeoutMs: 5_000, ...more }).send(message)

/** A resolver that gives these answers one after another, and then the last one for ever. */
const resolver = (...answers: readonly (readonly string[])[]) => {
  const asked: string[] = []
  const lookup: LookupFunction = (host, options, callback) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? []
    asked.push(host)
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    const [first] = found
    if (options.all === true) callback(null, found)
    else callback(null, first?.address ?? '', first?.family)
  }
  return { asked, lookup }
}

const checkRefused = async (sending: Promise<void>) => {
  const error: unknown = await sending.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(OutboundFailed)
  // Refused for what the address is, and not because nobody answered there.
  expect((error as Error).message).toMatch(/ is not allowed/)
}

describe('case 25: an outbound webhook is refused at connect, and the trap is never reached', () => {
  test.each([
    '127.0.0.1',
    '127.1.2.3',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '127.0.0.1.',
    '0.0.0.0',
    '0',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:ffff:10.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '[fec0::1]',
    '１２７.０.０.１',
  ])('case 25: address %s', async (host) => {
    await checkRefused(send(`https://${host}:${port}/`))
  })

  test('case 25: an address of the form that IPv4 once had within IPv6, to which no network has a route', async () => {
    await expect(send(`https://[::127.0.0.1]:${port}/`, { timeoutMs: 500 })).rejects.toThrow(OutboundFailed)
  })

  test('case 25: the names that the machine has for itself', async () => {
    await checkRefused(send(`https://localhost:${port}/`))
    await checkRefused(send(`https://LOCALHOST:${port}/`))
  })

  test.each([
    ['loopback', '127.0.0.1'],
    ['private', '10.1.2.3'],
    ['link-local, where a cloud keeps its credentials', '169.254.169.254'],
    ['IPv6 loopback', '::1'],
    ['IPv4 within IPv6', '::ffff:127.0.0.1'],
    ['a site of its own', 'fd12:3456::1'],
  ])('case 25: a public name for an address that is %s', async (_, address) => {
    const { asked, lookup } = resolver([address])
    await checkRefused(send(`https://hooks.example.com:${port}/`, { lookup }))
    expect(asked).toEqual(['hooks.example.com'])
  })

  test('case 25: a name with a public address and a private one beside it', async () => {
    const { lookup } = resolver(['93.184.215.14', '127.0.0.1'])
    await checkRefused(send(`https://hooks.example.com:${port}/`, { lookup }))
  })

  test('case 25: a name that is public when it is looked at, and private when it is called', async () => {
    const { asked, lookup } = resolver(['93.184.215.14'], ['127.0.0.1'])
    const looked = await new Promise((done) => {
      lookup('rebind.example.com', {}, (_error, address) => done(address))
    })
    expect(looked).toBe('93.184.215.14')
    await checkRefused(send(`https://rebind.example.com:${port}/`, { lookup }))
    // One question a connection: there is no second answer to be given for what was checked.
    expect(asked).toHaveLength(2)
  })

  test.each([301, 302, 303, 307, 308])('case 25: an endpoint that answers %d and names the trap', async (status) => {
    answer = (response) => void response.writeHead(status, { location: `http://127.0.0.1:${port}/` }).end()
    await expect(send(`${origin}/hook`, { loopbackOrigin: origin })).rejects.toThrow(`the endpoint answered ${status}`)
    expect(seen).toHaveLength(1)
  })

  test('case 25: the allowance for one origin on this machine holds for no other port, scheme or name', async () => {
    await checkRefused(send(`https://127.0.0.1:${port}/`, { loopbackOrigin: origin }))
    await checkRefused(send(`${origin.replace('http:', 'https:')}/`, { loopbackOrigin: origin }))
    for (const url of [`http://127.0.0.1:${port}/`, `http://localhost:${new URL(origin).port}/`]) {
      expect(() => openOutbound({ url, secret, now, loopbackOrigin: origin })).toThrow('must begin with https://')
    }
  })
})

describe('where a message may be sent to', () => {
  test.each([
    ['http://hooks.example.com/', 'must begin with https://'],
    ['ftp://hooks.example.com/', 'must begin with https://'],
    ['file:///etc/passwd', 'must begin with https://'],
    ['https://user:word@hooks.example.com/', 'must not hold credentials'],
    ['hooks.example.com', 'is none'],
  ])('not to %s', (url, why) => {
    expect(() => openOutbound({ url, secret, now })).toThrow(why)
  })

  test.each(['', ' ', 'whsec_', 'whsec_short', `whsec_${'!'.repeat(64)}`])('not under the secret %j', (wrong) => {
    expect(() => openOutbound({ url: origin, secret: wrong, now, loopbackOrigin: origin })).toThrow(
      'the secret of the webhooks',
    )
  })
})

describe('a message that is sent', () => {
  const local = () => ({ loopbackOrigin: origin })

  test('is signed as Standard Webhooks asks, and any change of it is found', async () => {
    answer = (response) => void response.writeHead(200).end('{}')
    await send(`${origin}/hook`, local())
    const [{ headers, body } = { headers: {}, body: '' }] = seen
    expect(body).toBe(message.body)
    expect(headers).toMatchObject({ 'webhook-id': message.id, 'webhook-timestamp': '1795521600' })
    // The library itself wants a message of the last five minutes: it is given the clock of the test.
    const verify = (text: string) =>
      atTestTime(() => new Webhook(secret).verify(text, headers as Record<string, string>))
    expect(verify(body)).toEqual({ type: 'handover.wanted' })
    expect(() => verify(`${body} `)).toThrow('No matching signature')
  })

  test('is signed with both secrets while one takes the place of the other', async () => {
    answer = (response) => void response.writeHead(204).end()
    const next = Buffer.alloc(48, 9).toString('base64')
    await send(`${origin}/hook`, { ...local(), secret: `${next} ${secret}` })
    const [{ headers, body } = { headers: {}, body: '' }] = seen
    for (const key of [next, secret]) {
      atTestTime(() => new Webhook(key).verify(body, headers as Record<string, string>))
    }
    expect(headers['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/)
  })

  test.each([400, 404, 410, 429, 500, 503])('is not taken where the endpoint answers %d', async (status) => {
    answer = (response) => void response.writeHead(status).end('no')
    await expect(send(`${origin}/hook`, local())).rejects.toThrow(OutboundFailed)
  })

  test('is not waited for longer than the time limit', async () => {
    answer = () => undefined
    await expect(send(`${origin}/hook`, { ...local(), timeoutMs: 100 })).rejects.toThrow(OutboundFailed)
    const silent: LookupFunction = () => undefined
    await expect(send('https://slow.example.com/', { lookup: silent, timeoutMs: 100 })).rejects.toThrow(OutboundFailed)
  })

  test('is taken by the status alone: an answer without end is cut off', async () => {
    let sent = 0
    const cut = new Promise<void>((done) => {
      answer = (response) => {
        response.writeHead(200)
        const pour = () => {
          while (!response.destroyed && response.write(Buffer.alloc(16 * 1024))) sent += 16 * 1024
        }
        response.on('drain', pour).on('close', done)
        pour()
      }
    })
    await send(`${origin}/hook`, local())
    await cut
    // What the sockets' buffers held, and no more.
    expect(sent).toBeLessThan(8 * 1024 * 1024)
  })
})

/** Runs something that reads the wall clock at the instant of the messages above. */
const atTestTime = <T>(run: () => T): T => {
  const real = Date
  const fixed = class extends real {
    constructor(...given: []) {
      super(...(given.length === 0 ? ([now()] as unknown as []) : given))
    }
    static override now = now
  }
  globalThis.Date = fixed as DateConstructor
  try {
    return run()
  } finally {
    globalThis.Date = real
  }
}
