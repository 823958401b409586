import { phaseOf, statusKey } from '../../../base/status.ts';
import { bytes, wordOf } from '../../../base/text.ts';
import { duration, timeOf } from '../../../base/time.ts';
import { liveRelease } from '../../deploy/release.ts';
import { certificateIn } from '../../overview/overview.ts';
import { hasStopped } from '../../remote/units.ts';
import { type FactLine, type Facts, isUnanswered, SKEW_MS } from '../facts.ts';
import type { Process } from '../server/state.ts';
import { AGAIN, type Cause, cause, causesWith, type FoundCause, GRACE_MS, matchedGroup, SCRIPT, stateLine, THEN_AGAIN } from './cause.ts';

const siteStatus = ({ siteRef, site }: Facts): FactLine => stateLine('api', `${siteRef.site.label}: ${wordOf(site.status)}`);

function inactive({ server, siteRef }: Facts): readonly FactLine[] {
  const status = wordOf(server?.status);
  const good = status === '' || phaseOf(status) === 'good' || statusKey(status) === 'running';
  return good ? [] : [stateLine('api', `${siteRef.server.label}: ${status}`)];
}

/** States that Deploynix itself reports. */
export const platform: readonly Cause[] = [
  cause('site_suspended', 200, 'The site is suspended', {
    state: (facts) => (statusKey(facts.site.status) === 'suspended' ? [siteStatus(facts)] : []),
    always: true,
    fixes: ['Bring it back: dnx site resume {site} --server {server}'],
  }),
  cause('deployment_in_progress', 150, 'A deployment is in progress', {
    state: (facts, { kind }) => (kind === 'in_progress' ? [siteStatus(facts)] : []),
    always: true,
    fixes: ['Follow it: dnx watch {site} --server {server}'],
  }),
  cause('server_inactive', 190, 'The server {server} is {status}', {
    state: inactive,
    always: true,
    fixes: ['See the server: dnx server show {server}', 'Restart it: dnx server restart {server}'],
  }),
];

/** From here on, in percent, programs fail to write. */
const FULL = 99;

/** The disks without space, or with space but without inodes. */
const fullDisks =
  (inodes: boolean) =>
  ({ machine }: Facts): readonly FactLine[] =>
    machine?.disks
      .filter((disk) => ((disk.space ?? 0) >= FULL ? !inodes : inodes && (disk.inodes ?? 0) >= FULL))
      .map(({ line }) => stateLine('state', line)) ?? [];

function roomNow({ facts }: FoundCause): string | undefined {
  const used = facts.machine?.disks.map(({ space }) => space ?? 0) ?? [];
  const full = [true, false].some((inodes) => fullDisks(inodes)(facts).length > 0);
  return used.length > 0 && !full ? `the disk is ${Math.max(...used)}% full now` : undefined;
}

const ROOM = [
  'See how full it is: dnx ssh {server} -- df -h',
  'Find what is large: dnx ssh {server}/{site} -- du -xh --max-depth=2 /home /var',
  THEN_AGAIN,
];

const memoryWords = ({ machine }: Facts) => ({
  memory: machine?.memory ? ` (${String(bytes(machine.memory.total))}, swap ${String(bytes(machine.memory.swap))})` : '',
});

const MEMORY = ['See the memory: dnx ssh {server} -- free -h', 'Add swap, or use a larger server', THEN_AGAIN];

const THEN_NGINX = 'Then restart it: dnx service restart nginx --server {server}';
const RESTART_FPM = 'Restart it: dnx service restart php{php}-fpm --server {server}';
const THEN_FPM = RESTART_FPM.replace('Restart', 'Then restart');

/** True if a service runs now, which a failed test of its configuration does not stop. `from`: only if it was started since then. */
const runs = (wanted: RegExp, { facts, incident }: Pick<FoundCause, 'facts' | 'incident'>, from = 0): boolean =>
  !incident.past &&
  facts.machine?.services.some(({ name, state, since = 0 }) => wanted.test(name) && state === 'active' && since >= from) === true;

