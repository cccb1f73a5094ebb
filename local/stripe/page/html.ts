/** Text that goes into a page as it is. */
export interface Html {
  readonly markup: string
}

/** A template whose values are escaped unless they are markup themselves. */
export const html = (
  strings: TemplateStringsArray,
  ...values: (string | number | Html | Html[] | null | false)[]
): Html => ({
  markup: strings.reduce((text, part, index) => text + markupOf(values[index - 1] ?? null) + part),
})

const markupOf = (value: string | number | Html | Html[] | null | false): string => {
  if (value === null || value === false) return ''
  if (Array.isArray(value)) return value.map((one) => one.markup).join('')
  return typeof value === 'object' ? value.markup : escape(String(value))
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? character)

const style = `
:root { color-scheme: light dark; --ink: #1a1f36; --soft: #5b6478; --line: #d8dee8; --paper: #fff; --side: #f4f6fa;
  --accent: #3d3ad6; --bad: #b3093c; --bad-paper: #fdecf1; --good: #0b6b4a; font: 16px/1.5 system-ui, sans-serif }
@media (prefers-color-scheme: dark) { :root { --ink: #eef1f8; --soft: #a6afc3; --line: #39415a; --paper: #151a2b;
  --side: #0e1220; --accent: #8d8aff; --bad: #ff8fa9; --bad-paper: #3a1622; --good: #6be0b2 } }
* { box-sizing: border-box }
body { margin: 0; color: var(--ink); background: var(--paper) }
a { color: var(--accent) }
.checkout { display: grid; grid-template-columns: 1fr 1fr; min-height: 100vh }
.side { background: var(--side); padding: 4rem clamp(1.25rem, 6vw, 5rem); display: flex; justify-content: flex-end }
.main { padding: 4rem clamp(1.25rem, 6vw, 5rem) }
.side > div, .main > div { width: 100%; max-width: 25rem }
.badge { display: inline-block; font-size: .75rem; font-weight: 600; padding: .1rem .5rem; border-radius: 1rem;
  background: #ffdd99; color: #5a3600 }
.total { font-size: 2.5rem; font-weight: 650; letter-spacing: -.02em; margin: .25rem 0 1.5rem }
.items { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line) }
.items li { display: flex; justify-content: space-between; gap: 1rem; padding: .75rem 0; border-bottom: 1px solid var(--line) }
.soft { color: var(--soft); font-size: .9rem }
h1 { font-size: 1.25rem; margin: 0 0 1rem } h2 { font-size: 1rem; margin: 1.5rem 0 .5rem }
label { display: block; font-size: .875rem; font-weight: 550; margin: .75rem 0 .25rem }
input, select { width: 100%; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line);
  border-radius: .5rem; padding: .6rem .75rem }
input:focus-visible, select:focus-visible, button:focus-visible, summary:focus-visible, a:focus-visible {
  outline: 3px solid color-mix(in srgb, var(--accent) 55%, transparent); outline-offset: 1px }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem }
details { border: 1px solid var(--line); border-radius: .6rem; margin-bottom: .75rem; padding: 0 1rem }
details[open] { padding-bottom: 1rem }
summary { cursor: pointer; padding: .8rem 0; font-weight: 600 }
button { font: inherit; font-weight: 600; color: #fff; background: #3d3ad6; border: 0; border-radius: .5rem;
  padding: .7rem 1rem; cursor: pointer }
.main form > button { width: 100%; margin-top: 1.1rem }
button:hover { background: #2d2aae }
.quiet { background: none; color: var(--accent); border: 1px solid var(--line); padding: .35rem .7rem }
.quiet:hover { background: var(--side) }
.error { background: var(--bad-paper); color: var(--bad); border-radius: .5rem; padding: .7rem .9rem; margin: 0 0 1rem }
.good { color: var(--good) }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .5rem 0 }
table { border-collapse: collapse; width: 100%; font-size: .875rem }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
code { font-size: .85em }
.desk { max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem; overflow-x: auto }
@media (max-width: 50rem) { .checkout { grid-template-columns: 1fr } .side, .main { padding: 1.5rem 1.25rem; display: block } }
`

/** A whole page. It loads nothing from anywhere and runs no script. */
export const page = (title: string, body: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <style>
          ${{ markup: style }}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html>`.markup
