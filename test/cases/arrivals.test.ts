import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endsOfAllOrders, ordersOf, type Telling } from './arrivals.ts'

// What goes through all orders of some words is held to going through them one by one.

/** A machine whose standing is a number; a word leads to another one, and may leave something to be done. */
type Machine = { readonly moves: readonly (readonly number[])[]; readonly leaves: readonly (readonly boolean[])[] }
type Standing = { readonly at: number; readonly open: readonly string[] }

const wordsMax = 3
const machines = fc.integer({ min: 2, max: 5 }).chain((size): fc.Arbitrary<Machine> => {
  const rows = <T>(cell: fc.Arbitrary<T>) =>
    fc.array(fc.array(cell, { minLength: wordsMax + 1, maxLength: wordsMax + 1 }), { minLength: size, maxLength: size })
  return fc.record({ moves: rows(fc.nat({ max: size - 1 })), leaves: rows(fc.boolean()) })
})

const courseOf = ({ moves, leaves }: Machine): Telling<Standing, number> => ({
  textOf: ({ at, open }) => `${at} ${open.join()}`,
  tell: ({ at, open }, word) =>
    Promise.resolve({
      at: moves[at]?.[word] ?? 0,
      open: leaves[at]?.[word] === true ? [...new Set([...open, `after ${word}`])].toSorted() : open,
    }),
  openOf: ({ open }) => open,
  carryOut: ({ at, open }, one) =>
    Promise.resolve({ at: moves[at]?.[wordsMax] ?? 0, open: open.filter((other) => other !== one) }),
})

/** The ends and the number of ways, none of which is merged with another. */
const oneByOne = async (
  course: Telling<Standing, number>,
  standing: Standing,
  left: readonly number[],
): Promise<[ends: string[], ways: number]> => {
  const next = [
    ...[...new Set(left)].map(
      async (word) => [await course.tell(standing, word), left.toSpliced(left.indexOf(word), 1)] as const,
    ),
    ...course.openOf(standing).map(async (open) => [await course.carryOut(standing, open), left] as const),
  ]
  if (next.length === 0) return [[course.textOf(standing)], 1]
  const found = await Promise.all(
    next.map(async (step) => {
      const [then, rest] = await step
      return oneByOne(course, then, rest)
    }),
  )
  return [[...new Set(found.flatMap(([ends]) => ends))].toSorted(), found.reduce((sum, [, ways]) => sum + ways, 0)]
}

test('ways that meet go on as one, and no end is missed', async () => {
  await fc.assert(
    fc.asyncProperty(machines, fc.integer({ min: 1, max: wordsMax }), async (machine, count) => {
      const [course, start] = [courseOf(machine), { at: 0, open: [] }]
      const words = Array.from({ length: count }, (_, word) => word)
      const { ends } = await endsOfAllOrders(start, words, 2, course)
      const [expected] = await oneByOne(course, start, [...words, ...words])
      expect([...ends.keys()].toSorted()).toEqual(expected)
    }),
    { numRuns: 25, seed: 20_261_130 },
  )
})

test('four words, each told twice, come in 2,520 orders', async () => {
  const quiet = courseOf({ moves: [[0, 0, 0, 0, 0]], leaves: [[]] })
  const [, ways] = await oneByOne(quiet, { at: 0, open: [] }, [0, 1, 2, 3, 0, 1, 2, 3])
  expect([ways, ordersOf(4, 2), ordersOf(3, 2)]).toEqual([2_520, 2_520, 90])
})
