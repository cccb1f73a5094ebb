import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { DataStack } from '../../infra/data.ts'
import { readSettings } from '../../infra/settings.ts'

const context = {
  stage: 'dev',
  oidcIssuer: 'https://identity.example.com',
  oidcAudience: 'handle-marketplace',
  webOrigins: ['*'],
  mailFrom: 'notices@handles.example',
}
const settingsOf = (changes: Record<string, unknown>) =>
  readSettings(new App({ context: { ...context, ...changes } }).node)

function tablesOf(changes: Record<string, unknown>): unknown[] {
  const app = new App({ context: { ...context, ...changes } })
  const stack = new DataStack(app, 'Data', { settings: readSettings(app.node), resources: new Map() })
  const tables = Object.values(Template.fromStack(stack).findResources('AWS::DynamoDB::Table'))
  return tables.map((table) => [table['DeletionPolicy'], table['Properties'].DeletionProtectionEnabled])
}

describe('settings', () => {
  it.each([
    [{ stage: undefined }, 'stage'],
    [{ stage: 'Prod_1' }, 'stage'],
    [{ oidcIssuer: '' }, 'oidcIssuer'],
    [{ oidcAudience: undefined }, 'oidcAudience'],
    [{ webOrigins: [] }, 'webOrigins'],
    [{ retainData: 'perhaps' }, 'retainData'],
    [{ logLevel: 'loud' }, 'logLevel'],
    [{ mailFrom: undefined }, 'mailFrom'],
    [{ mailFrom: 'Handles <notices@handles.example>' }, 'mailFrom'],
    [{ stripeApiUrl: 12111 }, 'stripeApiUrl'],
    [{ publicUrl: 'https://market.example.com/' }, 'publicUrl'],
    [{ publicUrl: 'market.example.com' }, 'publicUrl'],
    [{ handOver: 'both' }, 'handOver'],
    [{ handOver: 'platform' }, 'platformWebhookUrl'],
    [{ platformWebhookUrl: 'http://platform.example/hooks' }, 'platformWebhookUrl'],
    [{ platformWebhookUrl: 'https://user:word@platform.example/' }, 'platformWebhookUrl'],
    [{ platformWebhookUrl: 'http://127.0.0.1:4000/' }, 'platformWebhookUrl'],
    [
      { platformWebhookUrl: 'http://127.0.0.1:4000/', platformLoopbackOrigin: 'http://127.0.0.1:4001' },
      'platformWebhookUrl',
    ],
    [{ platformLoopbackOrigin: 'http://10.0.0.1:4000' }, 'platformLoopbackOrigin'],
    [{ platformLoopbackOrigin: 'http://127.0.0.1' }, 'platformLoopbackOrigin'],
    [{ platformLoopbackOrigin: 'http://127.0.0.1:4000.example.com' }, 'platformLoopbackOrigin'],
    [{ platformLoopbackOrigin: 'http://localhost:4000' }, 'platformLoopbackOrigin'],
  ])('%j stops the synth and names %s', (changes, key) => {
    expect(() => settingsOf(changes)).toThrow(key)
  })

  it('let webhooks go nowhere, and to no address of a machine, unless somebody says so', () => {
    const { handOver, platformWebhookUrl, platformLoopbackOrigin } = settingsOf({})
    expect([handOver, platformWebhookUrl, platformLoopbackOrigin]).toEqual(['registry', undefined, undefined])
    const origin = 'http://127.0.0.1:4000'
    const local = settingsOf({ platformWebhookUrl: `${origin}/hooks`, platformLoopbackOrigin: origin })
    expect(local.platformWebhookUrl).toBe(`${origin}/hooks`)
  })

  it('take a list from the command line with commas between its values', () => {
    expect(settingsOf({ webOrigins: 'https://a.example, https://b.example' }).webOrigins).toEqual([
      'https://a.example',
      'https://b.example',
    ])
  })
})

/** The rows of the search, which can be made again from the other two. */
const derived = ['Delete', undefined]

describe('tables', () => {
  it('of a prod stage outlive their stack and refuse to be deleted', () => {
    expect(tablesOf({ stage: 'prod' })).toEqual([['Retain', true], ['Retain', true], derived])
  })

  it('of other stages go with their stack', () => {
    expect(tablesOf({})).toEqual([['Delete', false], ['Delete', false], derived])
  })

  it.each([
    ['prod', 'false', ['Delete', false]],
    ['dev', 'true', ['Retain', true]],
  ])('of stage %s with retainData=%s do as they are told', (stage, retainData, expected) => {
    expect(tablesOf({ stage, retainData })).toEqual([expected, expected, derived])
  })
})
