import { formatMoney } from '../contract/money.ts'
import { escapeHtml } from './html.ts'
import { minute } from './minute.ts'
import { type Order, type OrderEvent, orderDueAt } from './order.ts'

// What buyer and seller of a sale between users are written. Neither learns of the other's account.

export type PartyOfSale = 'buyer' | 'seller'

export type PartyMail = {
  readonly to: PartyOfSale
  readonly subject: string
  readonly text: string
  readonly html: string
}

export type Words = { readonly subject: string; readonly text: string }

export const mailTo = (to: PartyOfSale, { subject, text }: Words): PartyMail => ({
  to,
  subject,
  text,
  html: `<p>${escapeHtml(text)}</p>`,
})

/** Steps of an order that somebody is written about. The bus rule of the mails reads the same table. */
const written = {
  order_placed: {
    seller: (order) => ({
      subject: `${at(order)} is on hold for a buyer`,
      text: `${at(order)} is on hold for ${price(order)} until it is paid, or until ${minute(order.payBy)}. Of that you get ${net(order)}. Say which handle you want instead; otherwise one is generated for you.`,
    }),
  },
  order_expired: {
    seller: (order) => ({
      subject: `The sale of ${at(order)} was not paid`,
      text: `Nobody paid for ${at(order)} in time. It is yours as before.`,
    }),
  },
  order_cancelled: {
    seller: (order) => ({
      subject: `The sale of ${at(order)} was cancelled`,
      text: `The buyer cancelled before paying. ${at(order)} is yours as before.`,
    }),
  },
  handover_completed: {
    buyer: (order) => ({
      subject: `${at(order)} is yours: please look at it`,
      text: `You have ${at(order)} now. If all is well you need do nothing, or accept it in your account. If something is wrong, open a dispute by ${minute(orderDueAt(order) ?? order.updatedAt)}; until then the seller is not paid.`,
    }),
    seller: (order) => ({
      subject: `${at(order)} was handed over`,
      text: `The buyer has paid and has ${at(order)} now; your account is ${order.replacedBy === undefined ? 'without it' : `@${order.replacedBy}`}. The money is held while the buyer looks at it, until ${minute(orderDueAt(order) ?? order.updatedAt)} at the latest. Then you are paid ${net(order)}.`,
    }),
  },
  transfer_blocked: {
    seller: (order) => ({
      subject: `Your money for ${at(order)} is waiting`,
      text: `${net(order)} for ${at(order)} is held for you and cannot be paid out now (${order.payoutBlocked ?? 'unknown'}). Open your seller page to see what is asked of you; nothing is lost meanwhile.`,
    }),
  },
  order_settled: {
    seller: (order) => ({
      subject: `You were paid for ${at(order)}`,
      text: `${money(order, order.paidMinor ?? 0)} for ${at(order)} was transferred to your account at the payment provider.`,
    }),
  },
  dispute_opened: {
    seller: (order) => ({
      subject: `The buyer of ${at(order)} has opened a dispute`,
      text: `The buyer of ${at(order)} says that something is wrong with it. You are heard before anything is decided: answer in your account. Until then the money stays where it is.`,
    }),
  },
  dispute_withdrawn: {
    seller: (order) => ({
      subject: `The dispute about ${at(order)} was withdrawn`,
      text: `The buyer has withdrawn the dispute about ${at(order)}. You are paid now.`,
    }),
  },
  dispute_settled: both((order) => ({
    subject: `The dispute about ${at(order)} is decided`,
    text: `The dispute about ${at(order)} was decided for the seller: the handle stays with the buyer, and the seller is paid.`,
  })),
  dispute_refunded: both((order) => ({
    subject: `The dispute about ${at(order)} is decided`,
    text: `The dispute about ${at(order)} was decided for the buyer: ${price(order)} is given back, and the handle goes back to the seller.`,
  })),
  dispute_split: both((order) => ({
    subject: `The dispute about ${at(order)} is decided`,
    text: `The dispute about ${at(order)} was decided by a split: ${money(order, order.award?.refundMinor ?? 0)} is given back, the handle stays with the buyer, and the seller is paid ${money(order, order.award?.netMinor ?? 0)}.`,
  })),
  handover_failed: both((order) => ({
    subject: `${at(order)} could not be handed over`,
    text: `${at(order)} could not be handed over. ${price(order)} is given back to the buyer.`,
  })),
  sale_undone: both((order) => ({
    subject: `The sale of ${at(order)} is undone`,
    text: `The whole payment for ${at(order)} was given back to the buyer before the sale was settled. The sale is undone, and the handle goes back to the seller.`,
  })),
  refund_completed: {
    buyer: (order) => ({
      subject: `Your payment for ${at(order)} was given back`,
      text: `${price(order)} for ${at(order)} is on its way to you; banks take up to ten days.`,
    }),
  },
  chargeback_opened: {
    seller: (order) => ({
      subject: `The payment for ${at(order)} was called back`,
      text: `The buyer's bank has called the payment for ${at(order)} back. The handle is locked, and what you were paid is taken back until the bank has decided; we put the evidence before it.`,
    }),
  },
} as const satisfies Partial<Record<OrderEvent['type'], Partial<Record<PartyOfSale, (order: Order) => Words>>>>

/** Events of orders between users of which somebody is written. */
export const partyMailTypes: readonly string[] = Object.keys(written).map((type) => `order.${type}`)

/** What is written of this event of a user's sale, as the order stands after it. Of a sale of the platform's own: nothing. */
export const partyMailsOf = (eventType: string, order: Order): readonly PartyMail[] => {
  if (order.sellerId === undefined || !Object.hasOwn(written, eventType)) return []
  const words: Partial<Record<PartyOfSale, (order: Order) => Words>> = written[eventType as keyof typeof written]
  return (['buyer', 'seller'] as const).flatMap((to) => {
    const said = words[to]?.(order)
    return said === undefined ? [] : [mailTo(to, said)]
  })
}

function both(words: (order: Order) => Words) {
  return { buyer: words, seller: words }
}

const at = ({ display }: Order): string => `@${display}`
const money = ({ currency }: Order, amountMinor: number): string => formatMoney({ amountMinor, currency })
const price = (order: Order): string => money(order, order.priceMinor)
const net = (order: Order): string => money(order, (order.award ?? order.quote)?.netMinor ?? 0)
