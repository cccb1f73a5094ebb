import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Actor } from '../../shared/domain/actors.ts'
import {
  type Dispute,
  type DisputeEvent,
  disputeDueAt,
  disputeIdOf,
  disputeOutcomes,
  evidencePerPartyMax,
  evolveDispute,
  partyOf,
  statementsPerPartyMax,
} from '../../shared/domain/dispute.ts'
import {
  awardOf,
  decideAnswerOverdue,
  decideApproval,
  decideDecision,
  decideEvidence,
  decideEvidenceArrived,
  decideOpened,
  decideOvertaken,
  decideStatement,
  decideWithdrawn,
  possibleFor,
} from '../../shared/domain/dispute-acts.ts'
import { evidenceFault } from '../../shared/domain/evidence-file.ts'
import { quoteOf } from '../../shared/domain/commission.ts'
import type { Order } from '../../shared/domain/order.ts'
import { termsInForce } from '../../shared/domain/terms.ts'
import type { Result } from '../../shared/domain/result.ts'

const id = disputeIdOf('ord_1')
const openedAt = '2026-11-24T12:00:00.000Z'
const later = '2026-11-25T12:00:00.000Z'
const answerBy = '2026-11-27T12:00:00.000Z'
const buyer = { kind: 'buyer', id: 'bea' } as const
const seller = { kind: 'seller', id: 'sam' } as const

const disputed = {
  orderId: 'ord_1',
  handle: 'quietriver',
  buyerId: 'bea',
  sellerId: 'sam',
  priceMinor: 100_00,
  currency: 'USD',
  termsVersion: '2026-11-1',
} as const
const saying = (statementId: string, words = 'It is not what I was promised') => ({
  statementId,
  words,
  requestHash: `hash of ${words}`,
})
const opening = { ...saying('stm_1'), reason: 'not_as_described', answerBy } as const

const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.refusal.message)
  return result.value
}
const codeOf = (result: Result<unknown>) => (result.ok ? null : result.refusal.code)
const fold = (dispute: Dispute | null, events: readonly DisputeEvent[], at = later): Dispute => {
  const folded = events.reduce<Dispute | null>((state, event) => evolveDispute(id, state, event, at), dispute)
  if (folded === null) throw new Error('nothing happened')
  return folded
}

const opened = fold(null, value(decideOpened(null, disputed, opening)), openedAt)
const answered = fold(opened, value(decideStatement(opened, 'seller', seller, saying('stm_2'))))
/** The order as it stands while the dispute is open: of the quote's 20 dollars and more by its bands. */
const orderOf = (priceMinor: number): Order => ({
  id: 'ord_1',
  handle: 'quietriver',
  display: 'QuietRiver',
  tier: 'rare',
  buyerId: 'bea',
  sellerId: 'sam',
  quote: quoteOf(priceMinor),
  priceMinor,
  currency: 'USD',
  termsVersion: termsInForce.version,
  payBy: openedAt,
  requestHash: 'h',
  status: 'disputed',
  createdAt: openedAt,
  updatedAt: openedAt,
  since: openedAt,
  handedOverAt: openedAt,
})
const order = orderOf(100_00)
const wanted = (outcome: 'settle' | 'refund' | 'split') => ({
  outcome,
  refundMinor: outcome === 'split' ? 40_00 : null,
  reason: 'as the screenshots show',
})
const act = (operatorId = 'olga', basedOn = 2, version = 2) => ({ operatorId, basedOn, version })
const limit = 50_00
const decideIt = (
  dispute: Dispute,
  outcome: 'settle' | 'refund' | 'split',
  { by = act(), limitMinor = 1_000_000_00 }: { by?: ReturnType<typeof act>; limitMinor?: number } = {},
) => decideDecision(dispute, order, wanted(outcome), by, limitMinor)

