import { keepPages } from './routes/keep.ts'
import { privateOfferPages } from './routes/private-offers.ts'

/** Pages for people, beside the API: the gateway routes them, and the description does not name them. */
export const pages = { ...keepPages, ...privateOfferPages } as const
