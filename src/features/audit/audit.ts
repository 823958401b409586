import { DnxError, isError, orError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { phaseOf } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import { duration, HOUR, timeOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { backupsEndpoint, sitesEndpoint } from '../../platform/follow/readers.ts';
import { idIn, type Target } from '../../platform/names/names.ts';
import { notFound } from '../../platform/names/unresolved.ts';
import { isAmbiguous } from '../deploy/release.ts';
import { variablesEndpoint } from '../env/variables.ts';
import { countProgress, distinct, withLabels } from '../overview/lists.ts';
import { saidIn } from '../preview/model.ts';
import { databasesOfPreviews, isOwned, isPreview, markOfSite } from '../preview/names.ts';
import { openProject } from '../preview/project.ts';
import { hasEverything, tokenId } from '../token/token.ts';
import { type BackupTimes, backupTimes, missingBackups, openPorts, stoppedDaemons, stoppedWorkers } from './checks/resources.ts';
import {
  covers,
  failedDeployment,
  isOnline,
  isWithoutPhp,
  needsCertificate,
  oldPhpOfServer,
  oldPhpOfSite,
  serverCertificates,
  siteCertificate,
  verdictOf,
  withoutZeroDowntime,
} from './checks/site.ts';
import { differingKeys, type KeysOn } from './checks/ssh-keys.ts';
import { type AuditPlace, inspect, type Ledger, type ListReader, openLedger, openReader } from './finding.ts';
import { type AuditedMachine, auditMachines } from './machine/machine.ts';
import { serverRules, siteRules, sshRules } from './rules.ts';

/** What an audit is about. */
export interface AuditScope {
  /** The only server to audit; undefined for all. */
  readonly server: Target | undefined;
  /** Signs in to each server, too. */
  readonly ssh: boolean;
  readonly backupDays: number;
}

/** What an audit found, and what it looked at. `whole`: every server, so that a server that is not among them does not exist. */
export type Examination = Awaited<ReturnType<typeof examineServers>>;

interface Audit extends Omit<AuditScope, 'server'> {
  readonly previews: AuditedPreview[];
  readonly ledger: Ledger;
  readonly reader: ListReader;
  readonly now: number;
  /** Undefined if the backups could not be read, which was noted. */
  readonly backups: BackupTimes | undefined;
  /** True if the whole organization is audited. */
  readonly whole: boolean;
}

/** Audits all servers, or one. Fails if the servers cannot be read. */
export async function examineServers(ctx: Context, { server, ssh, backupDays }: AuditScope) {
  const ledger = openLedger();
  const reader = openReader(ctx, ledger);
  const whole = server === undefined;
  const records = distinct(await ctx.api.list<JsonObject>('GET /servers'));
  const wanted = withLabels(records, 'server', (reason) => {
    if (whole) ledger.unchecked({}, serverRules, { reason });
  }).filter(([{ id }]) => whole || id === server.id);
  if (!whole && wanted.length === 0) throw notFound('server', server.label, []);
  if (whole) await auditTokens(ctx, ledger, reader);
  const place = server ? { server } : {};
  const read = wanted.length === 0 ? [] : await reader(backupsEndpoint, place, ['database-backup-missing'], { type: 'database' });
  const backups = read && backupTimes(read);
  const audit: Audit = { ledger, reader, now: ctx.clock.now(), backupDays, backups, whole, ssh, previews: [] };
  const progress = countProgress(ctx, 'Auditing', wanted.length, 'server');
  const servers: AuditedServer[] = [];
  // One after the other, because the rate limit decides how long it takes.
  for (const [target, record] of wanted) {
    servers.push(await auditServer(record, target, audit));
    progress();
  }
  await auditBranches(ctx, audit);
  const keys = servers.flatMap((audited) => audited.keys ?? []);
  // A key that seems to be gone may be on a server that could not be read.
  if (whole && keys.length === records.length) ledger.found('ssh-key-differs', {}, differingKeys(keys));
  else ledger.add('ssh-key-differs', {}, differingKeys(keys));
  if (ssh) {
    ctx.progress.step(`Signing in to ${wanted.length} ${wanted.length === 1 ? 'server' : 'servers'}`);
    const provisioned = servers.filter(({ record }) => !isProvisioning(record));
    await auditMachines(ctx, provisioned, ledger);
  }
  return { ledger, servers, whole };
}

async function auditTokens({ tokens }: Context, ledger: Ledger, reader: ListReader): Promise<void> {
  const rule = 'token-all-abilities';
  const listed = await reader('GET /tokens', {}, [rule]);
  if (!listed) return;
  const powerful = listed.filter(({ abilities }) => hasEverything(abilities));
  const held = await tokens.find();
  const inUse = held && tokenId(held.token);
  // A token without an id may be any of them.
  if (inUse === undefined && powerful.length > 0) {
    const reason = 'It is unclear which of the tokens is the one in use.';
    return ledger.unchecked({}, [rule], { reason, fix: ['token', 'list', '--audit'] });
  }
  const flaws = powerful.map((token) => {
    const id = idIn(token.id);
    const name = wordOf(token.name);
    return {
      resource: name || (id ?? null),
      identity: id ?? name,
      message: `Token ${name === '' ? '' : `'${name}' `}(#${id ?? '?'}) has every ability`,
      fix: ['token', ...(id === undefined ? ['list', '--audit'] : ['revoke', id])],
    };
  });
  ledger.found(
    rule,
    {},
    flaws.filter(({ identity }) => identity !== inUse),
  );
  for (const flaw of flaws.filter(({ identity }) => identity === inUse)) ledger.spare({ ...flaw, rule, place: {} });
}

interface AuditedServer extends AuditedMachine {
  /** Undefined if they could not be read, or were not needed. */
  readonly keys: KeysOn | undefined;
}

/** True while a server is being set up, so that nothing on it counts. */
const isProvisioning = ({ status, provisioned_at }: JsonObject): boolean =>
  phaseOf(status) === 'going' && !isAmbiguous(status) && wordOf(provisioned_at) === '';

async function auditServer(record: JsonObject, server: Target, audit: Audit): Promise<AuditedServer> {
  const { ledger, reader, now, whole, ssh, backups, backupDays: days } = audit;
  const place = { server };
  if (isProvisioning(record)) {
    const rules = [...serverRules.filter((rule) => whole || rule !== 'ssh-key-differs'), ...(ssh ? sshRules : [])];
    ledger.unchecked(place, rules, { reason: 'The server is still being provisioned.', pending: true });
    return { server, record, sites: undefined, online: [], keys: undefined };
  }
  ledger.found('php-end-of-life', place, oldPhpOfServer(record, place, now));
  const sites = await reader(sitesEndpoint, place, siteRules);
  const isOfPreview = databasesOfPreviews(sites ?? []);
  let keys: KeysOn | undefined;
  const checks: readonly (() => Promise<void>)[] = [
    () => inspect('GET /servers/{server}/network-rules', place, 'database-port-open', audit, (rules) => openPorts(rules, place)),
    () => inspect('GET /servers/{server}/daemons', place, 'daemon-stopped', audit, (daemons) => stoppedDaemons(daemons, place)),
    async () => {
      if (backups)
        await inspect('GET /servers/{server}/databases', place, 'database-backup-missing', audit, (databases) =>
          missingBackups(
            databases.filter((database) => !isOfPreview(database)),
            place,
            { backups, days, now },
          ),
        );
    },
    async () => {
      const read = whole ? await reader('GET /servers/{server}/ssh-keys', place, ['ssh-key-differs']) : undefined;
      keys = read && { server, keys: read };
    },
  ];
  await inParallel(checks, (check) => check());
  return { server, record, ...(await auditSites(sites, place, audit)), keys };
}

async function auditSites(
  sites: readonly JsonObject[] | undefined,
  place: AuditPlace,
  audit: Audit,
): Promise<Pick<AuditedServer, 'sites' | 'online'>> {
  const { reader, ledger, now } = audit;
  if (!sites) return { sites: undefined, online: [] };
  const shared = await reader('GET /servers/{server}/certificates', place, ['certificate-expiring']);
  const known = { shared, ofSites: new Set<string>() };
  const unusable: string[] = [];
  const usable = withLabels(sites, 'site', (reason, name) => {
    unusable.push(name);
    ledger.unchecked(place, siteRules, { reason });
  });
  await inParallel(usable, ([site, record]) => auditSite(record, { ...place, site }, known, audit));
  if (shared) {
    // Some APIs list the certificates of the sites here too.
    const unowned = shared.filter(({ id, site_id }) => wordOf(site_id) === '' && !known.ofSites.has(wordOf(id)));
    ledger.found('certificate-expiring', place, serverCertificates(unowned, place, now));
  }
  const online = usable.map(([site, record]) => ({ site, record, domain: wordOf(record.domain) }));
  return {
    sites: [...usable.map(([{ label }]) => label), ...unusable],
    online: online.filter(({ record, domain }) => isOnline(record) && needsCertificate(domain)),
  };
}

const certificateRules = ['certificate-missing', 'certificate-expiring'] as const;

interface SharedCertificates {
  /** Those of the server; undefined if they could not be read. */
  readonly shared: readonly JsonObject[] | undefined;
  readonly ofSites: Set<string>;
}

/** Checks a site. A suspended one is offline anyway. */
async function auditSite(record: JsonObject, place: AuditPlace, known: SharedCertificates, audit: Audit): Promise<void> {
  const { ledger, now } = audit;
  await auditPreview(record, place, audit);
  if (!isOnline(record)) return;
  ledger.found('deployment-failed', place, failedDeployment(record, place));
  ledger.found('zero-downtime-off', place, withoutZeroDowntime(record, place));
  ledger.found('php-end-of-life', place, oldPhpOfSite(record, place, now));
  await auditCertificates(wordOf(record.domain), place, known, audit);
  if (isWithoutPhp(record)) return;
  await inspect('GET /servers/{server}/sites/{site}/queues', place, 'queue-worker-stopped', audit, (queues) =>
    stoppedWorkers(queues, place),
  );
}

async function auditCertificates(
  domain: string,
  place: AuditPlace,
  { shared, ofSites }: SharedCertificates,
  { reader, ledger, now }: Audit,
): Promise<void> {
  if (!needsCertificate(domain)) return;
  // An API that lists them for the server saves a request for each site.
  const known = (shared ?? []).filter(({ site_id }) => wordOf(site_id) === place.site?.id);
  const endpoint = 'GET /servers/{server}/sites/{site}/certificates';
  const certificates = known.length > 0 ? known : await reader(endpoint, place, certificateRules);
  if (!certificates) return;
  for (const { id } of certificates) ofSites.add(wordOf(id));
  const verdict = verdictOf(certificates, now);
  if (verdict?.state === 'missing' && !shared) {
    const reason = 'The certificates of its server, which may cover it, could not be read.';
    return ledger.unchecked(place, certificateRules, { reason });
  }
  ledger.checked(place, ...certificateRules);
  if (verdict && !(verdict.state === 'missing' && isCovered(shared ?? [], domain, now)))
    ledger.add(`certificate-${verdict.state}`, place, [siteCertificate(verdict, domain, place)]);
}

/** True if the server has a certificate for a site. If that one expires, it is reported for the server. */
function isCovered(shared: readonly JsonObject[], domain: string, now: number): boolean {
  const covering = shared.filter((certificate) => covers(certificate, domain));
  return covering.length > 0 && verdictOf(covering, now)?.state !== 'missing';
}

/** A site that is a preview. */
interface AuditedPreview {
  readonly place: AuditPlace;
  readonly site: JsonObject;
}

interface PreviewAudit {
  readonly reader: ListReader;
  readonly ledger: Ledger;
  readonly now: number;
  readonly previews: AuditedPreview[];
}

const SWEEP = ['preview', 'sweep'];

/** Checks the variables of a preview, and collects it. */
async function auditPreview(site: JsonObject, place: AuditPlace, { reader, ledger, now, previews }: PreviewAudit): Promise<void> {
  if (!isPreview(site)) return;
  const isOld = now - (timeOf(site.created_at) ?? now) > HOUR;
  // A younger one may still be on its way.
  if (isOld) previews.push({ place, site });
  const variables = await reader(variablesEndpoint, place, ['preview-overdue', 'preview-unmarked']);
  if (!variables) return;
  const said = saidIn(variables);
  const late = typeof said === 'object' ? now - said.deadline : 0;
  const overdue = { message: `The deadline of this preview passed ${duration(late)} ago`, fix: SWEEP };
  const fix = ['preview', 'up', wordOf(site.branch)];
  const unmarked = { message: 'This preview was never finished: it has no DNX_PREVIEW', fix };
  ledger.found('preview-overdue', place, late > 0 ? [overdue] : []);
  ledger.found('preview-unmarked', place, said === 'none' && isOld ? [unmarked] : []);
}

/** Checks whether the previews of this project have a branch. Elsewhere, nobody can tell. */
async function auditBranches(ctx: Context, { ledger, previews }: Pick<PreviewAudit, 'ledger' | 'previews'>): Promise<void> {
  if (previews.length === 0 || !ctx.settings.link?.hasPreviews) return;
  const project = await orError(openProject(ctx));
  if (isError(project, 'usage', 'not_found')) return;
  const heads = project instanceof DnxError ? project : await orError(project.heads());
  for (const { place, site } of previews) {
    if (!(project instanceof DnxError) && !isOwned(markOfSite(site), project.owner)) continue;
    const orphaned = { message: `The branch ${wordOf(site.branch)} of this preview is gone`, fix: SWEEP };
    if (heads instanceof DnxError) ledger.unchecked(place, ['preview-orphaned'], { reason: heads.message, error: heads });
    else ledger.found('preview-orphaned', place, heads.has(wordOf(site.branch)) ? [] : [orphaned]);
  }
}
