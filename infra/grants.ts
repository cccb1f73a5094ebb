/**
 * The table: function → what it may read, write and send, and which secrets it sees. Policies and environment
 * variables of every function are made from it and from nothing else (`constructs/node-function.ts`), so a call that
 * is not here is AccessDenied. A function's name is its entry file: `api/catalogue` is `functions/api/catalogue.ts`.
 */

import {
  type DeadLetterQueueName,
  type QueueName,
  type StreamFailureQueueName,
  streamFailureQueueNames,
  type WorkQueueName,
  workQueueNames,
} from '../shared/contract/queues.ts'

type TableName = 'handles' | 'escrow' | 'shelves'
type IndexName = 'handles/index/byDue' | 'handles/index/byShelf' | 'handles/index/byHolder'
type EscrowIndexName = `escrow/index/${'byDue' | 'byParty' | 'bySale' | 'bySeller' | 'byRank'}`

/** What a grant is on. `feeds-bucket/feeds/*` is every object under that prefix of the bucket, and no other. */
export type ResourceName =
  | TableName
  | IndexName
  | EscrowIndexName
  | 'handles/stream'
  | 'escrow/stream'
  | QueueName
  | 'feeds-bucket/feeds/*'
  | 'feeds-bucket/chunks/*'
  | 'schedules-bucket/parts/*'
  | 'schedules-bucket/schedules/*'
  | 'evidence-bucket/files/*'
  | 'evidence-bucket/packs/*'
  | 'bus'
  | 'stripe-secret'
  | 'keep-secret'
  | 'offer-secret'
  | 'alert-secret'
  | 'platform-secret'
  | 'mail-identity'
  | 'mail-configuration-set'
  | 'any-stream'

export type Grant = {
  readonly allow: readonly string[]
  readonly on: ResourceName
  /** Of a table: only items whose partition key matches one of these, `*` standing for anything. */
  readonly partitions?: readonly string[]
  /** The Lambda service makes these calls under the function's role; its code does not, and needs no variable. */
  readonly byEventSource?: true
}

const receives = (queue: QueueName): Grant => ({
  allow: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
  on: queue,
  byEventSource: true,
})

const readsStream = (table: 'handles' | 'escrow'): Grant => ({
  allow: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
  on: `${table}/stream`,
  byEventSource: true,
})

/** Keeps why a message of this queue failed, and can write nothing else of the table. */
const recordsFailures = (queue: DeadLetterQueueName): Grant => ({
  allow: ['dynamodb:PutItem'],
  on: 'escrow',
  partitions: [`F#${queue}`],
})

