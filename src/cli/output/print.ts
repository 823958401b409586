import { DnxError, isError } from '../../base/errors.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Output, World } from '../../machine/world.ts';
import type { Context } from '../language/command.ts';
import type { Globals } from '../language/globals.ts';
import { nextLine } from '../run/line.ts';
import { checkFields } from './fields.ts';
import type { Screen } from './live.ts';
import { canSpin, type Progress } from './progress.ts';
import { type RenderOptions, render } from './render.ts';
import { ClosedPipe, DEFAULT_COLUMNS, Ended, forLog, safeLines, styleFor, wrapAt, write } from './text.ts';
import type { LiveState, Result } from './view.ts';

/**
 * Waits until a result is printed. False if stdout was closed, which is not a failure. Throws if the result cannot be printed;
 * `changed`: the command may have changed something, so that is not a usage error.
 */
export async function delivered({ exit, undelivered }: Result, printing: Promise<void>, changed: boolean): Promise<boolean> {
  try {
    await printing;
    return true;
  } catch (error) {
    if (undelivered) throw await undelivered(error);
    if (error instanceof ClosedPipe) return false;
    const outcome = exit instanceof DnxError ? exit.message : undefined;
    if (changed && isError(error, 'usage'))
      throw new DnxError('failed', `The command ran, but its result cannot be printed: ${error.message}`, { hint: outcome ?? error.hint });
    const note = outcome ?? (changed && exit === undefined ? 'The command itself succeeded.' : undefined);
    throw note && isError(error, 'failed') ? error.withHint([note, error.hint].filter(Boolean).join(' ')) : error;
  }
}

/** The exit code of a program that wrote to a closed pipe: 128 and SIGPIPE. */
const CLOSED = 141;

/** Prints a result on stdout in the chosen format. A failed record has no table, because stderr explains it. */
export async function print(
  { view, exit, secret }: Result,
  globals: Globals,
  { settings, world, progress }: Pick<Context, 'settings' | 'world' | 'progress'>,
): Promise<void> {
  const { stdout, env } = world;
  const { format } = settings;
  const shown =
    view.kind === 'lines'
      ? await (await import('./log.ts')).shownLog(view, await optionsFor(globals, settings, world, () => {}), env)
      : view;
  if (shown.kind === 'stream') {
    const body = typeof shown.body === 'function' ? shown.body(await styleFor(stdout, env, globals.color)) : shown.body;
    try {
      for await (const chunk of body) await write(stdout, chunk);
    } catch (error) {
      // Nobody could tell a part of a file from the whole. A log has no end.
      throw error instanceof ClosedPipe && view.kind === 'stream' ? new Ended(CLOSED, error) : error;
    }
    return;
  }
  if (shown.kind === 'live') return (await import('./live.ts')).writeLive(shown.states, screenOf(globals, { settings, world, progress }));
  const isReport =
    ['rows', 'text'].includes(shown.kind) ||
    (shown.kind === 'record' && (shown.title !== undefined || shown.sections !== undefined || shown.partial));
  if (exit instanceof DnxError && !isReport && format === 'table') return;
  let hidden = 0;
  const options = await optionsFor(globals, settings, world, (columns) => {
    hidden = columns;
  });
  const out = writingTo(stdout, progress);
  // Not after a failure: items may lack fields, and the error matters more.
  if ((options.fields || options.sort) && exit === undefined) checkFields(shown, options);
  const text = await render(shown, options);
  if (secret !== undefined && !holds(text, secret.value))
    throw new DnxError('failed', `The output does not contain the ${secret.name}.`, { hint: secret.hint });
  // A single value is for scripts and is printed unchanged; other text may end up in a CI log.
  const read = format === 'table' && (shown.kind !== 'text' || shown.log);
  if (text !== '') await out(read ? forLog(text, env) : text);
  if (settings.quiet) return;
  if (hidden > 0) progress.note(hiddenWords(hidden));
  if (shown.kind !== 'rows' || shown.items.length > 0 || format !== 'table') return;
  if (shown.empty) progress.note(shown.empty);
  if (shown.first) progress.note(nextLine({ command: shown.first, why: 'Create one with' }, settings));
}

function writingTo(stdout: Output, progress: Progress): (text: string) => Promise<void> {
  return (text) => {
    const resume = progress.hold();
    return write(stdout, text).finally(resume);
  };
}

function screenOf(globals: Globals, { settings, world, progress }: Pick<Context, 'settings' | 'world' | 'progress'>): Screen {
  const { stdout, stderr, env } = world;
  const { format, debug } = settings;
  // Not between debug lines on the same terminal.
  const inPlace = format === 'table' && canSpin(stdout, env) && !(debug && stderr.isTTY);
  let checked = false;
  return {
    stdout,
    inPlace,
    blocks: format === 'table',
    async frame(state) {
      let hidden = 0;
      const options = await optionsFor(globals, settings, world, (columns) => {
        hidden = columns;
      });
      if (!checked && (options.fields || options.sort)) checkFields(state.view, options);
      checked = true;
      const text = await render(state.view, options);
      if (format !== 'table') return { above: '', text };
      const above = options.header ? await aboveOf(state, inPlace, hidden, options) : '';
      return { above: forLog(above, env), text: forLog(text || emptyLine(state, options), env) };
    },
    out: writingTo(stdout, progress),
    warn: progress.warn,
  };
}

/** What stands above a live view: when it was read, and on a terminal what went wrong. */
async function aboveOf(
  { heading, problem }: LiveState,
  inPlace: boolean,
  hidden: number,
  { style, width }: RenderOptions,
): Promise<string> {
  if (heading === undefined) return '';
  if (!inPlace) return `${heading}\n`;
  const wrap = await wrapAt(width);
  const read = style.dim(wrap(hidden > 0 ? `${heading}; ${hiddenWords(hidden)}` : heading));
  return `${[read, ...(problem ? [wrap(`${style.yellow('!')} ${safeLines(problem)}`, 2)] : [])].join('\n')}\n`;
}

const emptyLine = ({ view }: LiveState, { query }: RenderOptions): string =>
  view.kind === 'rows' ? `${query !== undefined && view.items.length > 0 ? 'No matches.' : view.empty}\n` : '';

const hiddenWords = (columns: number): string => `${columns} ${columns === 1 ? 'column' : 'columns'} hidden; use --wide`;

function holds(text: string, secret: string): boolean {
  const joined = (words: string) => words.replaceAll(/\s/g, '');
  return joined(text).includes(joined(JSON.stringify(secret).slice(1, -1)));
}

async function optionsFor(
  { fields, query, header, sort, limit, color, wide }: Globals,
  { format, session }: Pick<Settings, 'format' | 'session'>,
  { stdout, env, clock }: World,
  hidden: (columns: number) => void,
): Promise<RenderOptions> {
  return {
    format,
    compact: session !== undefined,
    fields,
    query,
    header,
    sort,
    limit: limit === undefined ? undefined : Number(limit),
    wide,
    hidden,
    terminal: stdout.isTTY === true,
    width: stdout.isTTY ? stdout.columns || DEFAULT_COLUMNS : undefined,
    now: clock.now(),
    style: await styleFor(stdout, env, color),
  };
}
