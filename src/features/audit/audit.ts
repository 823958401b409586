import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { phaseOf } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { backupsEndpoint } from '../../platform/follow/readers.ts';
import { idIn, type Target } from '../../platform/names/names.ts';
import { notFound } from '../../platform/names/unresolved.ts';
import { isAmbiguous } from '../deploy/release.ts';
import { hasEverything, tokenId } from '../token/token.ts';
import { type BackupTimes, backupTimes, missingBackups } from './checks/backups.ts';
import { covers, needsCertificate, serverCertificateRisks, siteCertificateRisk, verdictOf } from './checks/certificates.ts';
import { openPorts } from './checks/firewall.ts';
import { isInstalling, isSuspended, isWithoutPhp, serverRisks, siteRisks } from './checks/site.ts';
import { differingKeys, type KeysOn } from './checks/ssh-keys.ts';
import { stoppedDaemons, stoppedWorkers } from './checks/workers.ts';
import type { AuditPlace, Risk } from './finding.ts';
import { distinct, inspect, type Ledger, type ListReader, openLedger, openReader, withLabels } from './ledger.ts';
import { auditMachines, type OnlineSite } from './machine/machine.ts';
import { type RuleId, serverRules, siteRules, sshRules } from './rules.ts';

/** What an audit is about. */
interface AuditScope {
  /** The only server to audit; undefined for all. */
  readonly server: Target | undefined;
  /** Signs in to each server, too. */
  readonly ssh: boolean;
  readonly backupDays: number;
}

/** What an audit found, and what it looked at. */
export interface Examination {
  readonly ledger: Ledger;
  readonly servers: readonly AuditedServer[];
  /** True if every server was audited, so that a server that is not among them does not exist. */
  readonly whole: boolean;
}

/** What the checks of a server and its sites need. */
interface Audit {
  readonly ledger: Ledger;
  readonly reader: ListReader;
  readonly now: number;
  readonly backupDays: number;
  /** Undefined if the backups could not be read, which was noted. */
  readonly backups: BackupTimes | undefined;
  /** True if the whole organization is audited. */
  readonly whole: boolean;
  readonly ssh: boolean;
}

/** Audits all servers, or one. Fails if the servers cannot be read. */
export async function examineServers(ctx: Context, { server, ssh, backupDays }: AuditScope): Promise<Examination> {
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
  const read = wanted.length === 0 ? [] : await reader.list(backupsEndpoint, place, ['database-backup-missing'], { type: 'database' });
  const audit = { ledger, reader, now: ctx.clock.now(), backupDays, backups: read && backupTimes(read), whole, ssh };
  const progress = auditProgress(ctx, wanted.length);
  const servers: AuditedServer[] = [];
  // One after the other, because the rate limit decides how long it takes.
  for (const [target, record] of wanted) {
    servers.push(await auditServer(record, target, audit));
    progress.next();
  }
  if (whole) compareKeys(servers, ledger, records.length);
  if (ssh) {
    progress.connect();
    const provisioned = servers.filter(({ record }) => !isProvisioning(record));
    await auditMachines(ctx, provisioned, ledger);
  }
  return { ledger, servers, whole };
}

async function auditTokens({ tokens }: Context, ledger: Ledger, reader: ListReader): Promise<void> {
  const rules = ['token-all-abilities'] as const;
  const found = await reader.list('GET /tokens', {}, rules);
  if (!found) return;
  const powerful = powerfulTokens(found);
  const held = await tokens.find();
  const own = held && tokenId(held.token);
  // A token without an id may be any of them.
  if (own === undefined && powerful.length > 0)
    return ledger.unchecked({}, rules, {
      reason: 'It is unclear which of the tokens is the one in use.',
      fix: ['token', 'list', '--audit'],
    });
  ledger.checked({}, ...rules);
  for (const risk of powerful) risk.identity === own ? ledger.spare(risk) : ledger.risk(risk);
}

