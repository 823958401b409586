import { posix } from 'node:path';
import { attempt, isError } from '../../base/errors.ts';
import { type JsonObject, own } from '../../base/json.ts';
import { grouped } from '../../base/matching.ts';
import { quoted } from '../../base/shell.ts';
import { andList, flagName, wordOf } from '../../base/text.ts';
import { type KindName, kindNames, kinds } from '../../platform/kinds.ts';
import { domainKey, isHost } from '../../platform/names/names.ts';
import { parseDotenv } from '../env/dotenv/dotenv.ts';
import { siteDirectories } from '../remote/machine.ts';
import { stateIn, unwrittenEntry } from '../state/file.ts';
import type { Row } from '../state/model.ts';
import { repeatedEntries } from '../state/same.ts';
import { emptyState, writeRows } from '../state/write.ts';
import type { Account, Thing, ThingKind } from './account.ts';
import { type Destination, destinations, otherThings, type Reason, serverWords, siteTypes } from './destinations.ts';
import { fitsRecord, type ImportRecord, type LeftThing, type MovedThing } from './record.ts';

/** The dotenv file of a site. */
export interface EnvFile {
  readonly name: string;
  readonly text: string;
}

/** A site with its dotenv file, as the state file has it. */
export interface MappedSite {
  readonly server: string;
  readonly domain: string;
  readonly file?: EnvFile | undefined;
  /** What it says, unless phpdotenv refuses it. */
  readonly dotenv?: ReturnType<typeof parseDotenv> | undefined;
}

/** What an account becomes. */
export interface MappedAccount {
  readonly rows: readonly Row[];
  readonly sites: readonly MappedSite[];
  /** What stands for the password of a database user, by `userKey`. */
  readonly passwords: ReadonlyMap<string, string>;
  readonly record: ImportRecord;
}

/** A database user of a server, for `passwords`. */
export const userKey = (server: string | undefined, database: string | undefined, name: string): string =>
  JSON.stringify([server, database, name]);

