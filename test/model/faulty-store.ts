import { ProvisionedThroughputExceededException, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, PutCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'

/** What a test made fail: whoever meets it is asked again. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault'
}

/** How often, from 0 to 1, each thing goes wrong. They can be changed while the work runs. */
export type FaultShares = {
  /** A transaction meets another one of the same items. */
  conflict: number
  /** A request is refused because there are too many; nothing is done. */
  throttled: number
  /** A write is done, and its answer is lost. */
  answerLost: number
  /** A write is done, its answer is lost, and the client sends it again by itself. */
  sentAgain: number
}

/** The same tables, on which things go wrong. */
export const withFaults = (
  db: DynamoDBDocumentClient,
  random: () => number,
  shares: Readonly<FaultShares>,
): DynamoDBDocumentClient => {
  const befalls = (share: number): boolean => share > 0 && random() < share
  const throttled = () => new ProvisionedThroughputExceededException({ message: 'too many requests', $metadata: {} })
  const send = async (command: unknown): Promise<unknown> => {
    if (befalls(shares.throttled)) throw throttled()
    if (command instanceof TransactWriteCommand && befalls(shares.conflict)) {
      const CancellationReasons = (command.input.TransactItems ?? []).map((_, index) => ({
        Code: index === 0 ? 'TransactionConflict' : 'None',
      }))
      throw new TransactionCanceledException({ message: 'another one runs', $metadata: {}, CancellationReasons })
    }
    const answer: unknown = await db.send(command as never)
    const isConditional = command instanceof TransactWriteCommand || command instanceof PutCommand
    if (isConditional && befalls(shares.sentAgain)) return db.send(command as never)
    if ((isConditional || command instanceof UpdateCommand) && befalls(shares.answerLost)) {
      throw new InjectedFault('the answer to a write was lost')
    }
    return answer
  }
  return { send, destroy: () => undefined } as unknown as DynamoDBDocumentClient
}
