import { describe, expect, it } from 'vitest'
import { readStack, Resolver, UnresolvedError } from '../../local/intrinsics.ts'
import type { Json, JsonObject } from '../../local/json.ts'

const addresses = { queues: 'http://127.0.0.1:1', api: 'http://127.0.0.1:2' }

function resolver(...templates: JsonObject[]): { resolve: (value: Json) => Json } {
  const stacks = templates.map((template, index) => readStack(`stack${index}`, template))
  const [first] = stacks
  if (first === undefined) throw new Error('no template')
  const made = new Resolver(stacks, addresses)
  return { resolve: (value) => made.resolve(first, value) }
}

const template: JsonObject = {
  Parameters: { Stage: { Type: 'String', Default: 'dev' }, Nameless: { Type: 'String' } },
  Conditions: { IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] } },
  Mappings: { Sizes: { dev: { memory: 256 } } },
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
    Table: { Type: 'AWS::DynamoDB::Table', Properties: {} },
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: {} },
    Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'a/b' } },
  },
}

describe('intrinsic functions', () => {
  const { resolve } = resolver(template, {
    Resources: { Other: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'other' } } },
    Outputs: {
      Out: { Value: { 'Fn::GetAtt': ['Other', 'Arn'] }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}:Out' } } },
    },
  })

  it.each<[string, Json, Json]>([
    ['Ref to a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['Ref to a parameter', { Ref: 'Stage' }, 'dev'],
    ['Ref to a queue is its URL', { Ref: 'Queue' }, 'http://127.0.0.1:1/000000000000/stack0-Queue.fifo'],
    ['GetAtt', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:us-east-1:000000000000:stack0-Queue.fifo'],
    [
      'GetAtt in its short form',
      { 'Fn::GetAtt': 'Table.Arn' },
      'arn:aws:dynamodb:us-east-1:000000000000:table/stack0-Table',
    ],
    [
      'Join over references',
      { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Table', 'Arn'] }, '/index/a']] },
      'arn:aws:dynamodb:us-east-1:000000000000:table/stack0-Table/index/a',
    ],
    [
      'Sub with a literal',
      { 'Fn::Sub': '${!kept} ${AWS::AccountId} ${Table.Arn}' },
      '${kept} 000000000000 arn:aws:dynamodb:us-east-1:000000000000:table/stack0-Table',
    ],
    ['Sub with variables', { 'Fn::Sub': ['${a}-${Stage}', { a: { Ref: 'AWS::Partition' } }] }, 'aws-dev'],
    ['Select and Split', { 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['If by a condition', { 'Fn::If': ['IsProd', 'yes', 'no'] }, 'no'],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'memory'] }, 256],
    ['Base64', { 'Fn::Base64': 'hi' }, 'aGk='],
    ['ImportValue from another stack', { 'Fn::ImportValue': 'stack1:Out' }, 'arn:aws:sqs:us-east-1:000000000000:other'],
    ['NoValue removes the property', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
    ['the API by its attribute', { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] }, 'http://127.0.0.1:2'],
    [
      'the API by the parts of its address',
      {
        'Fn::Join': [
          '',
          ['https://', { Ref: 'Api' }, '.execute-api.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }, '/v1'],
        ],
      },
      'http://127.0.0.1:2/v1',
    ],
    [
      'a policy condition is no intrinsic',
      { Condition: { StringEquals: { a: 'b' } } },
      { Condition: { StringEquals: { a: 'b' } } },
    ],
  ])('%s', (_, value, expected) => {
    expect(resolve(value)).toEqual(expected)
  })

  it('gives a secret an ARN with six characters at its end, as policies expect', () => {
    expect(resolve({ Ref: 'Secret' })).toMatch(
      /^arn:aws:secretsmanager:us-east-1:000000000000:secret:a\/b-[0-9a-f]{6}$/,
    )
  })

  it.each<[string, Json]>([
    ['a resource that is not there', { Ref: 'Missing' }],
    ['an attribute without meaning here', { 'Fn::GetAtt': ['Queue', 'Weight'] }],
    ['a parameter without a default', { Ref: 'Nameless' }],
    ['an import that nobody exports', { 'Fn::ImportValue': 'nowhere' }],
    ['an unknown function', { 'Fn::Transform': {} }],
  ])('refuses %s', (_, value) => {
    expect(() => resolve(value)).toThrow(UnresolvedError)
  })
})
