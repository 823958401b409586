import { phaseOf, statusKey } from '../../../base/status.ts';
import { wordOf } from '../../../base/text.ts';
import { timeOf } from '../../../base/time.ts';
import { certificateIn } from '../../overview/certificate.ts';
import type { FactLine, Facts } from '../facts.ts';
import { deployFix, type FixOf, logsFix, ofServer, ofSite, restartService, serverCommand, siteFix, sshServer, step } from '../fixes.ts';
import { type Cause, type FoundCause, shown, stateLine } from './cause.ts';

/** PHP-FPM in the version of the site. */
const fpm =
  (why?: string, ...before: readonly FixOf[]) =>
  ({ facts }: Pick<FoundCause, 'facts'>): readonly FixOf[] => [...before, restartService(`php${wordOf(facts.site.php_version)}-fpm`, why)];

/** The line of a response, or of a missing one. */
const requested = ({ answer }: Facts): readonly FactLine[] =>
  answer ? [stateLine('http', `GET ${answer.url}: ${answer.status ?? answer.error ?? ''}`)] : [];

/** The response, if it failed for one of these reasons. */
const failing =
  (reasons: RegExp) =>
  (facts: Facts): readonly FactLine[] =>
    reasons.test(facts.answer?.reason ?? '') ? requested(facts) : [];

/** A certificate that ended, or that the site never got. */
function badCertificate(facts: Facts): readonly FactLine[] {
  const { certificates, now, answer } = facts;
  if (!certificates || !/^https:/.test(answer?.url ?? '') || answer?.status !== null) return [];
  const { certificate, valid } = certificateIn(certificates, { now, terminal: false });
  if (!certificate || valid) return [];
  const { status, reason, expires_at } = certificate;
  const ended = timeOf(expires_at);
  const words =
    ended !== undefined && ended <= now ? `expired ${wordOf(expires_at)}` : [wordOf(status), wordOf(reason)].filter(Boolean).join(': ');
  return [stateLine('api', `certificate of ${wordOf(certificate.domain) || facts.of.site.label}: ${words}`)];
}

const certificate = [
  ofSite('See the certificates', 'certificate', 'list'),
  ({ site, server }: Facts['of']) => ({
    command: ['certificate', 'create', site.label, '--site', site.label, '--server', server.label],
    why: 'Request a new one',
  }),
];

