import { describe, expect, it } from 'vitest'
import { fillTemplate } from '../../local/event-bus.ts'
import type { Json } from '../../local/json.ts'

const values: Record<string, Json> = { text: 'a "b"', number: 7, list: ['x'], object: { y: true } }
const filled = (template: string): unknown => JSON.parse(fillTemplate(template, (name) => values[name] ?? ''))

describe('the template of a rule that transforms its events', () => {
  it('takes a variable outside of quotation marks as its value, whatever that is', () => {
    expect(filled('{"t":<text>,"n":<number>,"l":<list>,"o":<object>}')).toEqual({
      t: 'a "b"',
      n: 7,
      l: ['x'],
      o: { y: true },
    })
  })

  it('takes one between quotation marks as text', () => {
    expect(filled('"<text> and <number>, \\"quoted\\" and <list>"')).toBe('a "b" and 7, "quoted" and ["x"]')
  })
})
