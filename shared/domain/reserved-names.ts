import lists from './reserved-names.json' with { type: 'json' }
import { normalizeHandle } from './handle-name.ts'

/** Why a name is kept back; one group, one reason. */
export type ReservedGroup = 'route' | 'role' | 'safety' | 'money' | 'system' | 'placeholder' | 'common_page'

/** What an operator and an applicant read. */
export const reservedReason: Record<ReservedGroup, string> = {
  route: 'The name is a path of the platform or the marketplace.',
  role: 'The name would pass for somebody who acts for the platform.',
  safety: 'The name would pass for help, security or trust staff.',
  money: 'The name would pass for a billing or payment office.',
  system: 'Mail, web and network software gives the name a meaning of its own.',
  placeholder: 'The name stands for a missing value and would be mistaken for one.',
  common_page: 'Sites commonly keep the name for a page of their own.',
}

const words = (text: string): string[] => text.split(' ')

// The first group that has a name gives the reason, so the grave ones come first.
const groups: [ReservedGroup, Set<string>][] = [
  [
    'safety',
    new Set(
      words(
        'abuse appeals account_recovery accountrecovery antispam appeal dmca fraud help helpcenter help_center helpdesk imposter impostor law_enforcement phishing privacy recovery report safety scam security securityteam spam support supportteam tech_support techsupport trust trustandsafety trust_safety verify verification verified',
      ),
    ),
  ],
  [
    'role',
    new Set(
      words(
        'admin administrator admins ceo cto employee founder hr legal mod moderator moderators mods official officialteam operator owner platform press root staff superuser superadmin sysadmin team webmaster',
      ),
    ),
  ],
  [
    'money',
    new Set(
      words(
        'billing chargeback checkout commission deposit dispute disputes escrow invoice invoices ledger payment payments payout payouts refund refunds settlement wallet',
      ),
    ),
  ],
  [
    'route',
    new Set(
      words(
        'about accounts api auctions bids blog browse catalogue docs download explore feed handle handles home hashtag inbox jobs listing listings login logout marketplace me messages notifications oauth offers openapi operator orders password privacy purchases reference register sales search session settings signin signout signup sitemap status terms tos trending v1 v2 webhook webhooks',
      ),
    ),
  ],
  [
    'system',
    new Set(
      words(
        'abuse autoconfig autodiscover broadcasthost cdn daemon dns ftp hostmaster http https imap info isatap localdomain localhost mail mailer mailerdaemon mx noc no_reply noreply ns1 ns2 ns3 ns4 pop pop3 postmaster robots root smtp ssl sslwebmaster system tls usenet uucp wpad www www1 www2',
      ),
    ),
  ],
  [
    'placeholder',
    new Set(
      words(
        'anonymous deleted deleted_user everyone false guest here nan nil no_one nobody none null suspended test true undefined unknown user username void you yourname your_name',
      ),
    ),
  ],
  ['common_page', new Set(lists.names)],
]

/** The group that reserves this name, in any case; undefined where the name is free. */
export const reservedGroup = (name: string): ReservedGroup | undefined => {
  const canonical = normalizeHandle(name)
  return groups.find(([, names]) => names.has(canonical))?.[0]
}
