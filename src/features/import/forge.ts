import { DnxError, isError, isStop, usage } from '../../base/errors.ts';
import { counted, inQuotes, orList, plural, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Account, Thing, Unread } from './account.ts';
import { type ForgeApi, openForge, type Resource } from './forge-api.ts';
import * as lists from './forge-lists.ts';
import { attributeOf, type ForgeList } from './forge-lists.ts';
import { MOST_NAME, type Place, thingOf } from './forge-things.ts';

/** What to read of Forge. */
interface ForgeOptions {
  readonly token: string;
  readonly host?: string | undefined;
  /** The slug of an organization. Needed if the token sees several. */
  readonly organization?: string | undefined;
  /** Only these servers, by name, and nothing of the organization. Everything without it. */
  readonly servers?: readonly string[] | undefined;
}

const MOST_THINGS = 50_000;
const MOST_ENVIRONMENT = 1_000_000;
/** So many failures in a row are no failure of a single list. */
const MOST_FAILURES = 3;

/** Reads an organization of Forge, with GET requests only. Throws if the servers cannot be read, or the token is rejected. */
export async function readForge({ api, progress }: Pick<Context, 'api' | 'progress'>, options: ForgeOptions): Promise<Account> {
  const forge = openForge(api, options);
  const name = options.organization ?? (await onlyOrganization(forge));
  if (!/^[\w-]+(\.[\w-]+)*$/.test(name)) throw usage(`${inQuotes(name)} is not a slug of an organization.`);
  const root = `/orgs/${name}`;
  const found = await serversIn(forge, root, options.servers);
  const reading = openReading(forge, (place, count) =>
    progress.spin(`Reading ${place.site ?? place.server ?? name}`, () => counted(count, 'thing')),
  );
  if (options.servers === undefined || options.servers.length === 0) await readOrganization(reading, root);
  // Every name first: nodes of a load balancer have those of other servers.
  const servers = found.map((resource) => ({ id: resource.id, server: reading.keep(lists.servers, resource, {}, reading.unused) }));
  for (const [index, { id, server }] of servers.entries()) {
    if (!server) continue;
    progress.step(`Reading ${server.name} (${index + 1} of ${servers.length})`);
    await readServer(reading, `${root}/servers/${id}`, server);
  }
  progress.done();
  return { platform: 'Forge', name, ...reading.account, outside: lists.outside };
}

/** The slug of the organization, if the token sees one. https://forge.laravel.com/docs/api-reference/organizations/list-organizations */
async function onlyOrganization(forge: ForgeApi): Promise<string> {
  const found = await forge.list('/orgs').catch((error: unknown) => {
    throw isError(error, 'forbidden') ? error.withHint('Use --organization, or a token with the scope organization:view.') : error;
  });
  const slugs = found.map(({ attributes }) => wordOf(attributes?.slug)).filter(Boolean);
  if (slugs.length === 1) return slugs[0] as string;
  if (slugs.length === 0) throw new DnxError('not_found', 'The token sees no organization of Forge.', { hint: 'Check who made it.' });
  const choices = orList(slugs.slice(0, 20).map(inQuotes));
  throw usage(`The token sees ${slugs.length} organizations of Forge.`, `Use --organization with ${choices}.`);
}

/** The servers of an organization, or those with these names. */
async function serversIn(forge: ForgeApi, root: string, only: readonly string[] = []): Promise<readonly Resource[]> {
  const found = await forge.list(`${root}${lists.servers.path}`).catch((error: unknown) => {
    if (isError(error, 'forbidden')) throw error.withHint(`It needs the scope ${lists.servers.scope}.`);
    throw isError(error, 'not_found') ? error.withHint('Check the organization, and who made the token.') : error;
  });
  if (only.length === 0) return found;
  const names = found.map(({ attributes }) => wordOf(attributes?.name));
  const missing = only.filter((word) => !names.includes(word));
  if (missing.length === 0) return found.filter((_, index) => only.includes(names[index] ?? ''));
  const hint = `It has ${orList(names.slice(0, 20).map(inQuotes))}.`;
  throw new DnxError('not_found', `Forge has no server ${orList(missing.map(inQuotes))}.`, { hint });
}

type Reading = ReturnType<typeof openReading>;

