import { dirname, relative } from 'node:path';
import { usage } from '../../base/errors.ts';
import { type JsonObject, pick } from '../../base/json.ts';
import { grouped } from '../../base/matching.ts';
import { title, visible, wordOf } from '../../base/text.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import { readText, realPath, realPathOf } from '../../machine/files/text-file.ts';
import { findUp, foreignProblem } from '../../machine/settings/link.ts';
import { pathOf, type World } from '../../machine/world.ts';
import type { KindName } from '../../platform/kinds.ts';
import { domainKey } from '../../platform/names/names.ts';
import { parseDotenv } from '../env/dotenv/dotenv.ts';
import { isInProjectOf, refuseLinkOut, replaceText } from '../env/local-file.ts';
import type { Entry, StateFile } from './model.ts';
import { type Reading, readFile } from './read.ts';
import { repeatedEntries } from './rows.ts';
import { parseSource, positionIn } from './source.ts';
import { firstKeyOf } from './words.ts';

/** The state file of a project. */
export const STATE_FILE = 'deploynix.yml';

const LIMIT_MB = 1;

/** The name of the project's state file: the nearest one in the working directory or above it, up to the root of the Git repository. */
export function findState(world: Pick<World, 'cwd' | 'env' | 'platform'>): string | undefined {
  const file = findUp(STATE_FILE, world.cwd);
  const problem = file && foreignProblem(file, world);
  if (problem) throw problem;
  return file && relative(world.cwd, file);
}

/** Reads a state file, which anybody may have written. Throws a usage error that names the line and column, and never quotes a value. */
export function readState(name: string, world: Pick<World, 'cwd' | 'home'>): StateFile {
  refuseLinkOut(name, world);
  const path = pathOf(name, world);
  const text = readText(path, LIMIT_MB);
  if (text === undefined)
    throw usage(`${name} does not exist.`).with({
      next: [{ command: ['export', '--out', name], why: 'Write it from what is there with' }],
    });
  return { path, text, ...stateIn(text, name, envFiles(dirname(path), world)) };
}

/** Reads the keys of dotenv files that a state file in this directory names. They must be in its project. */
const envFiles =
  (directory: string, world: Pick<World, 'cwd' | 'home'>): Reading['keysOf'] =>
  (name) => {
    const path = realPathOf(pathOf(name, { cwd: directory, home: world.home }));
    if (path === undefined) throw usage(`${visible(name)} does not exist.`);
    if (!isInProjectOf(directory, path, world))
      throw usage(`${visible(name)} is outside of this project.`, 'Give each variable a reference: KEY: file://PATH#KEY');
    return parseDotenv(readText(path, LIMIT_MB) ?? '', name).variables.keys();
  };

/** A state file is committed, so others may read a new one. */
const MODE = 0o644;

/** Replaces the text of a state file, unless another program changed it meanwhile. */
export function saveState({ name, text: before }: StateFile, text: string, world: World): void {
  refuseLinkOut(name, world);
  const path = realPath(pathToWrite(name, world));
  const now = readText(path);
  replaceText({ name, path, text: now && before }, text, world, { mode: MODE });
}

/** What the text of a state file says. Without `keysOf`, the dotenv files that it names have no variables. */
export function stateIn(text: string, name: string, keysOf: Reading['keysOf'] = () => []): Omit<StateFile, 'path' | 'text'> {
  const file = parseSource(text, name);
  const { entries, owned } = { entries: [], owned: [] } as Pick<Reading, 'entries' | 'owned'>;
  readFile({ entries, owned, keysOf }, file);
  refuseRepeated(name, entries);
  return { name, document: file.source.document, entries, owned };
}

/** A state file of entries that nobody has written. */
export const unwrittenState = (name: string, entries: readonly Entry[]): StateFile => ({
  ...{ name, entries, path: '', text: '', owned: [] },
  document: parseSource('', name).source.document,
});

/** An entry of such a file, for something that may be new. What is null is left out. */
export const unwrittenEntry = (kind: KindName, place: Entry['place'], fields: JsonObject): Entry => ({
  kind,
  place,
  fields: pick(fields, (field) => fields[field] !== null),
  references: {},
  isNew: true,
  ...{ path: [], line: 1, column: 1 },
});

/** Refuses two entries that mean the same thing, or were renamed from it: nobody knows which of them holds. */
function refuseRepeated(name: string, entries: readonly Entry[]): void {
  const domainOf = ({ kind, fields }: Entry) => (kind === 'site' ? domainKey(wordOf(fields.domain).trim()) : undefined);
  // A site that does not name its server may be any of its domain.
  const anywhere = new Set(entries.filter(({ place }) => place.server === undefined).map(domainOf));
  const listOf = (entry: Entry) => {
    const { server, site, database } = entry.place;
    const domain = domainOf(entry);
    return JSON.stringify([entry.kind, domain !== undefined && anywhere.has(domain) ? domain : server, site, database]);
  };
  for (const list of grouped(entries, listOf).values()) {
    const { kind } = list[0] as Entry;
    const first = firstKeyOf(kind);
    const renamed = list.filter(({ renamedFrom }) => renamedFrom !== undefined);
    const old = renamed.map((entry) => ({ ...entry, fields: { ...entry.fields, [first]: entry.renamedFrom }, isOld: true }));
    const [[entry, other] = []] = repeatedEntries<Entry & { isOld?: boolean }>(kind, [...list, ...old]);
    const subject = entry?.isOld ? `What this ${title(kind)} was renamed from` : `This ${title(kind)}`;
    if (entry && other) throw usage(`${positionIn({ name }, entry)}: ${subject} is also in line ${other.line}.`, 'Remove one of them.');
  }
}
