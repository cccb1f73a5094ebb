import type { Call, InjectedFault, MadeCall } from '../../local/faults.ts'
import type { System } from '../../local/system.ts'

/** Reads change nothing, so a death after one is a death before the next call that is no read. */
const reads = new Set(['GetItem', 'BatchGetItem', 'TransactGetItems', 'Query', 'Scan', 'GetObject', 'GetSecretValue'])

/** Ids that nobody knows beforehand: whoever reads one in a call about a sale knows it as the sale's from then on. */
const givenId = /\b(?:acct_1|cs_|pi_|ch_|py_|re_|tr_|trr_|du_|dp_|off_)\w+/g

const unescaped = (text: string): string => text.replaceAll(/\\+"/g, '"')

/** Writes that are about one sale each; what goes in batches is about several. */
const ofOneSale = new Set(['PutItem', 'UpdateItem', 'TransactWriteItems'])

/** What one call does, entry by entry where it is a batch. */
const entriesOf = ({ operation, path, body, stripeAccount = '' }: Call): string[] => {
  switch (operation) {
    case 'BatchWriteItem': {
      const { RequestItems } = JSON.parse(body) as { RequestItems: Record<string, unknown[]> }
      return Object.values(RequestItems).flatMap((requests) => requests.map((request) => JSON.stringify(request)))
    }
    case 'PutEvents':
    case 'SendMessageBatch':
      return (JSON.parse(body) as { Entries: unknown[] }).Entries.map((entry) => JSON.stringify(entry))
    default:
      return [`${path} ${stripeAccount} ${body}`]
  }
}

/** The fields that say what a write, a message or an event is, whatever sale it is of. */
const telling = /"(?:pk|sk|type|kind|step|DetailType|Subject)":(?:\{"S":)?"([^"]*)"/g

/**
 * One sale among others that run beside it: every call that functions make for it is told by the names it goes by. Names
 * that are given out on the way are learnt from the calls themselves.
 */
export class Trail {
  readonly #names: Map<string, string>

  /** @param names what the sale goes by, and what each name stands for */
  constructor(names: Readonly<Record<string, string>>) {
    this.#names = new Map(Object.entries(names))
  }

  /** Whether a text is about this sale. */
  isNamedIn(text: string): boolean {
    for (const name of this.#names.keys()) if (text.includes(name)) return true
    return false
  }

  know(name: string, stands: string): void {
    this.#names.set(name, stands)
  }

  /** Reads the ids out of a call that is about this sale which were given out in it: the provider's, and those of offers. */
  learn(call: MadeCall): void {
    if (call.service !== 'stripe' && !ofOneSale.has(call.operation)) return
    const asked = `${call.path} ${call.body}`
    if (!this.isNamedIn(asked)) return
    const answered = call.service === 'stripe' ? (call.answer ?? '') : ''
    for (const [id] of `${asked} ${answered}`.matchAll(givenId)) {
      if (!this.#names.has(id)) this.know(id, id.slice(0, id.indexOf('_')))
    }
  }

  /** What the call does for this sale, in words that are the same for every sale; empty: it is about others. */
  stepsOf(call: Call): string[] {
    if (reads.has(call.operation)) return []
    const steps = entriesOf(call)
      .filter((entry) => this.isNamedIn(entry))
      .map((entry) => `${call.function} ${call.service} ${call.operation} ${this.#tellingOf(entry)}`.trimEnd())
    return [...new Set(steps)]
  }

  #tellingOf(entry: string): string {
    const told = [...unescaped(entry).matchAll(telling)].map(([, value = '']) => this.#withoutNames(value))
    return [...new Set(told)].join(', ')
  }

  #withoutNames(text: string): string {
    let told = text
    for (const [name, stands] of this.#names) told = told.replaceAll(name, stands)
    return told
      .replaceAll(/^W#.*/g, 'W#word')
      .replaceAll(/^key#.*/g, 'key#hash')
      .replaceAll(/off_[0-9A-Z]{26}/g, 'off')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'instant')
      .replaceAll(/\d{5,}/g, 'number')
  }
}

/** A call of a sale's functions, found again in every sale of the same course: the step, and which one of its kind. */
export type Point = { readonly step: string; readonly nth: number }

export type Recording = {
  /** Every call that changes something outside, or asks the payment provider, in the order in which they were made. */
  readonly points: readonly Point[]
  /** Calls of functions that are about none of the sales. What the clock's own schedules do is not among them. */
  readonly ofNobody: readonly string[]
  readonly stop: () => void
}

export const recordPoints = (system: System, trail: Trail, others: readonly Trail[]): Recording => {
  const points: Point[] = []
  const ofNobody: string[] = []
  const seen = new Map<string, number>()
  const stop = system.door.onCall((call) => {
    if (call.function === 'direct' || reads.has(call.operation)) return
    trail.learn(call)
    const steps = trail.stepsOf(call)
    for (const step of steps) seen.set(step, (seen.get(step) ?? 0) + 1)
    // One entry of a batch stands for the call, whatever else goes along in it another time.
    const [step] = steps
    if (step !== undefined) points.push({ step, nth: seen.get(step) ?? 0 })
    else if (!call.function.startsWith('schedules-') && !others.some((other) => other.stepsOf(call).length > 0)) {
      ofNobody.push(`${call.function} ${call.service} ${call.operation} ${call.path} ${call.body}`)
    }
  })
  return { points, ofNobody, stop }
}

/** The process that makes this call of this sale dies. */
export const killAt = (system: System, trail: Trail, { step, nth }: Point, when: 'before' | 'after'): InjectedFault =>
  system.door.inject({ kind: 'kill', when, nth, where: (call) => trail.stepsOf(call).includes(step) })
