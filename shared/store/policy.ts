import { policyId, type VersionedPolicy } from '../domain/aggregate.ts'
import type { HandlesStore } from './client.ts'
import { load } from './aggregates.ts'

/** The release policy in force, strongly consistent; null: none was published, the shipped one holds. */
export const loadPolicy = (store: HandlesStore): Promise<VersionedPolicy | null> => load(store, 'policy', policyId)
