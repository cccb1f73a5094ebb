import { createHash, createHmac } from 'node:crypto'

// The verifiable draw. Before anybody can enter, the SHA-256 of a secret seed is published; after the end the list of the
// entries is sealed by its own SHA-256; then the seed is published. Whoever has seed and list can draw again:
//
//   value(entry) = HMAC-SHA256(key = seed, message = dropId "|" handle "|" entryId)
//
// and the entries of a handle are served in ascending order of their values. Seeds, values and hashes are written as
// lower-case hexadecimal digits; the seed is used as the 32 bytes that its digits mean.

const seedBytes = 32

/** The seed as it is kept and published. @throws where there are not exactly 32 bytes */
export const seedText = (random: Uint8Array): string => {
  if (random.length !== seedBytes) throw new Error(`a seed has ${seedBytes} bytes`)
  return Buffer.from(random).toString('hex')
}

/** What is published before the first entry: it fixes the seed and tells nothing of it. */
export const commitmentOf = (seed: string): string =>
  createHash('sha256').update(Buffer.from(seed, 'hex')).digest('hex')

/** The list of a handle's entries, sealed: SHA-256 over their ids in ascending order, each followed by a line feed. */
export const listHashOf = (entryIds: readonly string[]): string => {
  const hash = createHash('sha256')
  for (const id of entryIds.toSorted()) hash.update(`${id}\n`)
  return hash.digest('hex')
}

/** Where an entry falls in the draw of a handle. */
export const drawValue = (seed: string, dropId: string, handle: string, entryId: string): string =>
  createHmac('sha256', Buffer.from(seed, 'hex')).update(`${dropId}|${handle}|${entryId}`).digest('hex')

/** The entries of a handle in the order in which they are served, whatever order they are given in. */
export const drawOrder = (seed: string, dropId: string, handle: string, entryIds: readonly string[]): string[] =>
  entryIds
    .map((id) => ({ id, value: drawValue(seed, dropId, handle, id) }))
    .toSorted((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : a.id < b.id ? -1 : 1))
    .map(({ id }) => id)
