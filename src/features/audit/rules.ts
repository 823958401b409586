/** From the worst to the least. */
export const severities = ['high', 'medium', 'low'] as const;

/** How bad a finding is. */
export type Severity = (typeof severities)[number];

/** What an audit looks for. */
export interface Rule {
  /** What is wrong, without the resource. */
  readonly title: string;
  readonly why: string;
  /** The usual severity; a finding may differ. */
  readonly severity: Severity;
  /** How bad it is for security, from 0 to 10 as in CVSS; undefined if it is about operation only. */
  readonly security?: number;
}

/** Every rule by its id, which never changes: baselines and dashboards know it. */
export const rules = {
  'certificate-missing': {
    title: 'Site without a valid certificate',
    why: 'Browsers warn visitors, and what they send can be read on the way.',
    severity: 'high',
    security: 7.5,
  },
  'certificate-expiring': {
    title: 'Certificate expires within 30 days',
    why: 'It should have been renewed by now. Browsers block a site whose certificate has expired.',
    severity: 'medium',
    security: 5,
  },
  'database-port-open': {
    title: 'Database port open to the world',
    why: 'Anyone can connect and guess passwords. Allow only the servers that need it.',
    severity: 'high',
    security: 8.6,
  },
  'database-backup-missing': {
    title: 'Database without a recent backup',
    why: 'If the server is lost or data is deleted by mistake, nothing recent can be restored.',
    severity: 'high',
  },
  'php-end-of-life': {
    title: 'PHP version without security fixes',
    why: 'After its end of life, vulnerabilities in this version of PHP are no longer fixed.',
    severity: 'high',
    security: 7,
  },
  'deployment-failed': {
    title: 'Last deployment failed',
    why: 'The site runs an older release than its team expects, or none.',
    severity: 'medium',
  },
  'queue-worker-stopped': {
    title: 'Queue worker not running',
    why: 'Jobs such as mails and exports pile up.',
    severity: 'medium',
  },
  'daemon-stopped': {
    title: 'Daemon not running',
    why: 'Whatever depends on this process does not work.',
    severity: 'medium',
  },
  'zero-downtime-off': {
    title: 'Zero-downtime releases are off',
    why: 'Visitors see a half-updated site during a deployment, and a bad one cannot be rolled back.',
    severity: 'low',
  },
  'preview-overdue': {
    title: 'Preview past its deadline',
    why: 'It keeps a copy of the settings and a database, and nobody needs it any more.',
    severity: 'medium',
  },
  'preview-orphaned': {
    title: 'Preview of a branch that is gone',
    why: 'The branch was merged or given up, and the preview stays with its database.',
    severity: 'low',
  },
  'preview-unmarked': {
    title: 'Preview that was not finished',
    why: 'Without its variables, it may use the settings of another site.',
    severity: 'low',
  },
  'ssh-key-differs': {
    title: 'SSH key on some servers only',
    why: 'A forgotten key still gives access, and a missing one locks its owner out.',
    severity: 'low',
    security: 3,
  },
  'token-all-abilities': {
    title: 'Token with every ability',
    why: 'Whoever finds this token can delete every server. Give a token only the abilities that it needs.',
    severity: 'medium',
    security: 6,
  },
  'certificate-served': {
    title: 'Served certificate is not valid',
    why: 'Browsers block the site, whatever certificate Deploynix has for it.',
    severity: 'high',
    security: 7.5,
  },
  'security-updates-pending': {
    title: 'Security updates not installed',
    why: 'Vulnerabilities that are fixed and public can still be used against this server.',
    severity: 'medium',
    security: 7,
  },
  'reboot-pending': {
    title: 'Reboot pending',
    why: 'Updates of the kernel and of libraries take effect only after a reboot.',
    severity: 'low',
    security: 4,
  },
  'disk-almost-full': {
    title: 'Disk almost full',
    why: 'On a full disk, deployments, uploads, sessions and databases fail.',
    severity: 'medium',
  },
  'process-given-up': {
    title: 'Process given up by Supervisor',
    why: 'It failed so often that Supervisor does not start it again.',
    severity: 'high',
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** The id of a rule. */
export type RuleId = keyof typeof rules;

/** Every id, in the order of the reports. */
export const ruleIds = Object.keys(rules) as readonly RuleId[];

/** Those that need a connection to the server. */
export const sshRules = [
  'certificate-served',
  'security-updates-pending',
  'reboot-pending',
  'disk-almost-full',
  'process-given-up',
] as const satisfies readonly RuleId[];

/** Those that need more than a server and the API. */
const otherRules: readonly RuleId[] = ['token-all-abilities', 'preview-orphaned', ...sshRules];

/** The rules of a server and its sites, as far as the API tells. */
export const serverRules = ruleIds.filter((id) => !otherRules.includes(id));

/** The rules of a site. */
export const siteRules = [
  'certificate-missing',
  'certificate-expiring',
  'php-end-of-life',
  'deployment-failed',
  'queue-worker-stopped',
  'zero-downtime-off',
  'preview-overdue',
  'preview-unmarked',
] as const satisfies readonly RuleId[];
