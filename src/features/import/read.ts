import { DnxError, isError, isStop } from '../../base/errors.ts';
import { counted, inQuotes, orList, plural, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Account, Thing, Unread } from './account.ts';
import { type Above, attributeOf, type List, type Place, type Platform, type Resource, thingOf } from './lists.ts';
import { openPlatform, type PlatformApi } from './platform-api.ts';

/** What to read of a platform. */
export interface ReadOptions {
  readonly token: string;
  readonly host?: string | undefined;
  /** Only these servers, by name, and nothing of the account. Everything without it. */
  readonly servers?: readonly string[] | undefined;
}

const MOST_THINGS = 50_000;
const MOST_ENVIRONMENT = 1_000_000;
/** So many failures in a row are no failure of a single list. */
const MOST_FAILURES = 3;

/** Reads an account, with GET requests only. Throws if the servers cannot be read, or the token is rejected. `find`: where it is, and its name. */
export async function readAccount(
  { api, progress }: Pick<Context, 'api' | 'progress'>,
  platform: Platform,
  options: ReadOptions,
  find: (api: PlatformApi) => Promise<{ readonly root: string; readonly name: string }>,
): Promise<Account> {
  const open = openPlatform(api, platform, options);
  const { root, name } = await find(open);
  const found = await serversIn(open, platform, root, options.servers);
  const reading = openReading(open, platform, ({ site, server = name }, count) =>
    progress.spin(`Reading ${site ?? server}`, () => counted(count, 'thing')),
  );
  if (options.servers === undefined || options.servers.length === 0)
    for (const list of platform.lists)
      if (parentOf(list) === '' && list.noun !== 'server') await reading.read(list, `${root}${list.path}`, {});
  // Every name first: nodes of a load balancer have those of other servers.
  const list = serverList(platform);
  const servers = found.map((resource) => ({ id: resource.id, server: reading.keep(list, resource, {}) }));
  for (const [index, { id, server }] of servers.entries()) {
    if (server) progress.step(`Reading ${server.name} (${index + 1} of ${servers.length})`);
    if (server) await reading.below(list, `${root}${list.path}/${id}`, { server });
  }
  progress.done();
  return { platform: platform.name, name, ...reading.account, outside: platform.outside };
}

const serverList = ({ lists }: Platform): List => lists.find(({ noun }) => noun === 'server') as List;

/** The path of the list that a list is below: each id is an asterisk. */
const parentOf = ({ path }: List): string => path.slice(0, Math.max(path.lastIndexOf('/*'), 0));

/** The servers of an account, or those with these names. */
async function serversIn(api: PlatformApi, platform: Platform, root: string, only: readonly string[] = []): Promise<readonly Resource[]> {
  const { path, scope } = serverList(platform);
  const hint = `Check ${root === '' ? '' : 'the organization, and '}who made the token.`;
  const found = await api.list(`${root}${path}`).catch((error: unknown) => {
    if (isError(error, 'forbidden')) throw error.withHint(`It needs the scope ${scope}.`);
    throw isError(error, 'not_found') ? error.withHint(hint) : error;
  });
  if (only.length === 0) return found;
  const names = found.map(({ attributes }) => wordOf(attributes?.name));
  const missing = only.filter((word) => !names.includes(word));
  if (missing.length === 0) return found.filter((_, index) => only.includes(names[index] ?? ''));
  throw new DnxError('not_found', `${platform.name} has no server ${orList(missing.map(inQuotes))}.`, {
    hint: `It has ${orList(names.slice(0, 20).map(inQuotes))}.`,
  });
}

