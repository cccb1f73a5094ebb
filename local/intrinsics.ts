import { createHash } from 'node:crypto'
import { asArray, asObject, asString, isObject, type Json, type JsonObject, asText } from './json.ts'

/** What the pseudo parameters of CloudFormation say on one machine. The account is the one that the engines use. */
export const pseudo = {
  account: '000000000000',
  region: 'us-east-1',
  partition: 'aws',
  urlSuffix: 'amazonaws.com',
} as const

export interface Resource {
  readonly Type: string
  readonly Properties: JsonObject
  readonly Condition?: string
  readonly Metadata: JsonObject
}

export interface Stack {
  readonly name: string
  readonly resources: ReadonlyMap<string, Resource>
  readonly parameters: JsonObject
  readonly conditions: JsonObject
  readonly mappings: JsonObject
  readonly outputs: JsonObject
}

/** What a `Ref` to a queue says depends on where the queues are served: the one address a resolver must be told. */
export interface Addresses {
  /** Base of queue URLs, such as `http://127.0.0.1:7403`. */
  readonly queues: string
  /** Base URL of the HTTP API, without a slash at the end. */
  readonly api: string
}

/** Thrown for an intrinsic function, attribute or reference that the local system cannot answer. */
export class UnresolvedError extends Error {
  constructor(stack: string, what: string) {
    super(`${stack}: cannot resolve ${what}`)
    this.name = 'UnresolvedError'
  }
}

const noValue = Symbol('AWS::NoValue')
type Resolved = Json | typeof noValue

/**
 * Resolves the intrinsic functions of every stack of an assembly, across stacks too (`Fn::ImportValue`). Physical
 * names are those in the template, or derived from stack and logical id, so that they are stable from run to run.
 */
export class Resolver {
  readonly #stacks: ReadonlyMap<string, Stack>
  readonly #addresses: Addresses
  readonly #exports = new Map<string, { stack: Stack; value: Json }>()

  constructor(stacks: readonly Stack[], addresses: Addresses) {
    this.#stacks = new Map(stacks.map((stack) => [stack.name, stack]))
    this.#addresses = addresses
    for (const stack of stacks) {
      for (const output of Object.values(stack.outputs)) {
        const name = asObject(asObject(output).Export).Name
        if (name !== undefined) {
          this.#exports.set(this.string(stack, name), { stack, value: asObject(output).Value ?? null })
        }
      }
    }
  }

  /** Resolves a value of the template. Properties that are `AWS::NoValue` disappear. */
  resolve(stack: Stack, value: Json): Json {
    const resolved = this.#resolve(stack, value)
    return resolved === noValue ? null : resolved
  }

  object(stack: Stack, value: Json | undefined): JsonObject {
    return asObject(this.resolve(stack, value ?? {}))
  }

  string(stack: Stack, value: Json): string {
    const resolved = this.resolve(stack, value)
    const text = asString(resolved) ?? (typeof resolved === 'boolean' ? String(resolved) : undefined)
    if (text === undefined) throw new UnresolvedError(stack.name, `${JSON.stringify(value)} to a string`)
    return text
  }

  /** Whether a resource is to be created: it has no condition or its condition holds. */
  created(stack: Stack, resource: Resource): boolean {
    return resource.Condition === undefined || this.#condition(stack, resource.Condition)
  }

