import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Reading an S3 request: path-style, as clients send it to an endpoint that is an IP address. */

export interface ObjectCall {
  readonly operation: string
  readonly bucket: string
  readonly key: string
  readonly action: string
  readonly query: URLSearchParams
}

/** What an S3 request asks, and the IAM action that it needs. */
export function readObjectCall(method: string, url: string): ObjectCall {
  const at = url.indexOf('?')
  const path = at === -1 ? url : url.slice(0, at)
  const query = new URLSearchParams(at === -1 ? '' : url.slice(at + 1))
  const slash = path.indexOf('/', 1)
  const bucket = decodeURIComponent(slash === -1 ? path.slice(1) : path.slice(1, slash))
  const key = slash === -1 ? '' : decodeURIComponent(path.slice(slash + 1))
  const { operation, action } = classify(method, key, query)
  return { operation, action, bucket, key, query }
}

function classify(method: string, key: string, query: URLSearchParams): { operation: string; action: string } {
  if (query.has('uploads') || query.has('uploadId')) {
    if (method === 'DELETE') return { operation: 'AbortMultipartUpload', action: 's3:AbortMultipartUpload' }
    const operation = query.has('uploads')
      ? 'CreateMultipartUpload'
      : method === 'PUT'
        ? 'UploadPart'
        : 'CompleteMultipartUpload'
    return { operation, action: 's3:PutObject' }
  }
  if (key === '') {
    if (method === 'HEAD') return { operation: 'HeadBucket', action: 's3:ListBucket' }
    if (method === 'POST') return { operation: 'DeleteObjects', action: 's3:DeleteObject' }
    if (method === 'PUT') return { operation: 'CreateBucket', action: 's3:CreateBucket' }
    if (method === 'DELETE') return { operation: 'DeleteBucket', action: 's3:DeleteBucket' }
    return { operation: 'ListObjectsV2', action: 's3:ListBucket' }
  }
  switch (method) {
    case 'PUT':
      return { operation: 'PutObject', action: 's3:PutObject' }
    case 'DELETE':
      return { operation: 'DeleteObject', action: 's3:DeleteObject' }
    case 'HEAD':
      return { operation: 'HeadObject', action: 's3:GetObject' }
    default:
      return { operation: 'GetObject', action: 's3:GetObject' }
  }
}

/** The access key in a presigned URL, or undefined when the request carries its signature in a header. */
export function presignedKey(url: string): string | undefined {
  const at = url.indexOf('X-Amz-Credential=')
  if (at === -1) return undefined
  return decodeURIComponent(url.slice(at + 17).split('&', 1)[0] ?? '').split('/')[0]
}

/**
 * Checks a presigned URL as S3 does: the signature over method, path, query and signed headers, and its age against
 * `nowMs`. Returns the code and sentence of S3's refusal, or undefined when it holds.
 */
export function presignedRefusal(
  request: IncomingMessage,
  secretAccessKey: string,
  nowMs: number,
): { code: string; message: string } | undefined {
  const url = request.url ?? '/'
  const at = url.indexOf('?')
  const path = url.slice(0, at)
  const pairs = url
    .slice(at + 1)
    .split('&')
    .map((pair): [string, string] => {
      const equals = pair.indexOf('=')
      return equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)]
    })
  const value = (name: string) => decodeURIComponent(pairs.find(([key]) => key === name)?.[1] ?? '')
  const date = value('X-Amz-Date')
  const scope = value('X-Amz-Credential').split('/').slice(1)
  const [day = '', region = '', service = ''] = scope
  const signedAt = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  const expiresSeconds = Number(value('X-Amz-Expires'))
  if (!Number.isFinite(signedAt) || !Number.isFinite(expiresSeconds)) {
    return { code: 'AuthorizationQueryParametersError', message: 'X-Amz-Date and X-Amz-Expires must be given' }
  }
  if (nowMs > signedAt + expiresSeconds * 1000) return { code: 'AccessDenied', message: 'Request has expired' }
  const names = value('X-Amz-SignedHeaders').split(';')
  const canonical = [
    request.method ?? 'GET',
    path,
    pairs
      .filter(([key]) => key !== 'X-Amz-Signature')
      .map(
        ([key, text]) => `${encode(decodeURIComponent(key))}=${encode(decodeURIComponent(text.replaceAll('+', ' ')))}`,
      )
      .toSorted()
      .join('&'),
    ...names.map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replaceAll(/ +/g, ' ')}`,
    ),
    '',
    names.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), createHash('sha256').update(canonical).digest('hex')].join(
    '\n',
  )
  const signingKey = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    `AWS4${secretAccessKey}`,
  )
  const expected = createHmac('sha256', signingKey).update(toSign).digest('hex')
  const given = value('X-Amz-Signature')
  if (given.length !== expected.length || !timingSafeEqual(Buffer.from(given), Buffer.from(expected))) {
    return {
      code: 'SignatureDoesNotMatch',
      message: 'The request signature we calculated does not match the signature you provided.',
    }
  }
  return undefined
}

/** Percent-encoding as Signature Version 4 wants it. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
