import { createHash } from 'node:crypto'
import type { Evidence } from './dispute.ts'

const starts: Readonly<Record<string, readonly number[]>> = {
  'image/png': [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  'image/jpeg': [0xff, 0xd8, 0xff],
  'application/pdf': [0x25, 0x50, 0x44, 0x46, 0x2d],
}

/** Why a file that came is not what was announced; null: it is. A type is told by how a file begins, text by being text. */
export const evidenceFault = (
  announced: Pick<Evidence, 'contentType' | 'bytes' | 'sha256'>,
  content: Uint8Array,
): string | null => {
  if (content.byteLength !== announced.bytes)
    return `it has ${content.byteLength} bytes, ${announced.bytes} were announced`
  if (createHash('sha256').update(content).digest('hex') !== announced.sha256) return 'its SHA-256 is another one'
  return isOfType(announced.contentType, content) ? null : `it is no ${announced.contentType}`
}

const isOfType = (contentType: string, content: Uint8Array): boolean => {
  const start = starts[contentType]
  if (start !== undefined) return start.every((byte, at) => content[at] === byte)
  try {
    return !new TextDecoder('utf-8', { fatal: true }).decode(content).includes('\u0000')
  } catch {
    return false
  }
}
