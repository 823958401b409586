import { type Detail, DnxError, usage } from '../../base/errors.ts';
import { fromJson, isObject } from '../../base/json.ts';
import { quoted } from '../../base/shell.ts';
import { visible } from '../../base/text.ts';
import { timeOrAgo } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, type Result, rows, sections, type View } from '../../cli/output/view.ts';
import { type EndedLine, historyFiles, type SentLine } from '../../cli/plan/journal.ts';
import type { PlannedChange } from '../../cli/plan/plan.ts';
import { changeSection, countedChanges, fieldDetails, onLines } from '../../cli/plan/show.ts';
import { readText } from '../../machine/files/text-file.ts';
import { sameName } from '../../platform/names/names.ts';
import { namings } from '../../platform/names/namings.ts';

/** How a change ended: `unknown` if its response was lost. */
type Outcome = 'applied' | 'failed' | 'unknown';

/** A change that was sent. */
export interface PastChange extends PlannedChange {
  readonly outcome: Outcome;
  readonly status: number | null;
  readonly error: string | null;
  /** The id of what it created. */
  readonly created: string | null;
}

/** What a command changed. */
export interface PastRun {
  /** From 1, the latest first. */
  readonly number: number;
  readonly id: string;
  readonly sent_at: string;
  readonly host: string;
  readonly profile: string;
  readonly command: string;
  /** The MCP client that asked for it. */
  readonly client: string | null;
  /** The session of a lease in which it ran. */
  readonly session: string | null;
  readonly outcome: Outcome;
  readonly changes: readonly PastChange[];
}

/** Reads the history, the latest first. Skips lines that are damaged. */
export function readHistory({ settings }: Context): readonly PastRun[] {
  const runs = new Map<string, SentLine[]>();
  const ends = new Map<string, EndedLine>();
  for (const line of historyFiles(settings.directories.state).flatMap(linesOf)) {
    if ('change' in line) runs.set(line.run, [...(runs.get(line.run) ?? []), line]);
    else ends.set(`${line.run} ${line.n}`, line);
  }
  return [...runs.values()].reverse().map((lines, index): PastRun => {
    const [{ run, at, host, profile, command, client = null, session = null }] = lines as [SentLine];
    const changes = lines.map((line) => pastChange(line, ends.get(`${run} ${line.n}`)));
    const outcome = (['unknown', 'failed'] as const).find((each) => changes.some((change) => change.outcome === each)) ?? 'applied';
    const shown = ['dnx', ...command.map((word) => quoted(String(word)))].join(' ');
    return { number: index + 1, id: run, sent_at: at, host, profile, command: shown, client, session, outcome, changes };
  });
}

function pastChange({ change }: SentLine, ended: EndedLine | undefined): PastChange {
  const { status = null, sent = null, id: created = null, error = null } = ended ?? {};
  const outcome = sent === null ? 'unknown' : sent && status !== null && status < 300 ? 'applied' : 'failed';
  return { ...change, outcome, status, error, created };
}

function linesOf(file: string): readonly (SentLine | EndedLine)[] {
  let text: string | undefined;
  try {
    text = readText(file);
  } catch {
    return [];
  }
  return (text ?? '').split('\n').flatMap((line): (SentLine | EndedLine)[] => {
    try {
      const value = fromJson(line);
      return isLine(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTextOrNull = (value: unknown): boolean => value === null || isText(value);

/** True for a line as dnx writes it: whatever is missing or of another type in it, is not shown. */
function isLine(value: unknown): value is SentLine | EndedLine {
  if (!isObject(value) || value.v !== 1 || !isText(value.run) || typeof value.n !== 'number') return false;
  const { at, host, profile, command, client, session, change } = value;
  if (!('change' in value)) {
    const { status, sent, id, error } = value;
    return (
      (status === null || typeof status === 'number') && (sent === null || typeof sent === 'boolean') && [id, error].every(isTextOrNull)
    );
  }
  const words = Array.isArray(command) ? command : [null];
  return (
    [at, host, profile, ...words].every(isText) && [client, session].every((each) => each === undefined || isText(each)) && isChange(change)
  );
}

const isChange = (value: unknown): boolean =>
  isObject(value) &&
  isText(value.call) &&
  'body' in value &&
  (value.before === null || isObject(value.before)) &&
  isTextOrNull(value.undo) &&
  isObject(value.targets) &&
  Object.entries(value.targets).every(
    ([noun, target]) => Object.hasOwn(namings, noun) && isObject(target) && [target.id, target.name].every(isTextOrNull),
  );

interface Options {
  readonly verb: 'list' | 'show' | undefined;
  readonly number: string | undefined;
  readonly site: string | undefined;
  readonly since: string | undefined;
}

/** `dnx history`. */
export function history(ctx: Context, { verb, number, site, since }: Options): Result {
  const all = readHistory(ctx).filter(({ changes }) => changes.every((change) => isWithin(change, ctx.world.within)));
  if (verb === 'show') {
    if (number === undefined) throw usage('Missing <number>.', undefined, { command: ['history'], why: 'See' });
    return { view: shownRun(pastRun(all, number)) };
  }
  if (number !== undefined) throw usage(`Unexpected '${number}'.`, undefined, { command: ['history', 'show', number], why: 'To show it' });
  const from = since === undefined ? undefined : timeOrAgo(since, ctx.clock.now());
  if (since !== undefined && from === undefined)
    throw usage(`'${since}' is not a time.`, 'Use a duration such as 2h, or a time such as 2026-12-01T02:00:00Z.');
  const found = all
    .filter(({ sent_at }) => from === undefined || Date.parse(sent_at) >= from)
    .filter(({ changes }) => site === undefined || changes.some((change) => isOf(change, site)));
  const shown = columns<PastRun>(
    'number',
    { key: 'sent_at', title: 'When' },
    { key: 'command', wrap: true, cell: ({ command }) => visible(command) },
    ...(['client', 'session'] as const).filter((key) => found.some((run) => run[key] !== null)),
    { key: 'changes', cell: ({ changes }) => changes.length },
    'outcome',
  );
  return { view: rows(found, shown, 'No changes yet.') };
}

/** The run with this number or id. */
export function pastRun(all: readonly PastRun[], word: string): PastRun {
  const found = all.find(({ number, id }) => String(number) === word || id === word);
  if (found) return found;
  throw new DnxError('not_found', `The history has no change ${word}.`, { next: [{ command: ['history'], why: 'See' }] });
}

/** True if a change is of the server or site that a client may know of. */
const isWithin = ({ targets: { server, site } }: PlannedChange, within: Context['world']['within']): boolean =>
  !within || (server?.id === within.server && (within.site === undefined || site?.id === within.site));

const isOf = ({ targets: { site } }: PlannedChange, word: string): boolean =>
  site !== undefined && (site.id === word || (site.name !== null && sameName('site', word, site.name)));

const outcomes: Readonly<Record<Outcome, string>> = {
  applied: 'applied',
  failed: 'failed',
  unknown: 'unknown: the response was lost',
};

/** A run as people see it: each change with what it replaced. */
function shownRun(run: PastRun): View {
  const blocks = run.changes.map((change) => {
    const deleted =
      change.call.startsWith('DELETE ') && change.before ? fieldDetails({ ...change, body: change.before, before: null }) : [];
    const outcome = change.error ? `${outcomes[change.outcome]}: ${change.error}` : outcomes[change.outcome];
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
  const shown = columns<PastRun>('number', 'id', 'sent_at', 'host', 'profile', 'command', 'client', 'session', 'outcome', 'changes');
  return sections(run, shown, [...blocks, onLines(countedChanges(run.changes), facts)]);
}
