import { type DnxError, isError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { text } from '../../cli/language/options.ts';
import { serverEndpoint, siteEndpoint } from '../../platform/follow/readers.ts';
import { type Target, type Targets, targetOf } from '../../platform/names/names.ts';
import { type Machine, machineIn, readMachine, readNamedSite, readSiteOnMachine, type SiteOnMachine, siteOnMachine } from './machine.ts';

/** The calls of a command that may run on several servers and sites, after the first, but for the list of sites. */
export const fleetCalls = [
  { when: 'all', instead: 'GET /servers' },
  { when: 'on', instead: 'GET /servers' },
  { when: 'on', also: [serverEndpoint, siteEndpoint] },
] as const;

/** The names of several servers and sites. */
export const onOption = text('Run it on these, separated by commas', 'names');

/** Where ssh finds it. */
export interface Destination {
  readonly machine: Machine;
  readonly site?: SiteOnMachine;
}

/** A server or a site among several. */
export interface Member {
  /** A domain, or the name of a server. */
  readonly name: string;
  readonly server: Target;
  readonly site: Target | undefined;
  /** Throws if ssh cannot use what Deploynix says. */
  readonly place: () => Destination;
}

/** Rejects contradictions. False if the command is for one server or site. `kinds`: of all sites, those of a server can be chosen. */
export function isForSeveral(
  { isGiven }: Context,
  { all, on }: { readonly all: boolean | undefined; readonly on: string | undefined },
  kinds: 'servers' | 'sites',
  hint = 'Put -- before the command.',
): boolean {
  if (!all && on === undefined) return false;
  const option = all ? '--all' : '--on';
  if (all && on !== undefined) throw usage('--all and --on cannot be combined.', 'Use only one of them.');
  if (isGiven('site') || (isGiven('server') && !(all && kinds === 'sites')))
    throw usage(`${option} cannot be combined with another name.`, hint);
  return true;
}

/** The server or the site of a command. */
export async function memberAt(ctx: Context, targets: Targets, user: string | undefined): Promise<Member> {
  const site = targets.site && (await readSiteOnMachine(ctx, targets, user));
  const machine = site?.machine ?? (await readMachine(ctx, targets, user));
  const name = site?.domain ?? machine.server.label;
  return { name, server: machine.server, site: site?.site, place: () => ({ machine, ...(site && { site }) }) };
}

/** A site by its name, which may be of any server. */
export async function namedSite(ctx: Context, word: string, user: string | undefined): Promise<Member> {
  const { targets, read } = await readNamedSite(ctx, word);
  return siteMember(targets.server, read.server, read.site, user);
}

/** Every server. */
export async function everyServer(ctx: Context, user: string | undefined): Promise<readonly Member[]> {
  const servers = await ctx.api.list<JsonObject>('GET /servers');
  return servers.map((data) => serverMember(data, user));
}

/** Every site, or those of `--server`. A server whose sites cannot be read is one that fails. */
export async function everySiteMember(ctx: Context, user: string | undefined): Promise<readonly Member[]> {
  const { listed, unread } = await ctx.everySite();
  const servers = new Map((await ctx.api.list<JsonObject>('GET /servers')).map((server) => [wordOf(server.id), server]));
  const sites = listed.map(({ server, site }) => siteMember(server, servers.get(server.id) ?? {}, site, user));
  const refuse = (error: DnxError): never => {
    throw error;
  };
  const refused = unread.map(({ server, error }) => ({ name: server.label, server, site: undefined, place: () => refuse(error) }));
  return [...distinct(sites), ...refused];
}

/** The servers and sites of `--on`. A word with a dot is a site; if no site has that name, a server. */
export async function namedMembers(ctx: Context, on: string, user: string | undefined, kinds: 'sites' | 'both') {
  const words = on.split(',').map((word) => word.trim());
  if (words.includes('')) throw usage('--on contains an empty name.');
  const members = await inParallel(words, async (word) => {
    const isSite = kinds === 'sites' || (/[./]/.test(word) && !/:|^[\d.]+$/.test(word));
    if (isSite) {
      const found = await namedSite(ctx, word, user).catch((error: unknown) => {
        if (kinds === 'sites' || !isError(error, 'not_found')) throw error;
      });
      if (found) return found;
    }
    const { server } = await ctx.resolve(serverEndpoint, { server: word });
    const { data } = await ctx.api.send<JsonObject>(serverEndpoint, { server: server?.id ?? '' });
    return serverMember(data ?? {}, user);
  });
  return distinct([...new Map(members.map((member) => [`${member.server.id} ${member.site?.id ?? ''}`, member])).values()]);
}

function serverMember(data: JsonObject, user: string | undefined): Member {
  const server = targetOf(data, 'server');
  return { name: server.label, server, site: undefined, place: () => ({ machine: machineIn(data, server, user) }) };
}

function siteMember(server: Target, data: JsonObject, record: JsonObject, user: string | undefined): Member {
  const site = targetOf(record, 'site');
  return {
    name: site.label,
    server,
    site,
    place() {
      const found = siteOnMachine({ server, site }, { server: data, site: record }, user);
      return { machine: found.machine, site: found };
    },
  };
}

/** With the server before a name that another has, too. */
export const distinct = <T extends Pick<Member, 'name' | 'server'>>(members: readonly T[]): readonly T[] =>
  members.map((member) => {
    const { name, server } = member;
    return members.some((other) => other !== member && other.name === name) ? { ...member, name: `${server.label}/${name}` } : member;
  });
