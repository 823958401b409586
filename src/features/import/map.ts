import { posix } from 'node:path';
import { attempt, isError } from '../../base/errors.ts';
import { type JsonObject, own } from '../../base/json.ts';
import { grouped } from '../../base/matching.ts';
import { quoted } from '../../base/shell.ts';
import { andList, flagName, visible, wordOf } from '../../base/text.ts';
import { type KindName, kindNames, kinds } from '../../platform/kinds.ts';
import { domainKey, isHost } from '../../platform/names/names.ts';
import { type Dotenv, parseDotenv } from '../env/dotenv/dotenv.ts';
import { siteDirectories } from '../remote/machine.ts';
import { withoutSecrets } from '../state/drift-rows.ts';
import { stateIn, unwrittenEntry } from '../state/file.ts';
import type { Row } from '../state/model.ts';
import { repeatedEntries } from '../state/rows.ts';
import { emptyState, writeRows } from '../state/write.ts';
import type { Account, Thing, ThingKind } from './account.ts';
import { type Destination, destinations, otherThings, type Reason, serverWord, siteTypes } from './destinations.ts';
import { fitsRecord, type ImportRecord } from './record.ts';

/** What an account becomes: what a state file says, the sites with their dotenv files, and the record. */
export type MappedAccount = ReturnType<typeof mapAccount>;
type MappedSite = Places['sites'][number];

/** Something of a state file. `password`: what stands for that of a database user. */
type NewRow = Row & { readonly password?: string };

/** Maps what was read to a state file, files of variables, and a record. `names`: servers that get another name at Deploynix. */
export function mapAccount(account: Account, names: ReadonlyMap<string, string>) {
  const places = openPlaces(account, names);
  const found: { readonly thing: Thing; readonly row: NewRow }[] = [];
  const left = new Map<Thing, Reason>();
  const moved = new Map<Thing, string>();
  // A site that is not moved takes what it has with it.
  for (const thing of [...places.ofKind('site'), ...account.things.filter(({ kind }) => kind !== 'site')]) {
    const to = mapThing(thing, places);
    if ('why' in to) {
      left.set(thing, to);
      if (thing.kind === 'site') places.leave(thing);
    } else {
      moved.set(thing, to.to);
      found.push(...(to.rows ?? []).map((row) => ({ thing, row })));
    }
  }
  const again = repeated(found);
  const kept = found.filter((one) => !again.has(one));
  const there = new Set(kept.map(({ thing }) => thing));
  for (const { thing } of again) {
    if (there.has(thing)) continue;
    left.set(thing, { why: 'Another one says the same.' });
    moved.delete(thing);
  }
  const record: ImportRecord = {
    ...{ platform: account.platform, account: account.name },
    servers: places.servers,
    sites: places.sites.map(({ at }) => at),
    moved: [...moved].map(([thing, to]) => ({ ...namesOf(thing), to })),
    not_moved: [...left].map(([thing, { why, instead }]) => ({
      ...{ ...namesOf(thing), why: visible(why) },
      ...(instead !== undefined && { instead: visible(instead) }),
    })),
    unread: account.unread.map(({ what, why, ...place }) => ({ what: visible(what), ...placeOf(place), why: visible(why) })),
    notes: [...places.notes.map((note) => visible(withoutSecrets(note))), ...account.outside],
  };
  const inOrder = kept.map(({ row }) => row).toSorted((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
  const servers = places.servers.map(({ name }): NewRow => rowOf('server', {}, { name }));
  return { rows: [...servers, ...inOrder], sites: places.sites, record };
}

const placeOf = ({ server, site }: Pick<Thing, 'server' | 'site'>) => ({
  ...(server !== undefined && { server: visible(server) }),
  ...(site !== undefined && { site: visible(site) }),
});

/** A thing by names alone. A command or a URL may hold a secret. */
const namesOf = ({ noun, kind, name, ...place }: Thing) => ({
  what: noun,
  name: visible(kind === 'site' || kind === 'server' ? name : withoutSecrets(name)),
  ...placeOf(place),
});

/** Repositories last, as in a file that somebody writes. */
const ORDER: readonly KindName[] = [...kindNames.slice(1), ...kindNames.slice(0, 1)];

type Places = ReturnType<typeof openPlaces>;

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
    const [address, port] = [text(thing, 'ip_address'), Number(text(thing, 'ssh_port'))];
    const ssh = { ...(fitsRecord('address', address) && { address }), ...(fitsRecord('port', port) && { port }) };
    return name === undefined ? [] : [{ name, was: visible(thing.name), ...ssh }];
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
    // As the file system has it: half of a character is none.
    const environment = environments.get(`${thing.server}/${domain}`)?.replaceAll(/\p{Cs}/gu, '\ufffd');
    const file = environment !== undefined && { name: fileName(taken, isShared ? `${server}.${domain}` : domain), text: environment };
    const { dotenv, problem } = file ? dotenvIn(file.text, file.name) : {};
    const database = dotenv?.variables.get('DB_DATABASE');
    const at = { domain, server, user, directory, ...(database !== undefined && fitsRecord('name', database) && { database }) };
    return [
      { thing, server, domain, key: isShared ? `${server}/${domain}` : domain, directory, file: file || undefined, dotenv, problem, at },
    ];
  });
  // Those that Deploynix can have.
  const known = ofKind('repository').filter((thing) => repositoryName(thing.name) !== '' && gitOf(thing) !== undefined);
  const repositories = grouped(known, ({ name }) => repositoryName(name));
  const siteOf = (thing: Thing) => {
    const domain = thing.kind === 'site' ? thing.name : thing.site;
    return sites.find((site) => site.thing.server === thing.server && site.domain === domain);
  };
  const leave = (thing: Thing) => {
    const at = sites.findIndex((site) => site.thing === thing);
    if (at >= 0) sites.splice(at, 1);
  };
  return { servers, sites, repositories, newName, ofKind, siteOf, leave, notes: [] as string[] };
}