const looksThrough = (queue: StreamFailureQueueName | `${WorkQueueName}-dead`): Grant => ({
  allow: ['sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
  on: queue,
})

/** Dead letters are looked at, and moved back to the queue they came from. */
const redrives = (queue: WorkQueueName): readonly Grant[] => [
  looksThrough(`${queue}-dead`),
  { allow: ['sqs:DeleteMessage'], on: `${queue}-dead` },
  { allow: ['sqs:SendMessage'], on: queue },
]

/** What every door of a user's commitment asks first: the rules, the standing, the count of requests, links and cases. */
export const asksEligibility: readonly Grant[] = [
  {
    allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem'],
    on: 'handles',
    partitions: ['B#*', 'P#release'],
  },
  { allow: ['dynamodb:UpdateItem'], on: 'handles', partitions: ['L#*'] },
  { allow: ['dynamodb:UpdateItem'], on: 'escrow', partitions: ['Y#*'] },
  { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'escrow', partitions: ['U#*'] },
]

/** Keeps where an account that trades is written to. */
const notesContact: Grant = { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'escrow', partitions: ['K#*'] }

/** The counters of requests, by route and account. */
const countsRequests: Grant = { allow: ['dynamodb:UpdateItem'], on: 'escrow', partitions: ['Y#*'] }

/** Writes what the watchers of a handle are told of later, by the end of its sale. */
const plansReminders: readonly Grant[] = [
  { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'escrow', partitions: ['N#*'] },
  { allow: ['dynamodb:GetItem'], on: 'escrow', partitions: ['A#*', 'D#*'] },
]

const stripeSecret: Grant = { allow: ['secretsmanager:GetSecretValue'], on: 'stripe-secret' }

const keepSecret: Grant = { allow: ['secretsmanager:GetSecretValue'], on: 'keep-secret' }

const offerSecret: Grant = { allow: ['secretsmanager:GetSecretValue'], on: 'offer-secret' }

const alertSecret: Grant = { allow: ['secretsmanager:GetSecretValue'], on: 'alert-secret' }

/** Moves private offers: the offer, its handle, the next one in turn, and what lies beside their campaign. */
const movesOffers: readonly Grant[] = [
  { allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem'], on: 'handles' },
  {
    allow: [
      'dynamodb:BatchGetItem',
      'dynamodb:GetItem',
      'dynamodb:PartiQLUpdate',
      'dynamodb:PutItem',
      'dynamodb:Query',
    ],
    on: 'escrow',
  },
]

export const grants = {
  'api/catalogue': [
    { allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem'], on: 'handles' },
    { allow: ['dynamodb:Query'], on: 'handles/index/byShelf' },
    { allow: ['dynamodb:Query'], on: 'shelves' },
    { allow: ['dynamodb:Query'], on: 'escrow/index/bySale' },
    // The versions of the policy; no other journal is public.
    { allow: ['dynamodb:Query'], on: 'escrow', partitions: ['J#policy:*'] },
  ],
  'api/discovery': [
    { allow: ['dynamodb:BatchGetItem'], on: 'handles' },
    { allow: ['dynamodb:Query'], on: 'handles/index/byShelf' },
    { allow: ['dynamodb:Query'], on: 'shelves' },
  ],
  'api/reference': [],
  'api/purchases': [
    { allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem'], on: 'handles' },
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'escrow' },
    countsRequests,
    { allow: ['dynamodb:Query'], on: 'escrow/index/byParty' },
  ],
  'api/trading': [
    { allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem'], on: 'handles' },
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'escrow' },
    { allow: ['dynamodb:Query'], on: 'escrow/index/bySeller' },
  ],
  'api/listings': [
    ...asksEligibility,
    notesContact,
    { allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem'], on: 'handles' },
    { allow: ['dynamodb:Query'], on: 'escrow/index/bySale' },
  ],
  'api/checkout': [{ allow: ['dynamodb:GetItem'], on: 'escrow' }, stripeSecret],
  'api/auctions': [
    { allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem'], on: 'handles' },
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'escrow' },
    ...asksEligibility,
    // The visible bids of an auction stand in its journal, an account's bids in a list of their own.
    { allow: ['dynamodb:Query'], on: 'escrow', partitions: ['J#auction:*', 'B#*'] },
    { allow: ['dynamodb:BatchGetItem'], on: 'escrow', partitions: ['A#*'] },
  ],
  'api/accounts': [
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'handles' },
    { allow: ['dynamodb:Query'], on: 'handles/index/byHolder' },
  ],
  'api/hand-overs': [
    // What was told moves the order and its handle in one transaction.
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'handles' },
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'escrow' },
  ],
  'api/keep': [{ allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'handles' }, keepSecret],
  'api/operator': [
    {
      allow: ['dynamodb:GetItem', 'dynamodb:PartiQLInsert', 'dynamodb:PartiQLUpdate', 'dynamodb:PutItem'],
      on: 'handles',
    },
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'], on: 'escrow' },
    { allow: ['s3:PutObject'], on: 'feeds-bucket/feeds/*' },
  ],
  'api/dead-letters': [
    { allow: ['dynamodb:BatchGetItem'], on: 'escrow', partitions: ['F#*'] },
    ...workQueueNames.flatMap(redrives),
    ...streamFailureQueueNames.map(looksThrough),
  ],
  'api/authorisations': [...asksEligibility, stripeSecret],
  'api/cases': [
    { allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem'], on: 'handles', partitions: ['B#*', 'L#*', 'P#release'] },
    { allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem'], on: 'escrow', partitions: ['U#*'] },
    { allow: ['dynamodb:Query'], on: 'escrow/index/byDue' },
    // A case and the standings that it suspends are one transaction.
    { allow: ['dynamodb:PutItem'], on: 'handles' },
    { allow: ['dynamodb:PutItem'], on: 'escrow' },
  ],
  'api/release-plans': [
    { allow: ['dynamodb:GetItem'], on: 'handles', partitions: ['P#release'] },
    { allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'], on: 'escrow', partitions: ['P#*'] },
    // Plan and policy are one transaction, whose keys no condition on partitions can tell apart by table.
    { allow: ['dynamodb:PutItem'], on: 'handles' },
    { allow: ['dynamodb:PutItem'], on: 'escrow' },
    { allow: ['s3:GetObject'], on: 'schedules-bucket/schedules/*' },
    { allow: ['sqs:SendMessage'], on: 'plans' },
  ],
  'api/runs': [
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'], on: 'escrow', partitions: ['R#*'] },
    // Starts a sweep. What else it could claim to have happened is decided anew by whoever acts on it.
    { allow: ['events:PutEvents'], on: 'bus' },
  ],
  'api/books': [
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'], on: 'escrow', partitions: ['Z#*'] },
    // Starts a reconciliation.
    { allow: ['events:PutEvents'], on: 'bus' },
  ],
  'api/disputes': [
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'handles' },
    { allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'], on: 'escrow' },
    { allow: ['dynamodb:Query'], on: 'escrow/index/byDue' },
    { allow: ['s3:GetObject', 's3:PutObject'], on: 'evidence-bucket/files/*' },
    { allow: ['s3:GetObject'], on: 'evidence-bucket/packs/*' },
  ],
  'api/drops': [
    ...asksEligibility,
    // Of a drop everything but its seed, which is written here and read by the clock's worker alone.
    {
      allow: [
        'dynamodb:BatchGetItem',
        'dynamodb:DeleteItem',
        'dynamodb:GetItem',
        'dynamodb:Query',
        'dynamodb:UpdateItem',
      ],
      on: 'escrow',
      partitions: ['D#*'],
    },
    { allow: ['dynamodb:PutItem'], on: 'escrow', partitions: ['D#*', 'X#*'] },
    { allow: ['sqs:SendMessage'], on: 'deadlines' },
  ],
  'api/watches': [
    ...asksEligibility,
    { allow: ['dynamodb:GetItem'], on: 'handles', partitions: ['H#*'] },
    ...plansReminders,
    {
      allow: ['dynamodb:BatchGetItem', 'dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      on: 'handles',
      partitions: ['W#*', 'U#*'],
    },
    alertSecret,
  ],
  'api/campaigns': [
    ...movesOffers,
    { allow: ['dynamodb:Query'], on: 'handles/index/byShelf' },
    { allow: ['dynamodb:Query'], on: 'shelves' },
    // What the operator's device has in common with others.
    { allow: ['dynamodb:UpdateItem'], on: 'handles', partitions: ['L#*'] },
    // Prospects, 25 to a request.
    { allow: ['dynamodb:BatchWriteItem'], on: 'escrow', partitions: ['C#*'] },
  ],
  'api/private-offers': [
    ...movesOffers,
    ...asksEligibility,
    { allow: ['dynamodb:Query'], on: 'escrow/index/byParty' },
    offerSecret,
  ],
  'api/sellers': [
    ...asksEligibility,
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'escrow', partitions: ['S#*'] },
    { allow: ['dynamodb:Query'], on: 'escrow', partitions: ['J#seller:*'] },
    stripeSecret,
  ],
  'api/offers': [
    { allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem'], on: 'handles' },
    // One more offer in the demand for a name.
    { allow: ['dynamodb:UpdateItem'], on: 'handles', partitions: ['W#*'] },
    { allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem'], on: 'escrow' },
    ...asksEligibility,
    { allow: ['dynamodb:Query'], on: 'escrow/index/byParty' },
    { allow: ['dynamodb:Query'], on: 'escrow/index/byRank' },
  ],
  'webhooks/stripe': [stripeSecret, { allow: ['sqs:SendMessage'], on: 'payments' }],
  'schedules/sweep-handles': [
    { allow: ['dynamodb:GetItem'], on: 'handles' },
    { allow: ['dynamodb:Query'], on: 'handles/index/byDue' },
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], on: 'escrow', partitions: ['R#*'] },
    { allow: ['sqs:SendMessage'], on: 'releases' },
  ],
  'schedules/sweep-deadlines': [
    { allow: ['dynamodb:Query'], on: 'escrow/index/byDue' },
    { allow: ['sqs:SendMessage'], on: 'deadlines' },
  ],
  'schedules/reconcile': [
    // The book of every order, once a day; the journals of those that changed; its own reports.
    { allow: ['dynamodb:Scan'], on: 'escrow' },
    { allow: ['dynamodb:Query'], on: 'escrow', partitions: ['J#order:*', 'Z#list'] },
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], on: 'escrow', partitions: ['Z#*'] },
    { allow: ['dynamodb:GetItem'], on: 'escrow', partitions: ['O#*'] },
    stripeSecret,
  ],
  'workers/split-feed': [
    receives('feeds'),
    recordsFailures('feeds'),
    { allow: ['s3:GetObject'], on: 'feeds-bucket/feeds/*' },
    { allow: ['s3:PutObject'], on: 'feeds-bucket/chunks/*' },
    { allow: ['sqs:SendMessage'], on: 'chunks' },
    { allow: ['dynamodb:Query', 'dynamodb:UpdateItem'], on: 'escrow' },
  ],
  'workers/check-evidence': [
    receives('evidence'),
    recordsFailures('evidence'),
    { allow: ['s3:GetObject'], on: 'evidence-bucket/files/*' },
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'escrow', partitions: ['Q#*'] },
  ],
  'workers/import-accounts': [
    receives('chunks'),
    recordsFailures('chunks'),
    { allow: ['s3:GetObject'], on: 'feeds-bucket/chunks/*' },
    {
      allow: [
        'dynamodb:BatchGetItem',
        'dynamodb:GetItem',
        'dynamodb:PartiQLInsert',
        'dynamodb:PartiQLUpdate',
        'dynamodb:PutItem',
      ],
      on: 'handles',
    },
    // Each chunk's result.
    { allow: ['dynamodb:PutItem'], on: 'escrow', partitions: ['I#*'] },
  ],
  'workers/release-handles': [
    receives('releases'),
    recordsFailures('releases'),
    {
      allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PartiQLUpdate', 'dynamodb:PutItem'],
      on: 'handles',
    },
    { allow: ['dynamodb:Query'], on: 'escrow/index/bySale' },
    // Each message's result; and of a message that comes again, what its first delivery did.
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'escrow', partitions: ['R#*'] },
    { allow: ['dynamodb:Query'], on: 'escrow', partitions: ['J#handle:*'] },
  ],
  'workers/plan-release': [
    receives('plans'),
    recordsFailures('plans'),
    { allow: ['sqs:SendMessage'], on: 'plans' },
    // A plan reads the market and writes nothing of it.
    { allow: ['dynamodb:Scan'], on: 'handles' },
    { allow: ['dynamodb:BatchGetItem'], on: 'handles', partitions: ['K#*', 'W#*'] },
    { allow: ['dynamodb:Query'], on: 'escrow/index/bySale' },
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'], on: 'escrow', partitions: ['P#*'] },
    { allow: ['s3:GetObject', 's3:PutObject'], on: 'schedules-bucket/parts/*' },
    { allow: ['s3:AbortMultipartUpload', 's3:PutObject'], on: 'schedules-bucket/schedules/*' },
  ],
  'workers/apply-deadlines': [
    receives('deadlines'),
    // A deadline that was moved is sent for again.
    { allow: ['sqs:SendMessage'], on: 'deadlines' },
    recordsFailures('deadlines'),
    ...movesOffers,
  ],
  'workers/apply-payments': [
    receives('payments'),
    recordsFailures('payments'),
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'handles' },
    { allow: ['dynamodb:UpdateItem'], on: 'handles', partitions: ['L#*'] },
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'escrow' },
    // The waiting sales of a seller who can be paid again.
    { allow: ['dynamodb:Query'], on: 'escrow/index/bySeller' },
    stripeSecret,
  ],
  'workers/carry-out-effects': [
    receives('effects'),
    recordsFailures('effects'),
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'handles' },
    { allow: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'escrow' },
    // The evidence pack of a chargeback holds the journals of its sale, and which mails went to its parties.
    { allow: ['dynamodb:Query'], on: 'escrow', partitions: ['J#*', 'M#*', 'O#*'] },
    { allow: ['s3:PutObject'], on: 'evidence-bucket/packs/*' },
    // The other offers for a handle of which one was accepted.
    { allow: ['dynamodb:Query'], on: 'escrow/index/byRank' },
    stripeSecret,
  ],
  'workers/request-hand-overs': [
    receives('hand-overs'),
    recordsFailures('hand-overs'),
    { allow: ['dynamodb:GetItem'], on: 'escrow', partitions: ['O#*'] },
    { allow: ['secretsmanager:GetSecretValue'], on: 'platform-secret' },
  ],
  'workers/advance-sales': [receives('sale-orders'), recordsFailures('sale-orders'), ...movesOffers],
  'workers/send-notices': [
    receives('notices'),
    recordsFailures('notices'),
    {
      allow: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PartiQLUpdate', 'dynamodb:PutItem'],
      on: 'handles',
    },
    { allow: ['ses:SendEmail'], on: 'mail-identity' },
    { allow: ['ses:SendEmail'], on: 'mail-configuration-set' },
    { allow: ['events:PutEvents'], on: 'bus' },
    keepSecret,
  ],
  'workers/send-alerts': [
    receives('alerts'),
    recordsFailures('alerts'),
    { allow: ['sqs:SendMessage'], on: 'alerts' },
    { allow: ['dynamodb:GetItem'], on: 'handles', partitions: ['H#*'] },
    { allow: ['dynamodb:Query', 'dynamodb:UpdateItem'], on: 'handles', partitions: ['W#*'] },
    ...plansReminders,
    { allow: ['ses:SendEmail'], on: 'mail-identity' },
    { allow: ['ses:SendEmail'], on: 'mail-configuration-set' },
    { allow: ['events:PutEvents'], on: 'bus' },
    alertSecret,
  ],
  'workers/send-party-mails': [
    receives('party-mails'),
    recordsFailures('party-mails'),
    { allow: ['dynamodb:GetItem'], on: 'handles', partitions: ['H#*'] },
    { allow: ['dynamodb:GetItem'], on: 'escrow', partitions: ['A#*', 'K#*', 'M#*', 'O#*'] },
    // What was sent; the order's or the offer's own item lies in the same partition, an auction's does not.
    { allow: ['dynamodb:DeleteItem', 'dynamodb:PutItem'], on: 'escrow', partitions: ['M#*', 'O#*', 'W#*'] },
    // A bidder who is outbid again within a minute is told a minute later.
    { allow: ['sqs:SendMessage'], on: 'party-mails' },
    { allow: ['ses:SendEmail'], on: 'mail-identity' },
    { allow: ['ses:SendEmail'], on: 'mail-configuration-set' },
  ],
  'workers/apply-mail-events': [receives('mail-events'), recordsFailures('mail-events'), ...movesOffers],
  'workers/send-private-offers': [
    receives('private-offers'),
    recordsFailures('private-offers'),
    ...movesOffers,
    // Offers and their turns, 25 to a request.
    { allow: ['dynamodb:BatchWriteItem', 'dynamodb:PartiQLInsert'], on: 'escrow' },
    { allow: ['ses:SendEmail'], on: 'mail-identity' },
    { allow: ['ses:SendEmail'], on: 'mail-configuration-set' },
    offerSecret,
  ],
  'workers/publish-outbox': [
    readsStream('handles'),
    readsStream('escrow'),
    // Lambda checks this one when it creates the mapping; the action knows no resource (Service Authorization Reference).
    { allow: ['dynamodb:ListStreams'], on: 'any-stream', byEventSource: true },
    { allow: ['sqs:SendMessage'], on: 'outbox-failures', byEventSource: true },
    { allow: ['dynamodb:BatchWriteItem'], on: 'escrow' },
    // Whether anybody watches a handle.
    { allow: ['dynamodb:BatchGetItem'], on: 'handles', partitions: ['W#*'] },
    recordsFailures('outbox-failures'),
    { allow: ['events:PutEvents'], on: 'bus' },
  ],
  'workers/project-shelves': [
    readsStream('handles'),
    readsStream('escrow'),
    { allow: ['dynamodb:ListStreams'], on: 'any-stream', byEventSource: true },
    { allow: ['sqs:SendMessage'], on: 'shelf-failures', byEventSource: true },
    { allow: ['dynamodb:BatchWriteItem'], on: 'shelves' },
    // The bids of each account.
    { allow: ['dynamodb:BatchWriteItem'], on: 'escrow', partitions: ['B#*'] },
    recordsFailures('shelf-failures'),
  ],
} as const satisfies Record<string, readonly Grant[]>

export type FunctionName = keyof typeof grants
export const functionNames = Object.keys(grants) as FunctionName[]

/** Every resource of the table that holds a wildcard, and why it must. There is no other. */
export const wildcardReasons: Partial<Record<ResourceName, string>> = {
  'feeds-bucket/feeds/*':
    'Object names are made when a feed is uploaded, so the grant is on their prefix feeds/ alone.',
  'feeds-bucket/chunks/*': 'Object names are made when a feed is split, so the grant is on their prefix chunks/ alone.',
  'schedules-bucket/parts/*':
    'Object names are made when a plan is computed, so the grant is on their prefix parts/ alone.',
  'schedules-bucket/schedules/*':
    'Object names are made when a plan is computed, so the grant is on their prefix schedules/ alone.',
  'evidence-bucket/files/*':
    'Object names are made when a side of a dispute announces a file, so the grant is on their prefix files/ alone.',
  'evidence-bucket/packs/*':
    'Object names are made when a chargeback is opened, so the grant is on their prefix packs/ alone.',
  'any-stream': 'dynamodb:ListStreams takes no resource, and Lambda requires it of a role that reads a stream.',
}