const all: readonly Cause[] = [
  shown(
    'fpm_down',
    'PHP-FPM does not run',
    90,
    [
      /connect\(\) to unix:\S+ failed \((?:2: No such file or directory|111: Connection refused)\) while connecting to upstream/,
      /connect\(\) failed \(111: Connection refused\) while connecting to upstream.*fastcgi:/,
    ],
    fpm(),
  ),
  {
    id: 'service_down',
    title: ({ line }) => `The service ${line.text.split(':')[0]} does not run`,
    rank: 88,
    // A connection gets as far as nginx.
    state: ({ machine, answer }) =>
      machine?.services
        .filter(({ name, state }) => ['inactive', 'failed'].includes(state) && (answer?.status !== null || name === 'nginx'))
        .map(({ name, state }) => stateLine('state', `${name}: ${state}`)) ?? [],
    fixes: ({ line }) => {
      const [name = ''] = line.text.split(':');
      return [sshServer('See why it stopped', 'systemctl', 'status', name), restartService(name)];
    },
  },
  shown(
    'fpm_children',
    'All processes of PHP-FPM are busy',
    85,
    [
      /server reached (?:pm\.)?max_children setting \(\d+\), consider raising it/,
      /connect\(\) to unix:\S+ failed \(11: Resource temporarily unavailable\) while connecting to upstream/,
    ],
    fpm('Then restart it', step('Raise pm.max_children of the pool, or find the slow requests')),
  ),
  shown(
    'fpm_socket',
    'nginx may not connect to PHP-FPM',
    89,
    [/connect\(\) to unix:\S+ failed \(13: Permission denied\) while connecting to upstream/],
    fpm('Then restart it', step('Set listen.owner and listen.group of the pool to the user of nginx')),
  ),
  shown(
    'fpm_crashed',
    'PHP-FPM crashes',
    84,
    [
      /child \d+ exited on signal \d+ \((?:SIGSEGV|SIGBUS|SIGABRT|SIGILL)/,
      /(?:recv\(\) failed \(104: Connection reset by peer\)|upstream prematurely closed connection) while reading response header from upstream/,
    ],
    fpm('Restart it', step('Update PHP, or turn off its extensions and OPcache one by one')),
  ),
  shown(
    'nginx_header',
    'The headers of the response are too large for nginx',
    86,
    [/upstream sent too big header while reading response header from upstream/],
    [step('Make the cookies or the session smaller, or raise fastcgi_buffer_size')],
  ),
  shown(
    'nginx_connections',
    'nginx has too few connections',
    87,
    [/\b\d+ worker_connections are not enough/],
    [step('Raise worker_connections in /etc/nginx/nginx.conf'), restartService('nginx', 'Then restart it')],
  ),
  shown(
    'upstream_timeout',
    'The application takes too long to answer',
    82,
    [/upstream timed out \(110: Connection timed out\) while reading response header from upstream/],
    [logsFix('See what it does'), step('Move slow work to a queue')],
  ),
  shown(
    'web_directory',
    'nginx does not find the web directory of the site',
    86,
    [
      /Primary script unknown/,
      /directory index of "[^"]+" is forbidden/,
      /rewrite or internal redirection cycle while internally redirecting to "\/index\.php"/,
    ],
    [siteFix('update', 'Set it', '--web-directory', '/public'), deployFix()],
    { refusal: true },
  ),
  { id: 'certificate_invalid', title: 'The certificate is not valid', rank: 94, state: badCertificate, fixes: certificate },
  {
    id: 'certificate_rejected',
    title: 'The certificate of the site cannot be trusted',
    rank: 92,
    state: failing(/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/),
    fixes: certificate,
  },
  {
    id: 'dns',
    title: 'The domain has no address',
    rank: 92,
    state: failing(/^(ENOTFOUND|EAI_AGAIN|ENODATA)$/),
    fixes: ({ facts }) => [
      step(`Add a DNS record for ${facts.of.site.label} that points to ${wordOf(facts.server?.ip_address) || 'the server'}`),
    ],
  },
  {
    id: 'web_refused',
    title: 'The server does not accept web connections',
    rank: 60,
    state: failing(/^(ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/),
    fixes: [ofServer('See its firewall', 'network-rule', 'list'), sshServer('See if nginx runs', 'systemctl', 'status', 'nginx')],
  },
];

/** nginx, PHP-FPM, certificates and the network in front of them. A deployment does not depend on them. */
export const web: readonly Cause[] = all.map((cause) => ({ ...cause, about: 'site' }));

/** States that Deploynix itself reports. */
export const platform: readonly Cause[] = [
  {
    id: 'site_suspended',
    title: 'The site is suspended',
    rank: 200,
    always: true,
    state: ({ site, of }) => (statusKey(site.status) === 'suspended' ? [stateLine('api', `${of.site.label}: ${wordOf(site.status)}`)] : []),
    fixes: [siteFix('resume', 'Bring it back')],
  },
  {
    id: 'deployment_in_progress',
    title: 'A deployment is in progress',
    rank: 150,
    always: true,
    state: ({ of, site }, { kind }) => (kind === 'in_progress' ? [stateLine('api', `${of.site.label}: ${wordOf(site.status)}`)] : []),
    fixes: [({ site, server }) => ({ command: ['watch', site.label, '--server', server.label], why: 'Follow it' })],
  },
  {
    id: 'server_inactive',
    title: ({ facts }) => `The server ${facts.of.server.label} is ${wordOf(facts.server?.status)}`,
    rank: 190,
    always: true,
    state: ({ server, of }) => {
      const status = wordOf(server?.status);
      return status === '' || phaseOf(status) === 'good' || statusKey(status) === 'running'
        ? []
        : [stateLine('api', `${of.server.label}: ${status}`)];
    },
    fixes: [serverCommand('show', 'See the server'), serverCommand('restart', 'Restart it')],
  },
];
