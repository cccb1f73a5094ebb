import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import type { Page } from '../contract/route.ts'
import { faultResponse } from './api.ts'

/** Answers with the page that the token of the path leads to. */
export type PageOf = (token: string, event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>

/** The pages behind links, each by its token, beside a door's other routes, which `answer` answers. */
export const withPages = <P extends Readonly<Record<string, Page>>>(
  pages: P,
  pageOf: { readonly [K in keyof P]: PageOf },
  answer: Handler,
): Handler => {
  const byRouteKey = new Map(
    (Object.keys(pages) as (keyof P & string)[]).map((name) => [
      `${pages[name]?.method} ${pages[name]?.path}`,
      pageOf[name],
    ]),
  )
  return async (event, context) => {
    const page = byRouteKey.get(event.routeKey)
    if (page === undefined) return answer(event, context)
    try {
      return await page(event.pathParameters?.['token'] ?? '', event)
    } catch (error) {
      return faultResponse(event, error)
    }
  }
}
