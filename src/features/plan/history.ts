import { type Detail, usage } from '../../base/errors.ts';
import { visible } from '../../base/text.ts';
import { timeOrAgo } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, type Result, rows, sections, type View } from '../../cli/output/view.ts';
import type { PlannedChange } from '../../cli/plan/plan.ts';
import { changeSection, countedChanges, fieldDetails, onLines } from '../../cli/plan/show.ts';
import { sameName } from '../../platform/names/names.ts';
import { commandOf, readHistory, runWith, type SentChange, type SentRun } from './past.ts';

/** A change that was sent. */
export interface PastChange extends PlannedChange, Pick<SentChange, 'outcome' | 'status' | 'error' | 'created'> {}

/** What a command changed. */
export interface PastRun extends Omit<SentRun, 'words' | 'changes' | 'lost'> {
  readonly command: string;
  readonly changes: readonly PastChange[];
}

function pastRun(run: SentRun): PastRun {
  const { words: _, lost: __, ...shown } = run;
  const changes = run.changes.map(({ line, outcome, status, error, created }) => ({ ...line.change, outcome, status, error, created }));
  return { ...shown, command: commandOf(run), changes };
}

interface Options {
  readonly verb: 'list' | 'show' | undefined;
  readonly id: string | undefined;
  readonly site: string | undefined;
  readonly since: string | undefined;
}

/** `dnx history`. */
export function history(ctx: Context, { verb, id, site, since }: Options): Result {
  const all = readHistory(ctx).filter(({ changes }) => changes.every(({ line }) => isWithin(line.change, ctx.world.within)));
  if (verb === 'show') {
    if (id === undefined) throw usage('Missing <id>.', undefined, { command: ['history'], why: 'See' });
    return { view: shownRun(pastRun(runWith(all, id))) };
  }
  if (id !== undefined) throw usage(`Unexpected '${id}'.`, undefined, { command: ['history', 'show', id], why: 'To show it' });
  const from = since === undefined ? undefined : timeOrAgo(since, ctx.clock.now());
  if (since !== undefined && from === undefined)
    throw usage(`'${since}' is not a time.`, 'Use a duration such as 2h, or a time such as 2026-12-01T02:00:00Z.');
  const found = all
    .map(pastRun)
    .filter(({ sent_at }) => from === undefined || Date.parse(sent_at) >= from)
    .filter(({ changes }) => site === undefined || changes.some((change) => isOf(change, site)));
  const shown = columns<PastRun>(
    'id',
    { key: 'sent_at', title: 'When' },
    { key: 'command', wrap: true, cell: ({ command }) => visible(command) },
    ...(['client', 'session'] as const).filter((key) => found.some((run) => run[key] !== null)),
    { key: 'changes', cell: ({ changes }) => changes.length },
    'outcome',
  );
  return { view: rows(found, shown, 'No changes yet.') };
}

/** True if a change is of the server or site that a client may know of. */
const isWithin = ({ targets: { server, site } }: PlannedChange, within: Context['world']['within']): boolean =>
  !within || (server?.id === within.server && (within.site === undefined || site?.id === within.site));

const isOf = ({ targets: { site } }: PlannedChange, word: string): boolean =>
  site !== undefined && (site.id === word || (site.name !== null && sameName('site', word, site.name)));

/** A run as people see it: each change with what it replaced. */
function shownRun(run: PastRun): View {
  const blocks = run.changes.map((change) => {
    const deleted =
      change.call.startsWith('DELETE ') && change.before ? fieldDetails({ ...change, body: change.before, before: null }) : [];
    const isLost = change.outcome === 'unknown' && change.status === null;
    const outcome = [change.outcome, ...(isLost ? ['the response was lost'] : []), ...(change.error ? [change.error] : [])].join(': ');
    const { title, details } = changeSection(change, () => undefined);
    return onLines(title, [...details, ...deleted, ['outcome', outcome]]);
  });
  const facts: readonly Detail[] = [
    ['command', run.command],
    ['when', run.sent_at],
    ['host', run.host],
    ['profile', run.profile],
    ...(['client', 'session'] as const).flatMap((key) => (run[key] === null ? [] : [[key, run[key]] as const])),
  ];
  const shown = columns<PastRun>('id', 'sent_at', 'host', 'profile', 'command', 'client', 'session', 'outcome', 'undoes', 'changes');
  return sections(run, shown, [...blocks, onLines(countedChanges(run.changes), facts)]);
}