/** A name that Deploynix takes for a server. */
const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9.-]{0,99}$/;
const HOME_USER = 'forge';

/** A domain that can be the name of a file. */
const isDomain = (name: string): boolean => isHost(name) && !name.startsWith('.') && name.length <= 200;

/** Dotenv files that Laravel reads itself, or that are committed. */
const RESERVED = ['.env.local', '.env.testing', '.env.example'];

/** A name that no other site has, whatever the file system makes of case. */
function fileName(taken: Set<string>, domain: string): string {
  const word = domain.slice(0, 240);
  let name = `.env.${word}`;
  for (let number = 2; taken.has(name.toLowerCase()); number += 1) name = `.env.${word}.${number}`;
  taken.add(name.toLowerCase());
  return name;
}

/** What a dotenv file says, or why dnx cannot send it. */
function dotenvIn(text: string, name: string): { readonly dotenv?: Dotenv; readonly problem?: string } {
  if (Buffer.byteLength(text) > MOST_BYTES) return { problem: `${name} is larger than 1 MB.` };
  try {
    return { dotenv: parseDotenv(text, name) };
  } catch (error) {
    if (isError(error)) return { problem: error.message };
    throw error;
  }
}

const MOST_BYTES = 1024 * 1024;

interface Found {
  readonly to: string;
  readonly rows?: readonly NewRow[];
}

const rowOf = (kind: KindName, place: Row['place'], item: JsonObject): Row => ({
  ...{ kind, place, item, outcome: 'extra', differences: [], unknown: [] },
});

const target = (name: string) => ({ id: name, label: name });

/** Where a thing goes, or why it does not. */
function mapThing(thing: Thing, places: Places): Found | Reason {
  const { kind } = thing;
  const declared: Destination = kind === 'other' ? (own(otherThings, thing.noun) ?? UNKNOWN) : destinations[kind];
  const machine = kind === 'server' ? thing.name : thing.server;
  const server = places.newName(machine) ?? '';
  if (machine !== undefined && server === '') {
    const instead = `Give it another one: --as ${quoted(`${machine}=NAME`)}`;
    return { why: 'Deploynix takes no such name for a server.', instead };
  }
  const site = places.siteOf(thing);
  if (thing.noun === 'domain' && site && domainKey(thing.name) === domainKey(site.domain)) return { to: `sites/${site.key}` };
  if ('why' in declared) return kind === 'server' ? { ...declared, instead: creation(thing, server) } : filled(declared, thing, places);
  if (!site && kind === 'site') return isDomain(thing.name) ? SAME_DOMAIN : filled(NO_DOMAIN, thing, places);
  if (!site && thing.site !== undefined) return { why: 'Its site is not moved.' };
  const found = makers[kind as keyof typeof makers](thing, { server, site, places });
  if ('why' in found) return filled(found, thing, places);
  return found.rows?.flatMap((row) => unwritable(row) ?? [])[0] ?? found;
}

const UNKNOWN: Reason = { why: 'dnx does not know what it is.' };
const SAME_DOMAIN: Reason = { why: 'Another site of its server has the same name.' };
const NO_DOMAIN: Reason = {
  why: 'Its name is no host name, so no file is named after it.',
  instead: 'dnx site create DOMAIN --server SERVER',
};

