import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { appraise } from '../../shared/domain/appraisal/appraise.ts'
import {
  appraisalCeilingMinor,
  appraisalFloorMinor,
  fromStored,
  reasonCodes,
  reasonPercent,
  reasonWords,
  strongest,
  tierFloorMinor,
  tierOf,
  tiers,
  toStored,
} from '../../shared/domain/appraisal/appraisal.ts'
import type { Appraisal } from '../../shared/domain/appraisal/appraisal.ts'
import { measure } from '../../shared/domain/appraisal/features.ts'
import { appraisalModel } from '../../shared/domain/appraisal/model.ts'
import { isHandle, normalizeHandle } from '../../shared/domain/handle-name.ts'

const price = (name: string): number => appraise({ name }, appraisalModel).expectedMinor
const features = (name: string, display?: string) => measure(name, display, appraisalModel.lexicon)

const anyName = fc.string({
  unit: fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyz0123456789_')),
  minLength: 1,
  maxLength: 15,
})
const consonants = (length: number) =>
  fc.string({ unit: fc.constantFrom(...Array.from('bcdfghjklmnpqrstvwxz')), minLength: length, maxLength: length })

const anyFacts = fc.record(
  {
    name: anyName,
    followers: fc.nat(2_000_000_000),
    demand: fc.record({ searches: fc.nat(1e6), watches: fc.nat(1e6), offers: fc.nat(1e6) }, { requiredKeys: [] }),
  },
  { requiredKeys: ['name'] },
)

describe('an appraisal', () => {
  it('is a range around the expected price, in whole cents, inside the bounds', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { lowMinor, expectedMinor, highMinor, confidence, tier } = appraise(facts, appraisalModel)
        for (const amount of [lowMinor, expectedMinor, highMinor, confidence])
          expect(Number.isSafeInteger(amount)).toBe(true)
        expect(lowMinor).toBeGreaterThanOrEqual(appraisalFloorMinor)
        expect(expectedMinor).toBeGreaterThanOrEqual(lowMinor)
        expect(highMinor).toBeGreaterThanOrEqual(expectedMinor)
        expect(highMinor).toBeLessThanOrEqual(appraisalCeilingMinor)
        expect(confidence).toBeGreaterThanOrEqual(0)
        expect(confidence).toBeLessThanOrEqual(100)
        expect(tier).toBe(tierOf(expectedMinor))
      }),
      { numRuns: 1_000 },
    )
  })

  it('is the same each time, and names known reasons, the strongest first', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const appraisal = appraise(facts, appraisalModel)
        expect(appraise(facts, appraisalModel)).toEqual(appraisal)
        const weights = appraisal.reasons.map(({ weight }) => Math.abs(weight))
        expect(weights).toEqual([...weights].sort((a, b) => b - a))
        for (const { code } of appraisal.reasons) expect(reasonCodes).toContain(code)
      }),
    )
  })

  it('is stored in under 255 bytes and read back whole', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const appraisal = appraise(facts, appraisalModel)
        expect(fromStored(toStored(appraisal))).toEqual(appraisal)
        expect(JSON.stringify(toStored(appraisal)).length).toBeLessThan(255)
      }),
      { numRuns: 1_000 },
    )
    const longest = reasonCodes.filter((code) => code !== 'comparable_sales').toSorted((a, b) => b.length - a.length)
    const worst: Appraisal = {
      lowMinor: appraisalCeilingMinor,
      expectedMinor: appraisalCeilingMinor,
      highMinor: appraisalCeilingMinor,
      currency: 'USD',
      tier: 'priority',
      confidence: 100,
      reasons: strongest(longest.slice(0, 5).map((code) => ({ code, weight: -36_000 }))),
      comparables: { count: 15, withinThree: 15, weight: -3_010, nearest: 'abcdefghijklmno' },
      modelVersion: appraisalModel.version,
    }
    expect(fromStored(toStored(worst))).toEqual(worst)
    expect(JSON.stringify(toStored(worst)).length).toBeLessThan(255)
  })

  it('leaves out a stored reason that this version does not know', () => {
    const stored = {
      ...toStored(appraise({ name: 'moon' }, appraisalModel)),
      reasons: 'length+9 moonphase+3 word-2 toString+1',
    }
    expect(fromStored(stored).reasons).toEqual([
      { code: 'length', weight: 9 },
      { code: 'word', weight: -2 },
    ])
  })
})

