import { openApi } from '../shared/contract/openapi.ts'
import { auctionMachine } from '../shared/domain/auction.ts'
import { chargebackMachine } from '../shared/domain/chargeback.ts'
import { caseMachine } from '../shared/domain/case.ts'
import { disputeMachine } from '../shared/domain/dispute-machine.ts'
import { dropMachine } from '../shared/domain/drop.ts'
import { handleMachine, listingMachine } from '../shared/domain/handle-machine.ts'
import { campaignMachine } from '../shared/domain/campaign.ts'
import { negotiationMachine } from '../shared/domain/negotiation-machine.ts'
import { orderMachine } from '../shared/domain/order-machine.ts'
import { offerMachine } from '../shared/domain/private-offer-machine.ts'
import { sellerMachine } from '../shared/domain/seller.ts'
import { ruleNames, shippedPolicy } from '../shared/domain/release-policy.ts'
import { durationMs, type Terms, termsInForce } from '../shared/domain/terms.ts'
import { type Machine, toMermaid } from '../shared/domain/transitions.ts'

/** The address that the committed description names; a running service names its own. */
const serverUrl = 'https://api.handles.example'

/** The documents that are made from the code, by their path from the project's folder. */
export const generatedDocs = (): Readonly<Record<string, string>> => ({
  'docs/openapi.json': `${JSON.stringify(openApi(serverUrl), null, 2)}\n`,
  'docs/state-machines.md': stateMachines(termsInForce),
})

const stateMachines = (terms: Terms): string =>
  [
    '# State machines',
    'Made from the transition tables in `shared/domain` by `npm run docs`; do not edit. An arrow names the event, who may raise it, and, after ⏱, the deadline at which the clock raises it. A waiting state always has one.',
    section(
      'Handle',
      'A handle belongs to an active account until the release policy finds that account inactive. Then it is dormant: notices go out and a time of grace runs, in which its holder keeps it by a link or by coming back. After that it is released to the market, or reserved where the gate says so, and a purchase makes it active again with its new holder. A suspended account goes by its own rule, at once where that has no grace.',
      handleMachine,
      terms,
    ),
    section(
      'Listing',
      'A listing is born with the release, is on hold for one order at most, and goes back on sale when that order ends without a hand-over.',
      listingMachine,
      terms,
    ),
    section(
      'Order',
      'An order is one purchase from the hold to the settlement; money that comes too late, or that cannot buy the handle any more, is refunded.',
      orderMachine,
      terms,
    ),
    section(
      'Dispute',
      'The buyer of a handle that another user sold disputes the order while it is inspected. The seller answers or lets the time pass, an operator decides, and above a limit a second one approves. The money stays held, and each step that ends it moves the order in the same commit.',
      disputeMachine,
      terms,
    ),
    section(
      'Chargeback',
      "What we say to a buyer's bank that took the money of an order back: the evidence is made and staged by itself, and an operator lets the bank see it. The money is the order's, and moves there.",
      chargebackMachine,
      terms,
    ),
    section(
      'Case',
      'A case is something that a person must look at: two accounts that have a card or a device in common bid against each other. It binds nobody until an operator dismisses or upholds it.',
      caseMachine,
      terms,
    ),
    section(
      'Auction',
      'An English auction binds one handle from its opening on. It is won by the highest maximum where the reserve price is met; a winner who does not pay has defaulted, and the runner-up is offered the handle once.',
      auctionMachine,
      terms,
    ),
    section(
      'Drop',
      'A drop binds a batch of handles, takes entries from its opening to its end, draws or decides, and offers each handle to one entrant after another. What is left goes to the open market.',
      dropMachine,
      terms,
    ),
    section(
      'Campaign',
      'A campaign is drafted, takes its prospects, and then offers its handles to them until an operator closes it.',
      campaignMachine,
      terms,
    ),
    section(
      'Private offer',
      'One handle offered to one prospect. In an exclusive campaign the next prospect has the turn when it ends without a sale; in a sealed round amounts are named until the end, closed in, and compared. Mails and their results move nothing, so they are not drawn.',
      offerMachine,
      terms,
    ),
    section(
      'Seller',
      'Whether a user who sells can be paid, as the payment provider says: it asks for documents first, and may ask for more or stop later. Payments, payouts and debts move nothing here, so they are not drawn.',
      sellerMachine,
      terms,
    ),
    section(
      'Negotiation',
      'What a buyer and the holder of a handle have going about it. One amount is live at a time; the side that is asked accepts it, names another one, or ends it. A new offer after the end opens it again.',
      negotiationMachine,
      terms,
    ),
  ].join('\n\n') + '\n'

const section = <S extends string, E extends string>(
  title: string,
  sentence: string,
  machine: Machine<S, E>,
  terms: Terms,
): string => {
  const parts = [`## ${title}`, sentence, `\`\`\`mermaid\n${toMermaid(machine)}\n\`\`\``]
  const deadlines = machine.transitions.flatMap(({ from, on, after }) =>
    after === undefined ? [] : [`- \`${from ?? ''}\` until \`${on}\`: ${wait(after, terms)}`],
  )
  if (deadlines.length > 0) parts.push('Deadlines:', deadlines.join('\n'))
  return parts.join('\n\n')
}

type Deadline = NonNullable<Machine<string, string>['transitions'][number]['after']>

const hourMs = 3_600_000

const wait = (after: Deadline, terms: Terms): string => {
  switch (after) {
    case 'releaseRule': {
      const days = ruleNames.map((name) => `${name} ${shippedPolicy.rules[name]?.afterDays} days`)
      return `the days of the account's rule in the release policy (shipped: ${days.join(', ')}; governments' and memorial accounts never)`
    }
    case 'graceEnd':
      return 'the planned step: the next notice, or the end of the grace period that the notices told'
    case 'orderDeadline':
      return 'the deadline of the order that holds it'
    case 'offerWindow':
      return 'the end of the window that the offer told its prospect, as answers moved it'
    case 'answerBy':
      return 'the instant that the dispute told the seller when it was opened'
    case 'answerWindow':
      return 'the hours that each side has for each answer, told from the start'
    case 'auctionStart':
      return 'the instant at which the auction starts'
    case 'auctionEnd':
      return 'the instant at which the bidding ends, as the last bids moved it; then it is won, or unsold'
    case 'dropStep':
      return 'at once: the handles are bound, or freed, one after another'
    case 'dropOpening':
      return 'the instant at which the drop opens'
    case 'dropEnd':
      return 'the instant at which it ends'
    case 'dropDecision':
      return 'half a minute after the end for a draw, the hours of the review for applications'
    case 'dropPayment':
      return 'the payment window of each order that it placed'
    default: {
      const hours = durationMs(terms, after) / hourMs
      return hours % 24 === 0 && hours > 24 ? `${hours / 24} days` : hours === 1 ? '1 hour' : `${hours} hours`
    }
  }
}