  /** The physical name of a resource. */
  physicalName(stack: Stack, logicalId: string): string {
    const resource = this.#resource(stack, logicalId)
    const property = nameProperties[resource.Type]
    const given = property === undefined ? undefined : resource.Properties[property]
    if (given !== undefined) return this.string(stack, given)
    switch (resource.Type) {
      case 'AWS::S3::Bucket':
        return shorten(`${stack.name}-${logicalId}`.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-'), 63)
      case 'AWS::SQS::Queue': {
        const fifo = this.resolve(stack, resource.Properties.FifoQueue ?? false)
        const suffix = fifo === true || fifo === 'true' ? '.fifo' : ''
        return shorten(`${stack.name}-${logicalId}`, 80 - suffix.length) + suffix
      }
      case 'AWS::ApiGatewayV2::Api':
      case 'AWS::ApiGatewayV2::Authorizer':
        return createHash('sha256').update(`${stack.name}/${logicalId}`).digest('hex').slice(0, 10)
      default:
        return shorten(`${stack.name}-${logicalId}`, 64)
    }
  }

  /** What `{ "Ref": logicalId }` returns for a resource. */
  ref(stack: Stack, logicalId: string): string {
    const { Type } = this.#resource(stack, logicalId)
    switch (Type) {
      case 'AWS::SQS::Queue':
        return `${this.#addresses.queues}/${pseudo.account}/${this.physicalName(stack, logicalId)}`
      case 'AWS::SecretsManager::Secret':
      case 'AWS::SNS::Topic':
      case 'AWS::IAM::ManagedPolicy':
      case 'AWS::Lambda::LayerVersion':
        return this.attribute(stack, logicalId, 'Arn')
      case 'AWS::Lambda::Version':
      case 'AWS::Lambda::Alias': {
        const target = this.string(stack, this.#resource(stack, logicalId).Properties.FunctionName ?? '')
        return target.startsWith('arn:') ? target : arn('lambda', `function:${target}`)
      }
      default:
        return this.physicalName(stack, logicalId)
    }
  }

  /** What `Fn::GetAtt` returns. Throws `UnresolvedError` for an attribute that has no local meaning. */
  attribute(stack: Stack, logicalId: string, attribute: string): string {
    const { Type, Properties } = this.#resource(stack, logicalId)
    const name = this.physicalName(stack, logicalId)
    const key = `${Type}.${attribute}`
    switch (key) {
      case 'AWS::DynamoDB::Table.Arn':
      case 'AWS::DynamoDB::GlobalTable.Arn':
        return arn('dynamodb', `table/${name}`)
      case 'AWS::DynamoDB::Table.StreamArn':
      case 'AWS::DynamoDB::GlobalTable.StreamArn':
        return `${arn('dynamodb', `table/${name}`)}/stream/2026-01-01T00:00:00.000`
      case 'AWS::SQS::Queue.Arn':
        return arn('sqs', name)
      case 'AWS::SQS::Queue.QueueName':
        return name
      case 'AWS::SQS::Queue.QueueUrl':
        return this.ref(stack, logicalId)
      case 'AWS::Lambda::Function.Arn':
        return arn('lambda', `function:${name}`)
      case 'AWS::S3::Bucket.Arn':
        return `arn:${pseudo.partition}:s3:::${name}`
      case 'AWS::S3::Bucket.DomainName':
      case 'AWS::S3::Bucket.RegionalDomainName':
        return `${name}.s3.${pseudo.region}.${pseudo.urlSuffix}`
      case 'AWS::IAM::Role.Arn':
        return `arn:${pseudo.partition}:iam::${pseudo.account}:role/${name}`
      case 'AWS::IAM::ManagedPolicy.Arn':
        return `arn:${pseudo.partition}:iam::${pseudo.account}:policy/${name}`
      case 'AWS::Events::EventBus.Arn':
        return arn('events', `event-bus/${name}`)
      case 'AWS::Events::EventBus.Name':
        return name
      case 'AWS::Events::Rule.Arn':
        return arn('events', `rule/${name}`)
      case 'AWS::SecretsManager::Secret.Arn':
      case 'AWS::SecretsManager::Secret.Id':
        // Secrets Manager ends every ARN with six characters of its own; policies are written for that.
        return arn('secretsmanager', `secret:${name}-${createHash('sha256').update(name).digest('hex').slice(0, 6)}`)
      case 'AWS::Logs::LogGroup.Arn':
        return arn('logs', `log-group:${name}:*`)
      case 'AWS::SNS::Topic.Arn':
      case 'AWS::SNS::Topic.TopicArn':
        return arn('sns', name)
      case 'AWS::KMS::Key.Arn':
        return arn('kms', `key/${name}`)
      case 'AWS::CloudWatch::Alarm.Arn':
        return arn('cloudwatch', `alarm:${name}`)
      case 'AWS::SES::EmailIdentity.DkimDNSTokenName1':
      case 'AWS::SES::EmailIdentity.DkimDNSTokenName2':
      case 'AWS::SES::EmailIdentity.DkimDNSTokenName3':
        return `local${attribute.at(-1)}._domainkey.${name}`
      case 'AWS::SES::EmailIdentity.DkimDNSTokenValue1':
      case 'AWS::SES::EmailIdentity.DkimDNSTokenValue2':
      case 'AWS::SES::EmailIdentity.DkimDNSTokenValue3':
        return `local${attribute.at(-1)}.dkim.amazonses.com`
      case 'AWS::ApiGatewayV2::Api.ApiEndpoint':
        return this.#addresses.api
      case 'AWS::ApiGatewayV2::Api.ApiId':
        return name
      case 'AWS::Lambda::Alias.AliasArn':
      case 'AWS::Lambda::Version.FunctionArn':
        return this.ref(stack, logicalId)
      default:
        break
    }
    if (attribute === 'Arn') {
      const [, service = 'unknown', kind = 'unknown'] = Type.split('::')
      return arn(service.toLowerCase(), `${kind.toLowerCase()}/${name}`)
    }
    const property = Properties[attribute]
    if (property !== undefined) return this.string(stack, property)
    throw new UnresolvedError(stack.name, `the attribute ${attribute} of ${logicalId} (${Type})`)
  }

  #resource(stack: Stack, logicalId: string): Resource {
    const resource = stack.resources.get(logicalId)
    if (resource === undefined) throw new UnresolvedError(stack.name, `the resource ${logicalId}`)
    return resource
  }

  #resolve(stack: Stack, value: Json): Resolved {
    if (typeof value === 'string') return this.#localise(value)
    if (value === null || typeof value !== 'object') return value
    if (Array.isArray(value)) {
      return value.map((item) => this.#resolve(stack, item)).filter((item): item is Json => item !== noValue)
    }
    const keys = Object.keys(value)
    const [only] = keys
    if (
      keys.length === 1 &&
      only !== undefined &&
      (only === 'Ref' || only === 'Condition' || only.startsWith('Fn::'))
    ) {
      // A policy statement has a member named Condition too; only a string there is the intrinsic.
      if (only !== 'Condition' || typeof value.Condition === 'string') {
        return this.#intrinsic(stack, only, value[only] ?? null)
      }
    }
    const object: JsonObject = {}
    for (const key of keys) {
      const resolved = this.#resolve(stack, value[key] ?? null)
      if (resolved !== noValue) object[key] = resolved
    }
    return object
  }

  #intrinsic(stack: Stack, name: string, argument: Json): Resolved {
    switch (name) {
      case 'Ref':
        return this.#reference(stack, asText(argument))
      case 'Fn::GetAtt': {
        const [id, attribute]: [string, string] = Array.isArray(argument)
          ? [asText(argument[0]), this.string(stack, argument[1] ?? '')]
          : splitOnce(asText(argument), '.')
        return this.attribute(stack, id, attribute)
      }
      case 'Fn::Join': {
        const [separator, parts] = asArray(argument)
        const list = asArray(this.resolve(stack, parts ?? []))
        return this.#localise(list.map((part) => this.string(stack, part)).join(asText(separator)))
      }
      case 'Fn::Sub':
        return this.#substitute(stack, argument)
      case 'Fn::Select': {
        const [index, list] = asArray(argument)
        const items = asArray(this.resolve(stack, list ?? []))
        const item = items[Number(this.resolve(stack, index ?? 0))]
        if (item === undefined) throw new UnresolvedError(stack.name, JSON.stringify({ [name]: argument }))
        return item
      }
      case 'Fn::Split': {
        const [separator, text] = asArray(argument)
        return this.string(stack, text ?? '').split(asText(separator))
      }
      case 'Fn::ImportValue': {
        const exportName = this.string(stack, argument)
        const found = this.#exports.get(exportName)
        if (found === undefined) throw new UnresolvedError(stack.name, `the import ${exportName}: no stack exports it`)
        return this.resolve(found.stack, found.value)
      }
      case 'Fn::GetStackOutput': {
        const { StackName, OutputName } = this.object(stack, argument)
        const other = this.#stacks.get(asText(StackName))
        const output = other?.outputs[asText(OutputName)]
        if (other === undefined || output === undefined) throw new UnresolvedError(stack.name, JSON.stringify(argument))
        return this.resolve(other, asObject(output).Value ?? null)
      }
      case 'Fn::Base64':
        return Buffer.from(this.string(stack, argument)).toString('base64')
      case 'Fn::FindInMap': {
        const [map, first, second] = asArray(argument).map((part) => this.string(stack, part))
        const found = asObject(asObject(stack.mappings[map ?? ''])[first ?? ''])[second ?? '']
        if (found === undefined) throw new UnresolvedError(stack.name, JSON.stringify({ [name]: argument }))
        return found
      }
      case 'Fn::GetAZs':
        return [`${pseudo.region}a`, `${pseudo.region}b`]
      case 'Fn::If': {
        const [condition, then, otherwise] = asArray(argument)
        return this.#resolve(stack, (this.#condition(stack, asText(condition)) ? then : otherwise) ?? null)
      }
      case 'Condition':
        return this.#condition(stack, asText(argument))
      case 'Fn::Equals': {
        const [left, right] = asArray(argument).map((side) => this.resolve(stack, side))
        return JSON.stringify(left) === JSON.stringify(right)
      }
      case 'Fn::Not':
        return this.resolve(stack, asArray(argument)[0] ?? null) !== true
      case 'Fn::And':
        return asArray(argument).every((part) => this.resolve(stack, part) === true)
      case 'Fn::Or':
        return asArray(argument).some((part) => this.resolve(stack, part) === true)
      default:
        throw new UnresolvedError(stack.name, `the intrinsic function ${name}`)
    }
  }

