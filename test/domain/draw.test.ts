import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { commitmentOf, drawOrder, drawValue, listHashOf, seedText } from '../../shared/domain/draw.ts'
import { seededRandom } from '../scale/seeded-random.ts'

const seed = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
const dropId = 'drp_0000000000000000000000000D'
const ids = ['A', 'B', 'C', 'D'].map((last) => `app_0000000000000000000000000${last}`)

const anySeed = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(seedText)
const anyIds = fc.uniqueArray(fc.stringMatching(/^app_[0-9A-HJKMNP-TV-Z]{26}$/), { maxLength: 40 })

describe('the worked example of the documents', () => {
  it('has this commitment, made with openssl', () => {
    // printf '000102…1e1f' | xxd -r -p | openssl dgst -sha256
    expect(commitmentOf(seed)).toBe('630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd')
  })

  it('has these values and this order, made with openssl', () => {
    // printf 'drp_…D|poem|app_…A' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1e1f
    expect(drawOrder(seed, dropId, 'poem', ids).map((id) => id.at(-1))).toEqual(['C', 'B', 'A', 'D'])
    expect(ids.map((id) => drawValue(seed, dropId, 'poem', id).slice(0, 8))).toEqual([
      '990043c4',
      '3eee278a',
      '24e5efd7',
      'ac6d5b34',
    ])
  })

  it('has this list hash', () => {
    const text = ids.map((id) => `${id}\n`).join('')
    expect(listHashOf(ids.toReversed())).toBe(createHash('sha256').update(text).digest('hex'))
  })
})

describe('the draw', () => {
  it('does not depend on the order of the entries, and serves each once', () => {
    fc.assert(
      fc.property(anySeed, anyIds, fc.infiniteStream(fc.nat()), (text, entries, random) => {
        const shuffled = entries
          .map((id) => ({ id, at: random.next().value }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ id }) => id)
        const order = drawOrder(text, dropId, 'poem', entries)
        expect(drawOrder(text, dropId, 'poem', shuffled)).toEqual(order)
        expect(order.toSorted()).toEqual(entries.toSorted())
        expect(listHashOf(shuffled)).toBe(listHashOf(entries))
      }),
    )
  })

  it('is another one for another handle, drop or seed', () => {
    const many = Array.from({ length: 30 }, (_, index) => `app_${String(index).padStart(26, '0')}`)
    const order = drawOrder(seed, dropId, 'poem', many)
    expect(drawOrder(seed, dropId, 'river', many)).not.toEqual(order)
    expect(drawOrder(seed, `${dropId.slice(0, -1)}E`, 'poem', many)).not.toEqual(order)
    expect(drawOrder(seed.replace('00', '01'), dropId, 'poem', many)).not.toEqual(order)
  })

  it('lets every entry win equally often over many seeds', () => {
    const random = seededRandom(20)
    const wins = new Map(ids.map((id) => [id, 0]))
    const draws = 4_000
    for (let draw = 0; draw < draws; draw += 1) {
      const text = seedText(Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256)))
      const [winner = ''] = drawOrder(text, dropId, 'poem', ids)
      wins.set(winner, (wins.get(winner) ?? 0) + 1)
    }
    // Chi-squared with three degrees of freedom: beyond 16.3 once in a thousand such tests, and the seeds are fixed.
    const expected = draws / ids.length
    const chiSquared = [...wins.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    expect(chiSquared).toBeLessThan(16.3)
  })

  it('keeps the order of those who stay when an entry is left out, so that nobody gains a place over another', () => {
    fc.assert(
      fc.property(anySeed, anyIds, fc.nat(), (text, entries, index) => {
        const gone = entries[index % Math.max(1, entries.length)]
        const rest = entries.filter((id) => id !== gone)
        const order = drawOrder(text, dropId, 'poem', entries)
        expect(drawOrder(text, dropId, 'poem', rest)).toEqual(order.filter((id) => id !== gone))
      }),
    )
  })

  it('takes a seed of 32 bytes and no other', () => {
    expect(() => seedText(new Uint8Array(31))).toThrow('32 bytes')
  })
})
