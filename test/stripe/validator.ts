import type { CallRecord } from '../../local/stripe/api.ts'
import { clientShapeSince } from '../../local/stripe/api-version.ts'
import { isRecord, type FormValue } from '../../local/stripe/form.ts'
import { clientOperations, reference, resolve, resourceFile, type TypeNode } from '../../scripts/stripe-types.ts'
import { routes } from '../../local/stripe/routes.ts'
import { shapeProblems } from './client-shape.ts'
import { StripeOpenApi, type Complaint } from './openapi.ts'
import { knownDifferences } from './spec-differences.ts'

/** The client's type of what each operation answers, by operation id. */
const answers: Readonly<Record<string, TypeNode>> = {
  PostAccountLinks: reference(resourceFile('AccountLinks'), 'AccountLink'),
  ...resource('Accounts', 'Account', ['PostAccounts', 'GetAccountsAccount', 'PostAccountsAccount'], 'GetAccounts'),
  GetBalance: reference(resourceFile('Balance'), 'Balance'),
  ...resource('BalanceTransactions', 'BalanceTransaction', ['GetBalanceTransactionsId'], 'GetBalanceTransactions'),
  ...resource('Charges', 'Charge', ['GetChargesCharge'], 'GetCharges'),
  ...resource(
    'Checkout/Sessions',
    'Session',
    ['PostCheckoutSessions', 'GetCheckoutSessionsSession', 'PostCheckoutSessionsSessionExpire'],
    'GetCheckoutSessions',
  ),
  GetCheckoutSessionsSessionLineItems: { kind: 'list', of: reference(resourceFile('LineItems'), 'LineItem') },
  ...resource(
    'Disputes',
    'Dispute',
    ['GetDisputesDispute', 'PostDisputesDispute', 'PostDisputesDisputeClose'],
    'GetDisputes',
  ),
  ...resource('Events', 'Event', ['GetEventsId'], 'GetEvents'),
  ...resource(
    'PaymentIntents',
    'PaymentIntent',
    ['GetPaymentIntentsIntent', 'PostPaymentIntentsIntent', 'PostPaymentIntentsIntentCancel'],
    'GetPaymentIntents',
  ),
  ...resource('Payouts', 'Payout', ['GetPayoutsPayout'], 'GetPayouts'),
  ...resource('TransferReversals', 'TransferReversal', ['PostTransfersIdReversals'], 'GetTransfersIdReversals'),
  ...resource(
    'Transfers',
    'Transfer',
    ['PostTransfers', 'GetTransfersTransfer', 'PostTransfersTransfer'],
    'GetTransfers',
  ),
  ...resource('Refunds', 'Refund', ['PostRefunds', 'GetRefundsRefund', 'PostRefundsRefund'], 'GetRefunds'),
}

function resource(file: string, name: string, single: string[], list: string): Record<string, TypeNode> {
  const type = reference(resourceFile(file), name)
  return { ...Object.fromEntries(single.map((operation) => [operation, type])), [list]: { kind: 'list', of: type } }
}

/** One for all validators: reading the document and compiling its schemas takes seconds. */
let shared: StripeOpenApi | undefined
const openApi = (): StripeOpenApi => (shared ??= new StripeOpenApi())

/** The events of the client by their type. */
const eventTypes = new Map<string, TypeNode>()
const eventTypeOf = (type: string): TypeNode | undefined => {
  if (eventTypes.size === 0) {
    const union = resolve(reference(resourceFile('Events'), 'Event'))
    for (const member of union.kind === 'union' ? union.of.map(resolve) : []) {
      const literal = member.kind === 'object' ? member.properties['type']?.type : undefined
      if (literal?.kind === 'literal') eventTypes.set(String(literal.value), member)
    }
  }
  return eventTypes.get(type)
}

/**
 * Holds every call of the local Stripe server to two authorities: Stripe's OpenAPI document and the types of the client
 * in use. Pass `onCall` to `startStripeServer` (or `control.setOnCall`), let the test run, then call `verify`. Differences between the two authorities are listed, each with its reason, in `spec-differences.ts`.
 */
export class StripeValidator {
  /** One line for each thing that was wrong, naming the call. */
  readonly problems: string[] = []
  /** How many calls were looked at, by operation id. */
  readonly calls = new Map<string, number>()
  private readonly openApi = openApi()
  private readonly requestTypes = new Map<string, TypeNode>()

  constructor() {
    const operations = clientOperations()
    for (const route of routes) {
      const known = operations.find(({ method, path }) => method === route.method && path === route.path)
      if (known?.parameters) this.requestTypes.set(route.operationId, known.parameters)
    }
  }

