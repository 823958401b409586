import { isObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, rows, type View } from '../../cli/output/view.ts';
import type { Located } from '../../platform/names/names.ts';
import { commandOf, readHistory, type SentChange, type SentRun } from '../plan/past.ts';
import { createVariableEndpoint, deleteVariableEndpoint, siteVariables, updateVariableEndpoint } from './variables.ts';

/** A change of a variable that dnx made from this machine. */
export interface PastVariable extends Pick<SentRun, 'id' | 'sent_at' | 'profile' | 'session'> {
  /** Null for what an import changed, and for a variable whose name was not read. */
  readonly key: string | null;
  readonly what: string;
  readonly command: string;
  readonly outcome: SentChange['outcome'];
}

const words: Readonly<Record<string, string>> = {
  [createVariableEndpoint]: 'set',
  [updateVariableEndpoint]: 'changed',
  [deleteVariableEndpoint]: 'removed',
  [`POST ${siteVariables.path}/pull`]: 'imported',
};

/** `dnx env history`: who changed which variable of a site when, from this machine. Without values. */
export function variableHistory(ctx: Pick<Context, 'settings'>, { site }: Pick<Located, 'site'>, wanted: string | undefined): View {
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
