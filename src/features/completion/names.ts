import { join } from 'node:path';
import { Writable } from 'node:stream';
import { attempt, type DnxError } from '../../base/errors.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import { isPlain, title, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { BaseContext } from '../../cli/run/context.ts';
import { truthy } from '../../machine/env.ts';
import { accountName, profileNames } from '../../machine/settings/config.ts';
import { readSettings, type Settings } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';
import { fill, parameters } from '../../platform/api/endpoint.ts';
import { accountKey, accountStored, type NameList, type NamesAccount, readAccounts } from '../../platform/names/index-file.ts';
import { matching } from '../../platform/names/match.ts';
import { choices, isIdOf, listOfKind, namings, resourceName, targetIds } from '../../platform/names/names.ts';
import type { TypedLine } from './line.ts';
import type { OfferedWord, WordSources } from './offer.ts';

type Lists = NamesAccount['lists'];
type Words = Readonly<Record<string, string | undefined>>;
type Run = (argv: readonly string[], world: World) => Promise<number>;

/** Variables before the command, and another user's settings. */
const OTHER_SETTINGS = /(^|\s)(DNX_|XDG_|HOME=|sudo\s|doas\s)/;

/** Opens the sources for a line. `before`: the whole line, if it is known. */
export function openSources(line: TypedLine, before: string, world: World, run: Run): WordSources {
  const { values } = line;
  const last = (key: string) => values.get(key)?.at(-1);
  // None if they are broken or contradict each other.
  const settings = OTHER_SETTINGS.test(before)
    ? undefined
    : attempt(() => readSettings(world, { profile: last('profile'), host: last('host'), env: last('env') }));
  return {
    async names(kind) {
      if (!settings) return [];
      const parents = parentsFor(kind, line, settings);
      return truthy(world.env.DNX_COMPLETE_ONLINE)
        ? requestNames(kind, { ...parents, profile: last('profile'), host: last('host') }, world, run)
        : offeredNames(rememberedLists(world, settings), kind, parents);
    },
    async artisan() {
      const site = last('site') ?? settings?.site;
      return settings && site !== undefined ? (await import('./artisan-list.ts')).artisanCommands(settings, site) : [];
    },
    profiles: () => (settings ? profilesIn(settings) : []),
    environments: () => (settings?.link?.environments ?? []).flatMap(({ name }) => (name === '' ? [] : [name])),
    branches: async () => (await import('../../machine/git.ts')).branchesOf(world),
  };
}

/** The words for the parents of a kind of resource: those of the line, else the defaults that the command would use. */
function parentsFor(kind: string, { values, positionals, args }: TypedLine, settings: Settings): Words {
  const wanted = narrowingOptions(kind);
  const word = (key: string) => values.get(key)?.at(-1) ?? args[positionals.findIndex((positional) => positional.key === key)];
  const parents = Object.fromEntries(wanted.map((key) => [key, word(key)]));
  if (parents.server !== undefined || parents.site !== undefined || !wanted.includes('server')) return parents;
  if (wanted.includes('site') && settings.site !== undefined) return { ...parents, site: settings.site };
  // A site is looked for on every server, whatever the default one.
  return kind === 'site' && settings.origins.server !== 'environment' ? parents : { ...parents, server: settings.server };
}

const profilesIn = ({ config }: Settings): readonly string[] =>
  profileNames(config).filter((name) => /^[^-\s\p{C}]([^\p{C}]*[^\s\p{C}])?$/u.test(name));

const LONGEST = 200;

/** The lists that the token in use has read. In doubt about whose they are, there are none. */
export function rememberedLists({ env, clock }: Pick<World, 'env' | 'clock'>, settings: Settings): Lists {
  const { blocked, directories, config, host } = settings;
  const none: Lists = new Map();
  const token = env.DNX_TOKEN?.trim();
  const stored = config.accounts?.[accountName(settings)]?.stored_at;
  if (blocked.requests || (!token && (blocked.storedToken || !stored))) return none;
  const accounts = readAccounts(join(directories.cache, 'names.json'), clock.now());
  const account = token ? accounts.get(accountKey({ ...settings, host }, token)) : accountStored(accounts, settings, stored ?? '');
  return account?.lists ?? none;
}

/** The names of a kind in these lists, under the parents that are given. */
export function offeredNames(lists: Lists, kind: string, parents: Words): readonly OfferedWord[] {
  const found = new Map<string, OfferedWord>();
  for (const [path, list] of lists) {
    const ids = idsAt(path, kind);
    if (!ids || !Object.entries(parents).every(([noun, word]) => isUnder(lists, ids, noun, word))) continue;
    for (const item of itemsOf(list)) {
      const value = offeredName(kind, item);
      if (value !== undefined && !found.has(value)) found.set(value, { value, help: helpFor(kind, item, ids, lists) });
    }
  }
  return [...found.values()];
}

/** What a list had before a change is still offered. */
const itemsOf = (list: NameList | undefined): readonly JsonObject[] => list?.items ?? list?.past ?? [];