/** Maps what was read to a state file, files of variables, and a record. `names`: servers that get another name at Deploynix. */
export function mapAccount(account: Account, names: ReadonlyMap<string, string>): MappedAccount {
  const places = openPlaces(account, names);
  const rows: { readonly thing: Thing; readonly to: string; readonly row: Row }[] = [];
  const passwords = new Map<string, string>();
  const left = new Map<Thing, Reason>();
  const moved = new Map<Thing, string>();
  // A site that is not moved takes what it has with it.
  for (const thing of [...places.ofKind('site'), ...account.things.filter(({ kind }) => kind !== 'site')]) {
    const found = mapThing(thing, places);
    if ('why' in found) {
      left.set(thing, found);
      if (thing.kind === 'site') places.leave(thing);
    } else {
      moved.set(thing, found.to);
      for (const [user, reference] of found.passwords ?? []) passwords.set(user, reference);
      for (const row of found.rows ?? []) rows.push({ thing, to: found.to, row });
    }
  }
  for (const { thing } of repeated(rows)) {
    left.set(thing, { why: 'Another one says the same.' });
    moved.delete(thing);
  }
  const kept = rows.filter(({ thing }) => moved.has(thing)).map(({ row }) => row);
  const inOrder = kept.toSorted((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
  const shownNames = (thing: Thing) => ({ what: thing.noun, name: thing.name, server: thing.server, site: thing.site });
  return {
    rows: [...places.rows, ...inOrder],
    sites: places.sites,
    passwords,
    record: {
      ...{ platform: account.platform, account: account.name },
      servers: places.servers,
      sites: places.sites.map(({ at }) => at),
      moved: [...moved].map(([thing, to]): MovedThing => ({ ...shownNames(thing), to })),
      not_moved: [...left].map(
        ([thing, { why, instead }]): LeftThing => ({ ...shownNames(thing), why, instead: instead && filled(instead, thing, places) }),
      ),
      unread: account.unread.map(({ what, server, site, why }) => ({ what, server, site, why })),
      notes: [...places.notes, ...account.outside],
    },
  };
}

/** Repositories last, as in a file that somebody writes. */
const ORDER: readonly KindName[] = [...kindNames.slice(1), ...kindNames.slice(0, 1)];

type Places = ReturnType<typeof openPlaces>;
type PlacedSite = Places['sites'][number];

const text = ({ fields }: Thing, field: string): string => wordOf(fields[field] ?? '');
const listIn = ({ fields }: Thing, field: string): readonly string[] => [fields[field] ?? []].flat().map(wordOf);

/** Where the servers and sites of an account go. */
function openPlaces({ things, environments }: Account, names: ReadonlyMap<string, string>) {
  const newName = (server: string | undefined) => {
    const name = names.get(server ?? '') ?? server ?? '';
    return SERVER_NAME.test(name) ? name : undefined;
  };
  const ofKind = (kind: ThingKind) => things.filter((thing) => thing.kind === kind);
  const servers = ofKind('server').flatMap((thing) => {
    const name = newName(thing.name);
    const [address, port] = [text(thing, 'ip_address'), text(thing, 'ssh_port')];
    return name === undefined
      ? []
      : [
          {
            name,
            was: thing.name,
            ...(fitsRecord('address', address) && { address }),
            ...(fitsRecord('port', port) && { port: Number(port) }),
          },
        ];
  });
  const domains = ofKind('site').map(({ name }) => domainKey(name));
  const taken = new Set(RESERVED);
  const seen = new Set<string>();
  const sites = ofKind('site').flatMap((thing) => {
    const server = newName(thing.server);
    const domain = thing.name;
    const place = JSON.stringify([server, domainKey(domain)]);
    if (server === undefined || !isDomain(domain) || !servers.some(({ name }) => name === server) || seen.has(place)) return [];
    seen.add(place);
    const user = fitsRecord('user', text(thing, 'user')) ? text(thing, 'user') : HOME_USER;
    const given = text(thing, 'directory');
    const directory = fitsRecord('directory', given) ? given : `/home/${user}/${domain}`;
    const isShared = domains.filter((other) => other === domainKey(domain)).length > 1;
    const key = isShared ? `${server}/${domain}` : domain;
    const environment = environments.get(`${thing.server}/${domain}`);
    const file =
      environment === undefined ? undefined : { name: fileName(taken, isShared ? `${server}.${domain}` : domain), text: environment };
    const read = file && dotenvIn(file);
    const dotenv = typeof read === 'string' ? undefined : read;
    const problem = typeof read === 'string' ? read : undefined;
    const database = dotenv?.variables.get('DB_DATABASE') ?? '';
    const at = { domain, server, user, directory, ...(fitsRecord('name', database) && { database }) };
    return [{ thing, server, domain, key, directory, file, dotenv, problem, at }];
  });
  const rows = servers.map(({ name }) => rowOf('server', {}, { name }));
  const siteOf = (thing: Thing) => {
    const domain = thing.kind === 'site' ? thing.name : thing.site;
    return sites.find((site) => site.thing.server === thing.server && site.domain === domain);
  };
  const leave = (thing: Thing) => {
    const at = sites.findIndex((site) => site.thing === thing);
    if (at >= 0) sites.splice(at, 1);
  };
  return { servers, sites, rows, newName, ofKind, siteOf, leave, notes: [] as string[] };
}

/** A name that Deploynix takes for a server. */
const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9.-]{0,99}$/;
const HOME_USER = 'forge';

/** A domain that can be the name of a file. */
const isDomain = (name: string): boolean => isHost(name) && !name.startsWith('.') && name.length <= 200;

/** Dotenv files that Laravel reads itself, or that are committed. */
const RESERVED = ['.env.local', '.env.testing', '.env.example'];

/** A name that no other site has, whatever the file system makes of case. */
function fileName(taken: Set<string>, word: string): string {
  const name = `.env.${word}`.slice(0, 240);
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}.${number}`;
    if (taken.has(candidate.toLowerCase())) continue;
    taken.add(candidate.toLowerCase());
    return candidate;
  }
}

/** What a dotenv file says, or why dnx cannot send it. */
function dotenvIn({ name, text }: EnvFile) {
  if (Buffer.byteLength(text) > MOST_BYTES) return `${name} is larger than 1 MB.`;
  try {
    return parseDotenv(text, name);
  } catch (error) {
    if (isError(error)) return error.message;
    throw error;
  }
}

const MOST_BYTES = 1024 * 1024;

interface Found {
  readonly to: string;
  readonly rows?: readonly Row[];
  readonly passwords?: readonly (readonly [string, string])[];
}

const rowOf = (kind: KindName, place: Row['place'], item: JsonObject): Row => ({
  ...{ kind, place, item, outcome: 'extra', differences: [], unknown: [] },
});

const target = (name: string) => ({ id: name, label: name });

/** Where a thing goes, or why it does not. */
function mapThing(thing: Thing, places: Places): Found | Reason {
  const { kind } = thing;
  const declared: Destination = kind === 'other' ? (own(otherThings, thing.noun) ?? UNKNOWN) : destinations[kind];
  if (kind === 'server' && places.newName(thing.name) === undefined) return badServer(thing.name);
  if (thing.server !== undefined && places.newName(thing.server) === undefined) return badServer(thing.server);
  const server = places.newName(thing.server) ?? '';
  const site = places.siteOf(thing);
  if (thing.noun === 'domain' && site && domainKey(thing.name) === domainKey(site.domain)) return { to: `sites/${site.key}` };
  if ('why' in declared) return kind === 'server' ? { ...declared, instead: creation(thing, places) } : declared;
  if ((kind === 'site' || thing.site !== undefined) && !site) return badDomain(thing);
  const found = makers[kind as keyof typeof makers](thing, { server, site, places });
  if ('why' in found) return found;
  return found.rows?.flatMap((row) => unwritable(row) ?? [])[0] ?? found;
}

const UNKNOWN: Reason = { why: 'dnx does not know what it is.' };

const badServer = (name: string): Reason => ({
  why: `Deploynix takes no such name for a server.`,
  instead: `Give it another one: --as ${quoted(`${name}=NAME`)}`,
});

const badDomain = ({ kind }: Thing): Reason =>
  kind === 'site'
    ? { why: 'Its name is no host name, so no file is named after it.', instead: 'dnx site create DOMAIN --server SERVER' }
    : { why: 'Its site is not moved.' };

/** The command that creates a server like this one. */
function creation(thing: Thing, { newName }: Places): string {
  const fields = kinds.server.fixed.filter((field) => !['ip_address', 'ssh_user'].includes(field) && text(thing, field) !== '');
  const flags = fields.flatMap((field) => [flagName(field), quoted(serverWords[text(thing, field)] ?? text(thing, field))]);
  return ['dnx server create', quoted(newName(thing.name) ?? ''), ...flags].join(' ');
}

interface Here {
  readonly server: string;
  readonly site: PlacedSite | undefined;
  readonly places: Places;
}

type Maker = (thing: Thing, here: Here) => Found | Reason;

/** A thing of a server or a site whose fields are those of Deploynix. */
const plain =
  (kind: KindName, fields: readonly string[], changed: (thing: Thing, here: Here) => JsonObject = () => ({})): Maker =>
  (thing, here) => {
    const place = { server: target(here.server), ...(here.site && { site: { id: here.site.key, label: here.site.domain } }) };
    const item = { ...Object.fromEntries(fields.map((field) => [field, thing.fields[field]])), ...changed(thing, here) };
    const { section, under } = kinds[kind];
    if (under === 'site' && !here.site) return { why: 'No site that was read has it.' };
    return {
      to: `${under === 'site' ? `sites/${here.site?.key}` : `servers/${here.server}`}/${section}`,
      rows: [rowOf(kind, place, item)],
    };
  };

const daemon = plain('daemon', ['processes'], (thing, here) => ({
  ...commandOf(thing, here),
  ...(text(thing, 'directory') !== '' && { directory: moved(text(thing, 'directory'), here) }),
}));

const queue = plain('queue', ['connection', 'queue', 'processes', 'tries', 'timeout', 'sleep']);

const makers: Readonly<Record<Exclude<ThingKind, 'other' | 'server' | 'ssh_key' | 'certificate'>, Maker>> = {
  site: (thing, { site, server, places }) => {
    if (!site) return badDomain(thing);
    const { fields } = thing;
    const repository = knownRepository(text(thing, 'repository'), places);
    const directory = text(thing, 'web_directory');
    const item = {
      ...{ id: site.key, domain: site.domain, type: siteType(text(thing, 'type')), git_repository_id: repository },
      ...{
        branch: fields.branch,
        php_version: PHP.test(text(thing, 'php_version')) ? fields.php_version : undefined,
        web_directory: directory && `/${directory.replace(/^\/+/, '')}`,
      },
      ...(fields.zero_downtime === true && { zero_downtime: true }),
    };
    places.notes.push(...notesOn(thing, site));
    return { to: `sites/${site.key}`, rows: [rowOf('site', { server: target(server) }, item)] };
  },
  variable: (_, { site }) => {
    if (!site?.file) return { why: 'Its text was not given.' };
    if (site.problem === undefined) return { to: site.file.name };
    return { why: `dnx apply cannot send it. ${site.problem}`, instead: 'Fix FILE, and give the site env_file: FILE' };
  },
  repository: (thing, { places }) => {
    const name = repositoryName(thing.name);
    const git = gitOf(thing);
    if (name === undefined || git === undefined) {
      const instead = 'dnx git-repository create REPOSITORY --git-provider-id PROVIDER, and give the site repository: REPOSITORY';
      return { why: 'dnx does not know its Git host.', instead };
    }
    const pushes = new Set(places.ofKind('repository').flatMap((one) => (repositoryName(one.name) === name ? one.fields.auto_deploy : [])));
    if (pushes.size > 1)
      places.notes.push(`${name}: only some of its sites deploy on every push. At Deploynix, all do or none: auto_deploy.`);
    const item = { name, git_provider_id: git, ...(pushes.size === 1 && { auto_deploy: pushes.has(true) }) };
    const isFirst = places.ofKind('repository').find((one) => repositoryName(one.name) === name && gitOf(one) !== undefined) === thing;
    return { to: `repositories/${name}`, rows: isFirst ? [rowOf('git_repository', {}, item)] : [] };
  },
  queue: (thing, here) => {
    const others = listIn(thing, 'other_options').filter((option) => !HARMLESS_OPTIONS.includes(option));
    if (!here.site) return daemon(thing, here);
    if (others.length > 0) here.places.notes.push(`${here.site.key}: the worker of ${text(thing, 'queue')} loses ${others.join(' ')}.`);
    return queue(thing, here);
  },
  redirect: plain('redirect', ['from', 'to', 'type']),
  daemon,
  crontab: plain('crontab', ['frequency'], commandOf),
  network_rule: (thing, here) => {
    if (!/^[1-9]\d{0,4}$/.test(text(thing, 'port')))
      return { why: 'A firewall rule of Deploynix has one port.', instead: 'dnx network-rule create PORT --server SERVER, for each' };
    const sources = listIn(thing, 'source');
    const rule = plain('network_rule', ['name', 'port', 'protocol', 'action']);
    const found = rule(thing, here);
    if ('why' in found || sources.length === 0) return found;
    return { ...found, rows: (found.rows ?? []).flatMap((row) => sources.map((source) => ({ ...row, item: { ...row.item, source } }))) };
  },
  database: plain('database', [], ({ name }) => ({ name })),
  database_user: (thing, here) => {
    const holders = passwordHolders(thing, here);
    const databases = [...new Set(holders.map(({ dotenv }) => dotenv?.variables.get('DB_DATABASE') ?? ''))];
    const file = holders[0]?.file;
    if (!file) return { why: 'No .env has its password, which the platform does not give.', instead: USER };
    const place = (database: string) => ({ server: target(here.server), database: target(database) });
    return {
      to: `servers/${here.server}/databases`,
      rows: databases.map((database) => rowOf('user', place(database), { username: thing.name })),
      passwords: databases.map((database) => [userKey(here.server, database, thing.name), `file://${file.name}#DB_PASSWORD`] as const),
    };
  },
};

