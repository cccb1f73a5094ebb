import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { csvLine } from '../../shared/domain/csv.ts'

it('what is written is read back, whatever the cells hold', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.string(), { minLength: 2, maxLength: 4 }), { minLength: 1 }), (rows) => {
      const [first = []] = rows
      const even = rows.map((row) => first.map((_, column) => row[column] ?? ''))
      const text = even.map(csvLine).join('')
      expect(parse(text, { record_delimiter: '\r\n' })).toEqual(even)
    }),
  )
})

it('a name is left as it is, whatever it begins with', () => {
  expect(csvLine(['_poem', 'a,b', 'say "hi"', -5])).toBe('_poem,"a,b","say ""hi""",-5\r\n')
})
