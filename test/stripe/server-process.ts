// A local Stripe server in a process of its own, for tests that kill it. Prints its port.
import { startStripeServer } from '../../local/stripe/server.ts'

const server = await startStripeServer({
  now: Date.now,
  secretKey: 'sk_test_local_0123456789',
  webhooks: [],
  dataDir: process.argv[2] ?? '',
})
console.log(server.port)
