import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DnxError, reasonOf, systemCode } from '../../../base/errors.ts';
import { isObject } from '../../../base/json.ts';
import type { Context } from '../../../cli/language/command.ts';
import { type Holder, holderNamed, isHolderGone, isLocalHolder, locked, ownHolderName } from '../../../machine/files/lock.ts';
import { readJson, writeJson } from '../../../machine/files/text-file.ts';
import { isTarget, type Target } from '../../../platform/names/names.ts';
import type { Baseline } from '../baseline.ts';
import type { SiteReference } from '../site.ts';

/** The branch that a site has for one deployment only, saved so that the other one can be restored. Contains no secrets. */
export interface TemporaryBranch {
  readonly version: 1;
  readonly host: string;
  readonly server: Target;
  readonly site: Target;
  /** The branch to restore. */
  readonly from: string;
  /** The branch of the deployment. */
  readonly to: string;
  readonly started_at: string;
  /** The site before the request. */
  readonly baseline: Baseline;
  /** When the deployment was requested; null if it was not yet. */
  readonly asked_at: string | null;
  /** The process that will restore the branch, as in the name of a lock; null if it ended before it could. */
  readonly holder: string | null;
  /** When a process whose end cannot be checked, such as one in another container, counts as gone. */
  readonly until: string;
}

/** A temporary branch that this process restores. */
export interface HeldBranch {
  readonly saved: TemporaryBranch;
  /** Saves that the deployment is about to be requested. Fails if that is not possible. */
  asked(): Promise<void>;
  /** Leaves it to the next command. */
  release(): Promise<void>;
  forget(): Promise<void>;
  /** False if a command of the user's set the branch for good. */
  isWanted(): boolean;
}

/** Long enough for a verification and the restoring. */
const MARGIN_MS = 3_600_000;
const LONGEST_MS = 30 * 86_400_000;

type Needs = Pick<Context, 'clock' | 'settings'>;

const fileOf = ({ settings }: Pick<Needs, 'settings'>, { site }: Pick<SiteReference, 'site'>): string =>
  join(settings.directories.state, 'branches', `${encodeURIComponent(site.id)}@${encodeURIComponent(settings.host)}.json`);

/** The temporary branch of a site, if this machine gave it one. */
export function savedBranch(ctx: Pick<Needs, 'settings'>, of: Pick<SiteReference, 'site'>): TemporaryBranch | undefined {
  try {
    const saved = readJson<Partial<TemporaryBranch>>(fileOf(ctx, of));
    return isComplete(saved) && saved.host === ctx.settings.host && saved.site.id === of.site.id ? saved : undefined;
  } catch {
    return undefined;
  }
}

/** The process that will restore the branch, if it is still running. */
export function branchHolder({ holder, until }: TemporaryBranch, now: number): Holder | undefined {
  const found = holder === null ? undefined : holderNamed(holder);
  if (!found || isHolderGone(found)) return undefined;
  return isLocalHolder(found) || now < Date.parse(until) ? found : undefined;
}

/** Saves a temporary branch before it is set. Undefined if another process was faster. */
export async function saveBranch(
  ctx: Needs & Pick<Context, 'deadline'>,
  given: Pick<TemporaryBranch, 'server' | 'site' | 'from' | 'to' | 'baseline'>,
): Promise<HeldBranch | undefined> {
  const now = ctx.clock.now();
  const left = Math.min(Math.max(0, ctx.deadline - ctx.clock.elapsed()), LONGEST_MS);
  const saved: TemporaryBranch = {
    version: 1,
    host: ctx.settings.host,
    ...given,
    started_at: new Date(now).toISOString(),
    asked_at: null,
    holder: ownHolderName(),
    until: new Date(now + left + MARGIN_MS).toISOString(),
  };
  const file = fileOf(ctx, given);
  try {
    return await locked(file, ctx, () => {
      if (savedBranch(ctx, given)) return undefined;
      writeJson(file, saved);
      return held(ctx, saved);
    });
  } catch (error) {
    throw unsaved(error);
  }
}

/** Takes over the temporary branch of a process that ended. Undefined if there is none, or another process has it. */
export async function takeOverBranch(ctx: Needs, of: Pick<SiteReference, 'site'>): Promise<HeldBranch | undefined> {
  const file = fileOf(ctx, of);
  try {
    return await locked(file, ctx, () => {
      const saved = savedBranch(ctx, of);
      if (!saved || branchHolder(saved, ctx.clock.now())) return undefined;
      const own = { ...saved, holder: ownHolderName() };
      writeJson(file, own);
      return held(ctx, own);
    });
  } catch (error) {
    throw asFailure(error, `Could not change ${file}`);
  }
}

/** Forgets the temporary branch of a site, because a command of the user's decided otherwise. If it cannot, a later command will. */
export async function forgetBranch(ctx: Needs, of: Pick<SiteReference, 'site'>): Promise<void> {
  const file = fileOf(ctx, of);
  await locked(file, ctx, () => rmSync(file, { force: true })).catch(() => {});
}

function held(ctx: Needs, first: TemporaryBranch): HeldBranch {
  const file = fileOf(ctx, first);
  let saved = first;
  const isWanted = () => savedBranch(ctx, first)?.holder === first.holder;
  /** Changes the file, unless it is not ours any more. */
  const edit = (change: () => void) => locked(file, ctx, () => void (isWanted() && change()));
  return {
    get saved() {
      return saved;
    },
    isWanted,
    async asked() {
      const asked = { ...saved, asked_at: new Date(ctx.clock.now()).toISOString() };
      await edit(() => writeJson(file, asked)).catch((error: unknown) => {
        throw unsaved(error);
      });
      saved = asked;
    },
    // If the file cannot be changed, the end of this process releases it, and a restored branch is left alone.
    release: () => edit(() => writeJson(file, { ...saved, holder: null })).catch(() => {}),
    forget: () => edit(() => rmSync(file, { force: true })).catch(() => {}),
  };
}

const unsaved = (error: unknown): unknown => asFailure(error, 'Could not save which branch to restore', ' Nothing was deployed.');

/** An error of the operating system as a failure. */
function asFailure(error: unknown, what: string, then = ''): unknown {
  const code = systemCode(error);
  return code === undefined ? error : new DnxError('failed', `${what} (${reasonOf(code) ?? code}).${then}`, { cause: error });
}

/** True for a complete file of this version. Anything else in the directory must not crash dnx. */
function isComplete(saved: Partial<TemporaryBranch>): saved is TemporaryBranch {
  const { version, server, site, host, from, to, started_at, until, asked_at, holder, baseline } = saved;
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
  const isTime = (value: unknown) => isText(value) && !Number.isNaN(Date.parse(value));
  return (
    version === 1 &&
    [server, site].every(isTarget) &&
    [host, from, to].every(isText) &&
    [started_at, until].every(isTime) &&
    (asked_at === null || isTime(asked_at)) &&
    (holder === null || isText(holder)) &&
    isObject(baseline) &&
    (baseline.releases === null || Array.isArray(baseline.releases))
  );
}
