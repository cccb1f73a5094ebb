import { Readable } from 'node:stream'
import { GetObjectCommand, PutObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

/** The objects of release plans: `parts/<planId>/…` while one is computed, `schedules/<planId>.ndjson.gz` to stay. */
export type Schedules = {
  readonly write: (key: string, text: string) => Promise<void>
  /** An object from its beginning, piece by piece: each is asked for when it is wanted, so that many can be read at once. */
  readonly readPieces: (key: string) => AsyncGenerator<Buffer>
  /** Writes a stream of unknown length; the object is there when all of it is. */
  readonly writeStream: (key: string, stream: Readable) => Promise<void>
  /** A URL that gives `key` for `seconds`. */
  readonly downloadUrl: (key: string, seconds: number) => Promise<string>
}

export const scheduleObjectKey = (planId: string): string => `schedules/${planId}.ndjson.gz`

/** A name that says what it holds: whoever reads the same part again and finds other handles writes another object. */
export const partObjectKey = (planId: string, segment: number, part: number, digest: string): string =>
  `parts/${planId}/${String(segment).padStart(3, '0')}-${String(part).padStart(6, '0')}-${digest}`

const pieceBytes = 512 * 1024

/** S3 takes parts of 5 MB at least; two of them are in memory at a time. */
const uploadPartBytes = 5 * 1024 * 1024

/** `config` is for callers that are no function of ours: where S3 is, and who asks. */
export const openSchedules = (bucket: string, config: S3ClientConfig = {}): Schedules => {
  const client = new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED', ...config })
  return {
    write: async (key, text) => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }))
    },
    readPieces: async function* (key) {
      for (let start = 0, total = 1; start < total; start += pieceBytes) {
        const Range = `bytes=${start}-${start + pieceBytes - 1}`
        const { Body, ContentRange } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range }))
        if (Body === undefined) throw new Error(`${key} is empty`)
        total = Number(ContentRange?.split('/')[1])
        yield Buffer.from(await Body.transformToByteArray())
      }
    },
    writeStream: async (key, stream) => {
      await new Upload({
        client,
        params: { Bucket: bucket, Key: key, Body: stream, ContentType: 'application/gzip' },
        partSize: uploadPartBytes,
        queueSize: 2,
      }).done()
    },
    downloadUrl: (key, seconds) =>
      getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: seconds }),
  }
}