/** The name of a resource as a user would type it; undefined if it would be read as an id or an option, or a terminal would not show it as it is. */
function offeredName(kind: string, item: JsonObject): string | undefined {
  const choice = own(choices, kind);
  const name = choice ? wordOf(item[choice.key]) : resourceName(item, kind);
  if (name === undefined || name === '' || name.length > LONGEST || /^[-\s]|\s$/.test(name)) return undefined;
  // Building the pattern takes as long as compiling 20 kB.
  if (!isPlain(name) && /[\p{C}\p{Zl}\p{Zp}]/u.test(name)) return undefined;
  return !choice && isIdOf(kind, name) ? undefined : name;
}

function idsAt(path: string, kind: string): Words | undefined {
  const parts = path.split('/');
  const pattern = [listOfKind(kind), namings[kind]?.broader]
    .map((list) => list?.replace('GET ', '').split('/') ?? [])
    .find((segments) => segments.length === parts.length && segments.every((part, at) => part.startsWith('{') || part === parts[at]));
  return pattern && Object.fromEntries(pattern.flatMap((part, at) => (part.startsWith('{') ? [[part.slice(1, -1), idIn(parts[at])]] : [])));
}

const idIn = (part = ''): string => decodeURIComponent(part);

function isUnder(lists: Lists, ids: Words, noun: string, word: string | undefined): boolean {
  const id = ids[noun];
  const naming = own(namings, noun);
  if (word === undefined || id === word) return true;
  if (id === undefined) return false;
  const [server, site] = noun === 'site' && word.includes('/') ? word.split('/', 2) : [undefined, word];
  if (server !== undefined && !isUnder(lists, ids, 'server', server)) return false;
  const known = [...lists].flatMap(([path, list]) => (idsAt(path, noun) ? itemsOf(list) : []));
  return naming !== undefined && matching(known, site ?? '', naming).some((item) => wordOf(item.id) === id);
}

/** A site's server, and what else a list shows of a resource: an address or a port. */
function helpFor(kind: string, item: JsonObject, ids: Words, lists: Lists): string {
  if (kind !== 'site') return wordOf(item[namings[kind]?.keys[1] ?? '']);
  const server = itemsOf(lists.get(fill('GET /servers', {}).path)).find(({ id }) => id === ids.server);
  return server ? `on ${resourceName(server, 'server')}` : '';
}

/** The options that narrow the names of a kind: `server` for a database. */
const narrowingOptions = (kind: string): readonly string[] => parameters(listOfKind(kind) ?? 'GET /');

/** Runs `dnx completion names`, which gives up after 2 seconds. None if it fails. */
async function requestNames(kind: string, options: Words, world: World, run: Run): Promise<readonly OfferedWord[]> {
  let printed = '';
  const sink = (write: (text: string) => void) =>
    new Writable({ decodeStrings: false, write: (chunk: Buffer | string, _, done) => done(void write(String(chunk))) });
  const stdout = sink((text) => {
    printed += text;
  });
  const flags = Object.entries(options).flatMap(([name, word]) => (word === undefined ? [] : [`--${name}`, word]));
  // The streams of the process are opened when they are read.
  const quiet: World = Object.create(world, { stdout: { value: stdout }, stderr: { value: sink(() => {}) } });
  const code = await run(['completion', 'names', kind, '--no-input', '--max-wait', '1s', '-o', 'text', ...flags], quiet);
  return code === 0 ? printed.split('\n').flatMap((value) => (value === '' ? [] : [{ value }])) : [];
}

/** Reads the names of a kind from the API, as a shell offers them, under the parents that are given. */
export async function readNames(ctx: Context, kind: string, parents: Words): Promise<readonly string[]> {
  const items = await readItems(ctx, kind, parents);
  return [...new Set(items.flatMap((item) => offeredName(kind, item) ?? []))];
}

async function readItems(ctx: Context, kind: string, parents: Words): Promise<readonly JsonObject[]> {
  const words = Object.fromEntries(Object.entries(parents).filter(([, word]) => word !== undefined));
  if (kind === 'site' && words.server === undefined && ctx.settings.server === undefined)
    return (await ctx.everySite()).listed.map(({ site }) => site);
  const list = listOfKind(kind);
  if (!list) return [];
  const targets = await ctx.resolve(list.replace('GET ', ''), words);
  return (await ctx.api.list<unknown>(list, targetIds(targets))).filter(isObject);
}

const MOST = 10;

/** The error for a target that was not given, with the names that dnx remembers. */
export function withChoices(error: DnxError, { world, settings }: BaseContext): DnxError {
  const noun = Object.keys(namings).find((kind) => error.message === `No ${title(kind)} given.`);
  const names = noun === undefined ? [] : offeredNames(rememberedLists(world, settings), noun, {}).map(({ value }) => value);
  if (names.length === 0) return error;
  const more = names.length > MOST ? `, and ${names.length - MOST} more` : '';
  return error.with({ hint: `${error.hint} Known: ${names.slice(0, MOST).join(', ')}${more}.` });
}
