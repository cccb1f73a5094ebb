import { CfnOutput, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  type TableProps,
} from 'aws-cdk-lib/aws-dynamodb'
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager'
import type { Construct } from 'constructs'
import { buyersColumns, sellersColumns } from '../shared/domain/order-rows.ts'
import { type Resources, subResourceArn } from './resources.ts'
import { resourceName, type Settings } from './settings.ts'

export type DataStackProps = { readonly settings: Settings; readonly resources: Resources }

const text = (name: string) => ({ name, type: AttributeType.STRING })

/** What must outlive every other stack: the tables, the secret of the payment provider, and those that links are signed with. */
export class DataStack extends Stack {
  readonly handles: Table
  readonly escrow: Table
  readonly shelves: Table

  constructor(scope: Construct, id: string, { settings, resources }: DataStackProps) {
    super(scope, id, { stackName: resourceName(settings, 'data'), terminationProtection: settings.retainData })

    const removalPolicy = settings.retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY
    const shape: TableProps = {
      partitionKey: text('pk'),
      sortKey: text('sk'),
      billingMode: BillingMode.PAY_PER_REQUEST,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: settings.retainData,
      removalPolicy,
    }

    this.handles = new Table(this, 'Handles', shape)
    this.handles.addGlobalSecondaryIndex({
      indexName: 'byDue',
      partitionKey: text('dueShard'),
      sortKey: text('dueFrom'),
      projectionType: ProjectionType.KEYS_ONLY,
    })
    this.handles.addGlobalSecondaryIndex({
      indexName: 'byShelf',
      partitionKey: text('shelf'),
      sortKey: text('shelfKey'),
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ['name', 'display', 'listing', 'appraisal'],
    })
    this.handles.addGlobalSecondaryIndex({
      indexName: 'byHolder',
      partitionKey: text('acquiredBy'),
      sortKey: text('acquiredAt'),
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ['name', 'display', 'status'],
    })

    this.escrow = new Table(this, 'Escrow', { ...shape, timeToLiveAttribute: 'expiresAt' })
    this.escrow.addGlobalSecondaryIndex({
      indexName: 'byDue',
      partitionKey: text('dueShard'),
      sortKey: text('dueAt'),
      projectionType: ProjectionType.KEYS_ONLY,
    })
    this.escrow.addGlobalSecondaryIndex({
      indexName: 'byParty',
      partitionKey: text('buyerId'),
      sortKey: text('createdAt'),
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: [...buyersColumns],
    })
    // What a user sells (`order#<account>`), and the offers that a user gets (`offer#<account>`).
    this.escrow.addGlobalSecondaryIndex({
      indexName: 'bySeller',
      partitionKey: text('sellerKey'),
      sortKey: text('createdAt'),
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: [...sellersColumns],
    })
    this.escrow.addGlobalSecondaryIndex({
      indexName: 'bySale',
      partitionKey: text('saleMonth'),
      sortKey: text('soldAt'),
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ['handle', 'display', 'priceMinor', 'currency', 'tier'],
    })

    this.escrow.addGlobalSecondaryIndex({
      indexName: 'byRank',
      partitionKey: text('offersTo'),
      sortKey: text('offerRank'),
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ['handle'],
    })

    // Derived from the handles and made again at any time (`npm run shelves`): no stream, no recovery, nothing to protect.
    this.shelves = new Table(this, 'Shelves', {
      partitionKey: text('pk'),
      sortKey: text('sk'),
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    Validations.of(this.shelves).acknowledge({
      id: 'AwsSolutions-DDB3',
      reason:
        'Every row is a function of a handle, whose table has point-in-time recovery: what is lost here is made again ' +
        'by npm run shelves.',
    })

    // Made without a value: a placeholder would look like a key and fail at Stripe, while an empty secret fails at the
    // first cold start by name. The operator puts the value in once (docs/infrastructure.md).
    const stripeSecret = new CfnSecret(this, 'StripeSecret', {
      name: `marketplace/${settings.stage}/stripe`,
      description:
        'JSON { "secretKey", "webhookSecret", "connectWebhookSecret" } of the Stripe account that takes and holds the money',
    })
    stripeSecret.applyRemovalPolicy(removalPolicy)
    Validations.of(stripeSecret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Stripe has no API to roll a secret key, so Secrets Manager cannot rotate it; the operator rolls it in the ' +
        'Stripe dashboard with an overlap and puts the new value in.',
    })

    const keepSecret = new CfnSecret(this, 'KeepSecret', {
      name: `marketplace/${settings.stage}/keep`,
      description: 'What the links of notices are signed with',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    })
    keepSecret.applyRemovalPolicy(removalPolicy)
    Validations.of(keepSecret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'A new value ends the links in every notice that was sent, and holders would lose handles that they want to ' +
        'keep. Nothing else is signed with it, and each link ends with its time of grace.',
    })

    const offerSecret = new CfnSecret(this, 'OfferSecret', {
      name: `marketplace/${settings.stage}/offer`,
      description: 'What the links of private offers are signed with',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    })
    offerSecret.applyRemovalPolicy(removalPolicy)
    Validations.of(offerSecret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'A new value ends the links of every offer that is out, and how to unsubscribe by them. An operator sets one ' +
        'after a leak; a rotation by the calendar would break promises to prospects.',
    })

