import { attempt, usage } from '../../base/errors.ts';
import { exactly, listOf, misfit, objectOf, oneOf, type Printed, type Shape, shape, word, words } from '../../base/schema.ts';
import { visible } from '../../base/text.ts';
import { writeYaml } from '../../base/yaml.ts';
import { readText } from '../../machine/files/text-file.ts';
import { pathOf, type World } from '../../machine/world.ts';
import { isHost } from '../../platform/names/names.ts';
import { refuseLinkOut } from '../env/local-file.ts';
import { parseSource } from '../state/source.ts';

/** The record of an import, beside the state file that it wrote. */
export const RECORD_FILE = 'import.yml';

const matching = (pattern: RegExp): Shape<string> => shape({ type: 'string', pattern: pattern.source });

/** What ssh and Deploynix get of a record. Nothing begins with a dash, which a program reads as an option, and nothing ends a line. */
const checked = {
  name: matching(/^[^-\p{C}][^\p{C}]*$/u),
  address: matching(/^[A-Za-z0-9][A-Za-z0-9.:-]*$/),
  port: shape<number>({ type: 'integer', minimum: 1, maximum: 65_535 }),
  user: matching(/^[A-Za-z_][A-Za-z0-9_.-]*$/),
  directory: matching(/^(\/(?!\.\.?(\/|$))[^\p{C}/]+)+$/u),
};
const { name, address, port, user, directory } = checked;

/** Whether a value may stand in a record as this, such as a directory. */
export const fitsRecord = (as: keyof typeof checked, value: unknown): boolean => misfit(value, checked[as]) === undefined;

/** A server: its name at Deploynix, by which deploynix.yml knows it, its name there, and what ssh reaches it by if the platform says so. */
const importedServer = exactly(objectOf({ name, was: word }, { address, port }));

/**
 * A site, and where it is on the other platform: the name of its server at Deploynix, the user and the directory of its files, below which are
 * releases and `current` of a site without downtime, and the name of its database.
 */
const importedSite = exactly(objectOf({ domain: word, server: name, user, directory }, { database: name }));

/** The server and site of a thing there. */
const place = { server: word, site: word };

/** What was read: what is in deploynix.yml or a file beside it, what was left and why, and the lists that could not be read. */
export const recordParts = {
  platform: oneOf('Forge', 'Ploi'),
  account: word,
  servers: listOf(importedServer),
  sites: listOf(importedSite),
  moved: listOf(exactly(objectOf({ what: word, name: word, to: word }, place))),
  not_moved: listOf(exactly(objectOf({ what: word, name: word, why: word }, { ...place, instead: word }))),
  unread: listOf(exactly(objectOf({ what: word, why: word }, place))),
};

/** `notes`: what else to look at, a sentence each. */
const recordShape = exactly(objectOf(recordParts, { notes: words }));

/** What `dnx import` read of another platform, and what became of it. It holds no secret. */
export type ImportRecord = Printed<typeof recordShape>;
export type ImportedServer = Printed<typeof importedServer>;
export type ImportedSite = Printed<typeof importedSite>;
export type LeftThing = ImportRecord['not_moved'][number];

const LIMIT_MB = 8;

/** The text of a record, for `RECORD_FILE`. */
export const recordText = ({ platform, account, ...lists }: ImportRecord): string =>
  `# What dnx import read at ${platform}, and what became of it. dnx import verify reads this file.\n${writeYaml({ platform, account, ...lists })}`;

/** Reads a record, which anybody may have written. Throws a usage error that says where it is wrong. */
export function readRecord(file: string, world: Pick<World, 'cwd' | 'home'>): ImportRecord {
  refuseLinkOut(file, world);
  const text = readText(pathOf(file, world), LIMIT_MB);
  if (text === undefined) throw usage(`${file} does not exist.`).with({ next: [{ command: ['import', 'forge'], why: 'Write it with' }] });
  return recordIn(text, file);
}

/** The record in a text. */
export function recordIn(text: string, file: string): ImportRecord {
  const { document } = parseSource(text, file).source;
  const value = attempt(() => document.toJS() as ImportRecord);
  // Every value of a file is a text.
  const servers = attempt(() => value?.servers.map((server) => ('port' in server ? { ...server, port: Number(server.port) } : server)));
  const record = { ...value, servers };
  const wrong = (what: string) =>
    usage(`${file} is not a record of dnx import: ${what}.`, 'Fix it, or write it again with: dnx import forge');
  const at = misfit(record, recordShape);
  if (at !== undefined) throw wrong(`${visible(at.slice(0, 200))} is missing, unknown or not valid`);
  return requireSense(record as ImportRecord, wrong);
}

function requireSense(record: ImportRecord, wrong: (what: string) => Error): ImportRecord {
  const { servers, sites } = record;
  const names = servers.map((server) => server.name.toLowerCase());
  const places = sites.map(({ server, domain }) => `${server}/${domain}`.toLowerCase());
  const twice = [...names, ...places].find((each, index, all) => all.indexOf(each) !== index);
  if (twice !== undefined) throw wrong(`${visible(twice)} is there twice`);
  for (const { domain, server } of sites) {
    if (!isHost(domain) || domain.startsWith('.')) throw wrong(`${visible(domain)} is no host name`);
    if (!servers.some((each) => each.name === server)) throw wrong(`there is no server ${visible(server)} under servers`);
  }
  return record;
}
