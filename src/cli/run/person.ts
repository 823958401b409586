import { existsSync } from 'node:fs';
import { type DnxError, isError, systemCode } from '../../base/errors.ts';
import { readText, uniqueName, writeText } from '../../machine/files/text-file.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import { pathOf } from '../../machine/world.ts';
import type { Context } from '../language/command.ts';
import { isPlannable } from '../language/tree.ts';
import { proposedFile } from '../plan/dry-run.ts';
import { openRecorder } from '../plan/record.ts';
import { createContext } from './context.ts';
import { perform } from './execute.ts';
import type { Line } from './line.ts';

type Needs = Pick<Context, 'runLine' | 'tree' | 'world'>;

/** The error for an agent if a command needs a name that only a person may type: with a plan for that person, if there can be one. */
export async function leftToPerson(error: DnxError, line: Line, ctx: Needs): Promise<DnxError> {
  const files = await savedPlans(line, ctx);
  return error.with({
    reason: 'person_required',
    hint: `In the session of an agent, nothing confirms this.${files.length === 0 ? ' A person can run it in another terminal.' : ''}`,
    next: files.length === 0 ? [] : [{ command: ['apply', ...files], why: 'A person can review it and run, in another terminal' }],
  });
}

async function savedPlans(line: Line, { world, tree, runLine }: Needs): Promise<readonly string[]> {
  const { directories, session } = line.settings;
  const { plan } = line.options;
  const newFile = () =>
    proposedFile(session?.lease?.state ?? directories.state, `${session?.name}-${uniqueName().slice(0, 8)}`, world.clock.now());
  try {
    if (line.command.name === 'apply') {
      const out = newFile();
      if (await isSaved(line, { world, tree, runLine }, out)) return [out];
    }
    // A copy, because whoever made the plan may remove it.
    if (Array.isArray(plan))
      return plan.map((name: string) => {
        const copy = newFile();
        writeText(copy, readText(pathOf(name, world)) ?? '');
        return copy;
      });
    const out = newFile();
    if (isPlannable(line.command)) {
      const settings: Settings = { ...line.settings, quiet: true, problems: [], warnings: [] };
      const dry: Line = { ...line, settings, consent: { yes: false, confirm: undefined }, dryRun: { wanted: true, exitCode: false, out } };
      await perform(dry, await createContext(dry, world, { tree, runLine, recorder: openRecorder() }));
    }
    return existsSync(out) ? [out] : [];
  } catch (error) {
    if (!isError(error) && systemCode(error) === undefined) throw error;
    return [];
  }
}

/** True if a state file could be saved as a plan: whoever wrote it may change it. */
async function isSaved(line: Line, { world, tree, runLine }: Needs, out: string): Promise<boolean> {
  const { confirm: _, ...options } = line.options;
  const settings: Settings = { ...line.settings, quiet: true, problems: [], warnings: [] };
  const dry: Line = { ...line, settings, options: { ...options, dry_run: true, out } };
  try {
    await perform(dry, await createContext(dry, world, { tree, runLine, recorder: undefined }));
  } catch (error) {
    if (!isError(error)) throw error;
  }
  return existsSync(out);
}
