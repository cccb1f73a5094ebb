import * as z from 'zod'

/** What the gateway itself answers before a function sees the request (401 at the JWT authoriser, 413 above 10 MB). */
export const gatewaySchema = z
  .object({ message: z.string() })
  .meta({ id: 'GatewayMessage', description: "The gateway's own answer, before the service saw the request" })