/** The command that creates a server like this one. */
function creation(thing: Thing, name: string): string {
  const fields = kinds.server.fixed.filter((field) => !['ip_address', 'ssh_user'].includes(field) && text(thing, field) !== '');
  const flags = fields.flatMap((field) => [flagName(field), quoted(serverWord(text(thing, field)))]);
  return ['dnx server create', quoted(name), ...flags].join(' ');
}

/** Where a thing is at Deploynix. */
type Here = { readonly server: string; readonly site: MappedSite | undefined; readonly places: Places };
type Maker = (thing: Thing, here: Here) => Found | Reason;

/** A thing of a server or a site whose fields are those of Deploynix. */
const plain =
  (kind: KindName, fields: readonly string[], changed: (thing: Thing, here: Here) => JsonObject = () => ({})): Maker =>
  (thing, here) => {
    const { server, site } = here;
    const { section, under } = kinds[kind];
    if (under === 'site' && !site) return { why: 'No site that was read has it.' };
    const place = { server: target(server), ...(site && { site: { id: site.key, label: site.domain } }) };
    const item = { ...Object.fromEntries(fields.map((field) => [field, thing.fields[field]])), ...changed(thing, here) };
    return { to: `${under === 'site' ? `sites/${site?.key}` : `servers/${server}`}/${section}`, rows: [rowOf(kind, place, item)] };
  };

const daemon = plain('daemon', ['processes'], (thing, here) => ({
  ...commandOf(thing, here),
  ...(text(thing, 'directory') !== '' && { directory: moved(text(thing, 'directory'), here) }),
}));

const rule = plain('network_rule', ['name', 'port', 'protocol', 'action']);
const queue = plain('queue', ['connection', 'queue', 'processes', 'tries', 'timeout', 'sleep']);

