import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type DnxError, isError } from '../../base/errors.ts';
import { uniqueName } from '../../machine/files/text-file.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Context } from '../language/command.ts';
import { mayChange } from '../language/tree.ts';
import { openRecorder } from '../plan/record.ts';
import { openContext } from './context.ts';
import type { Invocation } from './invocation.ts';
import { perform } from './perform.ts';
import type { SettledLine } from './session.ts';

/** The error for an agent if a command needs a name that only a person may type: with a plan for that person, if there can be one. */
export async function leftToPerson(
  error: DnxError,
  line: SettledLine,
  { world, tree, runLine }: Pick<Context, 'world' | 'tree' | 'runLine'>,
): Promise<DnxError> {
  const { plan } = line.invocation.options;
  const file = typeof plan === 'string' ? resolve(world.cwd, plan) : await savedPlan(line, { world, tree, runLine });
  const command = file === undefined ? undefined : ['apply', file];
  return error.with({
    reason: 'person_required',
    hint: `In the session of an agent, nothing confirms this.${command ? '' : ' A person can run it in another terminal.'}`,
    next: command ? [{ command, why: 'A person can review it and run, in another terminal' }] : [],
  });
}

/** Saves what a command would do as a plan, for this user only; undefined if it cannot be one. */
async function savedPlan(
  { invocation, settings }: SettledLine,
  { world, tree, runLine }: Pick<Context, 'world' | 'tree' | 'runLine'>,
): Promise<string | undefined> {
  const { directories, session } = settings;
  if (!mayChange(invocation.command)) return undefined;
  const out = join(session?.lease?.state ?? directories.state, 'plans', `${session?.name}-${uniqueName().slice(0, 8)}.json`);
  const dry: Invocation = { ...invocation, consent: { yes: false, confirm: undefined }, plan: { dry: true, exitCode: false, out } };
  const silent: Settings = { ...settings, quiet: true, problems: [], warnings: [] };
  try {
    await perform(
      dry,
      await openContext(world, silent, dry.globals, { tree, runLine, invocation: dry, plan: openRecorder() }),
      async () => undefined,
    );
  } catch (error) {
    if (!isError(error)) throw error;
  }
  return existsSync(out) ? out : undefined;
}
