import { createClient } from '../../shared/contract/client.ts'
import type { Market } from './market.ts'
import { freshKey, openPage, type Placed } from './purchase.ts'

/** An operator's client; two of them may have to agree. */
export const operatorOf = (market: Market, sub = 'acct_operator') =>
  createClient({ baseUrl: market.system.url, token: () => market.system.token(sub, { groups: ['operator'] }) })

/** Accounts that hold these handles and use them: `holder_of_<handle>` each. */
export const importHolders = async (market: Market, handles: readonly string[]): Promise<void> => {
  const begun = await operatorOf(market).createImport({ body: { format: 'ndjson' }, idempotencyKey: freshKey() })
  if (!begun.ok) throw new Error(begun.problem.detail)
  const now = market.system.clock.now()
  const lines = handles.map((handle) =>
    JSON.stringify({
      accountId: holderOf(handle),
      handle,
      class: 'ordinary',
      createdAt: new Date(now - 1_000 * 86_400_000).toISOString(),
      lastActiveAt: new Date(now - 86_400_000).toISOString(),
      followers: 10,
      email: `${handle}@example.com`,
      locale: 'en',
    }),
  )
  const put = await fetch(begun.value.uploadUrl, { method: 'PUT', body: `${lines.join('\n')}\n` })
  if (!put.ok) throw new Error(`the upload was answered ${put.status}`)
  await market.system.idle()
}

export const holderOf = (handle: string): string => `holder_of_${handle}`

/** The holder lists the handle and `buyer` orders it; the page is opened and not paid yet. */
export const orderFromUser = async (
  market: Market,
  buyer: string,
  handle: string,
  amountMinor: number,
): Promise<Placed & { readonly page: string }> => {
  const price = { amountMinor, currency: 'USD' as const }
  const listed = await market.buyer(holderOf(handle)).openListing({ params: { handle }, body: { price } })
  if (!listed.ok) throw new Error(`${handle} was not listed: ${listed.problem.code}`)
  const offer = { handle, price }
  const answer = await market.buyer(buyer).placeOrder({ body: offer, idempotencyKey: freshKey() })
  if (!answer.ok) throw new Error(`${buyer} was refused ${handle}: ${answer.problem.code}`)
  const placed = { id: answer.value.id, buyer, offer }
  return { ...placed, page: await openPage(market, placed) }
}
