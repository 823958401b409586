import { DnxError, usage } from '../../base/errors.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Output, World } from '../../machine/world.ts';
import type { Globals } from '../language/globals.ts';
import { checkQuery } from './query.ts';
import { render } from './render.ts';
import { styleFor } from './style.ts';
import type { Result } from './view.ts';

/** A result on stdout, in the chosen format. A person who failed reads why on stderr; a script reads the view as well. */
export async function print({ view, exit, secret }: Result, globals: Globals, settings: Settings, world: World): Promise<void> {
  if (view.kind === 'stream') {
    for await (const chunk of view.body) await write(world.stdout, chunk);
    return;
  }
  if (exit instanceof DnxError && view.kind !== 'rows' && settings.format === 'table') return;
  const { fields, query, header, sort, limit, color } = globals;
  const text = await render(view, {
    format: settings.format,
    fields,
    query,
    header,
    sort,
    limit: limit === undefined ? undefined : Number(limit),
    // A terminal without a size reports 0 columns.
    width: world.stdout.isTTY ? world.stdout.columns || undefined : undefined,
    now: world.clock.now(),
    style: await styleFor(world.stdout, world.env, color),
  });
  if (secret !== undefined && !text.includes(JSON.stringify(secret).slice(1, -1)))
    throw usage('The output leaves the token out.', 'Use another format or query, or --to-file FILE.');
  if (text !== '') await write(world.stdout, text);
  if (view.kind === 'rows' && view.items.length === 0 && settings.format === 'table' && view.empty && !settings.quiet)
    world.stderr.write(`${view.empty}\n`);
}

/** Refuses a shape that nothing can be printed in, before anything is done of which it would be the result. */
export async function checkShape({ limit, fields, query }: Globals): Promise<void> {
  if (limit !== undefined && !/^[1-9]\d{0,14}$/.test(limit)) throw usage(`--limit takes a whole number from 1, not “${limit}”.`);
  if (fields?.includes('')) throw usage('--fields has a field without a name.');
  if (query !== undefined) await checkQuery(query);
}

/** Rejects when the reader has gone (EPIPE) or the disk is full (ENOSPC). */
export const write = (stream: Output, text: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
