// The only file through which the core reaches a feature. Each is loaded only if it applies.
import { isError } from '../base/errors.ts';
import { endpointsIn } from '../cli/language/calls.ts';
import type { BaseContext } from '../cli/run/context.ts';
import { callsOf, type Ending, type Line, type Ready } from '../cli/run/line.ts';
import { isCi } from '../machine/ci.ts';
import { truthy } from '../machine/env.ts';
import { hasJsonFiles } from '../machine/files/text-file.ts';
import { leaseDirectory } from '../machine/settings/directories.ts';

/** What happens around a command, besides what it does. */
export interface Hook {
  /** Runs once the command has ended, and everything was printed. Never changes the exit code. */
  readonly ended?: ((ending: Ending) => Promise<void> | void) | undefined;
  /** Runs whatever happens. */
  readonly stop?: () => void;
}

/** Opens what happens around a command. Refuses a `--notify` that can never work. */
export async function openHooks(line: Line, ctx: BaseContext): Promise<readonly Hook[]> {
  const { command, options } = line;
  const hooks: Hook[] = [];
  if (command.options?.notify && (options.notify ?? ctx.world.env.DNX_NOTIFY))
    hooks.push({ ended: (await import('./notify/notify.ts')).openNotice(line, ctx) });
  if (mayTell(line, ctx.world)) hooks.push((await import('./update/notice.ts')).updateHook(ctx));
  return hooks;
}

/** Runs once a line is ready, before the command: revokes leases that were left. */
export async function beforeCommand({ line }: Ready, ctx: BaseContext): Promise<void> {
  const sends = line.command.applies === true || endpointsIn(callsOf(line)).length > 0;
  if (sends && hasJsonFiles(leaseDirectory(ctx.settings.directories.config))) await (await import('./lease/left.ts')).revokeLeftLeases(ctx);
}

/** The error of a command, with what this user can do about it. */
export async function explained(error: unknown, line: Line, ctx: BaseContext): Promise<unknown> {
  const { settings, world } = ctx;
  if (!isError(error)) return error;
  if (settings.session?.agent && error.reason === 'name_to_type')
    return (await import('../cli/run/person.ts')).leftToPerson(error, line, ctx);
  if (error.reason === 'target_missing' && (settings.format === 'json' || settings.format === 'ndjson'))
    return (await import('./completion/names.ts')).withChoices(error, ctx);
  if (error.code === 'unauthenticated' && world.env.DNX_TOKEN)
    return (await import('./auth/denied.ts')).withVariable(error, world.env, settings);
  if (error.code !== 'forbidden') return error;
  return (await import('./auth/denied.ts')).withAbilities(error, line, ctx);
}

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
