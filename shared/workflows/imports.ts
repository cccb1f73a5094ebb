import type * as z from 'zod'
import { derivedId } from '../contract/ids.ts'
import type { importSchema, newImportSchema, rejectSchema } from '../contract/operator-resources.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { feedKey, type Feeds } from '../gateways/feeds.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import type { EscrowStore } from '../store/client.ts'
import { pageKeyTest } from '../store/pages.ts'
import { type ChunkResult, createImport, type ImportHead, loadImport } from '../store/imports.ts'

/** An upload URL serves this long. */
const uploadSeconds = 3600

type Import = z.infer<typeof importSchema>

/**
 * Begins an import and hands out the URL to PUT the feed to; S3's notification of that PUT starts it. The same key gives
 * the same import, with a fresh URL.
 */
export const beginImport = async (
  deps: { readonly store: EscrowStore; readonly feeds: Feeds; readonly now: () => number },
  request: {
    readonly format: 'ndjson' | 'csv'
    readonly compression: 'none' | 'gzip'
    readonly operatorId: string
    readonly idempotencyKey: string
    readonly requestHash: string
  },
): Promise<Result<z.infer<typeof newImportSchema>>> => {
  const { idempotencyKey, ...wanted } = request
  const now = deps.now()
  const head: ImportHead = {
    id: derivedId('imp', request.operatorId, idempotencyKey),
    ...wanted,
    createdAt: new Date(now).toISOString(),
  }
  const existing = await createImport(deps.store, head)
  if (existing !== null && existing.requestHash !== head.requestHash) {
    return refuse('idempotency_key_reused', `This key began ${existing.id} with another body`, 'Idempotency-Key')
  }
  return ok({
    import: viewImport(existing ?? head, []),
    uploadUrl: await deps.feeds.uploadUrl(feedKey(head.id), uploadSeconds),
    expiresAt: new Date(now + uploadSeconds * 1000).toISOString(),
  })
}

const unknownImport = (id: string) => refuse('not_found', `There is no import ${id}`, 'importId')

export const getImport = async (store: EscrowStore, id: string): Promise<Result<Import>> => {
  const loaded = await loadImport(store, id)
  return loaded === null ? unknownImport(id) : ok(viewImport(loaded.head, loaded.done))
}

/** Counts are sums over the chunks that are done; `lines` is known once the feed is split. */
const viewImport = (head: ImportHead, done: readonly ChunkResult[]): Import => {
  const sum = (count: (chunk: ChunkResult) => number) => done.reduce((total, chunk) => total + count(chunk), 0)
  const split = head.chunks !== undefined
  const status =
    head.failure !== undefined
      ? 'failed'
      : !split && done.length === 0
        ? 'awaiting_upload'
        : split && done.length >= (head.chunks ?? 0)
          ? 'complete'
          : 'importing'
  return {
    id: head.id,
    status,
    format: head.format,
    createdAt: head.createdAt,
    lines: head.lines ?? 0,
    created: sum((chunk) => chunk.created),
    updated: sum((chunk) => chunk.updated),
    unchanged: sum((chunk) => chunk.unchanged),
    rejected: sum((chunk) => chunk.rejects.length),
    chunks: { total: head.chunks ?? 0, done: done.length },
    failure: head.failure ?? null,
  }
}

/** The rejects report in line order, page by page. */
export const listImportRejects = async (
  store: EscrowStore,
  id: string,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Result<{ items: z.infer<typeof rejectSchema>[]; nextCursor: string | null }>> => {
  const scope = `rejects ${id}`
  const after = decodeCursor(scope, page.cursor, pageKeyTest({ line: /^\d{1,9}$/ }))
  if (!after.ok) return after
  const loaded = await loadImport(store, id)
  if (loaded === null) return unknownImport(id)
  const afterLine = Number(after.value?.['line'] ?? 0)
  const rest = loaded.done.flatMap((chunk) => chunk.rejects).filter((reject) => reject.line > afterLine)
  const items = rest.slice(0, page.limit).map((reject) => ({ ...reject, field: reject.field ?? null }))
  const last = items.at(-1)
  return ok({
    items,
    nextCursor: encodeCursor(
      scope,
      last !== undefined && rest.length > items.length ? { line: String(last.line) } : undefined,
    ),
  })
}