const makers: Readonly<Record<Exclude<ThingKind, 'other' | 'server' | 'certificate'>, Maker>> = {
  site: (thing, { site, server, places }) => {
    if (!site) return NO_DOMAIN;
    const { branch, php_version } = thing.fields;
    const directory = text(thing, 'web_directory');
    const repository = repositoryName(text(thing, 'repository'));
    const item = {
      ...{ id: site.key, domain: site.domain, type: siteType(text(thing, 'type')), branch },
      // A site with another one could not be created.
      git_repository_id: places.repositories.has(repository) ? repository : undefined,
      php_version: PHP.test(wordOf(php_version)) ? php_version : undefined,
      web_directory: directory && `/${directory.replace(/^\/+/, '')}`,
      ...(thing.fields.zero_downtime === true && { zero_downtime: true }),
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
    const [first, ...others] = places.repositories.get(name) ?? [];
    if (!first || gitOf(thing) === undefined) {
      const instead = 'dnx git-repository create REPOSITORY --git-provider-id PROVIDER, and give the site repository: REPOSITORY';
      return { why: 'dnx does not know its Git host.', instead };
    }
    if (first !== thing) return { to: `repositories/${name}` };
    const pushes = new Set([first, ...others].flatMap(({ fields }) => fields.auto_deploy ?? []));
    if (pushes.size > 1)
      places.notes.push(`${name}: only some of its sites deploy on every push. At Deploynix, all do or none: auto_deploy.`);
    const item = { name, git_provider_id: gitOf(first), ...(pushes.size === 1 && { auto_deploy: pushes.has(true) }) };
    return { to: `repositories/${name}`, rows: [rowOf('git_repository', {}, item)] };
  },
  queue: (thing, here) => {
    const others = listIn(thing, 'other_options').filter((option) => !HARMLESS_OPTIONS.includes(option));
    if (!here.site) return daemon(thing, here);
    if (others.length > 0) here.places.notes.push(`${here.site.key}: the worker of ${text(thing, 'queue')} loses ${others.join(' ')}.`);
    return queue(thing, here);
  },
  redirect: plain('redirect', ['from', 'to', 'type']),
  ssh_key: (thing, here) =>
    text(thing, 'public_key') === ''
      ? { why: 'The API there does not show the public key.', instead: 'dnx ssh-key create NAME --server SERVER --public-key @key.pub' }
      : plain('ssh_key', ['public_key'], ({ name }) => ({ name }))(thing, here),
  daemon,
  crontab: plain('crontab', ['frequency'], commandOf),
  network_rule: (thing, here) => {
    if (!/^[1-9]\d{0,4}$/.test(text(thing, 'port')))
      return { why: 'A firewall rule of Deploynix has one port.', instead: 'dnx network-rule create PORT --server SERVER, for each' };
    const sources = listIn(thing, 'source');
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
    const rowIn = (database: string) =>
      rowOf('user', { server: target(here.server), database: target(database) }, { username: thing.name });
    const password = `file://${file.name}#DB_PASSWORD`;
    return { to: `servers/${here.server}/databases`, rows: databases.map((database) => ({ ...rowIn(database), password })) };
  },
};

const USER = 'dnx database-user create NAME --server SERVER --database DATABASE';

const siteType = (type: string): string | undefined => own(siteTypes, type.toLowerCase().replace(/[^a-z]/g, ''));

/** The versions of PHP of Deploynix: assumed. */
const PHP = /^8\.\d$/;

/** Options of a worker that change nothing at Deploynix. */
const HARMLESS_OPTIONS = ['--force', '--daemon', '--quiet', '-q', '--no-interaction', '-n'];

/** `acme/shop` of a name or URL; empty for what is neither. */
const repositoryName = (url: string): string =>
  /^(?:(?:https?|ssh|git):\/\/[^/]+\/|[\w.-]+@[\w.-]+:)?([\w.-]+(?:\/[\w.-]+)+)$/.exec(url.replace(/(\.git)?\/?$/, ''))?.[1] ?? '';

const gitOf = (thing: Thing): string | undefined => own(providers, text(thing, 'git').toLowerCase());

/** What of a site has no field at Deploynix, and what of it points to the old servers. */
function notesOn(thing: Thing, { key, dotenv }: MappedSite): readonly string[] {
  const [type, php, root] = ['type', 'php_version', 'root_directory'].map((field) => text(thing, field)) as [string, string, string];
  const hosts = ['DB_HOST', 'REDIS_HOST', 'MEMCACHED_HOST'].filter((name) => !isLocal(dotenv?.variables.get(name) ?? ''));
  const { isolated, maintenance, wildcards } = thing.fields;
  const notes: readonly (readonly [isTold: boolean, note: string])[] = [
    [php !== '' && !PHP.test(php), `It runs PHP ${php}; at Deploynix, the version of its server.`],
    [/[^/]/.test(root), `Its root directory is ${root}; Deploynix has web_directory alone.`],
    [isolated === true, `It runs as the user ${text(thing, 'user')}; at Deploynix, as ${DEPLOYNIX_USER}.`],
    [type !== '' && !siteType(type), `Deploynix has no type ${type}; the site gets its default.`],
    [
      listIn(thing, 'shared_paths').some((path) => !/^(storage|\.env): /.test(path)),
      'It has shared paths; Deploynix shares storage and .env.',
    ],
    [maintenance === true, 'It is in maintenance mode.'],
    [wildcards === true, 'It answers for all subdomains.'],
    [hosts.length > 0, `${andList(hosts)} in its .env ${hosts.length === 1 ? 'is' : 'are'} not this server. Check the address.`],
  ];
  return notes.flatMap(([isTold, note]) => (isTold ? [`${key}: ${note}`] : []));
}

/** The sites whose variables have the password of a database user: those that connect to its server. */
function passwordHolders({ name, server }: Thing, { places }: Here): readonly MappedSite[] {
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
  const longest = places.sites
    .filter((site) => site.server === server)
    .toSorted((one, other) => other.directory.length - one.directory.length);
  const homeOf = (domain: string) => siteDirectories({ domain })[0] ?? '';
  const homes = new Map([
    ...longest.map(({ directory, domain }) => [directory, homeOf(domain)] as const),
    ...['/home/forge', '/home/ploi'].map((home) => [home, posix.dirname(homeOf('a'))] as const),
  ]);
  const paths = [...homes.keys()].map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  return command.replaceAll(new RegExp(`(?<![\\w./-])(?:${paths})(?![\\w.-])`, 'g'), (path) => homes.get(path) ?? path);
}

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
function repeated<T extends { readonly row: Row }>(found: readonly T[]): ReadonlySet<T> {
  const lists = grouped(found, ({ row: { kind, place } }) => JSON.stringify([kind, place]));
  const again = [...lists.values()].flatMap((list) => {
    const entries = new Map(list.map((one) => [unwrittenEntry(one.row.kind, {}, one.row.item ?? {}), one] as const));
    const kind = list[0]?.row.kind ?? 'site';
    return [...repeatedEntries(kind, [...entries.keys()]).keys()].flatMap((entry) => entries.get(entry) ?? []);
  });
  return new Set(again);
}

/** A reason with the names of a thing at Deploynix in its command line. */
function filled({ why, instead }: Reason, thing: Thing, { newName, siteOf }: Places): Reason {
  const site = siteOf(thing);
  const words: Readonly<Record<string, string | undefined>> = {
    ...{ SERVER: newName(thing.server), SITE: site?.key, FILE: site?.file?.name },
    NAME: withoutSecrets(thing.name),
  };
  return { why, instead: instead?.replaceAll(/\b(SERVER|SITE|NAME|FILE)\b/g, (word) => (words[word] ? quoted(words[word]) : word)) };
}
