import type { Parameter } from './parameters.ts'

/** Metadata after an update: given keys replace, an empty value removes, an empty string removes all. */
export const mergeMetadata = (
  current: Record<string, string> | null,
  given: Parameter | undefined,
): Record<string, string> => {
  if (given === undefined) return current ?? {}
  if (given === '') return {}
  const merged = { ...current, ...(given as Record<string, string>) }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''))
}