  readonly onCall = (call: CallRecord): void => {
    this.calls.set(call.operationId, (this.calls.get(call.operationId) ?? 0) + 1)
    const name = `${call.operationId} ${call.status}`
    const body: unknown = JSON.parse(call.body)
    const problems = [
      ...this.responseProblems(call, body),
      // A refused request may be wrong on purpose; its answer may not.
      ...(call.status === 200 ? this.requestProblems(call) : []),
    ]
    this.problems.push(...problems.map((problem) => `${name}: ${problem}`))
  }

  /** Holds a delivered event to the client's type of it and to the document's schemas of event and resource. */
  checkEvent(event: { type: string; data: { object: object } }): void {
    this.problems.push(...this.eventProblems(event).map((problem) => `${event.type}: ${problem}`))
  }

  /** Throws with every problem found so far. */
  verify(): void {
    if (this.problems.length > 0) throw new Error(`Calls that Stripe would not know:\n${this.problems.join('\n')}`)
  }

  private responseProblems(call: CallRecord, body: unknown): string[] {
    const complaints = this.openApi.responseComplaints(call.operationId, call.status, body)
    const spec = unexpected(complaints, body)
    if (call.status !== 200) return spec
    const type = answers[call.operationId]
    if (!type) return [...spec, 'validator.ts does not know what this operation answers']
    const events = isEvent(body) ? [body] : isEventList(body) ? body.data : []
    const client = events.length > 0 ? [] : shapeProblems(type, body, 'answer')
    return [...spec, ...client, ...events.flatMap((event) => this.eventProblems(event))]
  }

  private eventProblems(event: { type: string; data: { object: object } }): string[] {
    const type = eventTypeOf(event.type)
    if (!type) return [`the client knows no event ${event.type}`]
    const resourceName = String((event.data.object as { object?: unknown }).object)
    return [
      ...shapeProblems(type, event, 'event'),
      ...unexpected(this.openApi.resourceComplaints('event', event), event),
      ...unexpected(this.openApi.resourceComplaints(resourceName, event.data.object), event.data.object),
    ]
  }

  private requestProblems(call: CallRecord): string[] {
    const type = this.requestTypes.get(call.operationId)
    const older = call.version < clientShapeSince
    const spec = this.openApi
      .requestComplaints(call.operationId, call.form)
      .filter((complaint) => !(type && clientKnows(type, complaint)))
      .map((complaint) => `request${complaint.path}: ${complaint.message} (${complaint.property ?? complaint.keyword})`)
    if (older || !type) return spec
    return [...spec, ...shapeProblems(type, typed(resolve(type), call.form), 'request')]
  }
}

const isEvent = (body: unknown): body is { type: string; data: { object: object } } =>
  (body as { object?: unknown }).object === 'event'

const isEventList = (body: unknown): body is { data: { type: string; data: { object: object } }[] } => {
  const { data } = body as { data?: unknown }
  return Array.isArray(data) && data.length > 0 && data.every(isEvent)
}

/** Complaints of the document that no listed difference explains. */
const unexpected = (complaints: Complaint[], body: unknown): string[] =>
  complaints
    .filter((complaint) => !knownDifferences.some((difference) => difference.explains(complaint, body)))
    .map(({ path, message, property }) => `document ${path} ${message}${property ? ` (${property})` : ''}`)

/** The document refuses a parameter that the client's newer types have: the client wins. */
const clientKnows = (type: TypeNode, complaint: Complaint): boolean => {
  if (complaint.keyword !== 'additionalProperties' || !complaint.property) return false
  const names = complaint.path.split('/').filter((name) => name !== '' && !/^\d+$/.test(name))
  let node = resolve(type)
  for (const name of [...names, complaint.property]) {
    const property = node.kind === 'object' ? node.properties[name] : undefined
    if (!property) return false
    node = resolve(property.type)
    if (node.kind === 'union') node = node.of.map(resolve).find((member) => member.kind === 'object') ?? node
    if (node.kind === 'array') node = resolve(node.of)
  }
  return true
}

/** Form text with the kinds that a type wants, so that the type can be held to it. */
const typed = (type: TypeNode, value: FormValue): unknown => {
  const node = resolve(type)
  if (node.kind === 'union') {
    const members = node.of.map(resolve)
    const wanted = isRecord(value)
      ? ['object', 'map']
      : Array.isArray(value)
        ? ['array']
        : members.some((member) => member.kind === 'number') && value !== ''
          ? ['number']
          : []
    const member = members.find(({ kind }) => wanted.includes(kind))
    return member ? typed(member, value) : value
  }
  if (node.kind === 'object' && isRecord(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => {
        const property = node.properties[name]
        return [name, property ? typed(property.type, inner) : inner]
      }),
    )
  if (node.kind === 'map' && isRecord(value)) return { ...value }
  if (node.kind === 'array' && Array.isArray(value)) return value.map((item) => typed(node.of, item))
  if (node.kind === 'number') return Number(value)
  if (node.kind === 'boolean') return value === 'true' ? true : value === 'false' ? false : value
  return value
}
