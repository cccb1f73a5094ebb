import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

/** One webhook as it came. */
export type Received = { readonly id: string; readonly body: string; readonly headers: IncomingHttpHeaders }

/** A small external platform: an endpoint for webhooks at this machine, which keeps what it is sent. */
export type Platform = {
  readonly origin: string
  readonly received: Received[]
  /** What it answers from now on. */
  answers: (status: number) => void
  readonly stop: () => Promise<void>
}

export const startPlatform = async (): Promise<Platform> => {
  const received: Received[] = []
  let status = 204
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8')
      received.push({ id: String(request.headers['webhook-id']), body, headers: request.headers })
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answers: (next) => {
      status = next
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

/** Whether a webhook was signed with this secret at the instant that it names, by the library of Standard Webhooks. */
export const isSigned = ({ id, body, headers }: Received, secret: string): boolean => {
  const at = new Date(Number(headers['webhook-timestamp']) * 1000)
  return headers['webhook-signature'] === new Webhook(secret).sign(id, at, body)
}
