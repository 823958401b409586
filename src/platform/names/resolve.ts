import { DnxError, isError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { flagName, plural, title } from '../../base/text.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Api } from '../api/client.ts';
import { type Endpoint, parameters } from '../api/endpoint.ts';
import { isId, namings, type Target, type Targets, targetOf } from './names.ts';
import { matching, type SiteIndex } from './site-index.ts';

export interface Scope {
  readonly api: Pick<Api, 'list'>;
  readonly settings: Pick<Settings, 'server' | 'site'>;
  readonly sites: SiteIndex;
}

/** The same scope, in which each list is asked for once, however many things are looked up in it. */
export function rememberingLists(scope: Scope): Scope {
  const lists = new Map<string, Promise<unknown[]>>();
  const list = <T>(endpoint: Endpoint, params: object = {}): Promise<T[]> => {
    const key = JSON.stringify([endpoint, params]);
    const found = lists.get(key) ?? scope.api.list(endpoint, params);
    lists.set(key, found);
    return found as Promise<T[]>;
  };
  return { ...scope, api: { list } };
}

/** Turns what was given for each path parameter, by id or by name, into ids. Parents come from the option, else from the settings. */
export async function resolve(endpoint: string, given: Readonly<Record<string, string | undefined>>, scope: Scope): Promise<Targets> {
  const targets: Record<string, Target> = {};
  const names = parameters(endpoint);
  const empty = names.find((name) => given[name]?.trim() === '');
  if (empty) throw usage(`The ${title(empty)} that was given is empty.`);
  for (const name of names) {
    if (targets[name]) continue;
    if (name === 'server' && names.includes('site') && !given.server) {
      const found = await siteAnywhere(given, scope);
      if (found) {
        Object.assign(targets, found);
        continue;
      }
    }
    const value = given[name] ?? (name === 'server' || name === 'site' ? scope.settings[name] : undefined);
    // A site would tell its server too, so it is the site that is missing.
    if (value === undefined) throw missing(name === 'server' && names.includes('site') && !given.site ? 'site' : name);
    targets[name] = await one(name, value, targets, scope);
  }
  return targets;
}

/** A site named without its server: `server/domain`, the settings' own site, or a search over the servers. */
async function siteAnywhere(given: Readonly<Record<string, string | undefined>>, scope: Scope): Promise<Targets | undefined> {
  const { settings } = scope;
  const value = given.site ?? settings.site;
  if (value === undefined) return undefined;
  if (value.includes('/')) {
    const [server = '', site = ''] = value.split('/', 2);
    const parent = await one('server', server, {}, scope);
    return { server: parent, site: await one('site', site, { server: parent }, scope) };
  }
  if (settings.server) {
    const parent = await one('server', settings.server, {}, scope);
    if (isId(value)) return { server: parent, site: { id: value, label: value } };
    const site = await one('site', value, { server: parent }, scope).catch((error: unknown) => {
      if (isError(error, 'not_found')) return undefined;
      throw error;
    });
    if (site) return { server: parent, site };
  }
  return choose('site', value, await scope.sites.find(value), ({ server, site }) => `${server.label}/${site.label}`);
}

async function one(name: string, value: string, parents: Targets, { api }: Scope): Promise<Target> {
  const naming = namings[name];
  if (isId(value) || !naming) return { id: value, label: value };
  const ids = Object.fromEntries(Object.entries(parents).map(([key, parent]) => [key, parent.id]));
  const things = matching(await api.list<JsonObject>(naming.list, ids), value, naming.keys);
  const thing = choose(
    name,
    value,
    things,
    (each) =>
      `${each.id} (${naming.keys
        .map((key) => each[key])
        .filter(Boolean)
        .join(', ')})`,
  );
  return targetOf(thing, name);
}

function choose<T>(name: string, value: string, found: readonly T[], describe: (each: T) => string): T {
  const [first, ...others] = found;
  if (first === undefined) {
    throw new DnxError('not_found', `There is no ${title(name)} “${value}”, or this token does not see it.`, {
      hint: `See which there are with: dnx ${namings[name]?.group ?? name.replaceAll('_', '-')} list`,
    });
  }
  if (others.length === 0) return first;
  throw new DnxError(
    'ambiguous',
    `“${value}” is the name of ${found.length} ${plural(title(name))}:\n${found.map((each) => `  ${describe(each)}`).join('\n')}`,
    {
      hint: name === 'site' ? `Give the server too: --server, or ${describe(first)}.` : 'Give the id.',
    },
  );
}

function missing(name: string): DnxError {
  if (name === 'site') return usage('Which site? Nothing says.', 'Name it by its domain or id, or set DNX_SITE.');
  const variable = name === 'server' ? ' or set DNX_SERVER' : '';
  return usage(`Which ${title(name)}? Nothing says.`, `Pass ${flagName(name)}${variable}.`);
}