const USER = 'dnx database-user create NAME --server SERVER --database DATABASE';

const siteType = (type: string): string | undefined => own(siteTypes, type.toLowerCase().replace(/[^a-z]/g, ''));

/** The versions of PHP of Deploynix: assumed. */
const PHP = /^8\.\d$/;

/** Options of a worker that change nothing at Deploynix. */
const HARMLESS_OPTIONS = ['--force', '--daemon', '--quiet', '-q', '--no-interaction', '-n'];

/** `acme/shop` of a name or URL; undefined for what is neither. */
function repositoryName(url: string): string | undefined {
  const [, name] =
    /^(?:(?:https?|ssh|git):\/\/[^/]+\/|[\w.-]+@[\w.-]+:)?([\w.-]+(?:\/[\w.-]+)+)$/.exec(url.replace(/(\.git)?\/?$/, '')) ?? [];
  return name;
}

const gitOf = (thing: Thing): string | undefined => own(providers, text(thing, 'git').toLowerCase());

/** A repository that Deploynix can have. A site with another one could not be created. */
function knownRepository(url: string, { ofKind }: Places): string | undefined {
  const name = repositoryName(url);
  return ofKind('repository').some((one) => repositoryName(one.name) === name && gitOf(one) !== undefined) ? name : undefined;
}