  #condition(stack: Stack, name: string): boolean {
    const condition = stack.conditions[name]
    if (condition === undefined) throw new UnresolvedError(stack.name, `the condition ${name}`)
    return this.resolve(stack, condition) === true
  }

  #reference(stack: Stack, id: string): Resolved {
    switch (id) {
      case 'AWS::AccountId':
        return pseudo.account
      case 'AWS::Region':
        return pseudo.region
      case 'AWS::Partition':
        return pseudo.partition
      case 'AWS::URLSuffix':
        return pseudo.urlSuffix
      case 'AWS::StackName':
        return stack.name
      case 'AWS::StackId':
        return arn('cloudformation', `stack/${stack.name}/local`)
      case 'AWS::NoValue':
        return noValue
      case 'AWS::NotificationARNs':
        return []
      default:
        break
    }
    const parameter = stack.parameters[id]
    if (parameter !== undefined) {
      const fallback = asObject(parameter).Default
      if (fallback === undefined) throw new UnresolvedError(stack.name, `the parameter ${id}: it has no default`)
      return fallback
    }
    return this.#localise(this.ref(stack, id))
  }

  #substitute(stack: Stack, argument: Json): string {
    const [text, variables] = Array.isArray(argument)
      ? [asText(argument[0]), asObject(argument[1])]
      : [asText(argument), {} as JsonObject]
    const result = text.replaceAll(/\$\{(!?)([^}]+)\}/g, (whole, literal: string, name: string) => {
      if (literal === '!') return `\${${name}}`
      const variable = variables[name]
      if (variable !== undefined) return this.string(stack, variable)
      if (name.includes('.') && !name.includes('::')) {
        const [id, attribute] = splitOnce(name, '.')
        return this.attribute(stack, id, attribute)
      }
      const value = this.#reference(stack, name)
      if (typeof value !== 'string') throw new UnresolvedError(stack.name, whole)
      return value
    })
    return this.#localise(result)
  }

  /** The address of the HTTP API is written in templates by its parts; here it is where the gateway listens. */
  #localise(text: string): string {
    return text.includes('.execute-api.')
      ? text.replaceAll(/https:\/\/[a-z0-9]{10}\.execute-api\.[a-z0-9-]+\.[a-z.]+[a-z]/g, this.#addresses.api)
      : text
  }
}

