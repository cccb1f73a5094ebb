import type { Control } from './control.ts'
import { checkOutcomes } from './onboarding.ts'
import { restrictions } from './resources/accounts.ts'
import { invalidRequest } from './stripe-error.ts'

type Body = Record<string, unknown>

const text = (body: Body, name: string): string => {
  const value = body[name]
  if (typeof value === 'string' && value !== '') return value
  throw invalidRequest(`Missing required param: ${name}.`, { code: 'parameter_missing', param: name })
}

const optional = (body: Body, name: string): string | undefined =>
  body[name] === undefined || body[name] === '' ? undefined : text(body, name)

const amount = (body: Body): number | undefined => {
  const value = body['amount']
  if (value === undefined || value === '') return undefined
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw invalidRequest('Invalid integer', { code: 'parameter_invalid_integer', param: 'amount' })
}

const oneOf = <const T extends string>(body: Body, name: string, values: readonly T[]): T => {
  const given = text(body, name)
  const found = values.find((value) => value === given)
  if (found) return found
  throw invalidRequest(`Invalid ${name}: must be one of ${values.join(', ')}`, { param: name })
}

/** `POST /_local/{name}` with JSON or a form: the control object over HTTP. */
export const controlRoutes: Readonly<Record<string, (control: Control, body: Body) => unknown>> = {
  pay: (control, body) => {
    const [method, outcome, email, name, last4] = ['method', 'outcome', 'email', 'name', 'last4'].map((field) =>
      optional(body, field),
    )
    return control.pay(text(body, 'session'), {
      ...(method && { method: method as 'card' }),
      ...(outcome && { outcome }),
      ...(email && { email }),
      ...(name && { name }),
      ...(last4 && { last4 }),
    })
  },
  settle: (control, body) =>
    control.settleAsync(text(body, 'payment_intent'), oneOf(body, 'outcome', ['succeeded', 'failed'])),
  dispute: (control, body) => {
    const [reason, sum] = [optional(body, 'reason'), amount(body)]
    return control.dispute(text(body, 'charge'), {
      ...(reason && { reason }),
      ...(sum !== undefined && { amount: sum }),
      inquiry: body['inquiry'] === true || body['inquiry'] === 'true',
    })
  },
  'close-dispute': (control, body) =>
    control.closeDispute(text(body, 'dispute'), oneOf(body, 'outcome', ['won', 'lost'])),
  refund: (control, body) => control.refundFromDashboard(text(body, 'charge'), amount(body)),
  'settle-refund': (control, body) =>
    control.settleRefund(text(body, 'refund'), oneOf(body, 'outcome', ['succeeded', 'failed'])),
  onboard: (control, body) => {
    const [firstName, lastName, bankAccount] = ['first_name', 'last_name', 'bank_account'].map((name) =>
      optional(body, name),
    )
    return control.onboard(text(body, 'account'), {
      ...(firstName && { firstName }),
      ...(lastName && { lastName }),
      ...(bankAccount && { bankAccount }),
      outcome: body['outcome'] === undefined ? 'complete' : oneOf(body, 'outcome', checkOutcomes),
    })
  },
  'restrict-account': (control, body) =>
    control.restrictAccount(
      text(body, 'account'),
      body['reason'] === undefined ? 'under_review' : oneOf(body, 'reason', restrictions),
    ),
  'lift-restriction': (control, body) => control.liftRestriction(text(body, 'account')),
  transfer: (control, body) => {
    const [sum, group] = [amount(body), optional(body, 'transfer_group')]
    return control.transferFromDashboard({
      destination: text(body, 'account'),
      currency: optional(body, 'currency') ?? 'usd',
      ...(sum !== undefined && { amount: sum }),
      ...(group && { transferGroup: group }),
    })
  },
  'reverse-transfer': (control, body) => control.reverseFromDashboard(text(body, 'transfer'), amount(body)),
  'pay-out': (control, body) => ({ payouts: control.payOut(text(body, 'account')) }),
  'settle-payout': (control, body) =>
    control.settlePayout(text(body, 'payout'), oneOf(body, 'outcome', ['paid', 'failed'])),
  'resend-event': (control, body) => ({ deliveries: control.resendEvent(text(body, 'event'), optional(body, 'url')) }),
  'replay-delivery': (control, body) => ({ delivery: control.replayDelivery(text(body, 'delivery')) }),
  tick: (control) => {
    control.tick()
    return {}
  },
}
