import { DnxError, isError, type Next } from './base/errors.ts';
import { onlyReads } from './cli/language/calls.ts';
import type { RunLine, Tree } from './cli/language/command.ts';
import { errorInJson } from './cli/output/error.ts';
import { checkShape, delivered, print } from './cli/output/print.ts';
import type { Result } from './cli/output/view.ts';
import { ClosedPipe } from './cli/output/write.ts';
import { nextLine } from './cli/run/command-line.ts';
import { type Opened, openContext } from './cli/run/context.ts';
import { callsOf, type Invocation } from './cli/run/invocation.ts';
import { perform } from './cli/run/perform.ts';
import type { Ending } from './features/notify/notify.ts';
import { isCi } from './machine/ci.ts';
import { truthy } from './machine/env.ts';
import { hasJsonFiles } from './machine/files/text-file.ts';
import { mayBeInSession } from './machine/lineage.ts';
import { leaseDirectory } from './machine/settings/directories.ts';
import { readSettings, type Settings } from './machine/settings/settings.ts';
import type { World } from './machine/world.ts';

/** What a run of a command needs of `main`. */
interface Main {
  readonly tree: Tree;
  readonly runLine: RunLine;
  /** Prints an error, and returns its exit code. */
  readonly report: (error: unknown) => Promise<number>;
  /** Formats a next command for a shell. */
  readonly line: (next: Next) => string;
}

/** The settings of a command line. */
export const settingsFor = ({ command: { formats, signs }, globals }: Invocation, world: World): Settings =>
  readSettings(world, { ...globals, debug: globals.debug || undefined, formats, signs });

/** Runs a command and returns the exit code. On a terminal, it may say that a new release is there. */
export async function runCommand(line: Invocation, outer: Settings, world: World, main: Main): Promise<number> {
  const { invocation, settings } = await inSession(line, outer, world);
  const { command, globals, options } = invocation;
  const is = (option: string) => Boolean(command.options?.[option] && options[option]);
  await checkShape(globals, settings, { watches: is('watch'), follows: is('follow') });
  const plan = invocation.plan.dry ? (await import('./cli/plan/record.ts')).openRecorder() : undefined;
  const opened = await openContext(world, settings, globals, { tree: main.tree, runLine: main.runLine, invocation, plan });
  const update = mayTell(invocation, settings, world) ? (await import('./features/update/notice.ts')).openUpdate(opened.ctx) : undefined;
  try {
    const code = await notified(invocation, opened, main);
    if (code === 0) update?.tell();
    return code;
  } finally {
    update?.stop();
  }
}

/**
 * True if the user may be told of a new release: on a terminal, and not in CI or for a program that reads what dnx prints.
 * Not after a program that dnx runs either, whose output the notice would look like.
 */
const mayTell = ({ command, group }: Invocation, { quiet, format }: Settings, { stdout, stderr, env }: World): boolean =>
  Boolean(stdout.isTTY && stderr.isTTY) &&
  !quiet &&
  format !== 'json' &&
  format !== 'ndjson' &&
  !isCi(env) &&
  !truthy(env.DNX_NO_UPDATE_NOTIFIER) &&
  group.name !== 'completion' &&
  command.name !== 'upgrade' &&
  !Object.values(command.options ?? {}).some(({ rest }) => rest);

/** A command line and its settings in the session of a lease, if this process belongs to one. Fails for what is not done there, or with DNX_READ_ONLY. */
async function inSession(invocation: Invocation, settings: Settings, world: World) {
  if (!settings.readOnly && !mayBeInSession(world, settings.directories.config)) return { invocation, settings };
  return (await import('./cli/run/session.ts')).lineInSession(invocation, settings, world);
}

/** Runs a command, and sends its `--notify`. */
async function notified(invocation: Invocation, opened: Opened, { report, line }: Main): Promise<number> {
  const { command, options } = invocation;
  const isWanted = command.options?.notify && (options.notify ?? opened.ctx.world.env.DNX_NOTIFY);
  const notify = isWanted ? (await import('./features/notify/notify.ts')).openNotice(invocation, opened.ctx) : undefined;
  if (!notify) return finish(invocation, opened);
  let result: Ending['result'];
  let failure: Ending['failure'];
  const code = await finish(invocation, opened, (ended) => {
    result = ended;
  }).catch(async (error: unknown) => {
    if (error instanceof ClosedPipe) return 0;
    failure = { error, data: errorInJson(error, line) };
    return report(error);
  });
  await notify({ result, failure, code });
  return code;
}

/** Performs a command and writes its result. Throws its failure. */
async function finish(invocation: Invocation, opened: Opened, ended?: (result: Result) => void): Promise<number> {
  const { ctx, plan, close } = opened;
  const { settings } = ctx;
  const explained = async (error: unknown) => {
    throw await explain(error, invocation, ctx);
  };
  try {
    const result = await perform(invocation, opened, () => revokeLeft(ctx)).catch(explained);
    ctx.progress.done();
    ended?.(result);
    const { exit, note, next = [], hostKept, afterwards } = result;
    const where = hostKept ? { ...settings, origins: {} } : settings;
    if (
      await delivered(result, print(result, invocation.globals, ctx).catch(explained), !plan && !onlyReads(callsOf(invocation, settings)))
    ) {
      if (note !== undefined && !(exit instanceof DnxError)) ctx.progress.note(note);
      for (const each of next) ctx.progress.note(nextLine(each, where));
      await afterwards?.();
    }
    if (exit instanceof DnxError) throw exit;
    return exit ?? 0;
  } finally {
    ctx.progress.done();
    await close();
  }
}

/** Revokes the leases that an interrupted command left. Loads nothing if there are none. */
async function revokeLeft(ctx: Opened['ctx']): Promise<void> {
  if (hasJsonFiles(leaseDirectory(ctx.settings.directories.config))) await (await import('./features/lease/left.ts')).revokeLeftLeases(ctx);
}

/** An error with what this user can do about a refused token. */
async function explain(error: unknown, invocation: Invocation, ctx: Opened['ctx']): Promise<unknown> {
  const { settings, world } = ctx;
  if (settings.session?.agent && isError(error) && error.reason === 'name_to_type')
    return (await import('./cli/run/person.ts')).leftToPerson(error, { invocation, settings }, ctx);
  if (isError(error) && error.reason === 'target_missing' && (settings.format === 'json' || settings.format === 'ndjson'))
    return (await import('./features/completion/choices.ts')).withChoices(error, ctx);
  if (isError(error, 'unauthenticated') && world.env.DNX_TOKEN)
    return (await import('./features/auth/denied.ts')).withVariable(error, world.env, settings);
  if (!isError(error, 'forbidden')) return error;
  return (await import('./features/auth/denied.ts')).withAbilities(error, invocation, ctx);
}
