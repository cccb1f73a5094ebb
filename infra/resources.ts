import { Fn } from 'aws-cdk-lib'
import type { ResourceName } from './grants.ts'

/** One resource that grants can name: its ARN for policies, and the variables by which code finds it. */
export type Resource = { readonly arn: string; readonly environment: Readonly<Record<string, string>> }

/** The resources built so far, by the names of the table of grants. Each stack adds what it makes. */
export type Resources = Map<ResourceName, Resource>

/**
 * The resource of a name.
 * @throws Error where a function is built before what it uses, so that the order of stacks is found wrong at synth
 */
export function findResource(resources: Resources, name: ResourceName, user: string): Resource {
  const resource = resources.get(name)
  if (!resource) throw new Error(`grants.ts lets ${user} use ${name}, which no stack has built before it`)
  return resource
}

/** `<arn><suffix>`: an index of a table, or the objects under a prefix of a bucket. */
export function subResourceArn(arn: string, suffix: string): string {
  return Fn.join('', [arn, suffix])
}
