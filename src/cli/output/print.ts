import { DnxError, isError, reasonOf, systemCode, usage } from '../../base/errors.ts';
import { capitalized } from '../../base/text.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Output, World } from '../../machine/world.ts';
import type { Globals } from '../language/globals.ts';
import { nextLine } from '../run/command-line.ts';
import { render } from './render.ts';
import { styleFor } from './style.ts';
import { forLog } from './text.ts';
import type { Result } from './view.ts';

/** A result on stdout, in the chosen format. A person who failed reads why on stderr; a script reads the view as well. */
export async function print({ view, exit, secret }: Result, globals: Globals, settings: Settings, world: World): Promise<void> {
  if (view.kind === 'stream') {
    for await (const chunk of view.body) await write(world.stdout, chunk);
    return;
  }
  const { stdout, env } = world;
  const { format } = settings;
  if (exit instanceof DnxError && view.kind !== 'rows' && format === 'table') return;
  const { fields, query, header, sort, limit, color, wide } = globals;
  // After a failure, an item may lack what it has otherwise.
  if ((fields || sort) && exit === undefined) (await import('./fields.ts')).checkFields(view, { fields, sort, format });
  let hidden = 0;
  const text = await render(view, {
    format,
    fields,
    query,
    header,
    sort,
    limit: limit === undefined ? undefined : Number(limit),
    wide,
    hidden: (columns) => {
      hidden = columns;
    },
    terminal: stdout.isTTY === true,
    width: stdout.isTTY ? stdout.columns || DEFAULT_COLUMNS : undefined,
    now: world.clock.now(),
    style: await styleFor(stdout, env, color),
  });
  if (secret !== undefined && !text.includes(JSON.stringify(secret).slice(1, -1)))
    throw new DnxError('failed', 'The output leaves the token out.', { hint: 'Use another format or query, or --to-file FILE.' });
  // A value is for a script; anything else in words may become part of a log.
  const read = format === 'table' && (view.kind !== 'text' || view.log);
  if (text !== '') await write(stdout, read ? forLog(text, env) : text);
  if (settings.quiet) return;
  if (hidden > 0) world.stderr.write(`${hidden} ${hidden === 1 ? 'column' : 'columns'} hidden; use --wide\n`);
  if (view.kind !== 'rows' || view.items.length > 0 || format !== 'table') return;
  if (view.empty) world.stderr.write(`${view.empty}\n`);
  if (view.first) world.stderr.write(`${nextLine({ command: view.first, why: 'Create one with' }, settings)}\n`);
}

/** Columns of a terminal that reports none. */
export const DEFAULT_COLUMNS = 80;

/** Refuses a shape that nothing can be printed in, before anything is done of which it would be the result. */
export async function checkShape({ limit, fields, query }: Globals, { format }: Pick<Settings, 'format'>): Promise<void> {
  if (limit !== undefined && !/^[1-9]\d{0,14}$/.test(limit)) throw usage(`--limit takes a whole number from 1, not “${limit}”.`);
  if (fields?.includes('')) throw usage('--fields has a field without a name.');
  if (query !== undefined) await (await import('./query.ts')).checkQuery(query, format);
  else if (format === 'ids' && fields && !fields.includes('id')) throw usage('-o ids needs the field id, which --fields leaves out.');
}

/** Rejects with a ClosedPipe when the reader has gone, and with a DnxError when a file or disk does not take all of it. */
export const write = (stream: Output, text: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    // What was written before may be missing, too.
    stream.write(text, (error) => (error ? reject(unwritten(stream.errored ?? error)) : resolve()));
  });

/** `| head -1` closes our stdout: that is how a pipe ends, not a failure. */
export class ClosedPipe extends Error {}

function unwritten(cause: Error): Error {
  const code = systemCode(cause);
  if (code === 'EPIPE' || code === 'ECONNRESET') return new ClosedPipe(cause.message, { cause });
  return new DnxError('failed', `${capitalized(reasonOf(code) ?? `writing failed (${code})`)}. The output could not be written.`, {
    cause,
  });
}

/**
 * True once a result is printed whole, and false where the reader has gone, which changes nothing about the outcome. Throws what to report instead
 * of the outcome. `changed`: the command may have changed something, so that a result which cannot be printed is no refusal.
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
    throw outcome && isError(error, 'failed') ? error.withHint(outcome) : error;
  }
}
