import { bytes, counted } from '../../../base/text.ts';
import { DAY, duration } from '../../../base/time.ts';
import { hasStopped } from '../../remote/units.ts';
import { type Health, hasFailed, usedOf } from './health.ts';
import type { Process } from './state.ts';

interface Evidence {
  readonly text: string;
  readonly at?: number | undefined;
}

/** Something that is wrong with a server. */
export interface Problem {
  /** Stable, for scripts: the id of the same cause of a site where there is one. */
  readonly cause: string;
  /** A warning can wait until the morning. */
  readonly level: 'error' | 'warning';
  readonly title: string;
  readonly evidence: readonly Evidence[];
  /** What to do, in the words of a cause. */
  readonly fixes: readonly string[];
}

const error = (cause: string, title: string, evidence: readonly Evidence[], ...fixes: readonly string[]): Problem => ({
  cause,
  level: 'error',
  title,
  evidence,
  fixes,
});
const warning = (...words: Parameters<typeof error>): Problem => ({ ...error(...words), level: 'warning' });

const lines = (...texts: readonly string[]): readonly Evidence[] => texts.map((text) => ({ text: text.trim().replaceAll(/\s+/g, ' ') }));

/** Everything that is wrong with a server, the worst first. `sinceMs`: how far back a killed process counts. */
export const problemsIn = (health: Health, sinceMs = DAY): readonly Problem[] =>
  [
    fullDisks(health),
    downServices(health),
    memoryProblems(health, sinceMs),
    busyPools(health),
    highLoad(health),
    failedPrograms(health),
    wrongCertificates(health),
    failedUnits(health),
    pendingWork(health),
  ]
    .flat()
    .sort((one, other) => Number(one.level === 'warning') - Number(other.level === 'warning'));

/** From here on, in percent: programs fail to write; or there is little left. */
const FULL = { error: 99, warning: 90 } as const;

const fullDisks = ({ disks }: Health): readonly Problem[] =>
  disks
    .filter((disk) => usedOf(disk) >= FULL.warning)
    .map((disk) => {
      const used = usedOf(disk);
      const inodes = (disk.space ?? 0) < used;
      const title = `The disk ${disk.mount} ${inodes ? `has used ${used}% of its inodes` : used >= FULL.error ? 'is full' : `is ${used}% full`}`;
      const fixes = [
        `See how full it is: dnx ssh {server} -- df ${inodes ? '-i' : '-h'}`,
        `Find what is large: dnx ssh {server} -- du -x${inodes ? ' --inodes' : 'h'} --max-depth=2 /home /var`,
      ];
      return used >= FULL.error
        ? error(inodes ? 'inodes_full' : 'disk_full', title, lines(disk.line), ...fixes)
        : warning('disk_almost_full', title, lines(disk.line), ...fixes);
    });

const downServices = ({ services }: Health): readonly Problem[] =>
  (services ?? [])
    .filter(hasStopped)
    .map(({ name, state }) =>
      error(
        'service_down',
        `The service ${name} does not run`,
        lines(`${name}: ${state}`),
        `See why it stopped: dnx ssh {server} -- systemctl status ${name}`,
        `Restart it: dnx service restart ${name} --server {server}`,
      ),
    );

/** The share of available memory below which a server soon runs out of it. */
const LOW = 0.05;

