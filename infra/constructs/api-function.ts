import { Duration } from 'aws-cdk-lib'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { Construct } from 'constructs'
import { NodeFunction, type NodeFunctionProps } from './node-function.ts'

export type ApiFunctionProps = Omit<NodeFunctionProps, 'memoryMb' | 'timeout'>

/** A function that answers requests: much memory, because CPU comes with it and a person waits for the cold start. */
export class ApiFunction extends NodeFunction {
  readonly integration: HttpLambdaIntegration

  constructor(scope: Construct, id: string, props: ApiFunctionProps) {
    super(scope, id, { ...props, memoryMb: 1024, timeout: Duration.seconds(15) })
    this.integration = new HttpLambdaIntegration(`${id}Integration`, this.lambda)
  }
}
