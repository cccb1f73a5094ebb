import { endAuthorisation } from './authorisations.ts'
import type { Core } from './core.ts'
import { accountChecked } from './onboarding.ts'
import { settlePayment } from './payments.ts'
import { expireSession } from './resources/checkout-sessions.ts'
import { disputePastDue } from './resources/disputes.ts'
import { payOut, payoutArrives } from './resources/payouts.ts'
import { failRefund, succeedRefund } from './resources/refunds.ts'

/** What the clock brings about, by the name under which it was scheduled; `at` is when it was due (seconds). */
const tasks: Record<string, (core: Core, id: string, at: number) => void> = {
  expire_session: (core, id) => {
    const session = core.state.find('checkout.session', id)
    if (session) expireSession(core, session)
  },
  settle_payment: (core, id) => {
    const intent = core.state.find('payment_intent', id)
    if (intent) settlePayment(core, intent)
  },
  lapse_authorisation: (core, id) => {
    const intent = core.state.find('payment_intent', id)
    if (intent?.status === 'requires_capture') endAuthorisation(core, intent, 'automatic')
  },
  refund_succeeds: (core, id) => {
    const refund = core.state.find('refund', id)
    if (refund) succeedRefund(core, refund)
  },
  refund_fails: (core, id) => {
    const refund = core.state.find('refund', id)
    if (refund) failRefund(core, refund)
  },
  dispute_due: (core, id) => {
    const dispute = core.state.find('dispute', id)
    if (dispute) disputePastDue(core, dispute)
  },
  account_checked: (core, id) => {
    const account = core.state.find('account', id)
    if (account) accountChecked(core, account)
  },
  pay_out: (core, id, at) => {
    const account = core.state.find('account', id)
    if (account) payOut(core, account, at)
  },
  payout_arrives: (core, id) => {
    const payout = core.state.find('payout', id)
    if (payout) payoutArrives(core, payout)
  },
}

/** Does everything that has fallen due, in the order of its time, each as one change. */
export const runDueTasks = (core: Core): void => {
  for (;;) {
    const timer = core.state.nextTimer()
    if (!timer || timer.at > core.now()) return
    core.uncaused(() => {
      core.state.removeTimer(timer)
      const task = tasks[timer.task]
      if (!task) throw new Error(`Nothing is known of the task ${timer.task}`)
      task(core, timer.id, timer.at / 1000)
    })
  }
}
