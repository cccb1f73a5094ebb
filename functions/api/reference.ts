import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { openApi } from '../../shared/contract/openapi.ts'
import { jsonResponse, problemResponse } from '../../shared/runtime/api.ts'
import { htmlResponse } from '../../shared/runtime/html-page.ts'
import { landingPage, referencePage } from '../../shared/runtime/reference-page.ts'

const html = (page: string): APIGatewayProxyStructuredResultV2 =>
  htmlResponse(200, page, { 'cache-control': 'public, max-age=300' })

/** The description of the API, the landing page, and the answer to every route that does not exist. */
export const handler = (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
  const { requestId, http } = event.requestContext
  const { host = '', 'x-forwarded-proto': protocol = 'https' } = event.headers
  const document = () => openApi(`${protocol}://${host}`)
  if (http.method === 'GET') {
    switch (event.rawPath) {
      case '/':
        return Promise.resolve(
          html(landingPage(event.queryStringParameters?.['result'], event.queryStringParameters?.['order'])),
        )
      case '/openapi.json':
        return Promise.resolve(jsonResponse(200, document(), requestId))
      case '/reference':
        return Promise.resolve(html(referencePage(document())))
    }
  }
  const message = `There is no ${http.method} ${event.rawPath.slice(0, 200)}`
  return Promise.resolve(problemResponse({ code: 'route_unknown', message }, requestId))
}