/** What was read so far, and how more is. */
function openReading(forge: ForgeApi, show: (place: Place, count: number) => void) {
  const things: Thing[] = [];
  const unread: Unread[] = [];
  const environments = new Map<string, string>();
  /** Names by `NOUN ID`, for fields that hold an id. */
  const names = new Map<string, string>();
  const seen = new Set<string>();
  let failures = 0;

  const reading = {
    account: { things, unread, environments },
    /** Adds a resource, once, with these changes. Returns it, unless it makes no sense. */
    keep(
      list: ForgeList,
      resource: Resource,
      place: Place,
      change: (thing: Thing, id: string) => Partial<Thing> = () => ({}),
    ): Thing | undefined {
      const key = `${list.noun} ${resource.id} ${place.server} ${list.noun === lists.jobs.noun ? '' : place.site}`;
      if (!list.once && resource.id !== '' && seen.has(key)) return undefined;
      seen.add(key);
      const thing = thingOf(list, resource, place, names);
      if ('why' in thing) {
        unread.push(thing);
        return undefined;
      }
      const { fields, ...changed } = change(thing, resource.id);
      const kept = { ...thing, ...changed, fields: { ...thing.fields, ...fields } };
      names.set(`${list.noun.replaceAll(' ', '_')} ${resource.id}`, kept.name);
      if (things.push(kept) > MOST_THINGS) throw new DnxError('failed', `Forge has more than ${MOST_THINGS} things, which is the limit.`);
      return kept;
    },
    /** The name of a server, or of a site of a server, that no other has. */
    unused({ kind, name, server }: Pick<Thing, 'kind' | 'name' | 'server'>, id: string): { readonly name: string } {
      const isTaken = things.some((each) => each.kind === kind && each.name === name && each.server === server);
      return { name: isTaken ? `${name} (${id})` : name };
    },
    /** The resources of a list; none if it cannot be read, which is remembered. */
    async fetched(list: ForgeList, base: string, place: Place): Promise<readonly Resource[]> {
      show(place, things.length);
      try {
        const path = `${base}${list.path}`;
        const found = list.once ? [await forge.one(path)] : await forge.list(path);
        failures = 0;
        return list.once ? found.filter(({ attributes }) => !attributes || (attributeOf(attributes, list.name) ?? null) !== null) : found;
      } catch (error) {
        if (!isError(error) || isStop(error) || error.status === undefined) throw error;
        failures = error.status < 500 ? 0 : failures + 1;
        if (failures >= MOST_FAILURES) throw error;
        unread.push({ what: list.once ? list.noun : plural(list.noun), ...place, ...whyNot(error, list.scope) });
        return [];
      }
    },
    async all(list: ForgeList, base: string, place: Place, change?: () => Partial<Thing>): Promise<void> {
      for (const resource of await reading.fetched(list, base, place)) reading.keep(list, resource, place, change);
    },
  };
  return reading;
}

const whyNot = ({ status, message }: DnxError, scope: string): Pick<Unread, 'why' | 'scope'> =>
  status === 403
    ? { why: `the token may not read it: it needs the scope ${scope}`, scope }
    : { why: status === 404 ? 'Forge does not find it' : message };

async function readOrganization({ keep, fetched, all }: Reading, root: string): Promise<void> {
  for (const list of lists.organizationLists) await all(list, root, {});
  for (const resource of await fetched(lists.teams, root, {})) {
    const team = keep(lists.teams, resource, {});
    if (!team || resource.id === '') continue;
    for (const list of lists.teamLists)
      await all(list, `${root}${lists.teams.path}/${resource.id}`, {}, () => ({ fields: { team: team.name } }));
  }
}

async function readServer(reading: Reading, base: string, server: Thing): Promise<void> {
  const place = { server: server.name };
  const homes: Thing[] = [];
  for (const resource of await reading.fetched(lists.sites, base, place)) homes.push(...(await readSite(reading, base, server, resource)));
  for (const list of [...lists.serverLists, lists.jobs])
    for (const resource of await reading.fetched(list, base, place)) reading.keep(list, resource, { ...place, ...siteAt(resource, homes) });
}

/** The site in whose directory a process or job runs. */
function siteAt({ attributes }: Resource, sites: readonly Thing[]): Place {
  const [directory, command] = [wordOf(attributes?.directory), wordOf(attributes?.command)];
  const at = sites.filter(({ fields }) => `${directory}/`.startsWith(`${fields.directory}/`) || command.includes(`${fields.directory}/`));
  const [site] = at.sort((a, b) => wordOf(b.fields.directory).length - wordOf(a.fields.directory).length);
  return site === undefined ? {} : { site: site.name };
}

/** Reads a site, under the name of its primary domain, which its directory may not have. Returns it, unless it makes no sense. */
async function readSite(reading: Reading, base: string, server: Thing, resource: Resource): Promise<readonly Thing[]> {
  const { keep, fetched, all } = reading;
  const path = `${base}/sites/${resource.id}`;
  const { attributes = {} } = resource;
  const isReadable = resource.id !== '' && typeof attributes.name === 'string' && attributes.name !== '';
  const records = isReadable ? await fetched(lists.domains, path, { server: server.name, site: wordOf(attributes.name) }) : [];
  const primary = records.find((each) => each.attributes?.type === 'primary')?.attributes?.name;
  const site = keep(lists.sites, resource, { server: server.name }, (thing, id) => {
    const domain = typeof primary === 'string' && primary !== '' && primary.length <= MOST_NAME ? primary : thing.name;
    const own = { directory: `/home/${wordOf(thing.fields.user)}/${thing.name}`, ...(domain !== thing.name && { name: thing.name }) };
    return { ...reading.unused({ ...thing, name: domain }, id), fields: own };
  });
  if (!site) return [];
  const place = { server: server.name, site: site.name };
  for (const list of lists.ofSite) if (wordOf(attributeOf(attributes, list.name)) !== '') keep(list, resource, place);
  for (const record of records) {
    const domain = keep(lists.domains, record, place);
    if (!domain || record.id === '') continue;
    await all(lists.certificates, `${path}/domains/${record.id}`, place, () => ({ name: domain.name, fields: { domain: domain.name } }));
  }
  for (const each of await fetched(lists.environment, path, place)) keepEnvironment(reading, each, place);
  for (const list of lists.siteLists) await all(list, path, place);
  if (site.fields.repository !== undefined) await all(lists.deployKey, path, place);
  if (server.fields.type === 'loadbalancer') await all(lists.nodes, path, place);
  return [site];
}

function keepEnvironment({ keep, account }: Reading, resource: Resource, place: Required<Place>): void {
  const content = resource.attributes?.content;
  if (typeof content !== 'string' || content.length > MOST_ENVIRONMENT) {
    account.unread.push({ what: lists.environment.noun, ...place, why: 'it is no text, or too long' });
    return;
  }
  keep(lists.environment, resource, place, () => ({ fields: { bytes: Buffer.byteLength(content) } }));
  account.environments.set(`${place.server}/${place.site}`, content);
}
