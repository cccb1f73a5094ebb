import * as z from 'zod'

/**
 * A page of a CSV file. The answer's body is `csv` alone; `next` is told by the header `Link` (RFC 8288, `rel="next"`), and
 * whether the first line is a head by the media type's parameter `header` (RFC 4180).
 */
export const csvPageSchema = z.object({
  csv: z.string(),
  hasHead: z.boolean(),
  fileName: z.string().regex(/^[a-z0-9.-]+$/),
  /** The path of the page behind this one; null: this is the last. */
  next: z.string().nullable(),
})
export type CsvPage = z.infer<typeof csvPageSchema>

export const csvHeaders = ({ hasHead, fileName, next }: CsvPage): Record<string, string> => ({
  'content-type': `text/csv; charset=utf-8; header=${hasHead ? 'present' : 'absent'}`,
  'content-disposition': `attachment; filename="${fileName}"`,
  ...(next === null ? {} : { link: `<${next}>; rel="next"` }),
})

/** The page that an answer is, from its body and headers. */
export const readCsvPage = (csv: string, headers: Headers): CsvPage => ({
  csv,
  hasHead: headers.get('content-type')?.includes('header=present') === true,
  fileName: /filename="([^"]*)"/.exec(headers.get('content-disposition') ?? '')?.[1] ?? '',
  next: /^<([^>]*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? null,
})