/** Disk, memory, ports and configuration of the server. */
export const resources: readonly Cause[] = [
  cause('disk_full', 96, 'The disk is full', {
    patterns: [
      /errno=28 No space left on device/,
      /\bENOSPC\b:? no space left on device/i,
      /Failed to open stream: No space left on device/i,
      /^(?:fatal|error): .*: No space left on device$/,
      /^(?:cp|mv|tar|mkdir|ln|rsync|unzip|cat|dd|touch|install|mktemp|tee|gzip|bash|sh)\b.*: No space left on device\)?/,
      /: write error: No space left on device$/,
      /\(OS errno 28 - No space left on device\)/,
      /Errcode: 28 "?No space left on device/,
      /could not (?:write|extend) .*: No space left on device/,
      /SQLSTATE\[HY000\]: General error: (?:13 database or disk is full|1114 The table '[^']+' is full)/,
      /^npm (?:error|ERR!) (?:code ENOSPC|nospc)/,
      /file_put_contents\(\): Write of \d+ bytes failed with errno=28/i,
      /Disk full \(\S+\); waiting for someone to free some space/,
    ],
    state: fullDisks(false),
    always: true,
    lasting: true,
    fixes: ROOM,
    resolved: roomNow,
  }),
  cause('disk_readonly', 96, 'The file system is mounted read-only, as after an error of the disk', {
    // Containers, snaps and systemd may keep these read-only.
    patterns: [
      /^(?!.*[ '"(]\/(?:etc|proc|snap|sys|usr)\/).*(?:: Read-only file system$|Failed to open stream: Read-only file system|\bEROFS\b: read-only file system)/,
    ],
    fixes: ['Look for errors of the disk: dnx ssh {server} -- sudo dmesg -T --level=err', 'Then restart it: dnx server restart {server}'],
  }),
  cause('inodes_full', 97, 'The disk has no inodes left for more files', {
    state: fullDisks(true),
    always: true,
    fixes: ROOM,
  }),
  cause('memory_killed', 91, 'The server ran out of memory{memory} and killed {killed}', {
    patterns: [
      /Out of memory: Killed process \d+ \(([^)]+)\)|oom-kill:.*task=([^,]+)|Memory cgroup out of memory: Killed process \d+ \(([^)]+)\)/,
      /A process of this unit has been killed by the OOM killer/,
    ],
    fixes: MEMORY,
    words: ({ facts, match }) => ({ ...memoryWords(facts), killed: matchedGroup(match) || 'a process' }),
  }),
  cause('memory_full', 90, 'The server ran out of memory{memory}', {
    patterns: [
      /(?:fork|mmap\(\)|proc_open\(\)).*Cannot allocate memory|unable to create thread: Resource temporarily unavailable/,
      /\bENOMEM\b|^(?:fatal|error): Out of memory, (?:malloc|realloc|calloc) failed/,
    ],
    fixes: MEMORY,
    words: ({ facts }) => memoryWords(facts),
  }),
  cause('killed', 65, 'A command was killed, as when memory runs out', {
    patterns: [/^(?:\S+: line \d+: +\d+ )?Killed(?: {2,}.*)?$|exit(?:ed with)? (?:code|status):? 137\b/],
    sources: SCRIPT,
    fixes: MEMORY,
  }),
  cause('php_memory', 86, 'PHP reached its memory limit', {
    patterns: [/Allowed memory size of \d+ bytes exhausted \(tried to allocate \d+ bytes\)/],
    fixes: ['Raise memory_limit in php.ini, or use less memory', THEN_FPM],
  }),
  cause('port_in_use', 88, 'Another program uses the port', {
    patterns: [
      /unable to bind listening socket for address '[^']+': Address already in use|Another FPM instance seems to already listen on/,
      /\bbind\(\) to \S+ failed \(98: Address already in use\)|\bEADDRINUSE\b|Failed to listen on "?tcp:\S+ .*Address already in use/,
    ],
    fixes: ['See which: dnx ssh {server} -- sudo ss -ltnp', 'Stop it, or use another port'],
  }),
  cause('nginx_config', 92, 'The configuration of nginx is not valid', {
    patterns: [/\[emerg\] (?!.*\bbind\(\)).+|^nginx: configuration file \S+ test failed/],
    when: (found) => found.line.source !== 'nginx' || !runs(/^nginx$/, found),
    fixes: ['Check it: dnx ssh {server} -- sudo nginx -t', THEN_NGINX],
  }),
  cause('fpm_config', 92, 'The configuration of PHP-FPM is not valid', {
    patterns: [
      /\] ERROR: (?:\[[^\]]+\.conf:\d+\] |failed to (?:load|post process) |(?:\[pool \S+\] )?cannot get [ug]id for )/,
      /\] (?:ALERT|ERROR): (?:\[pool \S+\] pm\.\S+ must|unable to bind listening socket for address '[^']+': (?:No such file|Permission denied))/,
    ],
    when: (found) => found.line.source !== 'php' || !runs(/-fpm$/, found),
    fixes: ['Check it: dnx ssh {server} -- sudo php-fpm{php} -t', THEN_FPM],
  }),
];

