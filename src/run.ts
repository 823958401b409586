import { DnxError } from './base/errors.ts';
import { onlyReads } from './cli/language/calls.ts';
import type { Context } from './cli/language/command.ts';
import { delivered, print } from './cli/output/print.ts';
import type { Result } from './cli/output/view.ts';
import { type BaseContext, createContext } from './cli/run/context.ts';
import { perform, refuse } from './cli/run/execute.ts';
import { callsOf, type Ending, type Line, nextLine } from './cli/run/line.ts';
import { beforeCommand, explained, openHooks } from './features/hooks.ts';
import type { World } from './machine/world.ts';

interface Main extends Pick<Context, 'tree' | 'runLine'> {
  /** Prints an error. */
  readonly failed: (error: unknown) => Promise<Ending>;
  /** Tells a CI system how the command ended. */
  readonly reported: (ending: Ending) => Promise<Ending>;
}

/** Runs the command of a line and returns the exit code. */
export async function runCommand(line: Line, world: World, main: Main): Promise<number> {
  const recorder = line.dryRun.wanted ? (await import('./cli/plan/record.ts')).openRecorder() : undefined;
  const ctx = await createContext(line, world, { ...main, recorder });
  const hooks = await openHooks(line, ctx);
  try {
    const ending = await main.reported(await runToEnd(line, ctx, main));
    for (const hook of hooks) await hook.ended?.(ending);
    return ending.code;
  } finally {
    for (const hook of hooks) hook.stop?.();
  }
}

async function runToEnd(line: Line, ctx: BaseContext, main: Main): Promise<Ending> {
  const explain = async (error: unknown) => {
    throw await explained(error, line, ctx);
  };
  let result: Result | undefined;
  let failed: { readonly error: unknown } | undefined;
  try {
    await refuse(line, ctx).catch(explain);
    // Requests and prompts begin here.
    result = await perform(line, ctx, beforeCommand).catch(explain);
    ctx.progress.done();
    await show(result, line, ctx, explain);
    if (result.exit instanceof DnxError) throw result.exit;
    return { result, failure: undefined, code: result.exit ?? 0 };
  } catch (error) {
    failed = { error };
  } finally {
    ctx.progress.done();
    await ctx.close();
  }
  return { ...(await main.failed(failed.error)), result };
}

async function show(result: Result, line: Line, ctx: BaseContext, explain: (error: unknown) => Promise<never>): Promise<void> {
  const { exit, note, next = [], hostKept, afterwards } = result;
  const where = hostKept ? { ...line.settings, origins: {} } : line.settings;
  const changed = !ctx.recorder && !onlyReads(callsOf(line));
  if (!(await delivered(result, print(result, line.globals, ctx).catch(explain), changed))) return;
  if (note !== undefined && !(exit instanceof DnxError)) ctx.progress.note(note);
  for (const command of next) ctx.progress.note(nextLine(command, where));
  await afterwards?.();
}
