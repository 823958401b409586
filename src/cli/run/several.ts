import { DnxError, errorObject, isStop, type Next, Planned } from '../../base/errors.ts';
import { isObject, toJson } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { phaseOf } from '../../base/status.ts';
import { plural, title, wordOf } from '../../base/text.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { NamedItem, Several } from '../language/command.ts';
import type { failedItem, failure, Printed } from '../language/shape.ts';
import { asResult, columns, ending, type Item, nothing, type Result, rows, sentenceIn, type View } from '../output/view.ts';
import { commandLine } from './line.ts';

interface Items<I extends NamedItem, D> {
  readonly noun: string;
  readonly verb: string;
  readonly items: readonly I[];
  readonly settings: Settings;
  readonly run: (item: I) => Promise<View<D> | Result<D>>;
  /** How many run side by side; one by default. */
  readonly atATime?: number | undefined;
}

/** An error for scripts, the same wherever it is printed. */
export const errorOf = (error: DnxError, settings: Settings): Printed<typeof failure> =>
  errorObject(error, ({ command }) => commandLine(command, settings));

/** For scripts, one of several things that failed or was not started. */
export const failedOf = (
  { id, label }: NamedItem,
  error: DnxError,
  settings: Settings,
  outcome: 'failed' | 'not_started' = 'failed',
): Printed<typeof failedItem> => ({ name: label, id: id || null, outcome, error: errorOf(error, settings) });

/** Runs a command for each item in turn; exits with 12 if some failed. A signal skips the rest, which are reported, too. */
export async function several<I extends NamedItem, D>(all: Items<I, D>): Promise<Result<Several<D>>> {
  const { noun, verb, items, settings, run, atATime = 1 } = all;
  const left = new DnxError('partial', 'Not started: dnx was interrupted.');
  let stopped: DnxError | undefined;
  const runOne = async (item: I): Promise<Result> => {
    if (stopped) return { view: nothing, exit: left };
    const result = await run(item).then(asResult<unknown>, failed);
    if (result.exit instanceof DnxError && isStop(result.exit)) stopped = result.exit;
    return result;
  };
  const results = await inParallel(items, runOne, atATime);
  const report = new Map(
    items.map((item, index) => {
      const result = results[index] ?? { view: nothing };
      const row = result.exit === left ? failedOf(item, left, settings, 'not_started') : itemOf(result, item, settings);
      return [row as Item, { label: item.label, words: wordsOf(result, verb) }];
    }),
  );
  // Nothing was done by then, so there is nothing else to report.
  if (stopped && results.every(({ exit }) => isStop(exit) || exit === left)) throw stopped;
  const failures = results.filter(({ exit }) => exit).length;
  const shown = columns<Item>(
    { key: 'id', title: title(noun), cell: (row) => report.get(row)?.label },
    { key: 'result', computed: true, cell: (row) => report.get(row)?.words, wrap: true },
  );
  const event = results.flatMap(({ view }) => ('event' in view && view.event) || []).at(0);
  const view: View = rows([...report.keys()], shown, '');
  const printed = (event ? ending(view, event) : view) as View<Several<D>>;
  const note = results.find((each) => each.note !== undefined)?.note;
  const next = distinct(results.flatMap((each) => each.next ?? []));
  return {
    view: printed,
    exit: stopped ?? (failures > 0 ? new DnxError('partial', `${failures} of ${items.length} ${plural(title(noun))} failed`) : undefined),
    ...(note !== undefined && { note }),
    ...(next.length > 0 && failures < items.length && { next }),
  };
}

function failed(error: unknown): Result {
  // The others are planned, too.
  if (error instanceof Planned) return { view: nothing };
  if (!(error instanceof DnxError)) throw error;
  return { view: nothing, exit: error };
}

function itemOf({ view, exit }: Result, item: NamedItem, settings: Settings): Item {
  const known = view.kind === 'record' ? view.item : view.kind === 'message' && isObject(view.data) ? view.data : {};
  if (exit instanceof DnxError) {
    const failure = failedOf(item, exit, settings);
    return { ...failure, ...known, error: failure.error };
  }
  // A message alone does not say of what.
  return view.kind === 'record' || 'id' in known ? { ...known } : { name: item.label, id: item.id || null, ...known };
}

/** The result column: the first line of an error, the outcome of an `ensure`, a status in progress, or the action: `restarted`. */
function wordsOf({ view, exit }: Result, verb: string): string {
  if (exit instanceof DnxError) return exit.message.split('\n', 1)[0] ?? '';
  if (verb === 'ensure' && view.kind === 'message' && isObject(view.data)) return wordOf(view.data.outcome);
  if (view.kind === 'message' && isObject(view.data) && view.data.deleted === false) return 'not there';
  const status = view.kind === 'record' ? wordOf(view.item.status) : '';
  if (phaseOf(status) === 'going') return status;
  return /^(\w+ed|set)\b/i.exec(sentenceIn(view) ?? '')?.[1]?.toLowerCase() ?? pastOf(verb.split('-', 1)[0] ?? verb);
}

/** `restart` -> `restarted`, `verify` -> `verified`. */
const pastOf = (verb: string): string => (verb === 'setup' ? 'set up' : verb.replace(/e$/, '').replace(/y$/, 'i').concat('ed'));

const distinct = (next: readonly Next[]): readonly Next[] => [...new Map(next.map((each) => [toJson(each), each])).values()];
