import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type DnxError, isError, systemCode } from '../../base/errors.ts';
import { readText, uniqueName, writeText } from '../../machine/files/text-file.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Context } from '../language/command.ts';
import { mayChange } from '../language/tree.ts';
import { openRecorder } from '../plan/record.ts';
import { openContext } from './context.ts';
import type { Invocation } from './invocation.ts';
import { perform } from './perform.ts';
import type { SettledLine } from './session.ts';

type Needs = Pick<Context, 'runLine' | 'tree' | 'world'>;

/** The error for an agent if a command needs a name that only a person may type: with a plan for that person, if there can be one. */
export async function leftToPerson(error: DnxError, line: SettledLine, ctx: Needs): Promise<DnxError> {
  const { directories, session } = line.settings;
  const file = join(session?.lease?.state ?? directories.state, 'plans', `${session?.name}-${uniqueName().slice(0, 8)}.json`);
  await savePlan(file, line, ctx);
  const isSaved = existsSync(file);
  return error.with({
    reason: 'person_required',
    hint: `In the session of an agent, nothing confirms this.${isSaved ? '' : ' A person can run it in another terminal.'}`,
    next: isSaved ? [{ command: ['apply', file], why: 'A person can review it and run, in another terminal' }] : [],
  });
}

/** Saves what a command would do as a plan, for this user only, unless it cannot be one. */
async function savePlan(out: string, { invocation, settings }: SettledLine, { world, tree, runLine }: Needs): Promise<void> {
  const dry: Invocation = { ...invocation, consent: { yes: false, confirm: undefined }, plan: { dry: true, exitCode: false, out } };
  const silent: Settings = { ...settings, quiet: true, problems: [], warnings: [] };
  const { plan } = invocation.options;
  try {
    // A copy, because whoever made the plan may remove it.
    if (typeof plan === 'string') return writeText(out, readText(resolve(world.cwd, plan)) ?? '');
    if (!mayChange(invocation.command)) return;
    const opened = await openContext(world, silent, dry.globals, { tree, runLine, invocation: dry, plan: openRecorder() });
    await perform(dry, opened, async () => undefined);
  } catch (error) {
    if (!isError(error) && systemCode(error) === undefined) throw error;
  }
}
