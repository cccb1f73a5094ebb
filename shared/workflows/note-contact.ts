import type { Caller } from '../runtime/caller.ts'
import type { EscrowStore } from '../store/client.ts'
import { putContact } from '../store/contacts.ts'

/** Keeps where an account that trades is written to, as its token tells it now; one that tells no verified address: nothing. */
export const noteContact = async (
  deps: { readonly store: EscrowStore; readonly now: () => number },
  { id, email }: Pick<Caller, 'id' | 'email'>,
): Promise<void> => {
  if (email !== null) await putContact(deps.store, id, email, deps.now())
}
