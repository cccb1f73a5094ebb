import { checkHandle, skeleton } from './handle-name.ts'
import { isOffensive } from './offensive-words.ts'
import { guardOf, guardWords, type ProtectedLook } from './protected-names.ts'
import { brandNames, brandOfSkeleton } from './protected-brands.ts'
import { reservedGroup, reservedReason } from './reserved-names.ts'

/** Why a handle is not offered. Closed: an operator overrides by code. */
export type GateCode = 'grammar' | 'reserved_name' | 'offensive' | 'protected_name' | 'confusable_with_protected'

export type GateVerdict =
  | { readonly pass: true }
  | { readonly pass: false; readonly code: GateCode; readonly reason: string }

export type GateFacts = {
  /** What protects the looks of this name beside the shipped brands: verified accounts, imported marks. */
  readonly look?: ProtectedLook | undefined
}

const no = (code: GateCode, reason: string): GateVerdict => ({ pass: false, code, reason })

/**
 * Whether a released handle may be offered to anyone. Pure; the checks run from the cheapest to the dearest and the first
 * refusal stands.
 */
export const gate = (name: string, facts: GateFacts): GateVerdict => {
  const checked = checkHandle(name)
  if (!checked.ok) return no('grammar', checked.refusal.message)

  const group = reservedGroup(checked.value)
  if (group !== undefined) return no('reserved_name', reservedReason[group])

  const shape = skeleton(checked.value)
  const brand = brandOfSkeleton(shape)
  if (brandNames.has(checked.value)) return no('protected_name', 'The name is that of a company.')
  if (brand !== undefined) return no('confusable_with_protected', `The name can be taken for ${brand}.`)
  const guard = guardOf(checked.value, facts.look)
  if (guard !== null) return no(guard.code, guardWords(guard))

  if (isOffensive(name)) return no('offensive', 'The name contains a slur or an obscene word.')
  return { pass: true }
}
