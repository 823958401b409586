import { isError } from '../base/errors.ts';
import { endpointsIn } from '../cli/language/calls.ts';
import type { BaseContext } from '../cli/run/context.ts';
import { callsOf, type Ending, type Line, type Ready } from '../cli/run/line.ts';
import { isCi } from '../machine/ci.ts';
import { truthy } from '../machine/env.ts';
import { hasJsonFiles } from '../machine/files/text-file.ts';
import { leaseDirectory } from '../machine/settings/directories.ts';

/** What a hook does around one command. */
export interface Hook {
  /** Runs once the command has ended, and everything was printed. Never changes the exit code. */
  readonly ended?: ((ending: Ending) => Promise<void> | void) | undefined;
  /** Runs whatever happens. */
  readonly stop?: () => void;
}

/** A row of a table of hooks: when it applies, which loads nothing, and what is loaded then. */
interface Row<I extends readonly unknown[], O> {
  readonly when: (...input: I) => boolean;
  readonly load: (...input: I) => Promise<O>;
}

/** What happens around a command, from before its first request until it has ended. May refuse the line. */
const around: readonly Row<[line: Line, ctx: BaseContext], Hook>[] = [
  {
    when: (line, { world }) => mayTell(line, world),
    async load(_, ctx) {
      const { tell, stop } = (await import('./update/notice.ts')).openUpdate(ctx);
      return { ended: ({ code }) => (code === 0 ? tell() : undefined), stop };
    },
  },
  {
    when: ({ command, options }, { world }) => Boolean(command.options?.notify && (options.notify ?? world.env.DNX_NOTIFY)),
    load: async (line, ctx) => ({ ended: (await import('./notify/notify.ts')).openNotice(line, ctx) }),
  },
];

/** What happens once a line is confirmed, before the command runs. */
const before: readonly Row<[ready: Ready, ctx: BaseContext], void>[] = [
  {
    when: ({ line }, { settings: { directories } }) =>
      (line.command.applies === true || endpointsIn(callsOf(line)).length > 0) && hasJsonFiles(leaseDirectory(directories.config)),
    load: async (_, ctx) => (await import('./lease/left.ts')).revokeLeftLeases(ctx),
  },
];

/** What this user can do about an error. The first row that applies words it. */
const explanations: readonly Row<[error: unknown, line: Line, ctx: BaseContext], unknown>[] = [
  {
    when: (error, { settings: { session } }) => session?.agent === true && isError(error) && error.reason === 'name_to_type',
    load: async (error, line, ctx) => isError(error) && (await import('../cli/run/person.ts')).leftToPerson(error, line, ctx),
  },
  {
    when: (error, { settings: { format } }) =>
      isError(error) && error.reason === 'target_missing' && (format === 'json' || format === 'ndjson'),
    load: async (error, _, ctx) => isError(error) && (await import('./completion/choices.ts')).withChoices(error, ctx),
  },
  {
    when: (error, _, { world }) => isError(error, 'unauthenticated') && Boolean(world.env.DNX_TOKEN),
    load: async (error, { settings }, { world }) =>
      isError(error) && (await import('./auth/denied.ts')).withVariable(error, world.env, settings),
  },
  {
    when: (error) => isError(error, 'forbidden'),
    load: async (error, line, ctx) => (await import('./auth/denied.ts')).withAbilities(error, line, ctx),
  },
];

/** Opens what happens around a command. */
export async function openHooks(line: Line, ctx: BaseContext): Promise<readonly Hook[]> {
  const hooks: Hook[] = [];
  for (const { when, load } of around) if (when(line, ctx)) hooks.push(await load(line, ctx));
  return hooks;
}

/** Runs what comes before a command. */
export async function beforeCommand(ready: Ready, ctx: BaseContext): Promise<void> {
  for (const { when, load } of before) if (when(ready, ctx)) await load(ready, ctx);
}

/** The error of a command, with what this user can do about it. */
export const explained = async (error: unknown, line: Line, ctx: BaseContext): Promise<unknown> => {
  const row = explanations.find(({ when }) => when(error, line, ctx));
  return row ? row.load(error, line, ctx) : error;
};

/**
 * True if the user may be told of a new release: on a terminal, and not in CI or for a program that reads what dnx prints.
 * Not after a program that dnx runs either, whose output the notice would look like.
 */
const mayTell = ({ command, group, settings: { quiet, format } }: Line, { stdout, stderr, env }: BaseContext['world']): boolean =>
  Boolean(stdout.isTTY && stderr.isTTY) &&
  !quiet &&
  format !== 'json' &&
  format !== 'ndjson' &&
  !isCi(env) &&
  !truthy(env.DNX_NO_UPDATE_NOTIFIER) &&
  group.name !== 'completion' &&
  command.name !== 'upgrade' &&
  !Object.values(command.options ?? {}).some(({ rest }) => rest);
