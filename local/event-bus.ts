import { randomUUID } from 'node:crypto'
import type { Clock } from './clock.ts'
import type { Functions } from './functions.ts'
import { pseudo } from './intrinsics.ts'
import { asArray, asString, asText, isObject, type Json, type JsonObject } from './json.ts'
import { atPath, matches } from './patterns.ts'
import type { RulePlan, TargetPlan } from './plan.ts'
import type { Queues } from './queues.ts'

/** EventBridge's own bounds on one PutEvents call. */
const entriesMax = 10
const bytesMax = 1024 * 1024

/** An event on its way to the rules of one bus. */
export interface BusEvent {
  readonly source: string
  readonly detailType: string
  /** `default`, or the name of a bus of the template. */
  readonly busName: string
  readonly resources: readonly Json[]
  readonly detail: JsonObject
}

export interface PutEventsResult {
  readonly status: number
  readonly body: JsonObject
}

/** The event buses of the template: what is put is matched against the rules and is in the targets before the answer. */
export class EventBus {
  readonly #rules: readonly RulePlan[]
  readonly #clock: Clock
  readonly #deliver: Delivery
  readonly #listeners = new Set<(event: JsonObject, busName: string) => void>()

  constructor(options: { rules: readonly RulePlan[]; clock: Clock; deliver: Delivery }) {
    this.#rules = options.rules
    this.#clock = options.clock
    this.#deliver = options.deliver
  }

  /** Takes the entries of a `PutEvents` call. A malformed entry fails alone, as in EventBridge. */
  putEvents(entries: readonly JsonObject[]): PutEventsResult {
    const bytes = entries.reduce((sum, entry) => sum + Buffer.byteLength(JSON.stringify(entry)), 0)
    if (entries.length === 0 || entries.length > entriesMax || bytes > bytesMax) {
      return {
        status: 400,
        body: {
          __type: 'ValidationException',
          message: `1 to ${entriesMax} entries of together at most ${bytesMax} bytes`,
        },
      }
    }
    const results = entries.map((entry) => this.#put(entry))
    return {
      status: 200,
      body: { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results },
    }
  }

  #put(entry: JsonObject): JsonObject {
    const source = asString(entry.Source)
    const detailType = asString(entry.DetailType)
    const detail = parse(asString(entry.Detail))
    if (source === undefined || detailType === undefined) {
      return { ErrorCode: 'InvalidArgument', ErrorMessage: 'Source and DetailType are required.' }
    }
    if (!isObject(detail)) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' }
    if (source.startsWith('aws.')) {
      return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' }
    }
    const busName = (asString(entry.EventBusName) ?? 'default').split('/').at(-1) ?? 'default'
    return { EventId: this.#route({ source, detailType, busName, resources: asArray(entry.Resources), detail }) }
  }

  /** Takes an event of an AWS service itself, whose source no caller of `PutEvents` may claim. */
  putServiceEvent(event: BusEvent): void {
    this.#route(event)
  }

  /** Calls back with every event that a bus takes, whether a rule matches it or not. Returns the way to stop. */
  onEvent(listener: (event: JsonObject, busName: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #route({ source, detailType, busName, resources, detail }: BusEvent): string {
    const id = randomUUID()
    const event: JsonObject = {
      version: '0',
      id,
      'detail-type': detailType,
      source,
      account: pseudo.account,
      time: new Date(this.#clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      region: pseudo.region,
      resources: [...resources],
      detail,
    }
    for (const listener of this.#listeners) listener(event, busName)
    for (const rule of this.#rules) {
      if (rule.busName !== busName || !matches(rule.pattern, event)) continue
      for (const target of rule.targets) this.#deliver(target, event)
    }
    return id
  }
}

export type Delivery = (target: TargetPlan, event: JsonObject) => void

/** Delivers to what a rule or schedule can aim at: queues (before it returns) and functions (afterwards). */
export function deliverTo(options: {
  queues: () => Queues
  functions: () => Functions
  onFailed: (target: TargetPlan, reason: string) => void
}): Delivery {
  return (target, event) => {
    const input = targetInput(target, event)
    if (target.arn.includes(':sqs:')) {
      const group = target.messageGroupId
      const order = group === undefined ? {} : { groupId: group, deduplicationId: randomUUID() }
      options.queues().send(target.arn, typeof input === 'string' ? input : JSON.stringify(input), order)
      return
    }
    if (target.arn.includes(':lambda:')) {
      const functionArn = target.arn.split(':').slice(0, 7).join(':')
      void options
        .functions()
        .invoke(functionArn, input)
        .then((outcome) => {
          if (outcome.kind === 'failed') {
            options.onFailed(target, `${outcome.error.errorType}: ${outcome.error.errorMessage}`)
          }
          if (outcome.kind === 'throttled') options.onFailed(target, 'throttled')
        })
      return
    }
    throw new Error(`the local system cannot deliver to ${target.arn}`)
  }
}

function targetInput(target: TargetPlan, event: JsonObject): Json {
  if (target.input !== undefined) return JSON.parse(target.input) as Json
  if (target.inputPath !== undefined) return atPath(target.inputPath, event) ?? {}
  const transformer = target.inputTransformer
  if (transformer === undefined) return event
  const text = fillTemplate(transformer.template, (name) => {
    const path = transformer.paths[name]
    return (path === undefined ? undefined : atPath(path, event)) ?? ''
  })
  return parse(text) ?? text
}

/** A variable stands for its value as JSON; between quotation marks, for what its value says. */
export function fillTemplate(template: string, valueOf: (name: string) => Json): string {
  let isInText = false
  return template.replaceAll(/\\.|"|<([^<>]+)>/g, (whole, name?: string) => {
    if (whole === '"') isInText = !isInText
    if (name === undefined) return whole
    const value = valueOf(name)
    return isInText ? JSON.stringify(asText(value)).slice(1, -1) : JSON.stringify(value)
  })
}

function parse(text: string | undefined): Json | undefined {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