describe('prices', () => {
  it('put a common word above letters without sense, of the same length or longer', () => {
    const words = ['sun', 'moon', 'river', 'planet', 'weather', 'mountain', 'beautiful', 'everything']
    fc.assert(
      fc.property(
        fc
          .constantFrom(...words)
          .chain((word) => fc.tuple(fc.constant(word), fc.integer({ min: word.length, max: 15 }).chain(consonants))),
        ([word, junk]) => {
          fc.pre(features(junk).english === 0 && features(junk).company === 0)
          expect(price(junk)).toBeLessThan(price(word))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('fall when a number or an underscore is put behind a word', () => {
    for (const word of ['moon', 'river', 'weather', 'callum', 'wallet', 'beautiful', 'hiroshima']) {
      expect(price(`${word}4821`)).toBeLessThanOrEqual(price(word))
      expect(price(`${word}7`)).toBeLessThan(price(word))
      expect(price(`${word}_`)).toBeLessThan(price(word))
    }
  })

  it('rise as plain letters get fewer', () => {
    const prices = ['x', 'xq', 'xqk', 'xqkv', 'xqkvb', 'xqkvbz', 'xqkvbzj'].map(price)
    expect(prices).toEqual([...prices].sort((a, b) => b - a))
    expect(new Set(prices).size).toBe(prices.length)
  })

  it('rise with demand and never fall with it', () => {
    fc.assert(
      fc.property(anyName, fc.nat(1000), fc.nat(1000), (name, offers, more) => {
        const at = (count: number) => appraise({ name, demand: { offers: count } }, appraisalModel).expectedMinor
        expect(at(offers + more)).toBeGreaterThanOrEqual(at(offers))
      }),
    )
  })

  it('say that demand moved them, and by how much', () => {
    const reasonOf = (demand: object) =>
      appraise({ name: 'moonlit', demand }, appraisalModel).reasons.find(({ code }) => code === 'demand')
    expect(reasonOf({})).toBeUndefined()
    // Each doubling of 1 + searches ÷ 100 + watches ÷ 5 + backorders ÷ 2 + offers is worth 2,000, up to 8,000.
    expect(reasonOf({ offers: 1 })?.weight).toBe(2_000)
    expect(reasonOf({ searches: 100, watches: 10 })?.weight).toBe(4_000)
    // A backorder stands between a watch and an offer.
    expect(reasonOf({ backorders: 2 })?.weight).toBe(2_000)
    expect(reasonOf({ searches: 1e9 })?.weight).toBe(8_000)
    expect(reasonWords('demand', 2_000)).toBe('People watch it, have ordered it in advance or made offers')
  })

  it('keep the weight of demand in what is stored, also where five reasons weigh more', () => {
    const stronger = (['length', 'word', 'trade', 'place', 'form'] as const).map((code) => ({ code, weight: 3_000 }))
    const reasons = strongest([{ code: 'demand', weight: 526 }, ...stronger])
    expect(reasons.map(({ code }) => code)).toEqual(['length', 'word', 'trade', 'place', 'demand'])
  })

  it('stand inside a range that is open at both ends, wherever the price is off the floor', () => {
    for (const name of ['sun', 'moon', 'river', 'planet', 'weather', 'tickets', 'hiroshima']) {
      const { lowMinor, expectedMinor, highMinor } = appraise({ name }, appraisalModel)
      expect(lowMinor).toBeLessThan(expectedMinor)
      expect(expectedMinor).toBeLessThan(highMinor)
    }
  })

  it('reach from the floor to $50,000 and more', () => {
    expect(price('s6utwgvscb1')).toBe(appraisalFloorMinor)
    expect(price('car')).toBeGreaterThan(50_000_00)
  })
})

describe('reasons', () => {
  it.each([
    ['sun', 'length', 1],
    ['weather', 'word', 1],
    ['tickets', 'trade', 1],
    ['graded5463', 'digits', -1],
    ['abia_reserved', 'underscore', -1],
    ['hiroshima', 'place', 1],
    ['callum', 'first_name', 1],
    ['xkqzvbw', 'phrase', -1],
  ] as const)('of %s speak of %s', (name, code, direction) => {
    const reason = appraise({ name }, appraisalModel).reasons.find((each) => each.code === code)
    expect(Math.sign(reason?.weight ?? 0)).toBe(direction)
  })

  it('have a sentence for either direction', () => {
    for (const code of reasonCodes) {
      expect(reasonWords(code, 1)).toMatch(/^[A-Z].+[^.]$/)
      expect(reasonWords(code, -1)).not.toBe(reasonWords(code, 1))
    }
    expect(reasonPercent(10_000)).toBe(900)
    expect(reasonPercent(-3_010)).toBe(-50)
  })
})

describe('measuring a name', () => {
  it('finds the words in it', () => {
    expect(features('musicpaper')).toMatchObject({ pieces: 2, unknownLetters: 0, tradePieces: 2 })
    expect(features('abia_reserved')).toMatchObject({ pieces: 2, underscores: 1 })
    expect(features('graded5463')).toMatchObject({ pieces: 1, digits: 4, digitPlace: 1 })
    expect(features('xkqzvbw')).toMatchObject({ unknownLetters: 7 })
  })

  it('lets the capitals of the display say where a word begins', () => {
    expect(features('therapist').pieces).toBe(1)
    expect(features('therapist', 'theRapist').pieces).toBe(2)
  })

  it.each([
    ['7777777', 5],
    ['12345', 4],
    ['1221', 3],
    ['1984', 2],
    ['8264', 1],
    ['moon7', 0],
  ])('%s is a number of kind %d', (name, kind) => {
    expect(features(name).number).toBe(kind)
  })

  it.each([
    ['wallets', 1],
    ['counted', 2],
    ['trading', 3],
    ['quickly', 4],
    ['king', 0],
    ['class', 0],
    ['red', 0],
  ])('%s has form %d', (name, form) => {
    expect(features(name).form).toBe(form)
  })

  it('knows words of four languages, names and places', () => {
    expect(features('because').english).toBeGreaterThan(10)
    for (const word of ['amour', 'guerra', 'liebe']) expect(features(word).foreign).toBeGreaterThan(0)
    expect(features('jennifer').firstName).toBeGreaterThan(0)
    expect(features('madrid').place).toBe(3)
    expect(features('xkqzvbw')).toMatchObject({ english: 0, foreign: 0, firstName: 0, place: 0 })
  })

  it('takes any name of the grammar', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        for (const value of Object.values(features(name))) expect(Number.isSafeInteger(value)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('the tiers', () => {
  it('are in the order of their floors', () => {
    const floors = tiers.map((tier) => tierFloorMinor[tier])
    expect(floors).toEqual([...floors].sort((a, b) => a - b))
    for (const tier of tiers) expect(tierOf(tierFloorMinor[tier])).toBe(tier)
  })

  it('spread over a platform’s accounts as a pyramid', () => {
    const feed = gunzipSync(readFileSync(new URL('../../data/accounts.ndjson.gz', import.meta.url))).toString('utf8')
    const count = { common: 0, notable: 0, rare: 0, priority: 0 }
    let accounts = 0
    for (const [, handle = ''] of feed.matchAll(/"handle":"([^"]+)"/g)) {
      if (!isHandle(handle) || accounts >= 20_000) continue
      accounts += 1
      count[appraise({ name: normalizeHandle(handle), display: handle }, appraisalModel).tier] += 1
    }
    const share = (tier: keyof typeof count): number => count[tier] / accounts
    expect(share('common')).toBeGreaterThan(0.7)
    expect(share('common')).toBeLessThan(0.95)
    expect(share('notable')).toBeGreaterThan(share('rare'))
    expect(share('rare')).toBeGreaterThan(share('priority'))
    expect(share('priority')).toBeGreaterThan(0.002)
    expect(share('priority')).toBeLessThan(0.03)
  })
})
