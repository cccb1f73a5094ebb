import { Duration } from 'aws-cdk-lib'
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData, Unit } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { FilterPattern, type LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs'
import { Topic } from 'aws-cdk-lib/aws-sns'
import type { Construct } from 'constructs'
import { resourceName, type Settings } from './settings.ts'

export type AlarmProps = {
  readonly settings: Settings
  /** Unique in the deployment; becomes `marketplace-<stage>-<name>`. */
  readonly name: string
  readonly metric: IMetric
  /** What was seen, as a sentence. */
  readonly symptom: string
  /** What it costs whom while it lasts, as a sentence in plain words. */
  readonly errorImpact: string
  /** The alarm goes off at this value or above (or below it, where `whenBelow`). */
  readonly threshold: number
  readonly whenBelow?: true
  readonly evaluationPeriods?: number
}

/** An alarm whose text says what was seen and what it costs; it tells the operator's topic where there is one. */
export function addAlarm(scope: Construct, id: string, props: AlarmProps): Alarm {
  const alarm = new Alarm(scope, id, {
    alarmName: resourceName(props.settings, props.name),
    alarmDescription: `${props.symptom} ${props.errorImpact}`,
    metric: props.metric,
    threshold: props.threshold,
    evaluationPeriods: props.evaluationPeriods ?? 1,
    comparisonOperator: props.whenBelow
      ? ComparisonOperator.LESS_THAN_THRESHOLD
      : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    // Most metrics are absent while nothing happens. A schedule that has stopped is absent too: there it means trouble.
    treatMissingData: props.whenBelow ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
  })
  const { alarmTopicArn } = props.settings
  if (alarmTopicArn) alarm.addAlarmAction(new SnsAction(Topic.fromTopicArn(scope, `${id}Topic`, alarmTopicArn)))
  return alarm
}

/** The period over which alarms look: long enough to be cheap, short enough that money does not wait. */
export const alarmPeriod = Duration.minutes(5)

export type LoggedEventProps = {
  readonly settings: Settings
  readonly logGroup: LogGroup
  /** The word that the code logs, such as `payment_set_aside`: a log line that holds it counts. */
  readonly event: string
  readonly symptom: string
  readonly errorImpact: string
}

/** An alarm on something that the code saw and survived, so that no metric of AWS shows it. */
export function addLoggedEventAlarm(scope: Construct, id: string, props: LoggedEventProps): Alarm {
  const filter = new MetricFilter(scope, `${id}Filter`, {
    logGroup: props.logGroup,
    filterPattern: FilterPattern.allTerms(props.event),
    metricNamespace: resourceName(props.settings, 'log'),
    metricName: props.event,
    unit: Unit.COUNT,
  })
  return addAlarm(scope, id, {
    settings: props.settings,
    name: props.event.replaceAll('_', '-'),
    metric: filter.metric({ period: alarmPeriod, statistic: 'Sum' }),
    threshold: 1,
    symptom: props.symptom,
    errorImpact: props.errorImpact,
  })
}
