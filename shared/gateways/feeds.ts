import { Readable } from 'node:stream'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

/** Where account feeds lie: `feeds/<importId>` as the operator put it, `chunks/<importId>/<n>` as it was split. */
export type Feeds = {
  readonly read: (key: string) => Promise<Readable>
  readonly readText: (key: string) => Promise<string>
  readonly write: (key: string, text: string) => Promise<void>
  /** A URL that takes one PUT of `key` for `seconds`, and nothing else. */
  readonly uploadUrl: (key: string, seconds: number) => Promise<string>
}

export const feedKey = (importId: string): string => `feeds/${importId}`
export const chunkObjectKey = (importId: string, chunk: number): string =>
  `chunks/${importId}/${String(chunk).padStart(6, '0')}.ndjson`

export const openFeeds = (bucket: string): Feeds => {
  const client = new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED' })
  const get = async (key: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    if (Body === undefined) throw new Error(`${key} is empty`)
    return Body
  }
  return {
    read: async (key) => {
      const body = await get(key)
      if (!(body instanceof Readable)) throw new Error('the S3 client gave no stream')
      return body
    },
    readText: async (key) => (await get(key)).transformToString('utf-8'),
    write: async (key, text) => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }))
    },
    uploadUrl: (key, seconds) =>
      getSignedUrl(client, new PutObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: seconds }),
  }
}
