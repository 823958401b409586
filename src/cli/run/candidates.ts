import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { ago } from '../../base/time.ts';
import { parameters } from '../../platform/api/endpoint.ts';
import { idIn, idsOf, isIdOf, type Target, type Targets, targetOf } from '../../platform/names/names.ts';
import { listUnder, namings } from '../../platform/names/namings.ts';
import { matching, resolve, type Scope } from '../../platform/names/resolve.ts';
import { line } from '../output/text.ts';
import { cut, piecesOf, widthOf } from '../output/width.ts';
import type { Choice } from '../prompt/choice.ts';

/** Something to pick: what it stands for, and the resource itself. */
export interface Candidate {
  readonly targets: Targets;
  readonly thing: JsonObject;
}

/** What there is to pick. A site without its server is looked for on all of them. */
export async function candidatesFor(
  name: string,
  names: readonly string[],
  given: Readonly<Record<string, string | undefined>>,
  scope: Scope,
): Promise<readonly Candidate[]> {
  if (name === 'site' && given.server === undefined) {
    const { listed } = await scope.sites.everywhere(scope.api);
    return listed.map(({ server, site }) => ({ targets: { server, site: targetOf(site, 'site') }, thing: site }));
  }
  const naming = namings[name];
  if (!naming) return [];
  const list = listUnder(naming, names);
  const parents = await resolve(parameters(list), given, scope);
  const things = await scope.api.list<JsonObject>(list, idsOf(parents));
  return things.map((thing) => ({ targets: { [name]: targetOf(thing, name) }, thing }));
}

/** The words that name what was picked on a command line: its name, or its id if its name could mean anything else. */
export function wordsFor(name: string, picked: Targets, candidates: readonly Candidate[]): Readonly<Record<string, string>> {
  const near = candidates.filter(({ targets }) => targets.server?.id === picked.server?.id);
  const servers = candidates.flatMap(({ targets: { server } }) => (server ? [{ id: server.id, name: server.label }] : []));
  const distinct = [...new Map(servers.map((each) => [each.id, each])).values()];
  const among = (noun: string) => (noun === name ? near.map(({ thing }) => thing) : distinct);
  const words = Object.entries(picked).map(([noun, target]) => [noun, wordFor(noun, target, among(noun))]);
  return Object.fromEntries(words);
}

function wordFor(noun: string, { id, label }: Target, things: readonly JsonObject[]): string {
  const naming = namings[noun];
  if (!naming || isIdOf(noun, label) || line(label) !== label) return id;
  const [only, ...others] = matching(things, label, naming);
  return only && others.length === 0 && idIn(only.id) === id ? label : id;
}

export const labelIn = ({ targets }: Candidate, name: string): Target => targets[name] ?? { id: '', label: '' };

/** Aligned rows that fit these columns: the name, its server, and what tells it from the others. A name that is cut stands below in full. */
export function choicesOf(name: string, candidates: readonly Candidate[], now: number, columns: number): readonly Choice<Targets>[] {
  const labels = candidates.map((each) => line(labelIn(each, name).label));
  const rows = candidates.map((each) => cellsOf(name, each, now));
  const others = padded(rows).map((row) => row.join('  '));
  const room = Math.max(NARROWEST, columns - CURSOR - Math.max(0, ...others.map((row) => widthOf(row) + 2)));
  const shown = padded(labels.map((label) => [shortened(label, room)]));
  return candidates.map(({ targets }, index) => ({
    name: `${shown[index]?.join('')}  ${others[index]}`.trimEnd(),
    value: targets,
    ...(widthOf(labels[index] ?? '') > room && { description: labels[index] ?? '' }),
  }));
}

/** The least room for a name, in columns, and what the cursor takes. */
const NARROWEST = 24;
const CURSOR = 3;
/** What is left of a long name before its gap. */
const START = 8;

/** Without its middle: the end of a command tells more than its path. */
function shortened(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  const start = cut(text, START + 1);
  const characters = [...piecesOf(text, 1)];
  let end = '';
  for (let next = characters.pop(); next !== undefined && widthOf(start + next + end) <= room; next = characters.pop()) end = next + end;
  return start + end;
}

/** The same rows in columns; a column without any text is left out. */
function padded(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows.map((row) =>
    row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell))).filter((cell) => cell !== ''),
  );
}

function cellsOf(name: string, { targets, thing }: Candidate, now: number): readonly string[] {
  const place = name === 'site' && targets.server ? [targets.server.label] : [];
  const tells = (namings[name]?.tells ?? []).map((key) =>
    key.endsWith('_at') && thing[key] ? ago(wordOf(thing[key]), now) : wordOf(thing[key]),
  );
  return [...place, ...tells];
}
