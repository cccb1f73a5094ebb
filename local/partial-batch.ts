import { asArray, asObject, asText, parseObject, type Json, type JsonObject } from './json.ts'

/** A batch of which the service does the first half; `finish` tells the caller what was left undone. */
export interface HalfBatch {
  /** The request for the half that is done; undefined where that half is empty. */
  readonly request: JsonObject | undefined
  /** The service's answer for that half (empty where nothing was asked), completed as the service would say it. */
  readonly finish: (answer: JsonObject) => JsonObject
}

/** Cuts a batch in two; undefined for operations that are no batch. */
export function halfBatch(operation: string, body: Buffer): HalfBatch | undefined {
  switch (operation) {
    case 'BatchWriteItem':
      return halfOfTables(body, 'UnprocessedItems', asArray, (_, items) => items)
    case 'BatchGetItem':
      return halfOfTables(
        body,
        'UnprocessedKeys',
        (wanted) => asArray(asObject(wanted).Keys),
        (wanted, Keys) => ({ ...asObject(wanted), Keys }),
      )
    case 'BatchExecuteStatement':
      return halfOfList(body, 'Statements', (answer, rest) => ({
        ...answer,
        Responses: [
          ...asArray(answer.Responses),
          ...rest.map(() => ({ Error: { Code: 'ThrottlingError', Message: 'Throughput exceeds the current limit.' } })),
        ],
      }))
    case 'SendMessageBatch':
      return halfOfList(body, 'Entries', (answer, rest) => ({
        ...answer,
        Successful: asArray(answer.Successful),
        Failed: [
          ...asArray(answer.Failed),
          ...rest.map((entry) => ({
            Id: asText(asObject(entry).Id),
            SenderFault: false,
            Code: 'InternalError',
            Message: 'Please try again.',
          })),
        ],
      }))
    case 'PutEvents':
      return halfOfList(body, 'Entries', (answer, rest) => ({
        FailedEntryCount: Number(answer.FailedEntryCount ?? 0) + rest.length,
        Entries: [
          ...asArray(answer.Entries),
          ...rest.map(() => ({ ErrorCode: 'InternalFailure', ErrorMessage: 'Please try again.' })),
        ],
      }))
    default:
      return undefined
  }
}

function halfOfList(
  body: Buffer,
  member: string,
  finish: (answer: JsonObject, rest: readonly Json[]) => JsonObject,
): HalfBatch {
  const request = parseObject(body.toString('utf8'))
  const list = asArray(request[member])
  const middle = Math.floor(list.length / 2)
  return {
    request: middle === 0 ? undefined : { ...request, [member]: list.slice(0, middle) },
    finish: (answer) => finish(answer, list.slice(middle)),
  }
}

/** Batches by table: of each table's list the first half is done. */
function halfOfTables(
  body: Buffer,
  unprocessed: string,
  listOf: (wanted: Json | undefined) => Json[],
  withList: (wanted: Json | undefined, list: Json[]) => Json,
): HalfBatch {
  const request = parseObject(body.toString('utf8'))
  const done: JsonObject = {}
  const rest: JsonObject = {}
  for (const [table, wanted] of Object.entries(asObject(request.RequestItems))) {
    const list = listOf(wanted)
    const middle = Math.floor(list.length / 2)
    if (middle > 0) done[table] = withList(wanted, list.slice(0, middle))
    rest[table] = withList(wanted, list.slice(middle))
  }
  return {
    request: Object.keys(done).length === 0 ? undefined : { ...request, RequestItems: done },
    finish: (answer) => ({ ...answer, [unprocessed]: rest }),
  }
}
