import { realpathSync } from 'node:fs';
import { repository, version } from '../../base/version.ts';
import type { Context } from '../../cli/language/command.ts';
import { following } from '../../platform/api/deadline.ts';
import { isNewer } from './release.ts';
import { fileIn, type Known, keep, mayCheckNow, mayTellNow, readKnown } from './state.ts';
import { upgradeFor } from './upgrade.ts';

type Needs = Pick<Context, 'clock' | 'progress' | 'settings' | 'signal' | 'world'>;

/** A check for a new release, beside a command. */
export interface Update {
  /** Prints the notice if a newer release is known by now. Never waits. */
  tell(): void;
  /** Drops a check that has not ended. */
  stop(): void;
}

/** Starts a check if one is due. It never fails the command, and dnx does not wait for it. */
export function openUpdate(ctx: Needs): Update {
  const file = fileIn(ctx.settings.directories.state);
  let known = readKnown(file);
  const { signal, abort, release } = following(ctx.signal);
  if (mayCheckNow(known, ctx.clock.now())) {
    void check(ctx, file, signal).then((latest) => {
      if (latest !== undefined) known = { ...known, latest };
    });
  }
  return {
    tell: () => tell(ctx, file, known),
    stop() {
      release();
      abort();
    },
  };
}

/** Asks GitHub and keeps the result. A failure counts as a check; a check that was dropped does not. */
async function check({ clock, progress, settings, world }: Needs, file: string, signal: AbortSignal): Promise<string | undefined> {
  const now = () => new Date(clock.now()).toISOString();
  try {
    // First, so that a directory that is not writable stops the check.
    keep(file, { begun_at: now() });
    const { latestRelease } = await import('./latest.ts');
    const latest = await latestRelease(world, settings.caFile, signal);
    keep(file, { latest, checked_at: now() });
    if (settings.debug) progress.debug(`The latest release of dnx is ${latest}`);
    return latest;
  } catch (error) {
    if (signal.aborted) return undefined;
    if (settings.debug) progress.debug(`Could not check for a new release of dnx: ${error instanceof Error ? error.message : 'unknown'}`);
    tried(() => keep(file, { checked_at: now() }));
    return undefined;
  }
}

function tell({ clock, progress, world }: Needs, file: string, known: Known): void {
  const { latest } = known;
  if (latest === undefined || !isNewer(latest, version) || !mayTellNow(known, clock.now())) return;
  // First: without a writable directory, the notice would appear with every command.
  if (!tried(() => keep(file, { told_at: new Date(clock.now()).toISOString() }))) return;
  const upgrade = upgradeFor(realPath(world.self[1]));
  progress.note(
    [
      '',
      `A new release of dnx is available: ${version} → ${latest}`,
      ...(upgrade === undefined ? [] : [`To upgrade, run: ${upgrade}`]),
      `${repository}/releases/tag/v${latest}`,
    ].join('\n'),
  );
}

/** False if the action failed. */
function tried(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

/** The path without links: package managers link programs into one directory. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
