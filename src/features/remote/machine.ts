import { DnxError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { safeLine } from '../../cli/output/text.ts';
import { serverEndpoint, siteEndpoint } from '../../platform/follow/readers.ts';
import { Moved, type Target, type Targets, targetIds, targetOf } from '../../platform/names/names.ts';
import { isNamedSite } from '../../platform/names/site-search.ts';

/** The calls of a command that reaches a server or a site, and of one that reaches a site. */
export const destinationCalls = [serverEndpoint, { when: 'site', instead: siteEndpoint }, serverEndpoint] as const;
export const siteCalls = [siteEndpoint, serverEndpoint] as const;

/** A server as ssh reaches it. */
export interface Machine {
  readonly server: Target;
  /** An IP address or a host name, which no program reads as an option. */
  readonly address: string;
  /** Undefined if ssh chooses, as the user may be. */
  readonly port?: number | undefined;
  readonly user: string | undefined;
  /** The version of PHP, such as `8.3`. */
  readonly php: string | undefined;
  /** A check that is under way if it is remembered, not read. Nothing may run there before. */
  readonly check?: Promise<void> | undefined;
}

/** A site on a server. */
export interface SiteOnMachine {
  readonly machine: Machine;
  readonly site: Target;
  /** The domain, which is a name of a directory on the server. */
  readonly domain: string;
  /** That of the site, or else of the server. */
  readonly php: string | undefined;
}

/** The server of a command. `user` is that of `--user`, if not the one of the API. */
export async function readMachine(ctx: Context, { server }: Targets, user?: string): Promise<Machine> {
  const reached = await ctx.reach();
  const machine = await usable(reached, () => machineIn(reached.server, server as Target, user));
  return { ...machine, check: reached.check };
}

/** The site of a command and its server. */
export async function readSiteOnMachine(ctx: Context, targets: Targets, user?: string): Promise<SiteOnMachine> {
  const reached = await ctx.reach();
  const { server, site = {}, check } = reached;
  const place = await usable(reached, () => siteOnMachine(targets, { server, site }, user));
  return { ...place, machine: { ...place.machine, check } };
}

/** What cannot be used may only be remembered: then the check says that it changed. */
async function usable<T>({ check }: Pick<Machine, 'check'>, read: () => T): Promise<T> {
  try {
    return read();
  } catch (error) {
    await check;
    throw error;
  }
}

/** Reads a site by its name, and its server. Throws `Moved` if the name was remembered, and is that of another site by now. */
export async function readNamedSite(ctx: Context, word: string) {
  const ids = targetIds(await ctx.resolve(siteEndpoint, { site: word }));
  const [{ data: server = {} }, { data: site = {} }] = await Promise.all([
    ctx.api.send<JsonObject>(serverEndpoint, ids),
    ctx.api.send<JsonObject>(siteEndpoint, ids),
  ]);
  if (!isNamedSite(word.split('/').at(-1) ?? '', wordOf(site.id), wordOf(site.domain))) throw new Moved();
  return { targets: { server: targetOf(server, 'server'), site: targetOf(site, 'site') }, read: { server, site } };
}

/** A site and its server that were read before. */
export function siteOnMachine({ server, site }: Targets, read: { readonly server: JsonObject; readonly site: JsonObject }, user?: string) {
  const machine = machineIn(read.server, server as Target, user);
  return { machine, site: site as Target, domain: domainIn(read.site, site as Target), php: versionIn(read.site) ?? machine.php };
}

/**
 * A server that was read before. Checks what goes into a command line of ssh, although it is quoted: ssh itself puts it into
 * other command lines.
 */
export function machineIn(data: JsonObject, { id, label }: Target, asUser?: string): Machine {
  const server = { id, label: wordOf(data.name) || label };
  const address = wordOf(data.ip_address);
  if (address === '') throw new DnxError('failed', `Server '${server.label}' has no IP address yet.`);
  if (!/^[A-Za-z0-9][A-Za-z0-9.:-]*$/.test(address))
    throw new DnxError('failed', `Deploynix returned an unusable IP address for server '${server.label}': ${address}`);
  const user = asUser ?? (wordOf(data.ssh_user) || undefined);
  if (user !== undefined && !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(user))
    throw asUser === undefined
      ? new DnxError('failed', `Deploynix returned an unusable SSH user for server '${server.label}': ${user}`, { hint: 'Use --user.' })
      : usage(`'${user}' is not a user name.`);
  return { server, address, user, php: versionIn(data) };
}

function versionIn(data: JsonObject): string | undefined {
  const version = wordOf(data.php_version);
  return /^\d+(\.\d+)*$/.test(version) ? version : undefined;
}

function domainIn(data: JsonObject, { label }: Target): string {
  const domain = wordOf(data.domain);
  if (/^[^/\0\n]+$/.test(domain) && !domain.startsWith('.')) return domain;
  throw new DnxError('failed', `Deploynix returned an unusable domain for site '${label}': ${domain}`, { hint: 'Use --path.' });
}

/** Where sites are on a server: assumed, from the documentation of Deploynix. */
const HOME = '/home/deploynix';

/**
 * The arguments of `find_site` in site.sh: the likely directories of a site, the second one in the home directory. `path` is
 * that of `--path`, relative to the home directory.
 */
export function siteDirectories({ domain }: Pick<SiteOnMachine, 'domain'>, path?: string): readonly string[] {
  if (path === undefined) return [`${HOME}/${domain}`, domain];
  if (path === '') throw usage('--path is empty.');
  return [path.startsWith('/') ? path : `./${path}`, ''];
}

/** What a script says on the server if a site has no directory: an error of dnx, or a note. */
export function withoutDirectory({ domain, machine }: SiteOnMachine, kind: 'error' | 'note' = 'error'): string {
  const found = `No directory of ${safeLine(domain)} on ${safeLine(machine.server.label)}.`;
  return kind === 'note' ? found : `Error: ${found}\n  Use --path.`;
}
