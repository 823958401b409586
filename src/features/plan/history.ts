import { type Detail, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { visible } from '../../base/text.ts';
import { spanIn } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { anything, either, item, listOf, nullable, number, objectOf, oneOf, type Printed, word } from '../../cli/language/shape.ts';
import { columns, rows, sections } from '../../cli/output/view.ts';
import type { PlannedChange } from '../../cli/plan/plan.ts';
import { changeSection, countedChanges, fieldDetails, onLines } from '../../cli/plan/show.ts';
import { type Located, sameName } from '../../platform/names/names.ts';
import { createVariableEndpoint, deleteVariableEndpoint, updateVariableEndpoint } from '../env/variables.ts';
import { commandOf, readHistory, runWith, type SentChange, type SentRun } from './past.ts';

/** A change that was sent. */
export interface PastChange extends PlannedChange, Pick<SentChange, 'outcome' | 'status' | 'error' | 'created'> {}

/** What a command changed. */
export interface PastRun extends Omit<SentRun, 'words' | 'changes' | 'lost'> {
  readonly command: string;
  readonly changes: readonly PastChange[];
}

const pastRunShape = objectOf({
  id: word,
  sent_at: word,
  host: word,
  profile: word,
  command: word,
  client: nullable(word),
  session: nullable(word),
  outcome: oneOf('applied', 'failed', 'unknown'),
  undoes: nullable(word),
  changes: listOf(
    objectOf(
      {
        call: word,
        targets: item,
        body: anything,
        before: nullable(item),
        outcome: oneOf('applied', 'failed', 'unknown'),
        status: nullable(number),
        error: nullable(word),
        created: nullable(word),
      },
      {
        absent: oneOf(true),
        undo: nullable(word),
        undoes: objectOf({ run: word, n: number }),
        about: listOf(item),
      },
    ),
  ),
});
export const historyShape = either(listOf(pastRunShape), pastRunShape);

function pastRun(run: SentRun): PastRun {
  const { words: _, lost: __, ...shown } = run;
  const changes = run.changes.map(({ line, outcome, status, error, created }) => ({ ...line.change, outcome, status, error, created }));
  return { ...shown, command: commandOf(run), changes };
}

/** `dnx history`. */
export function history(
  ctx: Context,
  { verb, id, site, since }: Given<{ verb: 'list' | 'show'; id: string; site: string; since: string }>,
) {
  const all = readHistory(ctx).filter(({ changes }) => changes.every(({ line }) => isWithin(line.change, ctx.world.within)));
  if (verb === 'show') {
    if (id === undefined) throw usage('Missing <id>.', undefined, { command: ['history'], why: 'See' });
    return { view: shownRun(pastRun(runWith(all, id))) };
  }
  if (id !== undefined) throw usage(`Unexpected '${id}'.`, undefined, { command: ['history', 'show', id], why: 'To show it' });
  const now = ctx.clock.now();
  const { since: from } = spanIn({ since }, now);
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

const isWithin = ({ targets: { server, site } }: PlannedChange, within: Context['world']['within']): boolean =>
  !within || (server?.id === within.server && (within.site === undefined || site?.id === within.site));

const isOf = ({ targets: { site } }: PlannedChange, word: string): boolean =>
  site !== undefined && (site.id === word || (site.name !== null && sameName('site', word, site.name)));

function shownRun(run: PastRun) {
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

/** A change of a variable that dnx made from this machine. */
export const pastVariableShape = objectOf({
  id: word,
  sent_at: word,
  key: nullable(word),
  what: word,
  command: word,
  profile: word,
  session: nullable(word),
  outcome: oneOf<SentChange['outcome']>('applied', 'failed', 'unknown'),
});
export type PastVariable = Printed<typeof pastVariableShape>;

const words: Readonly<Record<string, string>> = {
  [createVariableEndpoint]: 'set',
  [updateVariableEndpoint]: 'changed',
  [deleteVariableEndpoint]: 'removed',
  'POST /servers/{server}/sites/{site}/environment-variables/pull': 'imported',
};

/** `dnx env history`: who changed which variable of a site when, from this machine. Without values. */
export function variableHistory(ctx: Context, { site }: Pick<Located, 'site'>, wanted: string | undefined) {
  const all = readHistory(ctx)
    .filter(({ host }) => host === ctx.settings.host)
    .flatMap((run) => run.changes.toReversed().flatMap((change) => pastVariable(run, change, site.id)))
    .filter(({ key, outcome }) => outcome !== 'failed' && (wanted === undefined || key === wanted || key === null));
  const shown = columns<PastVariable>(
    'id',
    { key: 'sent_at', title: 'When' },
    'key',
    'what',
    { key: 'command', wrap: true },
    ...(all.some(({ session }) => session !== null) ? (['session'] as const) : []),
    'outcome',
  );
  return rows(all, shown, 'No changes of these variables from this machine.');
}

function pastVariable(run: SentRun, { line: { change }, outcome }: SentChange, site: string): readonly PastVariable[] {
  const what = words[change.call];
  if (what === undefined || change.targets.site?.id !== site) return [];
  const { id, sent_at, profile, session } = run;
  const named = isObject(change.body) && typeof change.body.key === 'string' ? change.body.key : change.targets.variable?.name;
  return [{ id, sent_at, key: named ?? null, what, command: commandOf(run), profile, session, outcome }];
}
