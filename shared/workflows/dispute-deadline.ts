import { systemActor } from '../domain/actors.ts'
import { advance } from '../domain/aggregate.ts'
import { disputeDueAt } from '../domain/dispute.ts'
import { decideAnswerOverdue } from '../domain/dispute-acts.ts'
import { load } from '../store/aggregates.ts'
import type { ApplyDeadline, DeadlineOutcome } from './apply-deadline.ts'
import { committing, instant } from './committing.ts'

/** The seller has let the time pass: the dispute goes on to the operators. */
export const applyDisputeDeadline: ApplyDeadline = (deps, id) =>
  committing<DeadlineOutcome>(deps, async () => {
    const before = await load(deps.store, 'dispute', id)
    if (before === null) return { changes: [], answer: { notDue: null } }
    const now = instant(deps.now())
    const decided = decideAnswerOverdue(before.state, now)
    if (!decided.ok) return { changes: [], answer: { notDue: disputeDueAt(before.state) } }
    const after = advance('dispute', id, before, decided.value, now, systemActor)
    return { changes: [{ kind: 'dispute', before, after }], answer: 'moved' }
  })