    const alertSecret = new CfnSecret(this, 'AlertSecret', {
      name: `marketplace/${settings.stage}/alert`,
      description: 'What the links of alerts are signed with',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    })
    alertSecret.applyRemovalPolicy(removalPolicy)
    Validations.of(alertSecret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'A new value ends the links to unsubscribe of every alert that was sent, which must work for a month after it. ' +
        'They can end mails and nothing else; an operator sets a new value after a leak.',
    })

    // Base64 of 48 bytes, as its characters are: what the platform needs to verify our webhooks by Standard Webhooks.
    const platformSecret = new CfnSecret(this, 'PlatformSecret', {
      name: `marketplace/${settings.stage}/platform`,
      description: 'What webhooks to the platform are signed with; several apart by spaces all sign',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    })
    platformSecret.applyRemovalPolicy(removalPolicy)
    Validations.of(platformSecret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'The platform must have the same value, so that it cannot change by itself: the operator puts the new one in ' +
        'beside the old one, gives it to the platform, and takes the old one out.',
    })

    const handlesVariable = { HANDLES_TABLE: this.handles.tableName }
    const escrowVariable = { ESCROW_TABLE: this.escrow.tableName }
    resources.set('handles', { arn: this.handles.tableArn, environment: handlesVariable })
    resources.set('shelves', { arn: this.shelves.tableArn, environment: { SHELVES_TABLE: this.shelves.tableName } })
    resources.set('escrow', { arn: this.escrow.tableArn, environment: escrowVariable })
    for (const index of ['byDue', 'byShelf', 'byHolder'] as const) {
      const arn = subResourceArn(this.handles.tableArn, `/index/${index}`)
      resources.set(`handles/index/${index}`, { arn, environment: handlesVariable })
    }
    for (const index of ['byDue', 'byParty', 'bySale', 'bySeller', 'byRank'] as const) {
      const arn = subResourceArn(this.escrow.tableArn, `/index/${index}`)
      resources.set(`escrow/index/${index}`, { arn, environment: escrowVariable })
    }
    resources.set('handles/stream', { arn: streamArn(this.handles), environment: {} })
    resources.set('escrow/stream', { arn: streamArn(this.escrow), environment: {} })
    resources.set('any-stream', { arn: '*', environment: {} })
    resources.set('keep-secret', { arn: keepSecret.ref, environment: { KEEP_SECRET_ARN: keepSecret.ref } })
    resources.set('offer-secret', { arn: offerSecret.ref, environment: { OFFER_SECRET_ARN: offerSecret.ref } })
    resources.set('alert-secret', { arn: alertSecret.ref, environment: { ALERT_SECRET_ARN: alertSecret.ref } })
    resources.set('platform-secret', {
      arn: platformSecret.ref,
      environment: { PLATFORM_SECRET_ARN: platformSecret.ref },
    })
    resources.set('stripe-secret', { arn: stripeSecret.ref, environment: { STRIPE_SECRET_ARN: stripeSecret.ref } })

    new CfnOutput(this, 'HandlesTable', { value: this.handles.tableName })
    new CfnOutput(this, 'EscrowTable', { value: this.escrow.tableName })
    new CfnOutput(this, 'ShelvesTable', { value: this.shelves.tableName })
    new CfnOutput(this, 'StripeSecretArn', { value: stripeSecret.ref })
    new CfnOutput(this, 'PlatformSecretArn', { value: platformSecret.ref })
  }
}

/** The ARN of a table's stream. */
export function streamArn(table: Table): string {
  if (!table.tableStreamArn) throw new Error(`The table ${table.node.id} has no stream`)
  return table.tableStreamArn
}
