import { type Detail, type DnxError, usage } from '../../base/errors.ts';
import { type JsonObject, toJson } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import { counted, title, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { either, item, number, objectOf, word, words } from '../../cli/language/shape.ts';
import { done, textView } from '../../cli/output/view.ts';
import { readText } from '../../machine/files/text-file.ts';
import { pathOf } from '../../machine/world.ts';
import { kindNames, kindOf } from '../../platform/kinds.ts';
import { resourceName } from '../../platform/names/names.ts';
import { readState, STATE_FILE, saveState, stateIn } from './file.ts';
import { openFleet } from './fleet.ts';
import type { Row, StateFile } from './model.ts';
import type { Narrowing } from './places.ts';
import { readScope, scopeOf } from './scope.ts';
import { unreadError } from './unread.ts';
import { emptyState, type RefusedValue, schemaUrl, type WrittenState, writeRows } from './write.ts';

interface ExportOptions extends Narrowing {
  readonly out: string | undefined;
  /** The variables and lists of which secrets are written. */
  readonly allowed: readonly string[];
}

/** A new state file, or what was written to one. */
export const exportShape = either(objectOf({ file: word, entries: number, secrets: words }), item);

/** Writes a state file from what is there. One that exists keeps what stands. */
export async function exportState(ctx: Context, { out, allowed, ...narrowing }: ExportOptions) {
  const state = stateToWrite(out, ctx.world);
  const fleet = openFleet(ctx, 'export');
  const { rows, unread } = await readScope(ctx, state, fleet, await scopeOf(ctx, fleet, narrowing), narrowing);
  requireKnown(allowed, rows);
  const written = writeRows(state, rows, allowed);
  if (written.refused.length > 0) throw refusal(written.refused);
  const isNew = state.entries.length === 0;
  const text = isNew && state.name.endsWith('.json') ? newJson(written) : written.text;
  // What cannot be read again is in no file.
  const { entries } = stateIn(text, state.name);
  const note = leftOut(written);
  const shown = { ...(note !== undefined && { note }), exit: unreadError(unread, 'so not everything is in the file') };
  if (out === undefined) return { view: textView(written.text, written.data as JsonObject), ...shown };
  const isChanged = isNew || text !== state.text;
  if (isChanged) saveState(state, text, ctx.world);
  const sentence = isChanged ? `Wrote ${state.name}: ${counted(entries.length, 'entry')}` : `${state.name} is up to date`;
  return { view: done(sentence, { file: state.name, entries: entries.length, secrets: written.secrets }, removedFrom(rows)), ...shown };
}

/** What the file had, and Deploynix does not. */
function removedFrom(rows: readonly Row[]): readonly Detail[] {
  const removed = rows.filter(({ entry, outcome }) => outcome === 'missing' && !entry?.inEnvFile);
  const names = removed.map(({ kind, entry }) => resourceName(entry?.fields ?? {}, kind) ?? title(kind));
  return names.length === 0 ? [] : [['removed', `${names.join(', ')}; not at Deploynix`]];
}

const newJson = ({ data }: WrittenState): string => `${toJson({ $schema: schemaUrl, ...(data as JsonObject) }, 2)}\n`;

/** A line of a file that has nothing in it. */
const NOTHING = /^(\s*(#.*)?|---|\.\.\.)$/;

function stateToWrite(out: string | undefined, world: Context['world']): StateFile {
  const name = out ?? STATE_FILE;
  const path = pathOf(name, world);
  const text = (out !== undefined && readText(path)) || '';
  if (text.split(/\r?\n/).some((line) => !NOTHING.test(line))) return readState(name, world);
  const state = emptyState(name, path);
  return text === '' ? state : { ...state, text };
}

/** Fails for a key of --allow-secret that nothing has, which may be a typo. */
function requireKnown(allowed: readonly string[], rows: readonly Row[]): void {
  const variables = rows.flatMap(({ kind, entry, item: shown }) => (kind === 'variable' ? [wordOf((entry?.fields ?? shown)?.key)] : []));
  const known = [...variables, ...kindNames.map((kind) => kindOf(kind).section)];
  const unknown = allowed.find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw usage(
    `Nothing that is exported is called '${unknown}'.${didYouMean(unknown, known)}`,
    'Use the name of a variable or of a list of the file.',
  );
}

/** Nothing can stand for a secret in a command or URL, so the whole export fails. */
function refusal(refused: readonly RefusedValue[]): DnxError {
  const keys = [...new Set(refused.map(({ key }) => key))];
  return usage(
    `${counted(refused.length, 'value')} may hold a secret, and nothing can stand for it in a file.`,
    `Move it to a variable, or write it with: ${keys.map((key) => `--allow-secret ${key}`).join(' ')}`,
  ).with({ details: refused.map(({ place, value }) => [place, value] as const) });
}

const SHOWN_KEYS = 5;

function leftOut({ secrets }: WrittenState): string | undefined {
  if (secrets.length === 0) return undefined;
  const counts = new Map(secrets.map((name) => [name, secrets.filter((other) => other === name).length]));
  const names = [...counts].map(([name, count]) => (count === 1 ? name : `${name} (${count})`));
  const more = names.length > SHOWN_KEYS ? ', …' : '';
  const values = secrets.length === 1 ? 'The value of 1 variable is' : `The values of ${counted(secrets.length, 'variable')} are`;
  return `${values} not in the file: ${names.slice(0, SHOWN_KEYS).join(', ')}${more}.`;
}