/** Tokens with every ability, each identified by its id. */
const powerfulTokens = (tokens: readonly JsonObject[]): readonly Risk[] =>
  tokens
    .filter(({ abilities }) => hasEverything(abilities))
    .map((token): Risk => {
      const id = idIn(token.id);
      const name = wordOf(token.name);
      return {
        rule: 'token-all-abilities',
        place: {},
        resource: name || (id ?? null),
        identity: id ?? name,
        message: `Token ${name === '' ? '' : `'${name}' `}(#${id ?? '?'}) has every ability`,
        fix: id === undefined ? ['token', 'list', '--audit'] : ['token', 'revoke', id],
      };
    });

/** Compares the keys that could be read. A key that seems to be gone may be on a server that could not. */
function compareKeys(servers: readonly AuditedServer[], ledger: Ledger, all: number): void {
  const read = servers.flatMap(({ keys }) => keys ?? []);
  if (read.length === all) ledger.checked({}, 'ssh-key-differs');
  for (const risk of differingKeys(read)) ledger.risk(risk);
}

/** What an audit knows of a server. */
interface AuditedServer {
  readonly server: Target;
  readonly record: JsonObject;
  /** The names of its sites; undefined if they could not be read. */
  readonly sites: readonly string[] | undefined;
  /** Those that are online and have a public name. */
  readonly online: readonly OnlineSite[];
  /** Undefined if they could not be read, or were not needed. */
  readonly keys: KeysOn | undefined;
}

/** True while a server is being set up, so that nothing on it counts. */
const isProvisioning = ({ status, provisioned_at }: JsonObject): boolean =>
  phaseOf(status) === 'going' && !isAmbiguous(status) && wordOf(provisioned_at) === '';

/** Checks a server and its sites. */
async function auditServer(record: JsonObject, server: Target, audit: Audit): Promise<AuditedServer> {
  const { ledger, now, whole, ssh } = audit;
  const place = { server };
  if (isProvisioning(record)) {
    const rules = [...serverRules.filter((each) => whole || each !== 'ssh-key-differs'), ...(ssh ? sshRules : [])];
    ledger.unchecked(place, rules, { reason: 'The server is still being provisioned.', pending: true });
    return { server, record, sites: undefined, online: [], keys: undefined };
  }
  ledger.checked(place, 'php-end-of-life');
  for (const risk of serverRisks(record, place, now)) ledger.risk(risk);
  let keys: KeysOn | undefined;
  const checks: readonly (() => Promise<void>)[] = [
    () => inspect('GET /servers/{server}/network-rules', place, 'database-port-open', audit, (found) => openPorts(found, place)),
    () => inspect('GET /servers/{server}/daemons', place, 'daemon-stopped', audit, (found) => stoppedDaemons(found, place)),
    () => databases(place, audit),
    async () => {
      keys = await keysOf(place, audit);
    },
  ];
  await inParallel(checks, (check) => check());
  const online: OnlineSite[] = [];
  return { server, record, sites: await auditSites(place, audit, online), online, keys };
}

type OnServer = AuditPlace & { readonly server: Target };

async function keysOf(place: OnServer, { reader, whole }: Audit): Promise<KeysOn | undefined> {
  if (!whole) return undefined;
  const keys = await reader.list('GET /servers/{server}/ssh-keys', place, ['ssh-key-differs']);
  return keys && { server: place.server, keys };
}

async function databases(place: OnServer, audit: Audit): Promise<void> {
  const { backups, backupDays: days, now } = audit;
  if (!backups) return;
  await inspect('GET /servers/{server}/databases', place, 'database-backup-missing', audit, (found) =>
    missingBackups(found, place, { backups, days, now }),
  );
}

