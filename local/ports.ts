import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'

/** Where everything local listens. Nothing is reachable from another machine. */
export const loopback = '127.0.0.1'

/**
 * A free TCP port on the loopback interface: `preferred` when it is free, else one the system picks.
 * `preferred` 0 always lets the system pick.
 */
export async function freePort(preferred = 0): Promise<number> {
  const port = await tryPort(preferred)
  if (port !== undefined) return port
  const other = await tryPort(0)
  if (other === undefined) throw new Error('no free TCP port on 127.0.0.1')
  return other
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const probe: Server = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined)
      else reject(error)
    })
    probe.listen(port, loopback, () => {
      const address = probe.address()
      const found = typeof address === 'object' && address !== null ? address.port : undefined
      probe.close(() => resolve(found))
    })
  })
}

/**
 * Listens on `preferred`; when that is busy, on a port the system picks, and reports it through `onBusy`.
 * Resolves to the port in use.
 */
export async function listen(
  server: HttpServer,
  preferred: number,
  onBusy: (busy: number, used: number) => void = () => {},
): Promise<number> {
  const first = await listenOnce(server, preferred)
  if (first !== undefined) return first
  const second = await listenOnce(server, 0)
  if (second === undefined) throw new Error('no free TCP port on 127.0.0.1')
  onBusy(preferred, second)
  return second
}

/**
 * An HTTP server that listens already and answers nothing yet: what must be told the address can be built before what
 * answers there. Requests that come early wait for the first `request` listener.
 */
export async function reserve(
  preferred: number,
  onBusy?: (busy: number, used: number) => void,
): Promise<{ server: HttpServer; port: number }> {
  const server = createHttpServer()
  // Browsers and clients keep connections for a minute; a server that closes first makes them fail now and then.
  server.keepAliveTimeout = 75_000
  return { server, port: await listen(server, preferred, onBusy) }
}

function listenOnce(server: HttpServer, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      server.off('listening', listening)
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined)
      else reject(error)
    }
    const listening = () => {
      server.off('error', failed)
      const address = server.address()
      if (typeof address === 'object' && address !== null) resolve(address.port)
      else reject(new Error('the server has no TCP address'))
    }
    server.once('error', failed)
    server.once('listening', listening)
    server.listen(port, loopback)
  })
}

/** Closes a server and the connections that still hang on it. */
export function close(server: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
