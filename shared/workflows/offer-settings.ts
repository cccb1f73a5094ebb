import type * as z from 'zod'
import type { offerSettingsBodySchema } from '../contract/offers.ts'
import { checkHandle } from '../domain/handle-name.ts'
import { offerLimits } from '../domain/negotiation.ts'
import {
  decideSettings,
  type Holding,
  holdingOf,
  type OfferSettings,
  type RulesNow,
  rulesNow,
} from '../domain/offer-rules.ts'
import { atStakeMinor } from '../domain/resale.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { Caller } from '../runtime/caller.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import { loadHandle, type LoadedHandle } from '../store/handles.ts'
import { committing, instant } from './committing.ts'
import { checkEligibility } from './eligibility.ts'
import { type OfferDeps, rulesChange } from './make-offer.ts'

type Wanted = z.infer<typeof offerSettingsBodySchema>

export type SettingsSeen = { readonly handle: string; readonly rules: RulesNow }

/** The handle, where the caller holds it. To anybody else there are no settings. */
const ownHandle = async (
  store: Store,
  handle: string,
  callerId: string,
): Promise<Result<{ readonly handle: LoadedHandle; readonly holding: Holding }>> => {
  const name = checkHandle(handle)
  if (!name.ok) return name
  const found = await loadHandle(store, name.value)
  const holding = found === null ? null : holdingOf(found.state)
  return found === null || holding?.accountId !== callerId
    ? refuse('not_found', `You hold no handle ${name.value}`, 'handle')
    : ok({ handle: found, holding })
}

/** How the holder of a handle takes offers. */
export const getOfferSettings = async (
  deps: { readonly store: Store; readonly now: () => number },
  handle: string,
  callerId: string,
): Promise<Result<SettingsSeen>> => {
  const own = await ownHandle(deps.store, handle, callerId)
  if (!own.ok) return own
  const { state } = own.value.handle
  const rules = await load(deps.store, 'offer_rules', state.name)
  return ok({ handle: state.name, rules: rulesNow(rules?.state ?? null, state, instant(deps.now())) })
}

/**
 * The holder says anew how offers are taken. To let an amount be accepted at once is to sell at it, so that it asks for what
 * a sale asks for.
 */
export const changeOfferSettings = async (
  deps: OfferDeps,
  handle: string,
  caller: Caller,
  wanted: Wanted,
): Promise<Result<SettingsSeen>> => {
  const own = await ownHandle(deps.store, handle, caller.id)
  if (!own.ok) return own
  const atStake =
    wanted.autoAccept === undefined ? 0 : atStakeMinor(own.value.handle.state, wanted.autoAccept.amountMinor)
  const barred = await checkEligibility(deps, caller, { kind: 'sell', amountMinor: atStake })
  if (barred !== null) return { ok: false, refusal: barred }
  const freshKey = deps.secret()
  return committing<Result<SettingsSeen>>(deps, async () => {
    const now = await ownHandle(deps.store, handle, caller.id)
    if (!now.ok) return { changes: [], answer: now }
    const { state } = now.value.handle
    const before = await load(deps.store, 'offer_rules', state.name)
    const at = instant(deps.now())
    const settings = { settings: settingsOf(wanted), unblock: wanted.unblock ?? [] }
    const decided = decideSettings(before?.state ?? null, now.value.holding, settings, freshKey)
    if (!decided.ok) return { changes: [], answer: decided }
    if (decided.value.length === 0) {
      return { changes: [], answer: ok({ handle: state.name, rules: rulesNow(before?.state ?? null, state, at) }) }
    }
    const change = rulesChange(state.name, before, decided.value, at, { kind: 'holder', id: caller.id })
    return {
      changes: [change],
      answer: ok({ handle: state.name, rules: rulesNow(change.after.state, state, at) }),
    }
  })
}

const settingsOf = ({ offers, floor, autoAccept, from, roundsMax, answerHours }: Wanted): OfferSettings => ({
  open: offers === 'on',
  ...(floor === undefined ? {} : { floorMinor: floor.amountMinor }),
  ...(autoAccept === undefined ? {} : { autoAcceptMinor: autoAccept.amountMinor }),
  from,
  roundsMax: roundsMax ?? offerLimits.roundsDefault,
  answerHours: answerHours ?? offerLimits.answerHoursDefault,
})
