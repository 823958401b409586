import { DnxError, isStop } from '../../base/errors.ts';
import { title } from '../../base/text.ts';
import type { Target } from '../../platform/names/names.ts';
import { asResult, columns, ending, type Item, type Result, rows, type View } from '../output/view.ts';

interface Several<I extends Target> {
  readonly noun: string;
  /** What is done to each: `restart`. */
  readonly verb: string;
  readonly items: readonly I[];
  readonly run: (item: I) => Promise<View | Result>;
}

/** Acts on one item after the other and reports each; exit 12 if some failed. What stops the process stops the rest, and what is done by then is reported. */
export async function several<I extends Target>({ noun, verb, items, run }: Several<I>): Promise<Result> {
  const results: Result[] = [];
  const labels = new Map<Item, string>();
  const reported: Item[] = [];
  let stopped: DnxError | undefined;
  for (const item of items) {
    const result = stopped ? failed(item, leftOut()) : await run(item).then(asResult, (error: unknown) => failed(item, error));
    if (result.exit instanceof DnxError && isStop(result.exit)) stopped = result.exit;
    const row = itemOf(result, item);
    results.push(result);
    reported.push(row);
    labels.set(row, item.label);
  }
  // Alone, or as the first, it has nothing to report beside what stopped it.
  if (stopped && isStop(results[0]?.exit)) throw stopped;
  const failures = results.filter(({ exit }) => exit).length;
  const shown = columns<Item>(
    { key: 'id', title: title(noun), cell: (row) => labels.get(row) },
    { key: 'result', computed: true, cell: resultOf(verb), wrap: true },
  );
  const event = results.flatMap(({ view }) => ('event' in view && view.event) || []).at(0);
  const view = rows(reported, shown, '');
  const note = results.find((each) => each.note !== undefined)?.note;
  return {
    view: event ? ending(view, event) : view,
    exit: stopped ?? (failures > 0 ? new DnxError('partial', `${failures} of ${items.length} failed.`) : undefined),
    ...(note !== undefined && { note }),
  };
}

/** A failure is a row like any other. */
function failed({ id }: Target, error: unknown): Result {
  if (!(error instanceof DnxError)) throw error;
  const { code, message, status = null } = error;
  return { view: { kind: 'record', item: { id, error: { code, message, status } }, columns: [] }, exit: error };
}

const leftOut = (): DnxError => new DnxError('partial', 'Not started, because dnx was interrupted.');

function itemOf({ view }: Result, { id }: Target): Item {
  if (view.kind === 'record') return { ...view.item };
  return view.kind === 'message' && typeof view.data === 'object' ? { id, ...view.data } : { id };
}

const resultOf =
  (verb: string) =>
  (row: Item): unknown => {
    const { error } = row;
    const why = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
    return why ?? row.message ?? row.status ?? `${verb}: done`;
  };
