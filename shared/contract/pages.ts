import { keepPages } from './routes/keep.ts'
import { privateOfferPages } from './routes/private-offers.ts'
import { watchPages } from './routes/watches.ts'

/** Pages for people, beside the API: the gateway routes them, and the description does not name them. */
export const pages = { ...keepPages, ...privateOfferPages, ...watchPages } as const