/** What was read so far, and how more is. */
function openReading(api: PlatformApi, platform: Platform, show: (place: Place, count: number) => void) {
  const things: Thing[] = [];
  const unread: Unread[] = [];
  const environments = new Map<string, string>();
  /** Names by `NOUN ID`, for fields that hold an id. */
  const names = new Map<string, string>();
  const seen = new Set<string>();
  let failures = 0;

  const placeOf = ({ server, site }: Above): Place => ({ ...(server && { server: server.name }), ...(site && { site: site.name }) });

  /** A name that no other server, or site of a server, has. */
  const unused = ({ kind, name, server }: Thing, id: string): string =>
    things.some((each) => each.kind === kind && each.name === name && each.server === server) ? `${name} (${id})` : name;

  /** The resources of a list; none if it cannot be read, which is remembered. */
  async function fetched(list: List, path: string, place: Place): Promise<readonly Resource[]> {
    show(place, things.length);
    try {
      const resources = list.once ? [await api.one(path)] : await api.list(path, list.within);
      failures = 0;
      return list.once ? resources.filter(({ attributes }) => !attributes || attributeOf(attributes, list.name) !== undefined) : resources;
    } catch (error) {
      if (!isError(error) || isStop(error) || error.status === undefined) throw error;
      failures = error.status < 500 ? 0 : failures + 1;
      if (error.status === 404 && list.once && list.only === undefined && platform.isOnceMissing) return [];
      if (failures >= MOST_FAILURES) throw error;
      unread.push({ what: list.once ? list.noun : plural(list.noun), ...place, ...whyNot(platform, error, list.scope) });
      return [];
    }
  }

  /** The site of a server in whose directory a process or job runs. */
  function siteAt({ attributes }: Resource, { server }: Above): Place {
    const [directory, command] = [wordOf(attributes?.directory), wordOf(attributes?.command)];
    if (directory === '' && command === '') return {};
    const lengthOf = ({ fields }: Thing) => wordOf(fields.directory).length;
    const [site] = things
      .filter(({ kind, server: on }) => kind === 'site' && on === server?.name)
      .filter(({ fields }) => `${directory}/`.startsWith(`${fields.directory}/`) || command.includes(`${fields.directory}/`))
      .sort((a, b) => lengthOf(b) - lengthOf(a));
    return site === undefined ? {} : { site: site.name };
  }

  /** Adds a resource, once. Returns it, unless it makes no sense. */
  function keep(list: List, resource: Resource, above: Above): Thing | undefined {
    const place = { ...(list.noun !== 'site' && siteAt(resource, above)), ...placeOf(above) };
    const isInMore = platform.lists.some((other) => other !== list && other.noun === list.noun);
    const key = JSON.stringify([list.noun, resource.id, place.server, isInMore || place.site]);
    if (!list.once && resource.id !== '' && seen.has(key)) return undefined;
    seen.add(key);
    const thing = thingOf(platform, list, resource, place, names);
    if ('why' in thing) {
      unread.push(thing);
      return undefined;
    }
    if (list.kind === 'variable') {
      const text = resource.attributes?.content;
      if (typeof text !== 'string' || text.length > MOST_ENVIRONMENT) {
        unread.push({ what: list.noun, ...place, why: 'it is no text, or too long' });
        return undefined;
      }
      environments.set(`${place.server}/${place.site}`, text);
    }
    const { server, site, ...others } = above;
    const kept = {
      ...thing,
      ...((thing.kind === 'server' || thing.kind === 'site') && { name: unused(thing, resource.id) }),
      ...(thing.kind === 'certificate' && others.domain && { name: others.domain.name }),
      fields: { ...thing.fields, ...Object.fromEntries(Object.entries(others).map(([noun, { name }]) => [noun, name])) },
    };
    names.set(`${list.noun.replaceAll(' ', '_')} ${resource.id}`, kept.name);
    if (things.push(kept) > MOST_THINGS)
      throw new DnxError('failed', `${platform.name} has more than ${MOST_THINGS} things, which is the limit.`);
    return kept;
  }

  /** Reads a list and what is below it. */
  async function read(list: List, path: string, above: Above): Promise<void> {
    if (!isWanted(list, above)) return;
    const resources = await fetched(list, path, placeOf(above));
    tell(list, resources, above);
    for (const resource of resources) {
      const thing = keep(list, resource, above);
      if (thing && resource.id !== '') await below(list, `${path}/${resource.id}`, { ...above, [list.noun]: thing }, resource);
    }
  }

  /** What a list says of what it is below: the name of a site, its repository. */
  function tell(list: List, resources: readonly Resource[], above: Above): void {
    const { site } = above;
    const { name, fields } = (site && platform.found(list, resources, site)) ?? {};
    if (site) Object.assign(site, name && { name: unused({ ...site, name }, site.name) }, { fields: { ...site.fields, ...fields } });
  }

  async function below(parent: List, path: string, above: Above, resource?: Resource): Promise<void> {
    for (const list of platform.lists.filter((each) => parentOf(each) === parent.path)) {
      const rest = list.path.slice(parent.path.length + '/*'.length);
      if (rest !== '') await read(list, `${path}${rest}`, above);
      else if (resource?.attributes && wordOf(attributeOf(resource.attributes, list.name)) !== '') keep(list, resource, above);
    }
  }

  return { account: { things, unread, environments }, keep, below, read };
}

/** Whether what is above a list has what it needs. */
function isWanted({ only }: List, above: Above): boolean {
  const [, noun = '', field = '', value] = /^(\w+)\.(\w+)(?:=(\w+))?$/.exec(only ?? '') ?? [];
  const given = above[noun]?.fields[field];
  return only === undefined || (value === undefined ? given !== undefined : String(given) === value);
}

const whyNot = ({ name }: Platform, { status, message }: DnxError, scope: string): Pick<Unread, 'why' | 'scope'> =>
  status === 403
    ? { why: `the token may not read it: it needs the scope ${scope}`, scope }
    : { why: status === 404 ? `${name} does not find it` : message };
