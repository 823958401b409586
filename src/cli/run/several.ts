import { DnxError } from '../../base/errors.ts';
import { title } from '../../base/text.ts';
import type { Target } from '../../platform/names/names.ts';
import { asResult, columns, ending, type Item, type Result, rows, type View } from '../output/view.ts';

interface Several {
  readonly noun: string;
  /** What is done to each: `restart`. */
  readonly verb: string;
  readonly targets: readonly Target[];
  readonly run: (index: number) => Promise<View | Result>;
}

/** Acts on one target after the other and reports each; exit 12 when some failed. */
export async function several({ noun, verb, targets, run }: Several): Promise<Result> {
  const items: Item[] = [];
  const labels = new Map<Item, string>();
  let failures = 0;
  let event: 'result' | 'data' | undefined;
  for (const [index, target] of targets.entries()) {
    const item = await run(index).then(
      (answer) => {
        const { view, exit } = asResult(answer);
        if (exit) failures += 1;
        if ('event' in view) event ??= view.event;
        return itemOf(view, target);
      },
      (error: unknown): Item => {
        if (!(error instanceof DnxError) || error.code === 'interrupted' || error.code === 'terminated') throw error;
        failures += 1;
        return { id: target.id, error: { code: error.code, message: error.message, status: error.status ?? null } };
      },
    );
    items.push(item);
    labels.set(item, target.label);
  }
  const shown = columns<Item>({ key: 'id', title: title(noun), cell: (item) => labels.get(item) }, { key: 'result', cell: resultOf(verb) });
  const view = rows(items, shown, '');
  return {
    view: event ? ending(view, event) : view,
    exit: failures > 0 ? new DnxError('partial', `${failures} of ${targets.length} failed.`) : undefined,
  };
}

function itemOf(view: View, { id }: Target): Item {
  if (view.kind === 'record') return { ...view.item };
  return view.kind === 'message' ? { id, ...(view.data as object) } : { id };
}

const resultOf =
  (verb: string) =>
  (item: Item): unknown => {
    const error = item.error as { message: string } | undefined;
    return error?.message ?? item.message ?? item.status ?? `${verb}: done`;
  };