const nameProperties: Record<string, string> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Events::EventBus': 'Name',
  'AWS::Events::Rule': 'Name',
  'AWS::SecretsManager::Secret': 'Name',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::Scheduler::Schedule': 'Name',
  'AWS::SES::ConfigurationSet': 'Name',
  'AWS::SES::EmailIdentity': 'EmailIdentity',
}

/** An ARN of this account and region. */
export function arn(service: string, resource: string): string {
  return `arn:${pseudo.partition}:${service}:${pseudo.region}:${pseudo.account}:${resource}`
}

function shorten(name: string, length: number): string {
  if (name.length <= length) return name
  return `${name.slice(0, length - 9)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}

/** Reads a CloudFormation template. */
export function readStack(name: string, template: JsonObject): Stack {
  const resources = new Map<string, Resource>()
  for (const [id, value] of Object.entries(asObject(template.Resources))) {
    if (!isObject(value) || typeof value.Type !== 'string') continue
    resources.set(id, {
      Type: value.Type,
      Properties: asObject(value.Properties),
      Metadata: asObject(value.Metadata),
      ...(typeof value.Condition === 'string' ? { Condition: value.Condition } : {}),
    })
  }
  return {
    name,
    resources,
    parameters: asObject(template.Parameters),
    conditions: asObject(template.Conditions),
    mappings: asObject(template.Mappings),
    outputs: asObject(template.Outputs),
  }
}
