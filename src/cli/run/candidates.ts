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

/** Aligned rows: the name, its server, and what tells it from the others. */
export function choicesOf(name: string, candidates: readonly Candidate[], now: number): readonly Choice<Targets>[] {
  const rows = candidates.map((each) => cellsOf(name, each, now));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return candidates.map(({ targets }, index) => ({
    name: (rows[index] ?? [])
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .filter((cell) => cell !== '')
      .join('  ')
      .trimEnd(),
    value: targets,
  }));
}

/** The longest cell, in characters: commands can be long. */
const WIDEST = 60;

function cellsOf(name: string, { targets, thing }: Candidate, now: number): readonly string[] {
  const { label } = labelIn({ targets, thing }, name);
  const place = name === 'site' && targets.server ? [targets.server.label] : [];
  const tells = (namings[name]?.tells ?? []).map((key) =>
    key.endsWith('_at') && thing[key] ? ago(wordOf(thing[key]), now) : wordOf(thing[key]),
  );
  return [label, ...place, ...tells].map((cell) => (cell.length > WIDEST ? `${cell.slice(0, WIDEST - 1)}…` : cell));
}
