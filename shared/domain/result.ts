import type { ProblemCode } from '../contract/problems.ts'

/**
 * An expected "no". Refusals are values, faults are thrown: a refusal has a closed code (its HTTP status stands in
 * `contract/problems.ts`), one sentence for a person, the field at fault where there is one, and facts that help the
 * caller to go on (`extra`: the price now, what is possible now).
 */
export type Refusal = {
  readonly code: ProblemCode
  readonly message: string
  readonly field?: string
  readonly extra?: Readonly<Record<string, unknown>>
}

export type Result<T, R = Refusal> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: R }

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })

export const refusalOf = (
  code: ProblemCode,
  message: string,
  field?: string,
  extra?: Readonly<Record<string, unknown>>,
): Refusal => ({
  code,
  message,
  ...(field === undefined ? {} : { field }),
  ...(extra === undefined ? {} : { extra }),
})

export const refuse = (
  ...refusal: Parameters<typeof refusalOf>
): { readonly ok: false; readonly refusal: Refusal } => ({ ok: false, refusal: refusalOf(...refusal) })