describe('a dispute', () => {
  it('is opened once for an order, and the same request again changes nothing', () => {
    expect(opened).toMatchObject({ status: 'answer_wanted', openedAt, statements: [{ party: 'buyer' }] })
    expect(decideOpened(opened, disputed, opening)).toEqual({ ok: true, value: [] })
    const other = { ...opening, words: 'Something else altogether', requestHash: 'another' }
    expect(codeOf(decideOpened(opened, disputed, other))).toBe('idempotency_key_reused')
    const again = decideOpened(opened, disputed, { ...opening, statementId: 'stm_9' })
    expect(again).toMatchObject({ refusal: { code: 'dispute_exists', extra: { status: 'answer_wanted' } } })
  })

  it('waits for the seller until the promised instant, and then for an operator', () => {
    expect(disputeDueAt(opened)).toBe(answerBy)
    expect(codeOf(decideAnswerOverdue(opened, '2026-11-27T11:59:59.999Z'))).toBe('not_due')
    const overdue = fold(opened, value(decideAnswerOverdue(opened, answerBy)))
    expect(overdue.status).toBe('in_review')
    expect(disputeDueAt(overdue)).toBeNull()
    expect(codeOf(decideAnswerOverdue(overdue, answerBy))).toBe('not_due')
    // Late words still count.
    expect(decideStatement(overdue, 'seller', seller, saying('stm_2'))).toMatchObject({
      value: [{ type: 'statement_added', party: 'seller' }],
    })
  })

  it("is in review from the seller's first words on; the buyer's own do not answer", () => {
    expect(answered).toMatchObject({ status: 'in_review', answeredAt: later })
    const more = decideStatement(opened, 'buyer', buyer, saying('stm_3'))
    expect(fold(opened, value(more)).status).toBe('answer_wanted')
  })

  it('tells a repeated statement from a key that is used again', () => {
    expect(decideStatement(answered, 'seller', seller, saying('stm_2'))).toEqual({ ok: true, value: [] })
    const other = decideStatement(answered, 'seller', seller, saying('stm_2', 'Other words, same key'))
    expect(codeOf(other)).toBe('idempotency_key_reused')
  })

  it('hears each side a bounded number of times', () => {
    let dispute = answered
    for (let n = 2; n <= statementsPerPartyMax; n += 1) {
      dispute = fold(dispute, value(decideStatement(dispute, 'buyer', buyer, saying(`stm_b${n}`))))
    }
    expect(codeOf(decideStatement(dispute, 'buyer', buyer, saying('stm_more')))).toBe('dispute_full')
    expect(decideStatement(dispute, 'seller', seller, saying('stm_s')).ok).toBe(true)
  })

  it('is nobody else’s', () => {
    expect([partyOf(opened, 'bea'), partyOf(opened, 'sam'), partyOf(opened, 'eve')]).toEqual(['buyer', 'seller', null])
  })

  it('is withdrawn by the buyer alone, once', () => {
    expect(codeOf(decideWithdrawn(opened, seller))).toBe('transition_not_allowed')
    const withdrawn = fold(opened, value(decideWithdrawn(opened, buyer)))
    expect(withdrawn).toMatchObject({ status: 'withdrawn', endedAt: later })
    expect(decideWithdrawn(withdrawn, buyer)).toEqual({ ok: true, value: [] })
    expect(codeOf(decideStatement(withdrawn, 'seller', seller, saying('stm_7')))).toBe('transition_not_allowed')
  })

  it('is overtaken by a chargeback while it is open, and not after', () => {
    const overtaken = fold(answered, decideOvertaken(answered, 'du_1'))
    expect(overtaken).toMatchObject({ status: 'overtaken', overtakenBy: 'du_1' })
    expect(decideOvertaken(overtaken, 'du_1')).toEqual([])
  })
})

