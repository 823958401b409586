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

/** An item to pick: its targets and the resource. */
export interface Candidate {
  readonly targets: Targets;
  readonly thing: JsonObject;
}

/** Reads the items to pick from. Sites are read from all servers unless one is given. */
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
    // Without permission to list, report the parameter as missing.
    if (isError(error, 'forbidden')) throw notGiven(name, scope.settings, name === own);
    throw error;
  }
}

export const labelIn = ({ targets }: Candidate, name: string): Target => targets[name] ?? { id: '', label: '' };

/** Aligned rows of name, server and details that fit `columns`. A shortened name gets its full name as the description. */
export function choicesOf(name: string, candidates: readonly Candidate[], now: number, columns: number): readonly Choice<Targets>[] {
  const labels = candidates.map((each) => labelIn(each, name).label);
  const rows = candidates.map((each) => cellsOf(name, each, now));
  const others = padded(rows).map((row) => row.join('  '));
  const room = Math.max(NARROWEST, columns - CURSOR - Math.max(0, ...others.map((row) => row.length + 2)));
  const shown = padded(labels.map((label) => [shortened(label, room)]));
  return candidates.map(({ targets }, index) => ({
    name: `${shown[index]?.join('')}  ${others[index]}`.trimEnd(),
    value: targets,
    ...((labels[index] ?? '').length > room && { description: labels[index] ?? '' }),
  }));
}

/** The minimum width of a name, and the width of the cursor. */
const NARROWEST = 24;
const CURSOR = 3;

/** Cuts out the middle: the end of a command line says more than its path. */
const shortened = (text: string, room: number): string =>
  text.length <= room ? text : `${text.slice(0, 8)}…${text.slice(text.length - room + 9)}`;

/** Pads rows to columns, without empty columns. */
function padded(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).filter((cell) => cell !== ''));
}

function cellsOf(name: string, { targets, thing }: Candidate, now: number): readonly string[] {
  const place = name === 'site' && targets.server ? [targets.server.label] : [];
  const details = (namings[name]?.details ?? []).map((key) =>
    key.endsWith('_at') && thing[key] ? ago(wordOf(thing[key]), now) : wordOf(thing[key]),
  );
  return [...place, ...details];
}
