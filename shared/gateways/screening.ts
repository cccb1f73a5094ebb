/** Whom to look up, and why now. */
export type ScreeningSubject = {
  /** The platform's account id: the platform knows the person behind it, this system does not. */
  readonly accountId: string
  readonly role: 'buyer' | 'seller'
}

/**
 * The hook for sanctions screening. It is asked for both parties when an order between users is placed, for a seller at
 * onboarding, and again before each transfer of money. An adapter that asks a service answers within the patience of a
 * caller, about three seconds; `unavailable` says that it could not, and then nothing goes on: the act is a 503.
 */
export type Screening = {
  readonly screen: (subject: ScreeningSubject) => Promise<'clear' | 'hit' | 'unavailable'>
}

/** The service did not answer; asking again later is safe. */
export class ScreeningUnavailable extends Error {
  override readonly name = 'ScreeningUnavailable'
}

/** The shipped adapter: screens nobody. There is no list in this project; an importer or a service must bring one. */
export const noScreening: Screening = { screen: async () => 'clear' }
