/** Queues of work. Each has one worker, and a dead-letter queue `<name>-dead` for what failed every time. */
export const workQueueNames = [
  'feeds',
  'chunks',
  'releases',
  'deadlines',
  'payments',
  'effects',
  'notices',
  'mail-events',
  'plans',
  'alerts',
  'evidence',
  'sale-orders',
  'private-offers',
  'party-mails',
  'hand-overs',
] as const
export type WorkQueueName = (typeof workQueueNames)[number]

/** Where the streams of the tables put what they could not deliver: to the outbox, and to the rows of the search. */
export const streamFailureQueueNames = ['outbox-failures', 'shelf-failures'] as const
export type StreamFailureQueueName = (typeof streamFailureQueueNames)[number]

export const isStreamFailureQueue = (name: string): name is StreamFailureQueueName =>
  (streamFailureQueueNames as readonly string[]).includes(name)

/** Where an operator finds work that failed: the dead letters of a queue under the queue's own name, and of streams. */
export const deadLetterQueueNames = [...workQueueNames, ...streamFailureQueueNames] as const
export type DeadLetterQueueName = (typeof deadLetterQueueNames)[number]

/** Every queue there is: `<name>-dead` is the dead-letter queue of a queue of work. */
export type QueueName = DeadLetterQueueName | `${WorkQueueName}-dead`

type InCapitals<S extends string> = S extends `${infer A}-${infer B}`
  ? `${Uppercase<A>}_${InCapitals<B>}`
  : Uppercase<S>

/** The variable by which a function finds a queue: `CHUNKS_DEAD_QUEUE_URL` for `chunks-dead`. */
export type QueueVariable = `${InCapitals<QueueName>}_QUEUE_URL`

export const queueVariable = (queue: QueueName): QueueVariable =>
  `${queue.replaceAll('-', '_').toUpperCase()}_QUEUE_URL` as QueueVariable

/** Every queue of work with its dead letters, and the failures of the streams: what whoever looks after dead letters needs. */
export const deadLetterVariables: readonly QueueVariable[] = [
  ...streamFailureQueueNames.map(queueVariable),
  ...workQueueNames.flatMap((name) => [queueVariable(name), queueVariable(`${name}-dead`)]),
]

/** A message that failed five times will fail a sixth time; a person must look at it. */
export const receivesMax = 5

/**
 * How often the platform is asked to hand over: every six minutes (the queue's visibility), until well after the day in
 * which an order waits for it. An endpoint that is down delays hand-overs and fails none.
 */
export const handOverReceivesMax = 300

/** The most messages that one redrive moves: two hundred sends one after another take a few seconds of an answer's time. */
export const redriveMessagesMax = 200

/** The most of a dead letter's body that is shown: every message but the lists of names is shorter. */
export const bodyCharactersMax = 4_000
