import { mirrorAccount, type MirrorDeps, mirrorPayouts } from './mirror-seller.ts'
import { payWaitingSales } from './pay-seller.ts'

/**
 * The payment provider's word on a seller's connected account, or on a payout of it: what is news is mirrored, and what waits
 * for a seller who can be paid is asked for again, however often this is told. Null: done. Otherwise why it was refused.
 */
export const applyAccount = async (
  deps: MirrorDeps,
  told: { readonly account: string; readonly kind: 'account' | 'payout' },
): Promise<string | null> => {
  const seller = await mirrorAccount(deps, told.account)
  if (typeof seller === 'string') return seller
  if (told.kind === 'payout') await mirrorPayouts(deps, seller)
  if (seller.status === 'enabled') await payWaitingSales(deps, seller.accountId)
  return null
}
