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
  /** Names that the policy keeps from the market, beside the shipped ones. */
  readonly reservedNames?: { has(canonical: string): boolean }
  /** Refusals that an operator overruled for this very name. */
  readonly overruled?: { has(code: string): boolean }
}

type GateRefusal = Extract<GateVerdict, { readonly pass: false }>

const no = (code: GateCode, reason: string): GateRefusal => ({ pass: false, code, reason })

/**
 * Whether a released handle may be offered to anyone. Pure; the checks run from the cheapest to the dearest and the first
 * refusal that nobody overruled stands.
 */
export const gate = (name: string, facts: GateFacts): GateVerdict => {
  for (const refusal of refusals(name, facts)) {
    if (facts.overruled?.has(refusal.code) !== true) return refusal
  }
  return { pass: true }
}

function* refusals(name: string, facts: GateFacts): Generator<GateRefusal> {
  const checked = checkHandle(name)
  if (!checked.ok) {
    yield no('grammar', checked.refusal.message)
    return
  }
  const group = reservedGroup(checked.value)
  if (group !== undefined) yield no('reserved_name', reservedReason[group])
  else if (facts.reservedNames?.has(checked.value) === true) {
    yield no('reserved_name', 'The release policy keeps the name from the market.')
  }

  const shape = skeleton(checked.value)
  const brand = brandOfSkeleton(shape)
  if (brandNames.has(checked.value)) yield no('protected_name', 'The name is that of a company.')
  else if (brand !== undefined) yield no('confusable_with_protected', `The name can be taken for ${brand}.`)
  const guard = guardOf(checked.value, facts.look)
  if (guard !== null) yield no(guard.code, guardWords(guard))

  if (isOffensive(name)) yield no('offensive', 'The name contains a slur or an obscene word.')
}
