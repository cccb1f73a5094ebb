import { runSimulation, type Simulation } from '@cloud-copilot/iam-simulate'
import { pseudo } from './intrinsics.ts'
import { asArray, asObject, asText, type Json, type JsonObject } from './json.ts'
import type { FunctionPlan } from './plan.ts'

const answersMax = 20_000

/**
 * Evaluates the policies that the template gives each function's role. Answers are kept per function, action and
 * resource: the policies do not change while the system runs.
 */
export class Permissions {
  readonly #answers = new Map<string, boolean | Promise<boolean>>()
  readonly #partitioned = new Map<FunctionPlan, ReadonlySet<string>>()

  /**
   * Whether the function may do the action on the resource. The cached answer comes back without a promise.
   * `partitions` tells the partition keys that a DynamoDB call names; it is asked only where a policy looks at them.
   */
  allows(
    plan: FunctionPlan,
    action: string,
    resource: string,
    partitions: () => readonly string[] = () => [],
  ): boolean | Promise<boolean> {
    const named = this.#partitionedOf(plan).has(`${action} ${resource}`) ? partitions() : undefined
    const key = `${plan.name} ${action} ${resource} ${named?.join(' ') ?? ''}`
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const answer = simulate(plan, action, resource, named).then((allowed) => {
      this.#answers.set(key, allowed)
      return allowed
    })
    if (this.#answers.size >= answersMax) this.#answers.clear()
    this.#answers.set(key, answer)
    return answer
  }

  #partitionedOf(plan: FunctionPlan): ReadonlySet<string> {
    const known = this.#partitioned.get(plan)
    if (known !== undefined) return known
    const found = new Set(plan.policies.flatMap(({ document }) => asArray(document.Statement).flatMap(partitionedBy)))
    this.#partitioned.set(plan, found)
    return found
  }
}

const leadingKeys = 'dynamodb:LeadingKeys'

/** `<action> <resource>` for each that a statement allows in some partitions of a table only. */
function partitionedBy(statement: Json): string[] {
  const { Action, Resource, Condition } = asObject(statement)
  const conditions = Object.values(asObject(Condition)).flatMap((condition) => Object.keys(asObject(condition)))
  if (!conditions.includes(leadingKeys)) return []
  return asArray(Action).flatMap((action) =>
    asArray(Resource).map((resource) => `${asText(action)} ${asText(resource)}`),
  )
}

async function simulate(
  plan: FunctionPlan,
  action: string,
  resource: string,
  partitions: readonly string[] | undefined,
): Promise<boolean> {
  const simulation: Simulation = {
    request: {
      principal: plan.roleArn,
      action,
      resource: { resource, accountId: pseudo.account },
      contextVariables: partitions === undefined ? {} : { [leadingKeys]: [...partitions] },
    },
    identityPolicies: plan.policies.map(({ name, document }) => ({ name, policy: document })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  }
  const result = await runSimulation(simulation, {})
  if (result.resultType === 'error') throw new Error(`IAM policies of ${plan.label}: ${describe(result.errors)}`)
  return result.overallResult === 'Allowed'
}

/** Whether a resource's own policy lets an AWS service act on it for a source, as SQS asks before EventBridge or S3 sends. */
export async function servicePermitted(options: {
  readonly service: string
  readonly action: string
  readonly resource: string
  readonly sourceArn: string
  readonly policy: JsonObject | undefined
}): Promise<boolean> {
  const simulation: Simulation = {
    request: {
      principal: options.service,
      action: options.action,
      resource: { resource: options.resource, accountId: pseudo.account },
      contextVariables: {
        'aws:SourceArn': options.sourceArn,
        'aws:SourceAccount': pseudo.account,
        'aws:SecureTransport': 'true',
        'aws:PrincipalIsAWSService': 'true',
      },
    },
    identityPolicies: [],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: options.policy,
  }
  const result = await runSimulation(simulation, {})
  if (result.resultType === 'error') throw new Error(`the policy of ${options.resource}: ${describe(result.errors)}`)
  return result.overallResult === 'Allowed'
}

function describe(errors: object): string {
  return JSON.stringify(errors)
}
