import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { feedFile } from '../../local/stock.ts'
import { type FeedLine, parseFeedLine } from '../../shared/domain/feed.ts'
import { handleLengthMax, normalizeHandle } from '../../shared/domain/handle-name.ts'

/**
 * How an account stands to the release. Due now are `suspended` (its handle goes in one step) and `warned` (all notices
 * given, the time of grace over: the last step). `forgotten` is inactive, and its notices are still to come. Not due are
 * `present` (seen lately, or of a class that is never released) and `reserved` (an earlier sweep kept its handle back).
 */
export type AccountKind = 'suspended' | 'warned' | 'forgotten' | 'present' | 'reserved'

export const isDue = (kind: AccountKind): boolean => kind === 'suspended' || kind === 'warned'

export type GeneratedAccount = { readonly line: FeedLine; readonly kind: AccountKind }

export type Composition = {
  readonly accounts: number
  /** The part of all accounts whose handles are due, 0 to 1. */
  readonly dueShare: number
  /** The part of ordinary due accounts that are `warned`, the others being suspended; a tenth when not given. */
  readonly warnedShare?: number
  /** Due accounts are `forgotten`, all of them ordinary: they have their notices before them. */
  readonly wholeRoad?: boolean
  /** The part of those that are not due whose handles were reserved before; 0 when not given. */
  readonly reservedShare?: number
  /** Milliseconds since the epoch: the day by which accounts are due or not. */
  readonly now: number
}

const dayMs = 86_400_000

/**
 * Accounts of a large platform, the same ones each time: the sample feed again and again, with its classes, followers and
 * languages, each time under other names (as people make them when the name they want is taken) and with other days.
 * Names are unique. A verified account that is due is always `warned`: suspension has no rule of its own for it.
 */
export async function* generateAccounts({
  accounts,
  dueShare,
  warnedShare = 0.1,
  wholeRoad = false,
  reservedShare = 0,
  now,
}: Composition): AsyncGenerator<GeneratedAccount> {
  const originals = await sampleLines(new Date(now).toISOString())
  const taken = new Set<string>()
  for (let index = 0; index < accounts; index += 1) {
    const original = originals[index % originals.length]
    if (original === undefined) throw new Error('the sample feed is empty')
    const random = randomOf(index)
    const dueKind = ({ class: accountClass }: Account): AccountKind => {
      if (wholeRoad) return 'forgotten'
      return accountClass === 'verified' || random() < warnedShare ? 'warned' : 'suspended'
    }
    const name = freeName(original.display, Math.floor(index / originals.length), index, taken, random)
    // Spread evenly: of every stretch of accounts the same part is due.
    const due = Math.floor((index + 1) * dueShare) > Math.floor(index * dueShare)
    const kind = due ? dueKind(original.account) : random() < reservedShare ? 'reserved' : 'present'
    const accountId = `acct_${String(index + 1).padStart(8, '0')}`
    const contact = { ...original.contact, email: `holder${index + 1}@example.com` }
    const account =
      kind === 'present'
        ? presentAccount(original.account, now, random)
        : absentAccount(original.account, kind, now, random)
    yield { kind, line: { name: normalizeHandle(name), display: name, account: { ...account, accountId }, contact } }
  }
}

type Account = FeedLine['account']

/** Numbers in [0, 1) that depend on the index alone. */
const randomOf = (index: number) => {
  const bytes = createHash('sha256').update(`account ${index}`).digest()
  let at = 0
  return (): number => {
    const value = bytes.readUInt32LE(at % 28)
    at += 4
    return value / 2 ** 32
  }
}

/** Seen last between 4 and 12 years ago; suspended, where it was, in the last three years but not the last four months. */
const absentAccount = (account: Account, kind: AccountKind, now: number, random: () => number): Account => {
  const suspended = kind === 'suspended' || kind === 'reserved'
  const { suspendedAt: _, ...rest } = account
  const lastActiveAt = now - (1_500 + random() * 2_900) * dayMs
  return {
    ...rest,
    class: account.class === 'verified' && kind === 'warned' ? 'verified' : 'ordinary',
    createdAt: text(lastActiveAt - random() * 1_000 * dayMs),
    lastActiveAt: text(lastActiveAt),
    ...(suspended ? { suspendedAt: text(now - (120 + random() * 1_000) * dayMs) } : {}),
  }
}

/** Seen within the last three months. */
const presentAccount = (account: Account, now: number, random: () => number): Account => {
  const { suspendedAt: _, ...rest } = account
  const lastActiveAt = now - random() * 90 * dayMs
  return {
    ...rest,
    createdAt: text(lastActiveAt - (30 + random() * 3_000) * dayMs),
    lastActiveAt: text(lastActiveAt),
  }
}

const text = (ms: number): string => new Date(ms).toISOString()

/** What people put before or behind a name that is taken. */
const decorations: readonly ((name: string, random: () => number) => string)[] = [
  (name, random) => `${name}${1960 + Math.floor(random() * 60)}`,
  (name, random) => `${name}${Math.floor(random() * 100)}`,
  (name, random) => `${name}_${Math.floor(random() * 1_000)}`,
  (name) => `the${name}`,
  (name) => `_${name}_`,
  (name) => `real_${name}`,
  (name, random) => `${name}${String.fromCharCode(97 + Math.floor(random() * 26))}`,
  (name) => `${name}official`,
  (name, random) => `${String.fromCharCode(97 + Math.floor(random() * 26))}${name}`,
  (name, random) => `${name}${Math.floor(random() * 100_000)}`,
  (name) => `its${name}`,
  (name) => `${name}_x`,
]

const freeName = (display: string, round: number, index: number, taken: Set<string>, random: () => number): string => {
  const decorate = decorations[(round - 1 + index) % decorations.length]
  const wanted = round === 0 || decorate === undefined ? display : decorate(display, random)
  const fitting = [wanted, `${display.slice(0, 8)}${index.toString(36)}`]
  for (const name of fitting) {
    const key = normalizeHandle(name)
    if (name.length > handleLengthMax || taken.has(key)) continue
    taken.add(key)
    return name
  }
  throw new Error(`no free name for account ${index}`)
}

/** The lines of the sample feed that are right, by the feed's own parser; a name that comes twice counts once. */
const sampleLines = async (now: string): Promise<FeedLine[]> => {
  const source = createReadStream(feedFile)
  const byName = new Map<string, FeedLine>()
  for await (const line of createInterface({ input: source.pipe(createGunzip()) })) {
    const parsed = parseFeedLine(line, now)
    if (parsed.ok && !byName.has(parsed.value.name)) byName.set(parsed.value.name, parsed.value)
  }
  return [...byName.values()]
}
