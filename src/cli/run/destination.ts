import { isError, usage } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import type { Settled } from '../../platform/names/lookups.ts';
import { brokenSetting } from '../../platform/names/unresolved.ts';
import type { Invocation } from './invocation.ts';

/** True for a command that takes either a server or a site. */
const takesEither = ({ options = {} }: Invocation['command']): boolean => Object.values(options).some(({ destination }) => destination);

/** Fails if a command that takes either got neither, and there is no default. */
export function requireDestination({ command, targets }: Invocation, settled: Settled): void {
  const named = [targets.server, targets.site, settled.server, settled.site].some((each) => each !== undefined);
  if (!takesEither(command) || named) return;
  throw (
    brokenSetting('site', settled) ??
    usage('No server or site given.', 'Name one, set a default with `dnx link`, or run in a terminal to pick a server.')
  );
}

/** Adds to the error for an unknown server or site how to name the other, unless a similar name exists. */
export function orOther(error: unknown, { command, targets: { server, site } }: Invocation): unknown {
  if (!isError(error, 'not_found') || !takesEither(command) || (server && site) || /Did you mean/.test(error.message)) return error;
  const other = server ? 'site' : 'server';
  const [word] = server ?? site ?? [];
  if (word === undefined || word.includes('/')) return error;
  const [, user, name = ''] = command.options?.user ? (/^([^@]+)@(.+)$/.exec(word) ?? []) : [];
  const way = user === undefined ? `If it is a ${other}, use --${other} ${quoted(word)}.` : `Use ${quoted(name)} --user ${quoted(user)}.`;
  return error.with({ hint: [error.hint, way].filter(Boolean).join(' ') });
}
