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

/** Acts on one item after the other and reports each; exit 12 when some failed. */
export async function several<I extends Target>({ noun, verb, items, run }: Several<I>): Promise<Result> {
  const results: Result[] = [];
  const labels = new Map<Item, string>();
  const reported: Item[] = [];
  for (const item of items) {
    const result = await run(item).then(asResult, (error: unknown) => failed(item, error));
    const row = itemOf(result, item);
    results.push(result);
    reported.push(row);
    labels.set(row, item.label);
  }
  const failures = results.filter(({ exit }) => exit).length;
  const shown = columns<Item>({ key: 'id', title: title(noun), cell: (row) => labels.get(row) }, { key: 'result', cell: resultOf(verb) });
  const event = results.flatMap(({ view }) => ('event' in view && view.event) || []).at(0);
  const view = rows(reported, shown, '');
  const note = results.find((each) => each.note !== undefined)?.note;
  return {
    view: event ? ending(view, event) : view,
    exit: failures > 0 ? new DnxError('partial', `${failures} of ${items.length} failed.`) : undefined,
    ...(note !== undefined && { note }),
  };
}

/** A failure is a row like any other; only what stops the process stops the rest. */
function failed({ id }: Target, error: unknown): Result {
  if (!(error instanceof DnxError) || isStop(error)) throw error;
  const { code, message, status = null } = error;
  return { view: { kind: 'record', item: { id, error: { code, message, status } }, columns: [] }, exit: error };
}

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
