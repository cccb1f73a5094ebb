import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { EventBus } from 'aws-cdk-lib/aws-events'
import {
  ConfigurationSet,
  EmailIdentity,
  EmailSendingEvent,
  EventDestination,
  Identity,
  SuppressionReasons,
} from 'aws-cdk-lib/aws-ses'
import type { Construct } from 'constructs'
import type { Resources } from './resources.ts'
import { resourceName, type Settings } from './settings.ts'

export type MailStackProps = { readonly settings: Settings; readonly resources: Resources }

/**
 * What mail to holders is sent with: the identity of the sender's domain, signed with DKIM, and the configuration set by
 * which SES tells the default event bus of mail that did not arrive.
 */
export class MailStack extends Stack {
  /** The configuration set's name, by which its events are told from those of other mail of the account. */
  readonly configurationSet: string

  constructor(scope: Construct, id: string, { settings, resources }: MailStackProps) {
    super(scope, id, { stackName: resourceName(settings, 'mail') })
    const { mailFrom } = settings
    this.configurationSet = resourceName(settings, 'notices')

    const identity = new EmailIdentity(this, 'Sender', {
      identity: Identity.domain(mailFrom.slice(mailFrom.lastIndexOf('@') + 1)),
    })
    identity.applyRemovalPolicy(settings.retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY)

    const notices = new ConfigurationSet(this, 'Notices', {
      configurationSetName: this.configurationSet,
      reputationMetrics: true,
      // SES itself then refuses what an earlier mail has shown to be in vain, and says so as a bounce.
      suppressionReasons: SuppressionReasons.BOUNCES_AND_COMPLAINTS,
    })
    notices.addEventDestination('Events', {
      // The only bus that SES can publish to.
      destination: EventDestination.eventBus(EventBus.fromEventBusName(this, 'DefaultBus', 'default')),
      events: [EmailSendingEvent.BOUNCE, EmailSendingEvent.COMPLAINT, EmailSendingEvent.REJECT],
    })

    resources.set('mail-identity', { arn: identity.emailIdentityArn, environment: { MAIL_FROM: mailFrom } })
    resources.set('mail-configuration-set', {
      arn: this.formatArn({
        service: 'ses',
        resource: 'configuration-set',
        resourceName: notices.configurationSetName,
      }),
      environment: { MAIL_CONFIGURATION_SET: notices.configurationSetName },
    })
    identity.dkimRecords.forEach(({ name, value }, index) => {
      new CfnOutput(this, `DkimRecord${index + 1}`, { value: `${name} CNAME ${value}` })
    })
  }
}