async function auditSites(place: OnServer, audit: Audit, online: OnlineSite[]): Promise<readonly string[] | undefined> {
  const { reader, ledger, now } = audit;
  const sites = await reader.list('GET /servers/{server}/sites', place, siteRules);
  if (!sites) return undefined;
  const own: readonly RuleId[] = ['certificate-expiring'];
  const shared = await reader.list('GET /servers/{server}/certificates', place, own);
  const known = { shared, ofSites: new Set<string>() };
  const unusable: string[] = [];
  const usable = withLabels(sites, 'site', (reason, name) => {
    unusable.push(name);
    ledger.unchecked(place, siteRules, { reason });
  });
  await inParallel(usable, ([site, record]) => auditSite(record, { ...place, site }, known, audit));
  for (const [site, record] of usable)
    if (isOnline(record) && needsCertificate(wordOf(record.domain))) online.push({ site, domain: wordOf(record.domain) });
  if (shared) {
    ledger.checked(place, ...own);
    // Some APIs list the certificates of the sites here too.
    const only = shared.filter(({ id, site_id }) => wordOf(site_id) === '' && !known.ofSites.has(wordOf(id)));
    for (const risk of serverCertificateRisks(only, place, now)) ledger.risk(risk);
  }
  return [...usable.map(([{ label }]) => label), ...unusable];
}

const certificateRules = ['certificate-missing', 'certificate-expiring'] as const;

/** The certificates that a server has in common for its sites. */
interface SharedCertificates {
  /** Those of the server; undefined if they could not be read. */
  readonly shared: readonly JsonObject[] | undefined;
  /** Collects the ids of those that belong to a site. */
  readonly ofSites: Set<string>;
}

const isOnline = (record: JsonObject): boolean => !isSuspended(record) && !isInstalling(record);

/** Checks a site. A suspended one is offline anyway. */
async function auditSite(record: JsonObject, place: AuditPlace, known: SharedCertificates, audit: Audit): Promise<void> {
  const { ledger, now } = audit;
  if (!isOnline(record)) return;
  ledger.checked(place, 'deployment-failed', 'zero-downtime-off', 'php-end-of-life');
  for (const risk of siteRisks(record, place, now)) ledger.risk(risk);
  await certificates(wordOf(record.domain), place, known, audit);
  if (isWithoutPhp(record)) return;
  await inspect('GET /servers/{server}/sites/{site}/queues', place, 'queue-worker-stopped', audit, (found) => stoppedWorkers(found, place));
}

async function certificates(
  domain: string,
  place: AuditPlace,
  { shared, ofSites }: SharedCertificates,
  { reader, ledger, now }: Audit,
): Promise<void> {
  if (!needsCertificate(domain)) return;
  // An API that lists them for the server saves a request for each site.
  const known = (shared ?? []).filter(({ site_id }) => wordOf(site_id) === place.site?.id);
  const own = known.length > 0 ? known : await reader.list('GET /servers/{server}/sites/{site}/certificates', place, certificateRules);
  if (!own) return;
  for (const { id } of own) ofSites.add(wordOf(id));
  const verdict = verdictOf(own, now);
  if (verdict?.state === 'missing' && !shared) {
    const reason = 'The certificates of its server, which may cover it, could not be read.';
    return ledger.unchecked(place, certificateRules, { reason });
  }
  ledger.checked(place, ...certificateRules);
  if (!verdict || (verdict.state === 'missing' && isCovered(shared ?? [], domain, now))) return;
  ledger.risk(siteCertificateRisk(verdict, domain, place));
}

/** True if the server has a certificate for a site. If that one expires, it is reported for the server. */
function isCovered(shared: readonly JsonObject[], domain: string, now: number): boolean {
  const covering = shared.filter((each) => covers(each, domain));
  return covering.length > 0 && verdictOf(covering, now)?.state !== 'missing';
}

/** How often a log gets a line. */
const EVERY_MS = 30_000;

/** Shows how many servers were audited: in the spinner, or with a line every 30 seconds. */
function auditProgress({ progress, clock }: Context, total: number): { next(): void; connect(): void } {
  let done = 0;
  let shownAt = clock.elapsed();
  const words = () => `Auditing ${done} of ${total} ${total === 1 ? 'server' : 'servers'}`;
  progress.spin(words());
  return {
    connect: () => progress.step(`Signing in to ${total} ${total === 1 ? 'server' : 'servers'}`),
    next() {
      done += 1;
      if (progress.spins) return progress.spin(words());
      if (clock.elapsed() - shownAt < EVERY_MS) return;
      shownAt = clock.elapsed();
      progress.step(words());
    },
  };
}
