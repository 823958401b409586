import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { phaseOf } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import type { Target } from '../../platform/names/names.ts';
import { isAmbiguous } from '../deploy/release.ts';
import type { Audit } from './checking.ts';
import { missingBackups } from './checks/backups.ts';
import { serverCertificateRisks } from './checks/certificates.ts';
import { openPorts } from './checks/firewall.ts';
import { serverRisks } from './checks/site.ts';
import type { KeysOn } from './checks/ssh-keys.ts';
import { stoppedDaemons } from './checks/workers.ts';
import type { Place } from './finding.ts';
import { labeled } from './label.ts';
import { inspect } from './reading.ts';
import { type RuleId, serverRules, siteRules } from './rules.ts';
import { auditSite } from './site.ts';

/** What an audit knows of a server. */
export interface Audited {
  readonly server: Target;
  /** The names of its sites; undefined if they could not be read. */
  readonly sites: readonly string[] | undefined;
  /** Undefined if they could not be read, or were not needed. */
  readonly keys: KeysOn | undefined;
}

/** True while a server is being set up, so that nothing on it counts. */
const isProvisioning = ({ status, provisioned_at }: JsonObject): boolean =>
  phaseOf(status) === 'going' && !isAmbiguous(status) && wordOf(provisioned_at) === '';

/** Checks a server and its sites. */
export async function auditServer(record: JsonObject, server: Target, audit: Audit): Promise<Audited> {
  const { ledger, now, whole } = audit;
  const place = { server };
  if (isProvisioning(record)) {
    const rules = serverRules.filter((each) => whole || each !== 'ssh-key-differs');
    ledger.unchecked(place, rules, { reason: 'The server is still being provisioned.', pending: true });
    return { server, sites: undefined, keys: undefined };
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
  return { server, sites: await auditSites(place, audit), keys };
}

type OnServer = Place & { readonly server: Target };

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

async function auditSites(place: OnServer, audit: Audit): Promise<readonly string[] | undefined> {
  const { reader, ledger, now } = audit;
  const sites = await reader.list('GET /servers/{server}/sites', place, siteRules);
  if (!sites) return undefined;
  const own: readonly RuleId[] = ['certificate-expiring'];
  const shared = await reader.list('GET /servers/{server}/certificates', place, own);
  const known = { shared, ofSites: new Set<string>() };
  const unusable: string[] = [];
  const usable = labeled(sites, 'site', (name) => {
    unusable.push(name);
    ledger.unchecked(place, siteRules, { reason: `Deploynix lists a site ${name} without a usable id.` });
  });
  await inParallel(usable, ([site, record]) => auditSite(record, { ...place, site }, known, audit));
  if (shared) {
    ledger.checked(place, ...own);
    // Some APIs list the certificates of the sites here too.
    const only = shared.filter(({ id, site_id }) => wordOf(site_id) === '' && !known.ofSites.has(wordOf(id)));
    for (const risk of serverCertificateRisks(only, place, now)) ledger.risk(risk);
  }
  return [...usable.map(([{ label }]) => label), ...unusable];
}
