import { DnxError, orError } from '../../../base/errors.ts';
import type { JsonObject } from '../../../base/json.ts';
import { inParallel } from '../../../base/parallel.ts';
import { statusKey } from '../../../base/status.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Target } from '../../../platform/names/names.ts';
import { machineIn } from '../../remote/machine.ts';
import { unasked } from '../../remote/ssh.ts';
import { type Health, readHealth } from '../../why/server/health.ts';
import { certificateFault } from '../../why/server/problems.ts';
import type { Process } from '../../why/server/state.ts';
import type { Ledger } from '../finding.ts';
import { type AuditPlace, type Flaw, theServer, theSite, wordList } from '../finding.ts';
import { type RuleId, sshRules } from '../rules.ts';

/** A server, and its sites. */
export interface AuditedMachine {
  readonly server: Target;
  readonly record: JsonObject;
  /** Their names; undefined if they could not be read. */
  readonly sites: readonly string[] | undefined;
  /** Those that are online and have a public name. */
  readonly online: readonly { readonly site: Target; readonly domain: string }[];
}

/** Signs in to each server, four at a time, and asks nothing. */
export async function auditMachines(ctx: Context, servers: readonly AuditedMachine[], ledger: Ledger): Promise<void> {
  const silent = unasked(ctx);
  await inParallel(servers, (server) => auditMachine(silent, server, ledger));
}

async function auditMachine(ctx: Context, { server, record, sites, online }: AuditedMachine, ledger: Ledger): Promise<void> {
  const place = { server };
  const named = online.filter(({ domain }) => /^\w[\w.-]*$/.test(domain));
  const domains = named.map(({ domain }) => domain);
  const read = await orError(readHealth(ctx, machineIn(record, server), 'audit', domains));
  const health =
    read instanceof DnxError || read.complete ? read : new DnxError('failed', 'The server ran no command over SSH, or not to its end.');
  if (health instanceof DnxError)
    return ledger.unchecked(place, sshRules, { reason: health.message, fix: health.next[0]?.command, error: health });
  const { updates, supervisor, certificates } = health;
  const unknown = (rule: RuleId, at: AuditPlace, reason: string) => ledger.unchecked(at, [rule], { reason });

  ledger.found('disk-almost-full', place, fullDisks(health, place));
  ledger.found('reboot-pending', place, pendingReboot(health, place));
  if (!updates) unknown('security-updates-pending', place, 'apt-get did not say which updates there are.');
  else ledger.found('security-updates-pending', place, pendingUpdates(updates, place));
  if (supervisor === null) unknown('process-given-up', place, 'This user may not ask Supervisor.');
  else ledger.found('process-given-up', place, givenUp(supervisor ?? [], place));
  if (!sites) unknown('certificate-served', place, 'The sites of the server could not be read.');
  for (const { site, domain } of online) {
    const served = certificates.find((certificate) => certificate.domain === domain)?.served ?? '';
    const at = { server, site };
    if (/^notAfter=/m.test(served)) ledger.found('certificate-served', at, servedCertificate(served, ctx.clock.now(), at));
    else unknown('certificate-served', at, 'The server presents no certificate on port 443.');
  }
}

/** From here on, in percent. */
const FULL = { medium: 85, high: 95 } as const;

function* fullDisks({ disks }: Health, place: AuditPlace): Iterable<Flaw> {
  for (const disk of disks) {
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

function pendingReboot({ reboot }: Health, place: AuditPlace): readonly Flaw[] {
  if (!reboot) return [];
  const message = ['A reboot is pending', wordList(reboot)].filter(Boolean).join(': ');
  return [{ message, fix: ['server', 'restart', ...theServer(place)] }];
}

function pendingUpdates(packages: readonly string[], place: AuditPlace): readonly Flaw[] {
  const { length } = packages;
  const message = `${length} security ${length === 1 ? 'update is' : 'updates are'} not installed: ${wordList(packages)}`;
  return length === 0 ? [] : [{ message, fix: ['ssh', ...theServer(place), 'sudo', 'apt-get', 'upgrade', '--with-new-pkgs'] }];
}

const givenUp = (processes: readonly Process[], place: AuditPlace): readonly Flaw[] =>
  processes
    .filter(({ state }) => statusKey(state) === 'fatal')
    .map(({ name, line }) => ({
      resource: name,
      message: `Supervisor gave up ${name}: ${line.replace(/^\S+ \S+ ?/, '') || 'FATAL'}`,
      fix: ['ssh', ...theServer(place), 'sudo', 'supervisorctl', 'tail', name, 'stderr'],
    }));

function servedCertificate(served: string, now: number, place: AuditPlace): readonly Flaw[] {
  const fault = certificateFault(served, now);
  if (!fault) return [];
  // The API may have a newer one.
  const fix = /expire/.test(fault)
    ? ['ssh', ...theServer(place), 'sudo', 'systemctl', 'reload', 'nginx']
    : ['certificate', 'list', '--site', ...theSite(place)];
  return [{ message: `The certificate that nginx serves ${fault}`, fix }];
}