/** What of a site has no field at Deploynix, and what of it points to the old servers. */
function notesOn(thing: Thing, { key, dotenv }: PlacedSite): readonly string[] {
  const root = text(thing, 'root_directory').replace(/^\/+$/, '');
  const hosts = ['DB_HOST', 'REDIS_HOST', 'MEMCACHED_HOST'].filter((name) => !isLocal(dotenv?.variables.get(name) ?? ''));
  const [type, php] = [text(thing, 'type'), text(thing, 'php_version')];
  return [
    ...(php === '' || PHP.test(php) ? [] : [`It runs PHP ${php}; at Deploynix, the version of its server.`]),
    ...(root === '' ? [] : [`Its root directory is ${root}; Deploynix has web_directory alone.`]),
    ...(thing.fields.isolated === true ? [`It runs as the user ${text(thing, 'user')}; at Deploynix, as ${DEPLOYNIX_USER}.`] : []),
    ...(type === '' || siteType(type) ? [] : [`Deploynix has no type ${type}; the site gets its default.`]),
    ...(listIn(thing, 'shared_paths').every((path) => /^(storage|\.env): /.test(path))
      ? []
      : ['It has shared paths; Deploynix shares storage and .env.']),
    ...(thing.fields.maintenance === true ? ['It is in maintenance mode.'] : []),
    ...(thing.fields.wildcards === true ? ['It answers for all subdomains.'] : []),
    ...(hosts.length === 0
      ? []
      : [`${andList(hosts)} in its .env ${hosts.length === 1 ? 'is' : 'are'} not this server. Check the address.`]),
  ].map((note) => `${key}: ${note}`);
}

