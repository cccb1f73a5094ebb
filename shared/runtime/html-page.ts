import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { escapeHtml } from '../domain/html.ts'

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 56rem; margin: 0 auto; padding: 2rem 1rem 6rem; }
h1 { margin-bottom: 0 } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line) }
section { border: 1px solid var(--line); border-radius: .6rem; padding: .2rem 1rem 1rem; margin: 1rem 0; overflow-x: auto }
code, pre { font: 14px/1.5 ui-monospace, monospace } .method { font-weight: 700; color: #0a7d53 } .post { color: #b4500f }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-top: 1px solid var(--line) }
button { font: inherit; padding: .5em 1.1em; border: 0; border-radius: .4em; background: #0a7d53; color: #fff; cursor: pointer }
.key { float: right; font-size: .8rem; opacity: .7 } nav a { margin-right: 1rem }
@media (prefers-color-scheme: dark) { .method { color: #4fd3a2 } .post { color: #f0a060 } }`

/** A page without scripts or outside assets; `body` is HTML. */
export const htmlPage = (title: string, body: string, language = 'en'): string =>
  `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}</title><style>${style}</style></head><body>${body}</body></html>`

/** Of pages behind a link whose address is as good as a key: no cache keeps it, no other site or search engine is told of it. */
export const linkHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex',
} as const

/** Answers with a page. Nothing may run in it, and no other page may show it inside of itself. */
export const htmlResponse = (
  status: number,
  page: string,
  headers: Readonly<Record<string, string>>,
): APIGatewayProxyStructuredResultV2 => ({
  statusCode: status,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    ...headers,
  },
  body: page,
})
