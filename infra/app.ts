import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { join } from 'node:path'
import { ApiStack } from './api.ts'
import { bundleFunctions } from './bundles.ts'
import type { Deployment } from './constructs/node-function.ts'
import { DataStack } from './data.ts'
import { EventsStack } from './events.ts'
import { GatewayStack } from './gateway.ts'
import { MailStack } from './mail.ts'
import { ObservabilityStack } from './observability.ts'
import type { Resources } from './resources.ts'
import { readSettings } from './settings.ts'
import { WorkersStack } from './workers.ts'

// Run by the `cdk` command through cdk.json. Stacks are built in the order in which they are deployed.
const app = new App()
// Acknowledged rules stand in the templates with their reasons, where an auditor of the deployed stacks reads them.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { writeSuppressionsToCloudFormation: true }))

const settings = readSettings(app.node)
const resources: Resources = new Map()
const bundles = await bundleFunctions(join(app.outdir, 'bundles'))

new DataStack(app, 'Data', { settings, resources })
const { bus } = new EventsStack(app, 'Events', { settings, resources })
const { api, authorizer, publicUrl } = new GatewayStack(app, 'Gateway', { settings })
const { configurationSet } = new MailStack(app, 'Mail', { settings, resources })
const deployment: Deployment = { settings, resources, bundles, publicUrl }
new WorkersStack(app, 'Workers', { deployment, bus, configurationSet })
new ApiStack(app, 'Api', { deployment, api, authorizer })
new ObservabilityStack(app, 'Observability', { settings })

app.synth()
