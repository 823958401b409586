import { DnxError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { bytes, wordOf } from '../../base/text.ts';
import { ago } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { safeLine } from '../../cli/output/text.ts';
import { inTheWay, isComplete, timeIn, wasComplete } from './newest.ts';
import { keyOf, sourcesOf } from './sources.ts';

/** Asks for a complete backup by what it is of, its age and its size. `of`: ` of database shop`. */
export async function pickBackup(
  ctx: Pick<Context, 'api' | 'ask' | 'clock' | 'progress' | 'world'>,
  all: readonly JsonObject[],
  of: string,
): Promise<JsonObject> {
  const backups = all.filter(isComplete).sort((one, other) => (timeIn(other) ?? 0) - (timeIn(one) ?? 0));
  if (backups.length === 0)
    throw new DnxError('not_found', `No completed backup${of} found.`, { next: [{ command: ['backup', 'list'], why: 'See' }] });
  const sourceOf = await sourcesOf(ctx, all);
  for (const each of unlisted(all))
    ctx.progress.warn(`Not listed: backup ${wordOf(each.id)} of ${sourceOf(each)}, which is “${wordOf(each.status)}”.`);
  const now = ctx.clock.now();
  const rows = backups.map((each) => ({
    source: safeLine(sourceOf(each)),
    others: [wordOf(each.type), ago(wordOf(each.created_at ?? each.completed_at), now), wordOf(bytes(each.size))].map(safeLine),
  }));
  const { env, stderr } = ctx.world;
  // Line by line, each has a number before it.
  const before = env.TERM === 'dumb' ? String(rows.length).length + '  ) '.length : '❯ '.length;
  const { shown, isCut } = fitted(rows, (stderr.columns || 80) - 1 - before, await import('../../cli/output/wrap.ts'));
  return ctx.ask.select(
    'Restore which backup?',
    rows.map(({ source, others }, index) => ({
      name: shown[index] ?? source,
      short: `${source}, ${others[1]}`,
      value: backups[index] ?? {},
      ...(isCut(source) && { description: source }),
    })),
  );
}

/** Backups that were complete and may be newer than those in the list. */
function unlisted(all: readonly JsonObject[]): readonly JsonObject[] {
  const others = all.filter((each) => wasComplete(each) && !isComplete(each));
  return others.filter((each) => inTheWay(all.filter((other) => keyOf(other) === keyOf(each))).includes(each));
}

interface Row {
  readonly source: string;
  /** Type, age and size. */
  readonly others: readonly string[];
}

/** The least room for a name, in columns. */
const NARROWEST = 16;

/** Aligned rows of at most so many columns. A narrow terminal leaves out the type, then cuts the name. */
function fitted(rows: readonly Row[], columns: number, { cutText, widthOf }: typeof import('../../cli/output/wrap.ts')) {
  const widest = (cells: readonly string[]) => Math.max(0, ...cells.map(widthOf));
  const widths = [0, 1, 2].map((column) => widest(rows.map(({ others }) => others[column] ?? '')));
  const roomBeside = (kept: readonly number[]) => columns - kept.reduce((sum, width) => sum + width + 2, 0);
  const all = widest(rows.map(({ source }) => source));
  const first = roomBeside(widths) < Math.min(all, NARROWEST) ? 1 : 0;
  const room = Math.max(1, Math.min(all, roomBeside(widths.slice(first))));
  const padded = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - widthOf(text)));
  return {
    shown: rows.map(({ source, others }) =>
      [padded(cutText(source, room), room), ...others.slice(first).map((cell, column) => padded(cell, widths[column + first] ?? 0))]
        .join('  ')
        .trimEnd(),
    ),
    isCut: (source: string) => widthOf(source) > room,
  };
}
