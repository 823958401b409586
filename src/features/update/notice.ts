import { join } from 'node:path';
import { attempt } from '../../base/errors.ts';
import { DAY, timeOf } from '../../base/time.ts';
import { repository, version } from '../../base/version.ts';
import type { BaseContext } from '../../cli/run/context.ts';
import type { Ending } from '../../cli/run/line.ts';
import { readJson, writeJson } from '../../machine/files/text-file.ts';
import { linkedSignal } from '../../platform/api/deadline.ts';
import { installationOf } from './installation.ts';
import { isNewer, latestRelease, versionIn } from './release.ts';

/** The notice of a new release after a success, if it is known by then. Starts a check if one is due, which dnx does not wait for. */
export function updateHook(ctx: BaseContext) {
  const file = join(ctx.settings.directories.state, 'update.json');
  let known = readKnown(file);
  const { signal, abort, release } = linkedSignal(ctx.signal);
  if (mayCheckNow(known, ctx.clock.now())) {
    void check(ctx, file, signal).then((latest) => {
      if (latest !== undefined) known = { ...known, latest };
    });
  }
  return {
    ended({ code, failure }: Ending) {
      if (code === 0 && !failure) tell(ctx, file, known);
    },
    stop() {
      release();
      abort();
    },
  };
}

/** Asks GitHub and keeps the result. A failure counts as a check; a check that was dropped does not. */
async function check({ clock, progress, settings, world }: BaseContext, file: string, signal: AbortSignal): Promise<string | undefined> {
  const now = () => new Date(clock.now()).toISOString();
  try {
    // First, so that a directory that is not writable stops the check.
    keep(file, { begun_at: now() });
    const transport = await world.connect(settings.caFile, { background: true });
    const latest = await latestRelease(transport, signal).finally(() => transport.close());
    keep(file, { latest, checked_at: now() });
    if (settings.debug) progress.debug(`The latest release of dnx is ${latest}`);
    return latest;
  } catch (error) {
    if (signal.aborted) return undefined;
    if (settings.debug) progress.debug(`Could not check for a new release of dnx: ${error instanceof Error ? error.message : 'unknown'}`);
    attempt(() => keep(file, { checked_at: now() }));
    return undefined;
  }
}

function tell({ clock, progress, world }: BaseContext, file: string, record: NoticeRecord): void {
  const { latest } = record;
  if (latest === undefined || !isNewer(latest, version) || !isPast(record.told_at, clock.now(), DAY)) return;
  // First: without a writable directory, the notice would appear with every command.
  if (attempt(() => keep(file, { told_at: new Date(clock.now()).toISOString() })) === undefined) return;
  const { executable, upgrade = executable && 'dnx upgrade' } = installationOf(world) ?? {};
  progress.note(
    [
      '',
      `A new release of dnx is available: ${version} → ${latest}`,
      ...(upgrade === undefined ? [] : [`To upgrade, run: ${upgrade}`]),
      `${repository}/releases/tag/v${latest}`,
    ].join('\n'),
  );
}

/** What dnx knows of new releases, in `update.json`. Times are ISO 8601. */
interface NoticeRecord {
  /** The latest release at the last check. */
  readonly latest?: string | undefined;
  readonly checked_at?: unknown;
  /** The last check that began. */
  readonly begun_at?: unknown;
  /** When the user was last told of a release. */
  readonly told_at?: unknown;
}

function readKnown(file: string): NoticeRecord {
  const known = attempt(() => readJson<NoticeRecord>(file, 1));
  return { ...known, latest: versionIn(known?.latest) };
}

/** Keeps more, and returns all of it. Throws if the directory is not writable. */
function keep(file: string, more: NoticeRecord): NoticeRecord {
  const known = { ...readKnown(file), ...more };
  writeJson(file, known);
  return known;
}

/** How long to wait after a check that did not end before its command. */
const AGAIN_MS = 10 * 60 * 1_000;

/** True if GitHub may be asked: once a day, as the user may be told. */
const mayCheckNow = ({ checked_at, begun_at }: NoticeRecord, now: number): boolean =>
  isPast(checked_at, now, DAY) && isPast(begun_at, now, AGAIN_MS);

function isPast(at: unknown, now: number, ms: number): boolean {
  const time = timeOf(at);
  return time === undefined || time > now || now - time >= ms;
}
