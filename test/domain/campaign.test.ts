import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Campaign,
  decideAddProspects,
  decideClose,
  decideStart,
  evolveCampaign,
  fitsRule,
  matchProspects,
  prospectsPerCampaignMax,
} from '../../shared/domain/campaign.ts'
import { fillTemplate, placeholders } from '../../shared/domain/campaign-template.ts'
import { addressHash } from '../../shared/domain/prospect.ts'
import { readProspectFile } from '../../shared/domain/prospect-file.ts'

const at = '2026-12-01T09:00:00.000Z'
const draft: Campaign = evolveCampaign(
  'cmp_1',
  null,
  {
    type: 'campaign_created',
    name: 'Spring',
    mode: 'exclusive',
    handles: { list: ['cinder'] },
    price: { by: 'appraisal' },
    exclusivityHours: 72,
    counterRoundsMax: 3,
    paymentHours: 24,
    template: { subject: 's', text: '{link}' },
    operatorId: 'op',
    currency: 'USD',
    requestHash: 'h',
  },
  at,
)
const offered = [{ handle: 'cinder', display: 'Cinder', priceMinor: 1_000 }]
const upload = (accepted: number, id = 'upl_1', keyHash = id) => ({ id, keyHash, accepted, rejected: 0 })
const fold = (campaign: Campaign, decided: ReturnType<typeof decideStart>): Campaign => {
  if (!decided.ok) throw new Error(decided.refusal.code)
  return decided.value.reduce((state, event) => evolveCampaign('cmp_1', state, event, at), campaign)
}
const codeOf = (decided: ReturnType<typeof decideStart>) => (decided.ok ? null : decided.refusal.code)

