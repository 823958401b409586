import { usage } from '../../../base/errors.ts';
import { bytes, plural, quotedName } from '../../../base/text.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Credentials } from '../credentials.ts';
import type { Source } from '../remote-dump/failure.ts';
import type { Contents } from '../swap/engine.ts';

/** Shows what replaces what, and asks for the name of the local database, unless `confirm` gives it. */
export async function requireConfirmation(
  { ask, progress }: Pick<Context, 'ask' | 'progress'>,
  { source, local, contents, confirm }: { source: Source; local: Credentials; contents: Contents | undefined; confirm: string | undefined },
): Promise<void> {
  const from = `${quotedName(source.credentials.database)} on ${source.place.machine.server.label}`;
  progress.warn(`${from} → ${quotedName(local.database)} on ${addressOf(local)} (${replaced(contents)})`);
  const typed = confirm ?? (await ask.input(`Type '${local.database}' to continue:`));
  if (typed !== local.database) throw usage(`'${typed}' does not match. Nothing was changed.`, `Expected '${local.database}'.`);
}

/** `127.0.0.1:3306`, or the path of a socket. */
export const addressOf = ({ host, port, socket }: Credentials): string => socket ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;

const replaced = (contents: Contents | undefined): string => {
  if (!contents) return 'new';
  return contents.tables === 0 ? 'empty' : `${inWords(contents)} will be replaced`;
};

/** `612 MB in 42 tables`. */
export const inWords = ({ tables, size }: Contents): string => `${bytes(size)} in ${tables} ${tables === 1 ? 'table' : plural('table')}`;
