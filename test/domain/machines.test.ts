import { describe, expect, it } from 'vitest'
import { auctionMachine } from '../../shared/domain/auction.ts'
import { caseMachine } from '../../shared/domain/case.ts'
import { disputeMachine } from '../../shared/domain/dispute-machine.ts'
import { chargebackMachine } from '../../shared/domain/chargeback.ts'
import { dropMachine } from '../../shared/domain/drop.ts'
import { handleMachine, listingMachine } from '../../shared/domain/handle-machine.ts'
import { campaignMachine } from '../../shared/domain/campaign.ts'
import { negotiationMachine } from '../../shared/domain/negotiation-machine.ts'
import { orderMachine } from '../../shared/domain/order-machine.ts'
import { offerMachine } from '../../shared/domain/private-offer-machine.ts'
import { sellerMachine } from '../../shared/domain/seller.ts'
import { type Machine, toMermaid } from '../../shared/domain/transitions.ts'

const machines: Machine<string, string>[] = [
  handleMachine as Machine<string, string>,
  listingMachine as Machine<string, string>,
  orderMachine as Machine<string, string>,
  caseMachine as Machine<string, string>,
  campaignMachine as Machine<string, string>,
  offerMachine as Machine<string, string>,
  negotiationMachine as Machine<string, string>,
  auctionMachine as Machine<string, string>,
  disputeMachine as Machine<string, string>,
  chargebackMachine as Machine<string, string>,
  dropMachine as Machine<string, string>,
  sellerMachine as Machine<string, string>,
]

const reachable = (machine: Machine<string, string>): Set<string> => {
  const found = new Set<string>()
  const open: (string | null)[] = [null]
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const row of machine.transitions) {
      if (row.from === state && !found.has(row.to)) {
        found.add(row.to)
        open.push(row.to)
      }
    }
  }
  return found
}

describe.each(machines.map((machine) => [machine.name, machine] as const))('the %s table', (_, machine) => {
  it('reaches every state from birth', () => {
    expect([...reachable(machine)].toSorted()).toEqual(Object.keys(machine.states).toSorted())
  })

  it('gives every waiting state exactly one deadline, and no other state any', () => {
    for (const [state, kind] of Object.entries(machine.states)) {
      const deadlines = machine.transitions.filter((row) => row.from === state && row.after !== undefined)
      expect([state, deadlines.length]).toEqual([state, kind === 'waiting' ? 1 : 0])
    }
  })

  it('lets nothing follow a final state', () => {
    const finals = Object.keys(machine.states).filter((state) => machine.states[state] === 'final')
    expect(machine.transitions.filter((row) => row.from !== null && finals.includes(row.from))).toEqual([])
  })

  it('is deterministic and names who may act', () => {
    const keys = machine.transitions.map((row) => `${row.from} ${row.on}`)
    expect(new Set(keys).size).toBe(keys.length)
    for (const row of machine.transitions) expect(row.by.length).toBeGreaterThan(0)
  })

  it('lets the clock act where it has a deadline', () => {
    const deadlines = machine.transitions.filter((row) => row.after !== undefined)
    expect(deadlines.filter((row) => !row.by.includes('system'))).toEqual([])
  })

  it('draws a diagram with one line a transition', () => {
    const lines = toMermaid(machine).split('\n')
    for (const row of machine.transitions) {
      expect(lines.some((line) => line.includes(`--> ${row.to}: ${row.on} `))).toBe(true)
    }
  })
})
