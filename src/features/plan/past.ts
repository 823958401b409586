import { attempt, DnxError } from '../../base/errors.ts';
import { fromJson, isObject, type JsonObject } from '../../base/json.ts';
import { misfit } from '../../base/schema.ts';
import { quoted } from '../../base/shell.ts';
import type { Context } from '../../cli/language/command.ts';
import { anything, item, mapOf, nullable, number, objectOf, oneOf, word, words, yes } from '../../cli/language/shape.ts';
import { type EndedLine, historyDirectory, historyFiles, type SentLine, writeFound } from '../../cli/plan/journal.ts';
import type { PlannedChange } from '../../cli/plan/plan.ts';
import { inverseOf } from '../../cli/plan/undo.ts';
import { readText } from '../../machine/files/text-file.ts';
import { parameters } from '../../platform/api/endpoint.ts';
import { namings } from '../../platform/names/names.ts';

/** How a change ended: `unknown` if its response was lost or a server error. */
export type Outcome = 'applied' | 'failed' | 'unknown';

/** A change that was sent, and how it ended. */
export interface SentChange {
  readonly line: SentLine;
  readonly outcome: Outcome;
  readonly status: number | null;
  readonly error: string | null;
  readonly created: string | null;
  readonly answer: JsonObject | undefined;
}

/** What a command changed. */
export interface SentRun extends Pick<SentLine, 'host' | 'profile'> {
  readonly id: string;
  readonly sent_at: string;
  readonly words: readonly string[];
  readonly client: string | null;
  readonly session: string | null;
  readonly outcome: Outcome;
  readonly changes: readonly SentChange[];
  /** How many of its changes are no longer in the history. */
  readonly lost: number;
  readonly undoes: string | null;
}

/** Reads the history, the latest first. Skips lines that are damaged. */
export function readHistory({ settings }: Context): readonly SentRun[] {
  const runs = new Map<string, SentLine[]>();
  const ends = new Map<string, EndedLine>();
  for (const line of historyFiles(historyDirectory(settings)).flatMap(linesOf)) {
    if ('change' in line) runs.set(line.run, [...(runs.get(line.run) ?? []), line]);
    else ends.set(keyOf(line), line);
  }
  return [...runs.values()].reverse().map((lines): SentRun => {
    const [{ run, at, host, profile, command, client = null, session = null, undoes }] = lines as [SentLine];
    const changes = lines.map((line) => pastChange(line, ends.get(keyOf(line))));
    const outcome = (['unknown', 'failed'] as const).find((item) => changes.some((change) => change.outcome === item)) ?? 'applied';
    const words = command.map(String);
    const lost = Math.max(...lines.map(({ n }) => n)) + 1 - lines.length;
    return { id: run, sent_at: at, host, profile, words, client, session, outcome, changes, lost, undoes: undoes?.run ?? null };
  });
}

/** `dnx server update web-1 --name web-2`; an undo with what it takes back. */
export const commandOf = ({ words, undoes }: SentRun): string =>
  ['dnx', ...words.map(quoted), ...(undoes !== null && words.length === 1 ? [undoes] : [])].join(' ');

/** The run whose id is, or begins with, this word. */
export function runWith(all: readonly SentRun[], word: string): SentRun {
  const wanted = word.toLowerCase();
  const found = all.filter(({ id }) => id.startsWith(wanted));
  const only = found.find(({ id }) => id === wanted) ?? (found.length === 1 ? found[0] : undefined);
  if (only && wanted !== '') return only;
  const next = [{ command: ['history'], why: 'See' }];
  if (found.length > 1 && wanted !== '')
    throw new DnxError('ambiguous', `'${word}' is the beginning of several ids: ${found.map(({ id }) => id).join(', ')}.`, { next });
  throw new DnxError('not_found', `The history has no change ${word}.`, { next });
}

/** A change, and what took it back or did it again since: an even one has its effect, an odd one took it back. */
type Chain = readonly SentChange[];

/** What became of the changes of the history. */
export interface Past {
  chainOf(change: SentChange): Chain;
  /** The run that an undo or redo is about; the run itself if it is none, whatever the plan that it applied says. */
  baseOf(run: SentRun): SentRun;
  /** The id that something has since it was created again. */
  idNow(id: string): string;
  /** The last change of what has this id by now. */
  lastOf(id: string): SentChange | undefined;
}

