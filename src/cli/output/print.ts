import { DnxError, usage } from '../../base/errors.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Output, World } from '../../machine/world.ts';
import { checkQuery } from './query.ts';
import { render } from './render.ts';
import { styleFor } from './style.ts';
import type { Result } from './view.ts';

/** A result on stdout, in the chosen format. A person who failed reads why on stderr; a script reads the view as well. */
export async function print(
  { view, exit }: Result,
  words: Readonly<Record<string, unknown>>,
  settings: Settings,
  world: World,
): Promise<void> {
  if (view.kind === 'stream') {
    for await (const chunk of view.body) await write(world.stdout, chunk);
    return;
  }
  if (exit instanceof DnxError && view.kind !== 'rows' && settings.format === 'table') return;
  const limit = words.limit as string | undefined;
  const text = await render(view, {
    format: settings.format,
    fields: (words.fields as string | undefined)?.split(',').map((field) => field.trim()),
    query: words.query as string | undefined,
    header: words.no_header !== false,
    sort: words.sort as string | undefined,
    limit: limit === undefined ? undefined : Number(limit),
    width: world.stdout.isTTY ? world.stdout.columns : undefined,
    now: world.clock.now(),
    style: await styleFor(world.stdout, world.env, words.no_color === false ? false : undefined),
  });
  if (text !== '') await write(world.stdout, text);
  if (view.kind === 'rows' && view.items.length === 0 && settings.format === 'table' && view.empty && !settings.quiet)
    world.stderr.write(`${view.empty}\n`);
}

/** Refuses a shape that nothing can be printed in, before anything is done of which it would be the result. */
export async function checkShape({ limit, fields, query }: Readonly<Record<string, unknown>>): Promise<void> {
  if (limit !== undefined && !/^[1-9]\d{0,14}$/.test(String(limit))) throw usage(`--limit takes a whole number from 1, not “${limit}”.`);
  if (
    fields !== undefined &&
    String(fields)
      .split(',')
      .some((field) => field.trim() === '')
  )
    throw usage('--fields has a field without a name.');
  if (query !== undefined) await checkQuery(String(query));
}

/** Rejects when the reader has gone (EPIPE) or the disk is full (ENOSPC). */
export const write = (stream: Output, text: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
