import { type DnxError, usage } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import { visible } from '../../base/text.ts';
import { writeYaml } from '../../base/yaml.ts';
import { readText } from '../../machine/files/text-file.ts';
import { pathOf, type World } from '../../machine/world.ts';
import { isHost } from '../../platform/names/names.ts';
import { refuseLinkOut } from '../env/local-file.ts';
import { itemsOf, membersOf, parseSource, textOf, type Value, wrongKey, wrongValue } from '../state/source.ts';

/** The record of an import, beside the state file that it wrote. */
export const RECORD_FILE = 'import.yml';

/** A server of the other platform. */
export interface ImportedServer {
  /** Its name at Deploynix, by which deploynix.yml knows it, and its name there. */
  readonly name: string;
  readonly was: string;
  /** What ssh reaches it by; absent if the platform does not say. An address or host name that no program reads as an option. */
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** A site, and where it is on the other platform. */
export interface ImportedSite {
  readonly domain: string;
  /** The name of its server at Deploynix. */
  readonly server: string;
  /** Whose files they are on the old server. */
  readonly user: string;
  /** Of the site there: an absolute path. Releases of a site without downtime are below it, and `current`. */
  readonly directory: string;
  /** The name of its database there. */
  readonly database?: string | undefined;
}

/** A thing of the other platform, by names alone. */
interface NamedThing {
  /** What the platform calls it: `queue worker`. */
  readonly what: string;
  readonly name: string;
  /** Its server and site there. */
  readonly server?: string | undefined;
  readonly site?: string | undefined;
}

/** A thing that is in deploynix.yml, or in a file beside it. */
export interface MovedThing extends NamedThing {
  /** `sites/shop.example.com/queues`. */
  readonly to: string;
}

/** A thing that was left, why, and what to type or do instead. */
export interface LeftThing extends NamedThing {
  readonly why: string;
  readonly instead?: string | undefined;
}

/** A list that could not be read. */
export interface UnreadList extends Omit<NamedThing, 'name'> {
  readonly why: string;
}

/** What `dnx import` read of another platform, and what became of it. It holds no secret. */
export interface ImportRecord {
  readonly platform: 'Forge' | 'Ploi';
  readonly account: string;
  readonly servers: readonly ImportedServer[];
  readonly sites: readonly ImportedSite[];
  readonly moved: readonly MovedThing[];
  readonly not_moved: readonly LeftThing[];
  readonly unread: readonly UnreadList[];
  /** What else to look at, a sentence each. */
  readonly notes?: readonly string[];
}

const LIMIT_MB = 8;

/** The text of a record, for `RECORD_FILE`. */
export const recordText = ({ platform, account, ...lists }: ImportRecord): string =>
  `# What dnx import read at ${platform}, and what became of it. dnx import verify reads this file.\n${writeYaml({ platform, account, ...lists })}`;

/** Reads a record, which anybody may have written. Throws a usage error that names the line and column. */
export function readRecord(name: string, world: Pick<World, 'cwd' | 'home'>): ImportRecord {
  refuseLinkOut(name, world);
  const text = readText(pathOf(name, world), LIMIT_MB);
  if (text === undefined) throw usage(`${name} does not exist.`).with({ next: [{ command: ['import', 'forge'], why: 'Write it with' }] });
  return recordIn(text, name);
}

/** The record in a text. */
export function recordIn(text: string, name: string): ImportRecord {
  const file = parseSource(text, name);
  const parts = new Map(membersOf(file, 'a map with platform, account and lists').map((member) => [member.key, member]));
  const { platform, account } = fieldsOf(file, { wanted: { platform: checks.platform, account: checks.text } }, [
    ...Object.keys(lists),
    NOTES,
  ]);
  const itemsIn = (key: keyof typeof lists): readonly Item[] => {
    const part = parts.get(key);
    if (!part) throw wrongValue(file, `${key} is missing.`, 'Write the file again with: dnx import');
    return itemsOf(part).map((value) => ({ value, fields: fieldsOf(value, lists[key]) }));
  };
  const [servers, sites] = [itemsIn('servers'), itemsIn('sites')];
  refuseRepeated(servers, ['name']);
  refuseRepeated(sites, ['server', 'domain']);
  const names = servers.map(({ fields }) => fields.name);
  for (const { value, fields } of sites)
    if (!names.includes(fields.server)) throw wrongValue(value, `There is no server ${visible(fields.server ?? '')} under servers.`);
  const fieldsIn = (key: keyof typeof lists) => itemsIn(key).map(({ fields }) => fields);
  return {
    ...{ platform, account, sites: sites.map(({ fields }) => fields) },
    servers: servers.map(({ fields: { port, ...server } }) => ({ ...server, ...(port !== undefined && { port: Number(port) }) })),
    notes: (parts.has(NOTES) ? itemsOf(parts.get(NOTES) as Value) : []).map(textOf),
    ...{ moved: fieldsIn('moved'), not_moved: fieldsIn('not_moved'), unread: fieldsIn('unread') },
    // The checks are of the same fields.
  } as unknown as ImportRecord;
}

const NOTES = 'notes';

type Fields = Readonly<Record<string, string | undefined>>;

interface Item {
  readonly value: Value;
  readonly fields: Fields;
}

/** What a text must be, in words. */
interface Check {
  readonly is: (text: string) => boolean;
  readonly wanted: string;
}

const matching = (pattern: RegExp, wanted: string): Check => ({ is: (text) => pattern.test(text), wanted });

/** Names and paths go to ssh, so nothing begins with a dash, and nothing ends a line. */
const checks = {
  text: matching(/^/, 'a text'),
  platform: matching(/^(Forge|Ploi)$/, 'Forge or Ploi'),
  name: matching(/^[^-\p{C}][^\p{C}]*$/u, 'a name'),
  domain: { is: (text: string) => isHost(text) && !text.startsWith('.'), wanted: 'a host name' },
  address: matching(/^[A-Za-z0-9][A-Za-z0-9.:-]*$/, 'an IP address or a host name'),
  port: { is: (text: string) => /^[1-9]\d{0,4}$/.test(text) && Number(text) < 65_536, wanted: 'a port' },
  user: matching(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'a user name'),
  directory: matching(/^(\/(?!\.\.?(\/|$))[^\p{C}/]+)+$/u, 'an absolute path'),
} satisfies Record<string, Check>;

/** Whether a value may stand in a record as this, such as a directory. */
export const fitsRecord = (as: keyof typeof checks, text: string): boolean => checks[as].is(text);

const { text } = checks;
const place = { server: text, site: text };

/** The fields that an entry has, and others that it may have. */
interface Known {
  readonly wanted: Readonly<Record<string, Check>>;
  readonly also?: Readonly<Record<string, Check>>;
}

const lists = {
  servers: { wanted: { name: checks.name, was: text }, also: { address: checks.address, port: checks.port } },
  sites: {
    wanted: { domain: checks.domain, server: checks.name, user: checks.user, directory: checks.directory },
    also: { database: checks.name },
  },
  moved: { wanted: { what: text, name: text, to: text }, also: place },
  not_moved: { wanted: { what: text, name: text, why: text }, also: { ...place, instead: text } },
  unread: { wanted: { what: text, why: text }, also: place },
} satisfies Record<string, Known>;

/** The checked texts of a map. `others`: its keys that are read elsewhere. */
function fieldsOf(value: Value, { wanted, also = {} }: Known, others: readonly string[] = []): Fields {
  const known = { ...wanted, ...also };
  const fields: Record<string, string> = {};
  for (const member of membersOf(value)) {
    const { key } = member;
    if (others.includes(key)) continue;
    const check = own(known, key);
    if (!check) throw unknown(member, [...Object.keys(known), ...others]);
    const text = textOf(member);
    if (!check.is(text)) throw wrongValue(member, `${key} must be ${check.wanted}.`);
    fields[key] = text;
  }
  const missing = Object.keys(wanted).find((key) => fields[key] === undefined);
  if (missing !== undefined) throw wrongValue(value, `${missing} is missing.`);
  return fields;
}

const unknown = (member: Value, known: readonly string[]): DnxError =>
  wrongKey(
    member,
    `'${visible(member.key.slice(0, 200))}' is not a key here.${didYouMean(member.key, known)}`,
    `Known: ${known.join(', ')}.`,
  );

function refuseRepeated(items: readonly Item[], keys: readonly string[]): void {
  const seen = new Set<string>();
  for (const { value, fields } of items) {
    const key = JSON.stringify(keys.map((name) => fields[name]?.toLowerCase()));
    if (seen.has(key)) throw wrongValue(value, 'An entry above is of the same.', 'Remove one of them.');
    seen.add(key);
  }
}
