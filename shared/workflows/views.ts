import type * as z from 'zod'
import type { appraisalSchema, handleSchema, listingSchema } from '../contract/handle-resource.ts'
import type { listingCardSchema } from '../contract/market-resources.ts'
import { usd } from '../contract/money.ts'
import type { nextStepSchema, orderSchema } from '../contract/resources.ts'
import { fromStored, reasonWords, type StoredAppraisal } from '../domain/appraisal/appraisal.ts'
import { type Card, cardEndsAt, cardMode, cardPrice } from '../domain/card.ts'
import { handleDueAt, isOverruled } from '../domain/handle-due.ts'
import { handleMachine } from '../domain/handle-machine.ts'
import type { Handle, Listing, Redirect, Release } from '../domain/handle.ts'
import {
  decayTimes,
  liveSale,
  modeOf,
  opensAtOf,
  type Phase,
  phaseAt,
  type PhaseName,
  phasesOf,
  priceAt,
} from '../domain/listing.ts'
import { orderDueAt } from '../domain/order.ts'
import { publicRedirectOf } from '../domain/redirect.ts'
import { orderMachine } from '../domain/order-machine.ts'
import type { ReleasePolicy, RuleName } from '../domain/release-policy.ts'
import { deadlineOf, type Machine } from '../domain/transitions.ts'
import type { BuyersOrder } from '../domain/order-rows.ts'

// From domain states to what the contract shows. Who holds a handle is not shown: holders are pseudonymous.

type NextStep = z.infer<typeof nextStepSchema>

/** The step that moves a waiting state on: somebody's act where one is possible, with the clock as its end. */
export const nextStep = <S extends string, E extends string>(
  machine: Machine<S, E>,
  status: S,
  by: string | null,
): NextStep | null => {
  if (machine.states[status] !== 'waiting') return null
  const clock = deadlineOf(machine, status)
  const act = machine.transitions.find((row) => row.from === status && row.after === undefined)
  const row = act ?? clock
  const actor = row?.by[0]
  return row === undefined || actor === undefined ? null : { actor, action: row.on, by }
}

export const viewAppraisal = (stored: StoredAppraisal): z.infer<typeof appraisalSchema> => {
  const appraisal = fromStored(stored)
  return {
    low: usd(appraisal.lowMinor),
    expected: usd(appraisal.expectedMinor),
    high: usd(appraisal.highMinor),
    tier: appraisal.tier,
    confidence: appraisal.confidence,
    reasons: appraisal.reasons.map(({ code, weight }) => ({
      code,
      weight,
      words: reasonWords(code, weight, appraisal.comparables),
    })),
    comparableSales: appraisal.comparables ?? null,
    modelVersion: appraisal.modelVersion,
  }
}

const mayBuy: Record<PhaseName, string> = {
  rights_holders: 'Accounts with a recorded right in the name',
  first_refusal: 'The former holder, at the appraised price',
  prospects: 'Whom the platform makes a private offer',
  quarantine: 'Nobody: it rests until the market opens',
  open: 'Everybody',
}

const viewPhase = (phase: Phase) => ({ ...phase, mayBuy: mayBuy[phase.phase] })

const viewListing = (listing: Listing, now: string): z.infer<typeof listingSchema> => {
  const { status, currency, openedAt, decay } = listing
  const money = (amountMinor: number) => ({ amountMinor, currency })
  const sale = liveSale(listing, now)
  return {
    status,
    seller: listing.sellerId === undefined ? 'platform' : 'holder',
    mode: modeOf(listing, now),
    price: money(priceAt(listing, now)),
    openedAt,
    opensAt: opensAtOf(listing),
    phase: viewPhase(phaseAt(listing, now)),
    phases: phasesOf(listing).map(viewPhase),
    decay:
      decay === undefined
        ? null
        : {
            floor: money(decay.floorMinor),
            premium: money(decay.premiumMinor),
            halfLifeHours: decay.halfLifeHours,
            ...decayTimes(listing, decay),
          },
    sale: sale === undefined ? null : { mode: sale.mode, id: sale.id, until: sale.until ?? null },
  }
}

const viewRedirect = (redirect: Redirect | null) =>
  redirect === null ? null : { handle: redirect.handle, until: redirect.until }

export const viewHandle = (handle: Handle, policy: ReleasePolicy, now: string): z.infer<typeof handleSchema> => ({
  handle: handle.name,
  display: handle.display,
  status: handle.status,
  grace:
    handle.dormancy === null
      ? null
      : {
          startedAt: handle.dormancy.startedAt,
          noticesGiven: handle.dormancy.given.length,
          releaseAt: handle.dormancy.releaseAt,
        },
  release: handle.release === undefined ? null : { ...handle.release, words: releaseWords(handle.release) },
  reserved: handle.reserved === undefined ? null : { ...handle.reserved, overruled: isOverruled(handle) },
  legalHold: handle.legalHold !== undefined,
  listing: handle.listing === undefined || handle.listing.unlisted === true ? null : viewListing(handle.listing, now),
  appraisal: handle.appraisal === undefined ? null : viewAppraisal(handle.appraisal),
  movedTo: viewRedirect(publicRedirectOf(handle, now)),
  next: nextStep(handleMachine, handle.status, handleDueAt(handle, policy)),
})

const grounds: Record<RuleName, string> = {
  ordinary: 'its account had not been used for as long as the policy allows',
  verified: 'its verified account had not been used for as long as the policy allows',
  suspended: 'its account had been suspended for as long as the policy allows',
}

/** Why, for everybody to read: the rule and the warning, nothing of the account. */
const releaseWords = ({ rule, policyVersion, dueAt, noticesGiven }: Release): string =>
  `By version ${policyVersion} of the release policy, ${grounds[rule]} on ${dueAt.slice(0, 10)}` +
  (noticesGiven === 0 ? '.' : `, and ${noticesGiven} notices went unanswered.`)

/** A row of a search page. */
export const viewCard = (card: Card, now: string): z.infer<typeof listingCardSchema> => ({
  handle: card.name,
  display: card.display,
  status: card.status,
  mode: cardMode(card, now),
  price: { amountMinor: cardPrice(card, now), currency: card.currency },
  tier: card.tier,
  low: usd(card.lowMinor),
  high: usd(card.highMinor),
  confidence: card.confidence,
  opensAt: card.opensAt,
  endsAt: cardEndsAt(card),
  saleId: liveSale(card, now)?.id ?? null,
})

/** What a buyer waits for first while the order is unpaid is the buyer's own payment, not the provider's word of it. */
export const orderNext = (order: BuyersOrder): NextStep | null => {
  const step = nextStep(orderMachine, order.status, orderDueAt(order))
  return step !== null && order.status === 'awaiting_payment' ? { ...step, actor: 'buyer', action: 'pay' } : step
}

export const viewOrder = (order: BuyersOrder): z.infer<typeof orderSchema> => ({
  id: order.id,
  handle: order.handle,
  display: order.display,
  status: order.status,
  price: { amountMinor: order.priceMinor, currency: order.currency },
  seller: order.sellerId === undefined ? 'platform' : 'holder',
  refunded: order.refundedMinor === undefined ? null : { amountMinor: order.refundedMinor, currency: order.currency },
  saleId: order.saleId ?? null,
  createdAt: order.createdAt,
  updatedAt: order.updatedAt,
  next: orderNext(order),
})