function memoryProblems({ killed, memory, largest, now }: Health, sinceMs: number): readonly Problem[] {
  const size = memory ? ` (${bytes(memory.total)}, swap ${bytes(memory.swap)})` : '';
  const users = largest.map((line) => line.trim().split(/\s+/)).map(([kB, name]) => ({ text: `${name} uses ${bytes(Number(kB) * 1024)}` }));
  const fixes = ['See what uses it: dnx ssh {server} -- ps -eo pid,user,rss,args --sort=-rss', 'Add swap, or use a larger server'];
  const recent = (killed ?? []).filter(({ at = 0, text }) => at >= now - sinceMs && /Killed process \d+ \(/i.test(text));
  const names = [...new Set(recent.map(({ text }) => /Killed process \d+ \(([^)]+)/i.exec(text)?.[1]))];
  const low = memory !== null && memory.available < memory.total * LOW;
  return [
    ...(names.length > 0
      ? [
          error(
            'memory_killed',
            `The server ran out of memory${size} and killed ${names.join(', ')}`,
            [...recent.slice(-2), ...users],
            ...fixes,
          ),
        ]
      : []),
    ...(low
      ? [error('memory_low', `The memory is almost used up${size}`, [...lines(`${bytes(memory.available)} available`), ...users], ...fixes)]
      : []),
  ];
}

const busyPools = ({ fpm }: Health): readonly Problem[] => {
  const { most, busy, waiting } = fpm ?? {};
  if (!most || ((busy ?? 0) < most && !waiting)) return [];
  const shown = lines(`${busy} of ${most} are busy, ${counted(waiting ?? 0, 'request')} waiting`);
  return [
    error('fpm_children', 'All processes of PHP-FPM are busy', shown, 'Raise pm.max_children of the pool, or find the slow requests'),
  ];
};

/** The load per core over five minutes from which on everything takes twice as long. */
const HIGH_LOAD = 2;

const highLoad = ({ load, busiest }: Health): readonly Problem[] => {
  if (!load || load.five < load.cores * HIGH_LOAD) return [];
  const programs = busiest.map((line) => line.trim().replace(/^(\S+)\s+(.*)$/, '$2 uses $1% of a core'));
  const shown = lines(`load average: ${load.one}, ${load.five}, ${load.fifteen}`, ...programs);
  const fix = 'See what uses it: dnx ssh {server} -- ps -eo pid,user,pcpu,args --sort=-pcpu';
  return [error('load_high', `The load is ${load.five} on ${counted(load.cores, 'core')}`, shown, fix)];
};

/** Of a program with many processes, so many lines show it. */
const MOST_LINES = 3;

function failedPrograms({ supervisor }: Health): readonly Problem[] {
  const failed = (supervisor ?? []).filter(hasFailed);
  const programOf = ({ name }: Process) => name.split(':')[0] ?? '';
  return [...new Set(failed.map(programOf))].map((program) => {
    const processes = failed.filter((process) => programOf(process) === program);
    const [name = '', ...others] = processes.map((program) => program.name);
    return error(
      'supervisor_fatal',
      others.length === 0
        ? `The program ${name} of Supervisor does not run`
        : `${processes.length} processes of ${program} in Supervisor do not run`,
      lines(...processes.slice(0, MOST_LINES).map(({ line }) => line)),
      `See why: dnx ssh {server} -- sudo supervisorctl tail ${name} stderr`,
      `Restart ${others.length === 0 ? 'it' : 'them'}: dnx ssh {server} -- sudo supervisorctl restart ${[name, ...others].join(' ')}`,
    );
  });
}

/** A renewed certificate that nginx has not loaded ends this soon. */
const SOON_MS = 7 * DAY;

/** What is wrong with a certificate that nginx serves, as openssl prints it. Null: it serves none. */
export function certificateFault(served: string, now: number): string | null | undefined {
  const field = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(served)?.[1]?.trim();
  const ends = Date.parse(field('notAfter') ?? '');
  if (field('notAfter') === undefined) return null;
  if (/does NOT match certificate/.test(served)) return 'is for another name';
  if (field('issuer') === field('subject')) return 'is self-signed';
  if (ends <= now) return `expired ${duration(now - ends)} ago`;
  return ends - now < SOON_MS ? `expires in ${duration(ends - now)}` : undefined;
}

const wrongCertificates = ({ certificates, now }: Health): readonly Problem[] =>
  certificates.flatMap(({ domain, served }): readonly Problem[] => {
    const fault = certificateFault(served, now);
    if (!fault) return [];
    // The API may have a newer one.
    const reload = fault.includes('expire') ? ['Load it again: dnx service reload nginx --server {server}'] : [];
    return [
      (fault.startsWith('expires') ? warning : error)(
        'certificate_invalid',
        `The certificate that nginx serves for ${domain} ${fault}`,
        lines(...served.split('\n').filter((line) => /^(notAfter|subject)=/.test(line))),
        ...reload,
        `See the certificates: dnx certificate list --site ${domain} --server {server}`,
      ),
    ];
  });

/** Units of systemd that failed, besides the services. */
const failedUnits = ({ failed, services }: Health): readonly Problem[] =>
  (failed ?? [])
    .map((line) => ({ line, unit: line.split(/\s+/)[0] ?? '' }))
    .filter(({ unit }) => !services?.some(({ name }) => `${name}.service` === unit))
    .map(({ line, unit }) =>
      warning('unit_failed', `The unit ${unit} failed`, lines(line), `See why: dnx ssh {server} -- systemctl status ${unit}`),
    );

function pendingWork({ reboot, updates }: Health): readonly Problem[] {
  const count = updates?.length ?? 0;
  const title = `${counted(count, 'security update')} ${count === 1 ? 'is' : 'are'} not installed`;
  const fix = 'Install them: dnx ssh {server} -- sudo apt-get upgrade --with-new-pkgs';
  const updating = warning('updates_pending', title, lines((updates ?? []).join(', ')), fix);
  const restart = warning('reboot_pending', 'A reboot is pending', lines(...(reboot ?? [])), 'Restart it: dnx server restart {server}');
  return [...(count > 0 ? [updating] : []), ...(reboot ? [restart] : [])];
}
