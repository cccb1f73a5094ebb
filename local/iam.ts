import { runSimulation, type Simulation } from '@cloud-copilot/iam-simulate'
import { pseudo } from './intrinsics.ts'
import type { JsonObject } from './json.ts'
import type { FunctionPlan } from './plan.ts'

const answersMax = 20_000

/**
 * Evaluates the policies that the template gives each function's role. Answers are kept per function, action and
 * resource: the policies do not change while the system runs.
 */
export class Permissions {
  readonly #answers = new Map<string, boolean | Promise<boolean>>()

  /** Whether the function may do the action on the resource. The cached answer comes back without a promise. */
  allows(plan: FunctionPlan, action: string, resource: string): boolean | Promise<boolean> {
    const key = `${plan.name} ${action} ${resource}`
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const answer = simulate(plan, action, resource).then((allowed) => {
      this.#answers.set(key, allowed)
      return allowed
    })
    if (this.#answers.size >= answersMax) this.#answers.clear()
    this.#answers.set(key, answer)
    return answer
  }
}

async function simulate(plan: FunctionPlan, action: string, resource: string): Promise<boolean> {
  const simulation: Simulation = {
    request: {
      principal: plan.roleArn,
      action,
      resource: { resource, accountId: pseudo.account },
      contextVariables: {},
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
