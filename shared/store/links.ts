import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Trait } from '../domain/standing.ts'
import { getItems } from './batch-get.ts'
import type { HandlesStore } from './client.ts'

/** Accounts kept for one card, device or payout account: what more accounts share is no person's. */
export const accountsPerTraitMax = 50

const linkKey = ({ kind, hash }: Trait) => ({ pk: `L#${kind}#${hash}`, sk: 'link' })

/**
 * Notes that an account has this trait: one write unit. Doing so again changes nothing. Beyond `accountsPerTraitMax` no
 * further account is noted; the standing of each still tells what it has.
 */
export const linkAccount = async (store: HandlesStore, trait: Trait, accountId: string): Promise<void> => {
  try {
    await store.db.send(
      new UpdateCommand({
        TableName: store.handlesTable,
        Key: linkKey(trait),
        UpdateExpression: 'ADD accounts :account',
        ConditionExpression: 'attribute_not_exists(accounts) OR size(accounts) < :max',
        ExpressionAttributeValues: { ':account': new Set([accountId]), ':max': accountsPerTraitMax },
      }),
    )
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}

/** The accounts that were noted for each of these traits, in one request for a hundred of them. */
export const linkedAccounts = async (
  store: HandlesStore,
  traits: readonly Trait[],
): Promise<readonly { readonly trait: Trait; readonly accountIds: readonly string[] }[]> => {
  const byKey = new Map(traits.map((trait) => [linkKey(trait).pk, trait]))
  const found: { readonly trait: Trait; readonly accountIds: readonly string[] }[] = []
  for await (const item of getItems(store.db, store.handlesTable, [...byKey.values()].map(linkKey), false)) {
    const trait = byKey.get(String(item['pk']))
    if (trait !== undefined) found.push({ trait, accountIds: [...(item['accounts'] as Set<string>)].toSorted() })
  }
  return found
}
