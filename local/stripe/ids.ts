import { randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const pool = { bytes: randomBytes(4096), used: 0 }

/** `length` random letters and digits. Bytes of 248 and more are thrown away, so each letter is as likely as another. */
export const randomText = (length: number): string => {
  let text = ''
  while (text.length < length) {
    if (pool.used === pool.bytes.length) {
      pool.bytes = randomBytes(4096)
      pool.used = 0
    }
    const byte = pool.bytes[pool.used++] ?? 255
    if (byte < 248) text += alphabet[byte % 62]
  }
  return text
}

const base62 = (value: number, length: number): string => {
  let text = ''
  for (let rest = value; text.length < length; rest = Math.floor(rest / 62)) text = `${alphabet[rest % 62]}${text}`
  return text
}

/** An id as Stripe forms them: the prefix, a part that grows with time (`nowMs`), a random part. */
export const newId = (prefix: string, nowMs: number): string => `${prefix}_1${base62(nowMs, 8)}${randomText(15)}`
