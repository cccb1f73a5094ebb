import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InjectedFault } from '../../local/faults.ts'
import { killAt, type Point, recordPoints, type Trail } from './crash-points.ts'
import { expectInvariants } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { freshKey } from './purchase.ts'
import {
  type Course,
  courses,
  fillPlatform,
  longCourses,
  newSale,
  remainsOf,
  type Sale,
  takeCourse,
} from './settlement.ts'
import { importHolders, operatorOf } from './users-sale.ts'

// The saga of a sale between users is cut off at every single call that it makes outside, and comes to the same end. The
// calls are not listed here: each course is run once and recorded, and then once more for each call that was recorded.

/** `all`: before and after each call, in every course from its beginning; takes a quarter of an hour. */
const isLong = process.env['SETTLEMENT_POINTS'] === 'all'

const adjectives =
  'amber azure beige coral ivory ebony lilac olive pearl ochre khaki mauve peach sandy rusty misty foggy windy rainy snowy'
const nouns =
  'brook cliff creek delta fjord grove heath knoll marsh ridge river shore slope swamp trail woods bluff plain field beach'
const pairsOf = (firsts: readonly string[], seconds: readonly string[]): string[] =>
  firsts.flatMap((first) => seconds.filter((second) => second !== first).map((second) => `${first}${second}`))
const [adjective, noun] = [adjectives.split(' '), nouns.split(' ')]
/** Ten letters each: none is a part of another. */
const handles = isLong
  ? [pairsOf(adjective, noun), pairsOf(noun, adjective), pairsOf(adjective, adjective), pairsOf(noun, noun)].flat()
  : pairsOf(adjective, noun).slice(0, 300)

let market: Market
beforeAll(async () => {
  market = await startMarket({ stocked: false })
  await importHolders(market, handles)
  await fillPlatform(market, await nextSale())
}, 120_000)
afterAll(() => market.stop())

let used = 0
const trails: Trail[] = []
const nextSale = async (): Promise<Sale> => {
  const handle = handles[used]
  used += 1
  if (handle === undefined) throw new Error('every handle of this market is used up')
  const sale = await newSale(market, handle)
  trails.push(sale.trail)
  return sale
}

type Death = Point & { readonly when: 'before' | 'after' }

/** Sales that run side by side, and deaths among them of one function: a death takes along what else it works on. */
const salesAtOnce = 14
const deathsOfFunctionMax = 3

const functionOf = ({ step }: Point): string => step.slice(0, step.indexOf(' '))

const wavesOf = (deaths: readonly Death[]): Death[][] => {
  const waves: Death[][] = []
  for (const death of deaths) {
    const ofFunction = (wave: readonly Death[]) => wave.filter((one) => functionOf(one) === functionOf(death)).length
    const wave = waves.find((one) => one.length < salesAtOnce && ofFunction(one) < deathsOfFunctionMax)
    if (wave === undefined) waves.push([death])
    else wave.push(death)
  }
  return waves
}

type Dying = { readonly death: Death; readonly sale: Sale; readonly fault: InjectedFault }

/** One sale for each death, side by side. */
const dieInTurn = async (course: Course, deaths: readonly Death[]): Promise<readonly Dying[]> => {
  const { door } = market.system
  const sales: Sale[] = []
  for (const _ of deaths) sales.push(await nextSale())
  await market.system.settle()
  const stopLearning = door.onCall((call) => {
    for (const { trail } of sales) trail.learn(call)
  })
  const dying = deaths.flatMap((death, at): Dying[] => {
    const sale = sales[at]
    return sale === undefined ? [] : [{ death, sale, fault: killAt(market.system, sale.trail, death, death.when) }]
  })
  await takeCourse(market, course, sales)
  stopLearning()
  door.clearFaults()
  return dying
}

/**
 * What our own effect and the provider's word about it both bring is done by whichever is first: a death of the one that
 * came second here does not come about, and is tried again.
 */
const triesMax = 4

/** Everything since this instant, movement by movement, on both sides. */
const expectBooksAgree = async (from: string): Promise<void> => {
  const operator = operatorOf(market)
  // What moved within the last hour may not have been told yet, and is not compared.
  await market.system.clock.move(2 * 3_600_000, { settle: true })
  const begun = await operator.startReconciliation({ body: { from }, idempotencyKey: freshKey() })
  if (!begun.ok) throw new Error(begun.problem.detail)
  await market.system.settle()
  const report = await operator.getReconciliation({ params: { reconciliationId: begun.value.id } })
  expect(report.ok && report.value).toMatchObject({ state: 'complete', agrees: true, differences: [] })
  const trial = await operator.getTrialBalance({})
  expect(trial.ok && trial.value).toMatchObject({ unbalancedOrders: [] })
}

type Remains = Awaited<ReturnType<typeof remainsOf>>

/** A mail goes out once at most: whoever dies having begun to send one leaves it unsent, and nothing else. */
const mailless = ({ mails: _, ...rest }: Remains) => rest

/** Where earlier courses died, step by step: a step that a later one has as well is died in where it calls something else. */
const diedIn = new Map<Course[number], ReadonlySet<string>>()

/** What of a course is to be died at. `pointsAfter`: how many of its points had come after each of its steps. */
const pointsToDieAt = (course: Course, points: readonly Point[], pointsAfter: readonly number[]): Point[] => {
  const chosen: Point[] = []
  for (const [at, step] of course.entries()) {
    const ofStep = points.slice(pointsAfter[at - 1] ?? 0, pointsAfter[at])
    const known = diedIn.get(step) ?? new Set()
    chosen.push(...ofStep.filter((point) => isLong || !known.has(point.step)))
    diedIn.set(step, new Set([...known, ...ofStep.map((point) => point.step)]))
  }
  return chosen
}

test.each(Object.entries<Course>(isLong ? { ...courses, ...longCourses } : courses))(
  '%s: the same end whichever call is the last that a process makes',
  { timeout: 3_600_000 },
  async (_, course) => {
    const sale = await nextSale()
    await market.system.settle()
    const recording = recordPoints(market.system, sale.trail, trails)
    const pointsAfter: number[] = []
    await takeCourse(market, course, [sale], () => pointsAfter.push(recording.points.length))
    recording.stop()
    const end = await remainsOf(market, sale)
    expect(end.sumMinor).toBe(0)
    expect(recording.ofNobody).toEqual([])
    const points = pointsToDieAt(course, recording.points, pointsAfter)
    expect(points.length).toBeGreaterThan(0)

    const deaths = points.flatMap((point): Death[] => [
      ...(isLong ? [{ ...point, when: 'before' } as const] : []),
      { ...point, when: 'after' },
    ])
    let left = deaths
    for (let tries = 0; tries < triesMax && left.length > 0; tries += 1) {
      const missed: Death[] = []
      for (const wave of wavesOf(left)) {
        const mailerDies = wave.some((death) => functionOf(death) === 'workers-send-party-mails')
        const from = new Date(market.system.clock.now()).toISOString()
        for (const { death, sale: died, fault } of await dieInTurn(course, wave)) {
          const remains = await remainsOf(market, died)
          expect({ death, ...mailless(remains) }).toEqual({ death, ...mailless(end) })
          const mails = mailerDies ? end.mails.filter((mail) => remains.mails.includes(mail)) : end.mails
          expect({ death, mails: remains.mails }).toEqual({ death, mails })
          if (fault.hits === 0) missed.push(death)
        }
        await expectBooksAgree(from)
      }
      left = missed
    }
    expect(left).toEqual([])
    await expectInvariants(market)
  },
)
