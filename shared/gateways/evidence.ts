import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

/**
 * Evidence in the bucket of its own: `files/<dispute id>/<evidence id>` as a side put it, `packs/<order id>/<chargeback id>.json`
 * as we made it for the bank.
 */
export type EvidenceFiles = {
  /** A URL that takes one very file for `seconds`, by the headers that go with it, and nothing else. */
  readonly uploadUrl: (key: string, file: FilePromise, seconds: number) => Promise<Upload>
  readonly read: (key: string) => Promise<StoredFile>
  readonly write: (key: string, text: string) => Promise<void>
  /** A URL that gives `key` for `seconds`; the browser stores it under `name` and does not show it. */
  readonly downloadUrl: (key: string, name: string, seconds: number) => Promise<string>
}

/** `sha256` in hex. */
export type FilePromise = { readonly contentType: string; readonly bytes: number; readonly sha256: string }
export type Upload = { readonly url: string; readonly headers: Readonly<Record<string, string>> }
export type StoredFile = { readonly contentType: string; readonly content: Buffer }

export const evidenceKey = (disputeId: string, evidenceId: string): string => `files/${disputeId}/${evidenceId}`
export const packKey = (orderId: string, chargebackId: string): string => `packs/${orderId}/${chargebackId}.json`

export const openEvidenceFiles = (bucket: string): EvidenceFiles => {
  const client = new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED' })
  return {
    uploadUrl: async (key, { contentType, bytes, sha256 }, seconds) => {
      const checksum = Buffer.from(sha256, 'hex').toString('base64')
      // All three are signed: S3 refuses a file of another type or length, and one that does not have this checksum.
      const url = await getSignedUrl(
        client,
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          ContentType: contentType,
          ContentLength: bytes,
          ChecksumSHA256: checksum,
        }),
        {
          expiresIn: seconds,
          signableHeaders: new Set(['host', 'content-type', 'content-length', 'x-amz-checksum-sha256']),
          unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
        },
      )
      return { url, headers: { 'content-type': contentType, 'x-amz-checksum-sha256': checksum } }
    },
    read: async (key) => {
      const { Body, ContentType } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      if (Body === undefined) throw new Error(`${key} is empty`)
      return { contentType: ContentType ?? '', content: Buffer.from(await Body.transformToByteArray()) }
    },
    write: async (key, text) => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType: 'application/json' }))
    },
    downloadUrl: (key, name, seconds) =>
      getSignedUrl(
        client,
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ResponseContentDisposition: `attachment; filename="${name}"`,
        }),
        { expiresIn: seconds },
      ),
  }
}