const failing =
  (reasons: RegExp) =>
  ({ answer }: Facts): readonly FactLine[] =>
    answer && reasons.test(answer.reason ?? '') ? [stateLine('http', `GET ${answer.url}: ${answer.status ?? answer.error ?? ''}`)] : [];

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
  return [stateLine('api', `certificate of ${wordOf(certificate.domain) || facts.siteRef.site.label}: ${words}`)];
}

const CERTIFICATE = ['See the certificates: dnx certificate list {here}', 'Request a new one: dnx certificate create {site} {here}'];

/** nginx, PHP-FPM, certificates and the network in front of them. A deployment does not depend on them. */
export const web: readonly Cause[] = causesWith({ about: 'site' }, [
  cause('fpm_down', 90, 'PHP-FPM does not run', {
    patterns: [
      /connect\(\) to unix:\S+ failed \((?:2: No such file or directory|111: Connection refused)\) while connecting to upstream/,
      /connect\(\) failed \(111: Connection refused\) while connecting to upstream.*fastcgi:/,
    ],
    when: (found) => !runs(/-fpm$/, found, found.line.at),
    fixes: [RESTART_FPM],
  }),
  cause('service_down', 88, 'The service {process} does not run', {
    // A connection gets as far as nginx.
    state: ({ machine, answer }) =>
      machine?.services
        .filter((unit) => hasStopped(unit) && (answer?.status !== null || unit.name === 'nginx'))
        .map(({ name, state }) => stateLine('state', `${name}: ${state}`)) ?? [],
    fixes: [
      'See why it stopped: dnx ssh {server} -- systemctl status {process}',
      'Restart it: dnx service restart {process} --server {server}',
    ],
  }),
  cause('fpm_children', 85, 'All processes of PHP-FPM are busy', {
    patterns: [
      /server reached (?:pm\.)?max_children setting \(\d+\), consider raising it/,
      /connect\(\) to unix:\S+ failed \(11: Resource temporarily unavailable\) while connecting to upstream/,
    ],
    fixes: ['Raise pm.max_children of the pool, or find the slow requests', THEN_FPM],
  }),
  cause('fpm_socket', 89, 'nginx may not connect to PHP-FPM', {
    patterns: [/connect\(\) to unix:\S+ failed \(13: Permission denied\) while connecting to upstream/],
    fixes: ['Set listen.owner and listen.group of the pool to the user of nginx', THEN_FPM],
  }),
  cause('fpm_crashed', 84, 'PHP-FPM crashes', {
    patterns: [
      /child \d+ exited on signal \d+ \((?:SIGSEGV|SIGBUS|SIGABRT|SIGILL)/,
      /(?:recv\(\) failed \(104: Connection reset by peer\)|upstream prematurely closed connection) while reading response header from upstream/,
    ],
    fixes: ['Update PHP, or turn off its extensions and OPcache one by one', RESTART_FPM],
  }),
  cause('nginx_header', 86, 'The headers of the response are too large for nginx', {
    patterns: [/upstream sent too big header while reading response header from upstream/],
    fixes: ['Make the cookies or the session smaller, or raise fastcgi_buffer_size'],
  }),
  cause('nginx_connections', 87, 'nginx has too few connections', {
    patterns: [/\b\d+ worker_connections are not enough/],
    fixes: ['Raise worker_connections in /etc/nginx/nginx.conf', THEN_NGINX],
  }),
  cause('upstream_timeout', 82, 'The application takes too long to answer', {
    patterns: [/upstream timed out \(110: Connection timed out\) while reading response header from upstream/],
    fixes: ['See what it does: dnx logs {server}/{site} --source laravel', 'Move slow work to a queue'],
  }),
  cause('web_permission', 88, 'The web server may not read {match}', {
    patterns: [
      /\b(?:stat|open|realpath)\(\) "([^"]+)" failed \(13: Permission denied\)|"([^"]+)" is forbidden \(13: Permission denied\)/,
      /Unable to open primary script: (\S+) \(Permission denied\)/,
    ],
    refusal: true,
    words: ({ facts: { machine } }) => ({ root: machine?.root ?? '/home' }),
    fixes: ['See who may pass: dnx ssh {server} -- namei -l {root}', 'Let others pass its directories (chmod o+x) and read it (o+r)'],
  }),
  cause('web_index', 87, 'nginx finds no index file in {match}', {
    patterns: [/directory index of "([^"]*\/public\/[^"]*)" is forbidden/],
    refusal: true,
    fixes: ['See what is in it: dnx ssh {server}/{site} -- ls -la public', 'Push its index.php, or build it in the deploy script', AGAIN],
  }),
  cause('web_directory', 86, 'nginx does not find the web directory of the site', {
    patterns: [
      /Primary script unknown/,
      /directory index of "[^"]+" is forbidden/,
      /rewrite or internal redirection cycle while internally redirecting to "\/index\.php"/,
    ],
    refusal: true,
    fixes: ['Set it: dnx site update {site} --web-directory /public --server {server}', AGAIN],
  }),
  cause('certificate_invalid', 94, 'The certificate is not valid', {
    state: badCertificate,
    fixes: CERTIFICATE,
  }),
  cause('certificate_rejected', 92, 'The certificate of the site cannot be trusted', {
    state: failing(/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/),
    fixes: CERTIFICATE,
  }),
  cause('dns', 92, 'The domain has no address', {
    state: failing(/^(ENOTFOUND|EAI_AGAIN|ENODATA)$/),
    fixes: ['Add a DNS record for {site} that points to {address}'],
  }),
  cause('web_refused', 60, 'The server does not accept web connections', {
    state: failing(/^(ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/),
    fixes: ['See its firewall: dnx network-rule list --server {server}', 'See if nginx runs: dnx ssh {server} -- systemctl status nginx'],
  }),
]);

const isDown = ({ status }: { readonly status?: unknown }): boolean =>
  phaseOf(status) === 'bad' || ['stopped', 'fatal', 'exited', 'backoff'].includes(statusKey(status));

const queueOf = ({ queue, id }: { readonly queue?: unknown; readonly id?: unknown }): string => wordOf(queue) || wordOf(id);

const stopped = (facts: Facts): readonly FactLine[] =>
  isUnanswered(facts)
    ? []
    : (facts.queues?.filter(isDown).map((worker) => stateLine('api', `worker ${queueOf(worker)}: ${wordOf(worker.status)}`)) ?? []);

/** Whose a process of Supervisor is: by the directory of its program, or because it bears the domain, with any separators. */
function ownerOf(name: string, { machine, siteRef }: Pick<Facts, 'machine' | 'siteRef'>): 'own' | 'other' | undefined {
  const [group = '', single = group] = name.split(':');
  const isIn = (programs: readonly string[] = []) =>
    [group, single, single.replace(/_\d+$/, '')].some((program) => programs.includes(program));
  const plain = (text: string) => `-${text.split(/[^a-z0-9]+/i).join('-')}-`;
  if (isIn(machine?.programs.own) || plain(name).includes(plain(siteRef.site.label))) return 'own';
  return isIn(machine?.programs.others) ? 'other' : undefined;
}

/** Processes of Supervisor that it gave up, unless they are another site's. */
export const givenUp = (facts: Pick<Facts, 'machine' | 'siteRef'>): readonly Process[] =>
  facts.machine?.supervisor.filter(({ name, state }) => statusKey(state) === 'fatal' && ownerOf(name, facts) !== 'other') ?? [];

/** Such processes of Supervisor, if the site answers. */
const supervised = (facts: Facts, wanted: (process: Process) => boolean): readonly FactLine[] =>
  isUnanswered(facts) ? [] : (facts.machine?.supervisor.filter(wanted).map(({ line }) => stateLine('state', line)) ?? []);

/** Workers that began before the live release did, or in the directory of another one. */
function stale(facts: Facts): readonly FactLine[] {
  const { machine, now, releases } = facts;
  const live = timeOf(liveRelease(releases)?.created);
  if (isUnanswered(facts) || live === undefined || now - live < GRACE_MS) return [];
  return (machine?.workers ?? [])
    .filter(({ old, seconds }) => old || now - seconds * 1000 < live - SKEW_MS)
    .map(({ command, seconds, directory }) => stateLine('state', `${command}: started ${duration(seconds * 1000)} ago in ${directory}`));
}

function staleFixes({ line }: FoundCause): readonly string[] {
  const kind = /artisan (\w+)/.exec(line.text)?.[1] ?? 'queue';
  const restart = kind === 'horizon' ? 'horizon:terminate' : kind === 'octane' ? 'octane:reload' : `${kind}:restart`;
  return [`Restart it: dnx artisan {here} ${restart}`, `Add php artisan ${restart} to the deploy script`];
}

/** Queue workers. A site answers without them, so they do not explain why it is down. */
export const workers: readonly Cause[] = causesWith({ about: 'site' }, [
  cause('workers_stopped', 50, 'The queue worker {queue} does not run', {
    state: stopped,
    always: true,
    words: ({ facts }) => ({ queue: queueOf(facts.queues?.find(isDown) ?? {}) || 'QUEUE' }),
    fixes: ['Restart it: dnx queue restart {queue} {here}', 'See why it stopped: dnx logs {server}/{site} --source laravel'],
  }),
  cause('worker_stale', 48, 'A worker still runs the code of another release', {
    state: stale,
    always: true,
    fixes: staleFixes,
  }),
  cause('supervisor_stopped', 45, 'A process of Supervisor does not run', {
    state: (facts) => supervised(facts, ({ name, state }) => isDown({ status: state }) && ownerOf(name, facts) === 'own'),
    always: true,
    fixes: ['See the workers: dnx queue list {here}', 'See why it stopped: dnx logs {server}/{site} --source worker'],
  }),
  cause('supervisor_fatal', 40, 'Supervisor gave up a program, which may belong to the site', {
    state: (facts) => supervised(facts, (process) => givenUp(facts).includes(process)),
    always: true,
    fixes: [
      'See why: dnx ssh {server} -- sudo supervisorctl tail {process} stderr',
      'Restart it: dnx ssh {server} -- sudo supervisorctl restart {process}',
    ],
  }),
]);
