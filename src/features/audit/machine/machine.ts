import { DnxError, isStop } from '../../../base/errors.ts';
import type { JsonObject } from '../../../base/json.ts';
import { inParallel } from '../../../base/parallel.ts';
import { statusKey } from '../../../base/status.ts';
import { DAY, duration } from '../../../base/time.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Target } from '../../../platform/names/names.ts';
import { machineIn } from '../../remote/machine.ts';
import { readSections } from '../../remote/sections.ts';
import { disksIn, processIn } from '../../why/server/state.ts';
import { type AuditPlace, type Flaw, theServer, theSite, wordList } from '../finding.ts';
import type { Ledger } from '../ledger.ts';
import { type RuleId, sshRules } from '../rules.ts';
import MACHINE from './machine.sh';

/** A server, and its sites. */
export interface AuditedMachine {
  readonly server: Target;
  readonly record: JsonObject;
  /** Their names; undefined if they could not be read. */
  readonly sites: readonly string[] | undefined;
  /** Those that are online and have a public name. */
  readonly online: readonly { readonly site: Target; readonly domain: string }[];
}

const LIMIT_MS = 60_000;

/** Signs in to each server, four at a time, and asks nothing. */
export async function auditMachines(ctx: Context, servers: readonly AuditedMachine[], ledger: Ledger): Promise<void> {
  const silent = { ...ctx, ask: { ...ctx.ask, allowed: false } };
  await inParallel(servers, (server) => auditMachine(silent, server, ledger));
}

async function auditMachine(ctx: Context, { server, record, sites, online }: AuditedMachine, ledger: Ledger): Promise<void> {
  const place = { server };
  const named = online.filter(({ domain }) => /^\w[\w.-]*$/.test(domain));
  const sections = await read(ctx, { server, record }, named).catch((error: unknown) => {
    if (!(error instanceof DnxError) || isStop(error)) throw error;
    ledger.unchecked(place, sshRules, { reason: error.message, fix: error.next[0]?.command, error });
    return undefined;
  });
  if (!sections) return;
  const text = (name: string) => sections.find((section) => section.name === name)?.body.toString('utf8');
  const unknown = (rule: RuleId, at: AuditPlace, reason: string) => ledger.unchecked(at, [rule], { reason });

  ledger.found('disk-almost-full', place, fullDisks(text('space') ?? '', text('inodes') ?? '', place));
  ledger.found('reboot-pending', place, pendingReboot(text('reboot'), place));
  const updates = text('updates');
  if (updates === undefined) unknown('security-updates-pending', place, 'apt-get did not say which updates there are.');
  else ledger.found('security-updates-pending', place, pendingUpdates(linesOf(updates), place));
  const processes = text('supervisor') ?? '';
  if (/^(?:error:|unix:)/m.test(processes)) unknown('process-given-up', place, 'This user may not ask Supervisor.');
  else ledger.found('process-given-up', place, givenUp(processes, place));
  if (!sites) unknown('certificate-served', place, 'The sites of the server could not be read.');
  for (const { site, domain } of online) {
    const section = sections.find(({ name, words }) => name === 'certificate' && words[0] === domain);
    const served = section?.body.toString('utf8') ?? '';
    const at = { server, site };
    if (/^notAfter=/m.test(served)) ledger.found('certificate-served', at, servedCertificate(served, ctx.clock.now(), at));
    else unknown('certificate-served', at, 'The server presents no certificate on port 443.');
  }
}

async function read(ctx: Context, { server, record }: Pick<AuditedMachine, 'server' | 'record'>, sites: AuditedMachine['online']) {
  const domains = sites.map(({ domain }) => domain);
  const sections = await readSections(ctx, machineIn(record, server), MACHINE, domains, LIMIT_MS);
  if (sections.at(-1)?.name !== 'end') throw new DnxError('failed', 'The server ran no command over SSH, or not to its end.');
  return sections;
}

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line.trim() !== '');

/** From here on, in percent. */
const FULL = { medium: 85, high: 95 } as const;

function* fullDisks(space: string, inodes: string, place: AuditPlace): Iterable<Flaw> {
  for (const disk of disksIn(space, inodes)) {
    const [spaceUsed, inodesUsed] = [disk.space ?? 0, disk.inodes ?? 0];
    const used = Math.max(spaceUsed, inodesUsed);
    if (used < FULL.medium) continue;
    yield {
      severity: used >= FULL.high ? 'high' : 'medium',
      resource: disk.mount,
      message: `Disk ${disk.mount} ${inodesUsed > spaceUsed ? `has used ${used}% of its inodes` : `is ${used}% full`}`,
      fix: ['ssh', ...theServer(place), 'df', '-h'],
    };
  }
}

function pendingReboot(packages: string | undefined, place: AuditPlace): readonly Flaw[] {
  if (packages === undefined) return [];
  const message = ['A reboot is pending', wordList([...new Set(linesOf(packages))])].filter(Boolean).join(': ');
  return [{ message, fix: ['server', 'restart', ...theServer(place)] }];
}

function pendingUpdates(packages: readonly string[], place: AuditPlace): readonly Flaw[] {
  const { length } = packages;
  const message = `${length} security ${length === 1 ? 'update is' : 'updates are'} not installed: ${wordList(packages)}`;
  return length === 0 ? [] : [{ message, fix: ['ssh', ...theServer(place), 'sudo', 'apt-get', 'upgrade', '--with-new-pkgs'] }];
}

const givenUp = (status: string, place: AuditPlace): readonly Flaw[] =>
  linesOf(status)
    .flatMap(processIn)
    .filter(({ state }) => statusKey(state) === 'fatal')
    .map(({ name, line }) => ({
      resource: name,
      message: `Supervisor gave up ${name}: ${line.replace(/^\S+ \S+ ?/, '') || 'FATAL'}`,
      fix: ['ssh', ...theServer(place), 'sudo', 'supervisorctl', 'tail', name, 'stderr'],
    }));

/** A renewed certificate that nginx has not loaded ends this soon. */
const SOON_MS = 7 * DAY;

function servedCertificate(served: string, now: number, place: AuditPlace): readonly Flaw[] {
  const field = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(served)?.[1]?.trim() ?? '';
  const ends = Date.parse(field('notAfter'));
  const wrong = /does NOT match certificate/.test(served)
    ? 'is for another name'
    : field('issuer') === field('subject')
      ? 'is self-signed'
      : ends <= now
        ? `expired ${duration(now - ends)} ago`
        : ends - now < SOON_MS
          ? `expires in ${duration(ends - now)}`
          : undefined;
  if (wrong === undefined) return [];
  const message = `The certificate that nginx serves ${wrong}`;
  // The API may have a newer one.
  const fix = /expire/.test(wrong)
    ? ['ssh', ...theServer(place), 'sudo', 'systemctl', 'reload', 'nginx']
    : ['certificate', 'list', '--site', ...theSite(place)];
  return [{ message, fix }];
}