export function openPast(runs: readonly SentRun[]): Past {
  const seen = new Map<string, SentChange>();
  const takenBack = new Map<string, SentChange>();
  const renewed = new Map<string, string>();
  const last = new Map<string, SentChange>();
  const takingBack = new Set<string>();
  const past: Past = {
    chainOf(change) {
      const next = takenBack.get(keyOf(change.line));
      return next ? [change, ...past.chainOf(next)] : [change];
    },
    baseOf(run) {
      const parent = runs.slice(runs.indexOf(run) + 1).find(({ id }) => id === run.undoes);
      const isOther = !takingBack.has(run.id) && run.changes.some(({ outcome }) => outcome === 'applied');
      return parent && !isOther ? past.baseOf(parent) : run;
    },
    idNow(id) {
      const next = renewed.get(id);
      return next === undefined ? id : past.idNow(next);
    },
    lastOf: (id) => last.get(id),
  };
  for (const change of runs.toReversed().flatMap(({ changes }) => changes)) {
    if (change.outcome !== 'applied') continue;
    const { undoes } = change.line;
    // Only what was sent before and has this inverse, whatever a plan or a damaged history says.
    const named = undoes && seen.get(keyOf(undoes));
    const before = named && isInverse(change, named, past.idNow) ? named : undefined;
    if (before) {
      takenBack.set(keyOf(before.line), change);
      takingBack.add(change.line.run);
    }
    const old = before?.line.change.call.startsWith('DELETE ') ? targetOf(before) : undefined;
    if (old !== undefined && change.created !== null && !renewed.has(change.created)) renewed.set(old, change.created);
    const id = change.created ?? targetOf(change);
    if (id !== undefined) last.set(id, change);
    seen.set(keyOf(change.line), change);
  }
  return past;
}

function isInverse({ line }: SentChange, other: SentChange, idNow: Past['idNow']): boolean {
  const inverse = inverseOf(other.line.change, { created: other.created, answer: undefined, secret: () => undefined });
  const ids = (targets: PlannedChange['targets']) => String(Object.values(targets).map(({ id }) => idNow(id ?? '')));
  return typeof inverse !== 'string' && inverse.call === line.change.call && ids(inverse.targets) === ids(line.change.targets);
}

const targetOf = ({ line: { change } }: SentChange): string | undefined => Object.values(change.targets).at(-1)?.id ?? undefined;

/** Adds to the history what became of a change whose response was lost, once that is known. */
export function settle({ settings }: Context, { line: { run, n }, error }: SentChange, id: string | null | false): void {
  writeFound(settings, { v: 1, run, n, status: null, sent: true, id: id || null, error, performed: id !== false });
}

/** The same for the last such change of a plan, whose request was sent at this time. */
export function settleLost(
  ctx: Context,
  { call, targets }: Pick<PlannedChange, 'call' | 'targets'>,
  since: string,
  found: { readonly id: string | null } | false,
): void {
  const ids = (other: PlannedChange['targets']) => Object.values(other).map(({ id }) => id);
  const lost = readHistory(ctx)
    .flatMap(({ changes }) => changes)
    .find(
      ({ outcome, line: { at, change } }) =>
        outcome === 'unknown' && at >= since && change.call === call && String(ids(change.targets)) === String(ids(targets)),
    );
  if (lost) settle(ctx, lost, found === false ? false : found.id);
}

function pastChange(line: SentLine, ended: EndedLine | undefined): SentChange {
  const { status = null, sent = null, id: created = null, error = null, answer, performed } = ended ?? {};
  // A server error does not say whether something changed.
  const isUnclear = sent === null || (status !== null && status >= 500);
  const isKnown = performed ?? (isUnclear ? undefined : sent && status !== null && status < 300);
  const outcome = isKnown === undefined ? 'unknown' : isKnown ? 'applied' : 'failed';
  return { line, outcome, status, error, created, answer };
}

const keyOf = ({ run, n }: Pick<SentLine, 'run' | 'n'>): string => `${run} ${n}`;

const linesOf = (file: string): readonly (SentLine | EndedLine)[] =>
  (attempt(() => readText(file)) ?? '').split('\n').flatMap((line) => {
    const value = attempt(() => fromJson(line));
    return isLine(value) ? [value] : [];
  });

const change = objectOf({
  call: word,
  body: anything,
  before: nullable(item),
  undo: nullable(word),
  targets: mapOf(objectOf({ id: nullable(word), name: nullable(word) })),
});
const numbered = { v: oneOf(1), run: word, n: number };
const sentLine = objectOf(
  { ...numbered, at: word, host: word, profile: word, command: words, change },
  { client: word, session: word, sealed: word, undoes: objectOf({ run: word, n: number }), hashes: item },
);
const endedLine = objectOf(
  { ...numbered, status: nullable(number), sent: nullable(yes), id: nullable(word), error: nullable(word) },
  { answer: item, performed: yes },
);

/** True for a line as dnx writes it: whatever is missing or of another type in it, is not shown. */
function isLine(value: unknown): value is SentLine | EndedLine {
  if (!isObject(value) || !('change' in value)) return misfit(value, endedLine) === undefined;
  if (misfit(value, sentLine) !== undefined) return false;
  const { call, targets } = value.change as PlannedChange;
  return parameters(call).every((noun) => noun in targets) && Object.keys(targets).every((noun) => Object.hasOwn(namings, noun));
}
