import { formatMoney } from '../contract/money.ts'
import { type Auction, type AuctionEvent, isBiddingOver, minimumFor, saleOf } from './auction.ts'
import { escapeHtml } from './html.ts'
import { minute } from './minute.ts'
import type { Words } from './party-mail.ts'

// What the bidders of an auction are written. None learns who another is, or how high another would go.

export type BidderMail = Words & { readonly bidderId: string; readonly html: string }

/** Of whom it is where it is about one bidder, and the auction as it stands. */
type About = {
  readonly auction: Auction
  readonly bidderId: string | undefined
  readonly now: string
}

/** A mail to nobody who need not hear of it any more: what is written is the auction as it stands, and not as it stood. */
type Written = (about: About) => readonly (Words & { readonly bidderId: string })[]

/** Events of an auction that bidders are written about. */
const written = {
  leader_outbid: ({ auction, bidderId, now }) => {
    const leads = auction.bidders[0]?.bidderId === bidderId
    if (bidderId === undefined || leads || isBiddingOver(auction, now)) return []
    const minimum = money(auction, minimumFor(auction, bidderId))
    return [
      {
        bidderId,
        subject: `You were outbid in the auction of ${at(auction)}`,
        text: `You do not lead the auction of ${at(auction)} any more: it stands at ${price(auction)}. To lead again, bid ${minimum} or more before ${minute(auction.endsAt)}. If you do nothing you owe nothing.`,
      },
    ]
  },
  auction_won: ({ auction }) => {
    const { status, sale } = auction
    if (status !== 'awaiting_payment' && status !== 'offered_to_runner_up' && status !== 'sold') return []
    const isWinnerToPay = status === 'awaiting_payment' && sale?.round === 1
    return [
      ...(isWinnerToPay
        ? [
            {
              bidderId: sale.bidderId,
              subject: `You won ${at(auction)} for ${salePrice(auction)}`,
              text: `${at(auction)} is on hold for you at ${salePrice(auction)}. Pay in your account by ${minute(sale.payBy)}. If you do not, it is offered to somebody else, and it is noted of your account.`,
            },
          ]
        : []),
      ...others(auction).map((bidderId) => ({
        bidderId,
        subject: `The auction of ${at(auction)} has ended`,
        text: `${at(auction)} went to another bidder. You owe nothing. If that bidder does not pay, the next one is asked, and is written to.`,
      })),
    ]
  },
  runner_up_offered: ({ auction }) => {
    if (auction.status !== 'offered_to_runner_up') return []
    const { bidderId, payBy } = saleOf(auction)
    return [
      {
        bidderId,
        subject: `${at(auction)} is offered to you for ${salePrice(auction)}`,
        text: `Whoever won ${at(auction)} did not pay, and you are next. It is on hold for you at ${salePrice(auction)}, which is at most your own maximum. Pay in your account by ${minute(payBy)}, or decline there; if you do nothing you owe nothing.`,
      },
    ]
  },
  auction_unsold: ({ auction }) => {
    // Bidders were told before of every other end.
    if (auction.unsold !== 'reserve_not_met' && auction.unsold !== 'handle_not_for_sale') return []
    const why =
      auction.unsold === 'reserve_not_met'
        ? 'No bid was as high as the seller asks for at least.'
        : 'It can no longer be sold.'
    return others(auction).map((bidderId) => ({
      bidderId,
      subject: `The auction of ${at(auction)} has ended`,
      text: `${at(auction)} was not sold. ${why} You owe nothing.`,
    }))
  },
} as const satisfies Partial<Record<AuctionEvent['type'], Written>>

/** Events of auctions of which bidders are written. */
export const auctionMailTypes: readonly string[] = Object.keys(written).map((type) => `auction.${type}`)

/** The event that is told as it stands when its mail goes out, and of which several may become one mail. */
export const isOutbid = (eventType: string): boolean => eventType === ('leader_outbid' satisfies keyof typeof written)

/**
 * What is written of this event of an auction, as the auction stands now; `bidderId` is the event's own where it is about
 * one bidder. Of bidders whom the auction keeps no more nothing: they were told that they are outbid.
 */
export const auctionMailsOf = (
  eventType: string,
  auction: Auction,
  bidderId: string | undefined,
  now: string,
): readonly BidderMail[] => {
  if (!Object.hasOwn(written, eventType)) return []
  return written[eventType as keyof typeof written]({ auction, bidderId, now }).map((mail) => ({
    ...mail,
    html: `<p>${escapeHtml(mail.text)}</p>`,
  }))
}

/** The bidders who are kept, but for whoever is to pay, or was and did not. */
const others = ({ bidders, sale, defaulterId }: Auction): readonly string[] =>
  bidders.map(({ bidderId }) => bidderId).filter((id) => id !== sale?.bidderId && id !== defaulterId)

const at = ({ display }: Auction): string => `@${display}`
const money = ({ currency }: Auction, amountMinor: number): string => formatMoney({ amountMinor, currency })
const price = (auction: Auction): string => money(auction, auction.priceMinor ?? auction.startMinor)
const salePrice = (auction: Auction): string => money(auction, saleOf(auction).priceMinor)