describe('a campaign', () => {
  test('takes prospects as a draft alone, each upload once, and no more than it has room for', () => {
    const one = fold(draft, decideAddProspects(draft, upload(2)))
    expect(decideAddProspects(one, upload(2))).toEqual({ ok: true, value: [] })
    expect(codeOf(decideAddProspects(one, upload(2, 'upl_2', 'upl_1')))).toBe('idempotency_key_reused')
    expect(codeOf(decideAddProspects(one, upload(prospectsPerCampaignMax - 1, 'upl_3')))).toBe('campaign_full')
    const running = fold(one, decideStart(one, offered))
    expect(codeOf(decideAddProspects(running, upload(1, 'upl_4')))).toBe('transition_not_allowed')
  })

  test('starts with prospects and handles, once, and is closed once', () => {
    expect(codeOf(decideStart(draft, offered))).toBe('campaign_empty')
    const ready = fold(draft, decideAddProspects(draft, upload(2)))
    expect(codeOf(decideStart(ready, []))).toBe('campaign_empty')
    const running = fold(ready, decideStart(ready, offered))
    expect(decideStart(running, [])).toEqual({ ok: true, value: [] })
    const closed = fold(running, decideClose(running, 'enough'))
    expect([closed.status, decideClose(closed, 'again')]).toEqual(['closed', { ok: true, value: [] }])
    expect(codeOf(decideStart(closed, offered))).toBe('transition_not_allowed')
  })

  test.each([
    [{}, true],
    [{ tier: 'rare' }, true],
    [{ tier: 'common' }, false],
    [{ lengthMin: 6, lengthMax: 6 }, true],
    [{ lengthMin: 7 }, false],
    [{ lengthMax: 5 }, false],
    [{ priceMin: 1_000, priceMax: 1_000 }, true],
    [{ priceMin: 1_001 }, false],
    [{ priceMax: 999 }, false],
    [{ prefix: 'cin' }, true],
    [{ prefix: 'x' }, false],
    [{ digits: false }, false],
  ] as const)('with the rule %j takes cinde1: %s', (rule, fits) => {
    const facts = { name: 'cinde1', tier: 'rare', priceMinor: 1_000 }
    expect(fitsRule({ ...rule, handlesMax: 10 }, facts)).toBe(fits)
  })

  test('gives each prospect one handle: the one named, otherwise in turn, evenly', () => {
    const handles = fc
      .integer({ min: 1, max: 5 })
      .map((count) =>
        Array.from({ length: count }, (_, index) => ({ handle: `h${index}`, display: `H${index}`, priceMinor: 1 })),
      )
    const rows = fc.array(fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }), { maxLength: 30 })
    fc.assert(
      fc.property(handles, rows, (list, named) => {
        const people = named.map((index, row) => ({ row, ...(index === undefined ? {} : { handle: `h${index}` }) }))
        const matched = matchProspects(list, people)
        const known = new Set(list.map(({ handle }) => handle))
        expect(matched.map(({ prospect }) => prospect.row)).toEqual(
          people.filter(({ handle }) => handle === undefined || known.has(handle)).map(({ row }) => row),
        )
        for (const { prospect, offered: one } of matched) expect(prospect.handle ?? one.handle).toBe(one.handle)
        const dealt = list.map(
          ({ handle }) =>
            matched.filter(({ prospect, offered: one }) => prospect.handle === undefined && one.handle === handle)
              .length,
        )
        expect(Math.max(...dealt) - Math.min(...dealt)).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('a template', () => {
  const facts = {
    ...(Object.fromEntries(placeholders.map((name) => [name, `<${name}>`])) as Record<
      (typeof placeholders)[number],
      string
    >),
    unsubscribe: 'https://x.example/u',
  }

  test('is filled in as text and as HTML, in which nothing of a person is markup', () => {
    const { subject, text, html } = fillTemplate(
      { subject: '{handle} & {name}', text: 'Dear {name},\n\nfor {price}\n{link}' },
      facts,
    )
    expect(subject).toBe('<handle> & <name>')
    expect(text).toContain('Dear <name>,\n\nfor <price>\n<link>')
    expect(text).toContain('https://x.example/u')
    expect(html).toContain('<p>Dear &lt;name&gt;,</p><p>for &lt;price&gt;<br><a href="&lt;link&gt;"')
    expect(html).not.toMatch(/<name>|<price>/)
  })

  test('fills in once: a name that looks like a placeholder stays one', () => {
    const { text } = fillTemplate({ subject: 's', text: '{name} {link}' }, { ...facts, name: '{price}' })
    expect(text).toContain('{price} <link>')
  })
})

describe('a file of prospects', () => {
  const checks = { today: '2026-12-01', handles: new Set(['cinder']), known: new Set<string>() }

  test('tells the line of the file, whatever lines its cells hold', () => {
    const csv = '\uFEFFname,email,consent\n"Two\nlines",two@example.com,yes\n\nSix,six@example.com,\n'
    const file = readProspectFile(csv, checks)
    expect(file).toMatchObject({
      ok: true,
      value: {
        prospects: [],
        rejected: [
          { code: 'validation_failed', field: 'name' },
          { line: 5, field: 'consent' },
        ],
      },
    })
  })

  test.each([
    ['yes', true],
    ['YES', true],
    ['1', true],
    ['2026-12-01', true],
    ['2026-12-02', false],
    ['2026-13-01', false],
    ['', false],
    ['no', false],
    ['maybe', false],
  ])('with consent %j takes the row: %s', (consent, taken) => {
    const file = readProspectFile(`name,email,consent\nA,a@example.com,${consent}`, checks)
    expect(file).toMatchObject({ ok: true, value: { rejected: taken ? [] : [{ line: 2, code: 'consent_missing' }] } })
  })

  test('takes an address once, in whatever case, and not one that the campaign has', () => {
    const csv = 'name,email,consent\nA,a@example.com,yes\nB,A@EXAMPLE.com,yes\nC,c@example.com,yes'
    const file = readProspectFile(csv, { ...checks, known: new Set([addressHash('c@example.com')]) })
    expect(file).toMatchObject({
      ok: true,
      value: {
        prospects: [{ email: 'a@example.com', line: 2 }],
        rejected: [
          { line: 3, code: 'prospect_twice' },
          { line: 4, code: 'prospect_twice' },
        ],
      },
    })
  })

  test('never throws, and loses no row without saying so', () => {
    const cell = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('yes', 'a@example.com', '"', ',', '\n'))
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { maxLength: 8 }), (rows) => {
        const csv = ['name,email,consent', ...rows.map((row) => row.join(','))].join('\n')
        const file = readProspectFile(csv, checks)
        const words = file.ok ? file.value.rejected.map(({ reason }) => reason) : [file.refusal.code]
        expect(words.filter((reason) => reason.includes('@'))).toEqual([])
        expect(file.ok || file.refusal.code === 'csv_invalid').toBe(true)
      }),
    )
  })
})
