import { isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { ago } from '../../base/time.ts';
import { parameters } from '../../platform/api/endpoint.ts';
import { idsOf, type Target, type Targets, targetOf } from '../../platform/names/names.ts';
import { listUnder, namings } from '../../platform/names/namings.ts';
import { resolve, type Scope } from '../../platform/names/resolve.ts';
import { notGiven } from '../../platform/names/unresolved.ts';
import type { Choice } from '../prompt/choice.ts';

/** Something to pick: what it stands for, and the resource itself. */
export interface Candidate {
  readonly targets: Targets;
  readonly thing: JsonObject;
}

/** What there is to pick. A site without its server is looked for on all of them. */
export async function candidatesFor(
  name: string,
  own: string,
  names: readonly string[],
  given: Readonly<Record<string, string | undefined>>,
  scope: Scope,
): Promise<readonly Candidate[]> {
  try {
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
  } catch (error) {
    // A list that this token cannot read leaves the other two ways.
    if (isError(error, 'forbidden')) throw notGiven(name, scope.settings, name === own);
    throw error;
  }
}

export const labelIn = ({ targets }: Candidate, name: string): Target => targets[name] ?? { id: '', label: '' };

/** Aligned rows that fit these columns: the name, its server, and what tells it from the others: an id where two have one name. A name that is cut stands below in full. */
export function choicesOf(name: string, candidates: readonly Candidate[], now: number, columns: number): readonly Choice<Targets>[] {
  const labels = candidates.map((each) => labelIn(each, name).label);
  const named = (each: Candidate) => `${labelIn(each, name).label}\n${placeOf(name, each)}`;
  const seen = new Set<string>();
  const twins = new Set(candidates.map(named).filter((each) => seen.size === seen.add(each).size));
  const rows = candidates.map((each) => [...cellsOf(name, each, now), twins.has(named(each)) ? `id ${labelIn(each, name).id}` : '']);
  const others = padded(rows).map((row) => row.join('  '));
  const room = Math.max(NARROWEST, columns - CURSOR - Math.max(0, ...others.map((row) => row.length + 2)));
  const shown = padded(labels.map((label) => [shortened(label, room)]));
  return candidates.map(({ targets }, index) => ({
    name: `${shown[index]?.join('')}  ${others[index]}`.trimEnd(),
    value: targets,
    ...((labels[index] ?? '').length > room && { description: labels[index] ?? '' }),
  }));
}

/** The least room for a name, in characters, and what the cursor takes. */
const NARROWEST = 24;
const CURSOR = 3;

/** Without its middle: the end of a command tells more than its path. */
const shortened = (text: string, room: number): string =>
  text.length <= room ? text : `${text.slice(0, 8)}…${text.slice(text.length - room + 9)}`;

/** The same rows in columns; a column without any text is left out. */
function padded(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).filter((cell) => cell !== ''));
}

/** The server of a site. */
const placeOf = (name: string, { targets }: Candidate): readonly string[] =>
  name === 'site' && targets.server ? [targets.server.label] : [];

function cellsOf(name: string, candidate: Candidate, now: number): readonly string[] {
  const { thing } = candidate;
  const tells = (namings[name]?.tells ?? []).map((key) =>
    key.endsWith('_at') && thing[key] ? ago(wordOf(thing[key]), now) : wordOf(thing[key]),
  );
  return [...placeOf(name, candidate), ...tells];
}
