import type * as z from 'zod'
import { usd } from '../contract/money.ts'
import type { planCardSchema, planSchema, publishedPlanSchema } from '../contract/release-plan.ts'
import { tiers } from '../domain/appraisal/appraisal.ts'
import { type Act, type Cell, type End, forecast, type ForecastLine, type PlanSummary } from '../domain/plan-summary.ts'
import { type RuleGroup, ruleGroups, type Standing } from '../domain/projection.ts'
import { opensAt, plannedDraft, type ReleasePlan } from '../domain/release-plan.ts'
import type { PlanPart, PlanResult } from '../store/plans.ts'

// From a plan and its counts to what the contract shows.

type PlanView = z.input<typeof planSchema>
type ResultView = NonNullable<PlanView['result']>
type Counts = ResultView['counts']

export const viewPlanCard = (plan: ReleasePlan): z.input<typeof planCardSchema> => ({
  id: plan.id,
  status: plan.status,
  asOf: plan.asOf,
  requestedBy: plan.operatorId,
  basedOn: (plan.inForce ?? plan.policy).version,
  isDraft: plan.inForce !== null,
  policyVersion: plan.inForce !== null && plan.status !== 'published' ? null : plan.policy.version,
  publishedAt: plan.publishedAt ?? null,
  schedule: plan.seal ?? null,
})

/** Null: it is not published, and nobody but operators knows of it. */
export const viewPublishedPlan = (plan: ReleasePlan): z.input<typeof publishedPlanSchema> | null =>
  plan.publishedAt === undefined || plan.seal === undefined
    ? null
    : {
        id: plan.id,
        policyVersion: plan.policy.version,
        asOf: plan.asOf,
        publishedAt: plan.publishedAt,
        handles: plan.seal.lines,
        sha256: plan.seal.sha256,
        opensAt: opensAt(plan),
      }

export const viewPlan = (plan: ReleasePlan, parts: readonly PlanPart[], result: PlanResult | null): PlanView => ({
  ...viewPlanCard(plan),
  policy: plannedDraft(plan),
  sellThrough: plan.sellThrough,
  progress: {
    segments: {
      total: plan.segments,
      done: result === null ? parts.filter(({ next }) => next === null).length : plan.segments,
    },
    parts: parts.length,
    handles: result?.handles ?? parts.reduce((sum, { handles }) => sum + handles, 0),
  },
  result: result === null ? null : viewResult(plan, result),
})

const viewResult = (plan: ReleasePlan, { handles, summary, atRisk }: PlanResult): ResultView => ({
  counts: viewCounts(summary, handles, plan.seal?.lines ?? 0),
  forecast: viewForecast(summary, plan.sellThrough),
  atRisk: atRisk.map(({ name: handle, score, group: rule, earliestAt, priceMinor, reasons }) => ({
    handle,
    score,
    rule,
    earliestAt,
    askingPrice: usd(priceMinor),
    reasons: [...reasons],
  })),
  comparison: plan.inForce === null ? null : viewComparison(summary),
})

type Wanted = {
  readonly standing?: Standing
  readonly group?: RuleGroup | null
  readonly end?: End
  readonly detail?: string | null
}

const counter =
  (cells: readonly Cell[]) =>
  (wanted: Wanted): number =>
    matching(cells, wanted).reduce((sum, cell) => sum + cell.handles, 0)

const matching = (cells: readonly Cell[], wanted: Wanted): readonly Cell[] =>
  cells.filter((cell) => Object.entries(wanted).every(([name, value]) => cell[name as keyof Wanted] === value))

const viewCounts = ({ cells, months }: PlanSummary, handles: number, scheduled: number): Counts => {
  const count = counter(cells)
  const codes = [...new Set(matching(cells, { end: 'reserve' }).map(({ detail }) => detail ?? ''))].toSorted()
  return {
    handles,
    scheduled,
    outside: count({ standing: 'outside' }),
    byRule: ruleGroups.map((group) => viewGroup(cells, group)),
    byTier: tiers.map((tier) => ({
      tier,
      releasedNow: count({ standing: 'decided_now', detail: tier }),
      noticed: count({ standing: 'noticed', detail: tier }),
      inGrace: count({ standing: 'in_grace', detail: tier }),
    })),
    byGateCode: codes.map((code) => {
      const now = count({ standing: 'decided_now', end: 'reserve', detail: code })
      return { code, now, later: count({ end: 'reserve', detail: code }) - now }
    }),
    // A map comes back from the table in any order.
    byMonth: Object.entries(months)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([month, released]) => ({ month, released })),
  }
}

const viewGroup = (cells: readonly Cell[], group: RuleGroup): Counts['byRule'][number] => {
  const ofGroup = matching(cells, { group })
  const count = counter(ofGroup)
  const outcomes = (standing: Standing) => ({
    handles: count({ standing }),
    reserved: count({ standing, end: 'reserve' }),
    unreachable: count({ standing, end: 'unreachable' }),
  })
  const releases = matching(ofGroup, { standing: 'in_grace', end: 'release' })
  return {
    rule: group,
    releasedNow: count({ standing: 'decided_now', end: 'release' }),
    reservedNow: count({ standing: 'decided_now', end: 'reserve' }),
    noticed: outcomes('noticed'),
    inGrace: {
      ...outcomes('in_grace'),
      earliestReleaseAt: releases.flatMap(({ earliestAt }) => earliestAt ?? []).toSorted()[0] ?? null,
    },
    graceEnded: count({ standing: 'grace_ended' }),
    unreachable: count({ standing: 'unreachable' }),
    notDue: count({ standing: 'not_due' }),
    noRule: count({ standing: 'no_rule' }),
    legalHold: count({ standing: 'legal_hold' }),
  }
}

const forecastWords =
  'What every handle brings at its asking price is exact; how many are sold within a year is an assumption. Low and high ' +
  'are the ends of the appraisals at the same share. Asking prices are typical prices: a rare sale above them is not ' +
  'forecast, since a fixed price never brings more. Before fees and refunds.'

const viewForecast = (summary: PlanSummary, sellThrough: ReleasePlan['sellThrough']): ResultView['forecast'] => {
  const { byTier, total } = forecast(summary, sellThrough)
  return {
    words: forecastWords,
    byTier: byTier.map((line) => ({
      tier: line.tier,
      sellThroughBasisPoints: sellThrough[line.tier],
      ...viewForecastLine(line),
    })),
    total: viewForecastLine(total),
  }
}

const viewForecastLine = ({ handles, ifAllSellMinor, lowMinor, atAskingMinor, highMinor }: ForecastLine) => ({
  handles,
  ifAllSell: usd(ifAllSellMinor),
  low: usd(lowMinor),
  atAskingPrice: usd(atAskingMinor),
  high: usd(highMinor),
})

const viewComparison = ({ compared }: PlanSummary): NonNullable<ResultView['comparison']> =>
  ruleGroups.map((rule) => {
    const count = (act: Act, planned: boolean, inForce: boolean) =>
      compared
        .filter((one) => one.group === rule && (one.planned === act) === planned && (one.inForce === act) === inForce)
        .reduce((sum, { handles }) => sum + handles, 0)
    const both = (act: Act) => ({
      both: count(act, true, true),
      onlyPlanned: count(act, true, false),
      onlyInForce: count(act, false, true),
    })
    return { rule, released: both('release'), noticed: both('notice') }
  })