describe('a decision', () => {
  it('waits for the seller, and says what is possible now', () => {
    const early = decideIt(opened, 'refund')
    expect(early).toMatchObject({
      refusal: { code: 'transition_not_allowed', extra: { status: 'answer_wanted', possible: [] } },
    })
    expect(possibleFor(opened, { kind: 'seller' })).toEqual(['dispute_answered', 'evidence_announced'])
  })

  it.each(disputeOutcomes)('to %s ends it at once below the limit; the same word again changes nothing', (outcome) => {
    const decided = fold(answered, value(decideIt(answered, outcome)))
    expect(decided.status).toBe({ settle: 'settled', refund: 'refunded', split: 'split' }[outcome])
    expect(decided.decision).toMatchObject({ outcome, operatorId: 'olga' })
    expect(decideIt(decided, outcome)).toEqual({ ok: true, value: [] })
    const other = outcome === 'refund' ? 'settle' : 'refund'
    expect(codeOf(decideIt(decided, other, { by: act('olga', 3, 3) }))).toBe('transition_not_allowed')
  })

  it('above the limit needs another operator, who is recorded beside the first', () => {
    const proposed = fold(answered, value(decideIt(answered, 'refund', { limitMinor: limit })))
    expect(proposed).toMatchObject({ status: 'approval_wanted', proposal: { operatorId: 'olga' } })
    const yes = { approve: true, reason: 'agreed' }
    expect(codeOf(decideApproval(proposed, yes, act('olga')))).toBe('second_operator_wanted')
    const decided = fold(proposed, value(decideApproval(proposed, yes, act('omar'))))
    expect(decided).toMatchObject({ status: 'refunded', decision: { operatorId: 'olga', approvedBy: 'omar' } })
    expect(decided.proposal).toBeUndefined()
    expect(decideApproval(decided, yes, act('omar'))).toEqual({ ok: true, value: [] })
  })

  it('exactly at the limit needs one operator alone', () => {
    expect(decideIt(answered, 'refund', { limitMinor: 100_00 })).toMatchObject({
      value: [{ type: 'dispute_refunded' }],
    })
    expect(decideIt(answered, 'refund', { limitMinor: 99_99 })).toMatchObject({
      value: [{ type: 'decision_proposed' }],
    })
  })

  it('that is sent back is open for another one', () => {
    const proposed = fold(answered, value(decideIt(answered, 'refund', { limitMinor: limit })))
    const no = { approve: false, reason: 'look at the files again' }
    const back = fold(proposed, value(decideApproval(proposed, no, act('omar'))))
    expect(back.status).toBe('in_review')
    expect(back.proposal).toBeUndefined()
    expect(codeOf(decideApproval(back, { approve: true, reason: 'agreed' }, act('omar')))).toBe(
      'transition_not_allowed',
    )
  })

  it('is made on the sight of the newest version', () => {
    const stale = decideIt(answered, 'settle', { by: act('olga', 1, 2) })
    expect(stale).toMatchObject({ refusal: { code: 'dispute_changed', field: 'basedOn', extra: { version: 2 } } })
  })

  it('is nobody’s in a case of their own', () => {
    expect(codeOf(decideIt(answered, 'refund', { by: act('bea') }))).toBe('own_case')
    const proposed = fold(answered, value(decideIt(answered, 'refund', { limitMinor: limit })))
    expect(codeOf(decideApproval(proposed, { approve: true, reason: 'agreed' }, act('sam')))).toBe('own_case')
  })

  it('gives away the whole price, to the cent, whatever is split', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 99_999_999 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(...disputeOutcomes),
        (priceMinor, refundShare, outcome) => {
          const refundMinor = outcome === 'split' ? 1 + Math.floor((priceMinor - 2) * refundShare) : null
          const one = orderOf(priceMinor)
          const award = value(awardOf(one, { outcome, refundMinor }, { kind: 'operator', id: 'olga' }))
          expect(award.refundMinor + award.commissionMinor + award.netMinor).toBe(priceMinor)
          expect(Math.min(award.refundMinor, award.commissionMinor, award.netMinor)).toBeGreaterThanOrEqual(0)
          expect(award.commissionMinor).toBeLessThanOrEqual(one.quote?.commissionMinor ?? 0)
        },
      ),
    )
  })

  it('to settle pays what was quoted, and to refund takes no commission', () => {
    const award = (outcome: 'settle' | 'refund' | 'split', refundMinor: number | null = null) =>
      value(awardOf(orderOf(1_000_00), { outcome, refundMinor }, { kind: 'operator', id: 'olga' }))
    expect(award('settle')).toEqual({ refundMinor: 0, commissionMinor: 200_00, netMinor: 800_00 })
    expect(award('refund')).toEqual({ refundMinor: 1_000_00, commissionMinor: 0, netMinor: 0 })
    expect(award('split', 500_00)).toEqual({ refundMinor: 500_00, commissionMinor: 100_00, netMinor: 400_00 })
  })
})

describe('evidence', () => {
  const file = (evidenceId: string) => ({
    evidenceId,
    party: 'buyer' as const,
    name: 'screen.png',
    contentType: 'image/png',
    bytes: 8,
    sha256: '4c4b6a3be1314ab86138bef4314dde022e600960d8689a2c8f8631802d20dab6',
    requestHash: 'h',
  })
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

  it('is awaited until it has come, and checked once', () => {
    const awaited = fold(opened, value(decideEvidence(opened, buyer as Actor, file('evi_1'))))
    expect(awaited.evidence).toMatchObject([{ id: 'evi_1', status: 'awaited' }])
    const received = fold(awaited, value(decideEvidenceArrived(awaited, 'evi_1', null)))
    expect(received.evidence).toMatchObject([{ status: 'received' }])
    expect(decideEvidenceArrived(received, 'evi_1', 'another file')).toEqual({ ok: true, value: [] })
    const refused = fold(awaited, value(decideEvidenceArrived(awaited, 'evi_1', 'it is no image/png')))
    expect(refused.evidence).toMatchObject([{ status: 'refused', why: 'it is no image/png' }])
  })

  it('is bounded a side', () => {
    let dispute = opened
    for (let n = 0; n < evidencePerPartyMax; n += 1) {
      dispute = fold(dispute, value(decideEvidence(dispute, buyer, file(`evi_${n}`))))
    }
    expect(codeOf(decideEvidence(dispute, buyer, file('evi_more')))).toBe('dispute_full')
  })

  it('must be what was announced: length, hash, and a type that its first bytes show', () => {
    const announced = file('evi_1')
    expect(evidenceFault(announced, png)).toBeNull()
    expect(evidenceFault(announced, png.slice(1))).toMatch(/7 bytes, 8 were announced/)
    expect(evidenceFault(announced, Uint8Array.of(...png.slice(0, 7), 0))).toMatch(/SHA-256/)
    expect(evidenceFault({ ...announced, contentType: 'application/pdf' }, png)).toBe('it is no application/pdf')
    expect(evidenceFault({ ...announced, contentType: 'text/plain' }, png)).toBe('it is no text/plain')
  })
})