/** The sites whose variables have the password of a database user: those that connect to its server. */
function passwordHolders({ name, server }: Thing, { places }: Here): readonly PlacedSite[] {
  const machine = places.ofKind('server').find((thing) => thing.name === server);
  const addresses = machine ? [text(machine, 'ip_address'), text(machine, 'private_ip_address')].filter(Boolean) : [];
  const isOfServer = (database: string) => places.ofKind('database').some((thing) => thing.server === server && thing.name === database);
  return places.sites.filter(({ thing, dotenv }) => {
    const value = (key: string) => dotenv?.variables.get(key) ?? '';
    const isHere = (thing.server === server && isLocal(value('DB_HOST'))) || addresses.includes(value('DB_HOST'));
    const hasPassword = value('DB_PASSWORD') !== '' && !dotenv?.references.has('DB_PASSWORD');
    return isHere && hasPassword && value('DB_USERNAME') === name && isOfServer(value('DB_DATABASE'));
  });
}

/** True for a host that is the machine itself. */
const isLocal = (host: string): boolean => ['', 'localhost', '127.0.0.1', '::1'].includes(host);

/** How Deploynix names a connection to a Git host, unless somebody named it: assumed. */
const providers: Readonly<Record<string, string>> = { github: 'GitHub', gitlab: 'GitLab', bitbucket: 'Bitbucket' };

