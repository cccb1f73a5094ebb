import { Duration } from 'aws-cdk-lib'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets'
import type { Construct } from 'constructs'
import { addAlarm } from '../alarms.ts'
import { resourceName } from '../settings.ts'
import { NodeFunction, type NodeFunctionProps } from './node-function.ts'

export type ScheduledFunctionProps = Omit<NodeFunctionProps, 'retryAttempts'> & {
  /** An hour, a day, or less than an hour: the alarm looks at whole multiples of it. */
  readonly every: Duration
  /** Runs that may be missed before the alarm goes off: four, unless told otherwise. */
  readonly runsMissedMax?: number
}

/**
 * A function that the clock starts, and an alarm that goes off when it does not. A run that failed is not repeated:
 * the next run finds the same work, because sweeps read what is due and remember nothing.
 */
export class ScheduledFunction extends NodeFunction {
  constructor(scope: Construct, id: string, props: ScheduledFunctionProps) {
    super(scope, id, { ...props, retryAttempts: 0 })
    const { settings } = props.deployment
    const shortName = props.name.replace('/', '-')
    new Rule(this, 'Schedule', {
      ruleName: resourceName(settings, shortName),
      description: `Starts functions/${props.name}.ts`,
      schedule: Schedule.rate(props.every),
      targets: [new LambdaTarget(this.lambda, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
    })
    const { runsMissedMax = 4 } = props
    addAlarm(this, 'Stopped', {
      settings,
      name: `${shortName}-stopped`,
      metric: this.lambda.metricInvocations({ period: props.every, statistic: 'Sum' }),
      threshold: 1,
      whenBelow: true,
      evaluationPeriods: runsMissedMax,
      symptom: `functions/${props.name}.ts has missed its last ${runsMissedMax === 1 ? 'run' : `${runsMissedMax} runs`}.`,
      errorImpact: props.errorImpact,
    })
  }
}
