import { type Bench, printTable, switchName, withBar } from './bench.ts'
import { importFeed, openHttp, openOffers, releaseDue, withSystem } from './market.ts'
import { percentile, rounded } from './statistics.ts'

const buyers = 500
const accounts = 500

/** Five hundred buyers, each on a connection of their own, want the same handle at the same moment. */
export const buyersBench: Bench = {
  name: 'buyers',
  question: 'What becomes of 500 concurrent buyers of one handle?',
  run: () =>
    withSystem(true, async (system) => {
      await importFeed(system, accounts)
      await releaseDue(system)
      const [offer] = await openOffers(system, 1)
      const tokens = await Promise.all(Array.from({ length: buyers }, (_, buyer) => system.token(`buyer-${buyer}`)))
      const http = openHttp(system.url, buyers)
      try {
        const times: number[] = []
        const answers = new Map<string, number>()
        const begun = performance.now()
        await withBar('buyers', buyers, (advance) =>
          Promise.all(
            tokens.map(async (token, buyer) => {
              const { status, json } = await http.send('POST', '/v1/orders', token, `race-${buyer}`, offer)
              times.push(performance.now() - begun)
              const answer = status === 201 ? '201' : `${status} ${String(json['code'])}`
              answers.set(answer, (answers.get(answer) ?? 0) + 1)
              advance()
            }),
          ),
        )
        const seconds = (performance.now() - begun) / 1000
        const orders = answers.get('201') ?? 0
        const refusals = answers.get('409 handle_on_hold') ?? 0
        if (orders !== 1 || refusals !== buyers - 1) {
          throw new Error(`one order and ${buyers - 1} refusals were expected: ${JSON.stringify([...answers])}`)
        }
        const figures = {
          buyers,
          orders,
          refusals,
          switches: switchName(true),
          seconds: rounded(seconds),
          p50Ms: rounded(percentile(times, 50)),
          p99Ms: rounded(percentile(times, 99)),
        }
        printTable(['figure', 'value'], Object.entries(figures))
        return figures
      } finally {
        http.close()
      }
    }),
}