function commandOf(thing: Thing, here: Here): JsonObject {
  const user = text(thing, 'user');
  return { command: moved(text(thing, 'command'), here), ...(user !== '' && { user: user === 'root' ? user : DEPLOYNIX_USER }) };
}

/** The user of sites, and their directories (`siteDirectories`), at Deploynix: assumed, from its documentation. */
const DEPLOYNIX_USER = 'deploynix';

/** A command or directory with the paths of Deploynix. What follows the directory of a site, such as `/current`, is the same there. */
function moved(command: string, { server, places }: Here): string {
  const known = places.sites
    .filter((site) => site.server === server)
    .toSorted((one, other) => other.directory.length - one.directory.length);
  const homes = new Map(known.map(({ directory, domain }) => [directory, siteDirectories({ domain })[0] ?? '']));
  const home = posix.dirname(siteDirectories({ domain: 'a' })[0] ?? '');
  const pattern = new RegExp(
    `(?<![\\w./-])(?:${[...homes.keys(), '/home/(?:forge|ploi)'].map((path, at, { length }) => (at === length - 1 ? path : escaped(path))).join('|')})(?![\\w.-])`,
    'g',
  );
  return command.replaceAll(pattern, (path) => homes.get(path) ?? home);
}

const escaped = (path: string): string => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Why a state file cannot hold this, if it cannot: each is written alone, and read again. */
function unwritable(row: Row): Reason | undefined {
  const words = Object.values(row.item ?? {}).map(wordOf);
  if (words.some((word) => /[\p{C}\p{Zl}\p{Zp}]/u.test(word))) return { why: 'It has characters that nobody sees.' };
  const written = attempt(() => writeRows(emptyState('deploynix.yml', ''), [row]));
  if (written && written.refused.length > 0)
    return {
      why: 'It may hold a secret, and nothing can stand for it in a state file.',
      instead: 'Move the secret to a variable of the site, and create it without.',
    };
  const [entry] = (written && attempt(() => stateIn(written.text, 'deploynix.yml').entries.filter(({ kind }) => kind === row.kind))) ?? [];
  return entry ? undefined : { why: 'A state file cannot hold it.' };
}

/** What says the same as something before it, of which a state file has only one. */
function repeated<T extends { readonly row: Row }>(rows: readonly T[]): readonly T[] {
  const lists = grouped(rows, ({ row: { kind, place } }) => JSON.stringify([kind, place]));
  return [...lists.values()].flatMap((list) => {
    const entries = new Map(list.map((one) => [unwrittenEntry(one.row.kind, {}, one.row.item ?? {}), one] as const));
    const kind = list[0]?.row.kind ?? 'site';
    return [...repeatedEntries(kind, [...entries.keys()]).keys()].flatMap((entry) => entries.get(entry) ?? []);
  });
}

/** A command line with the names of a thing at Deploynix. */
function filled(line: string, thing: Thing, { newName, siteOf }: Places): string {
  const site = siteOf(thing);
  const words: Readonly<Record<string, string | undefined>> = {
    SERVER: newName(thing.kind === 'server' ? thing.name : thing.server),
    SITE: site?.key,
    NAME: thing.name,
    FILE: site?.file?.name,
  };
  return line.replaceAll(/\b(SERVER|SITE|NAME|FILE)\b/g, (word) => (words[word] === undefined ? word : quoted(words[word])));
}
