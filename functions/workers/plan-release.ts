import { planMessageSchema } from '../../shared/contract/messages.ts'
import { assess, saleBook } from '../../shared/domain/assess.ts'
import { openQueue } from '../../shared/gateways/queue.ts'
import { openSchedules } from '../../shared/gateways/schedules.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { running } from '../../shared/runtime/running.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { partSize, planPart, type PlanPartDeps } from '../../shared/workflows/plan-part.ts'
import { recentSales } from '../../shared/workflows/recent-sales.ts'
import { writeSchedule } from '../../shared/workflows/plan-schedule.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'SCHEDULES_BUCKET', 'PLANS_QUEUE_URL')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const sales = recentSales({ ...running, store }, saleBook)
const deps = {
  ...running,
  store,
  schedules: openSchedules(config.SCHEDULES_BUCKET),
  queue: openQueue(config.PLANS_QUEUE_URL),
}

export const handler = worker(
  planMessageSchema,
  async (message) => {
    const { planId, step } = message
    if (step === 'read') {
      const book = await sales()
      const assessAsReleased: PlanPartDeps['assess'] = (name, display, facts) => assess(name, display, facts, book)
      await planPart({ ...deps, partSize, assess: assessAsReleased }, message)
      log('info', 'plan_part_read', { planId, segment: message.segment, part: message.part })
    } else {
      log('info', 'plan_schedule_written', { planId, ...(await writeSchedule(deps, planId)) })
    }
  },
  { recordFailure: failureRecorder(store, 'plans', running.now) },
)
