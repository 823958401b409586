import { type ErrorCode, exits } from '../../src/base/errors.ts';
import type { Line } from './history.ts';
import { type Platform, shop } from './platform.ts';
import type { Log } from './wire.ts';

/** One of our command lines and its result. Times are ms of the monotonic clock. */
export interface Ending {
  readonly line: Line;
  readonly number: number;
  readonly argv: readonly string[];
  readonly log: Log;
  readonly began: number;
  readonly ended: number;
  /** How it was stopped: killed, or by Ctrl-C. */
  readonly stopped: 'kill' | 'interrupt' | undefined;
  readonly code: number;
  readonly outcome: string | undefined;
  readonly release: string | undefined;
  /** The code and HTTP status of its JSON error. */
  readonly error: string | undefined;
  readonly status: number | undefined;
  readonly stderr: string;
}

/** The words of a command line. */
export function argvOf({ verb, flags }: Line, platform: Platform, now: number, url: string | undefined): string[] {
  const { domain } = shop;
  const words = flags.flatMap((flag) => (flag === 'oldest' || flag === 'newest' ? [releaseName(platform, now, flag)] : [flag]));
  if (url !== undefined && words.includes('--verify')) words.push('--url', url);
  switch (verb) {
    case 'deploy':
      return ['deploy', domain, ...words, '--json'];
    case 'rollback':
      return ['rollback', domain, ...words, '--yes', '--json'];
    case 'watch':
      return ['site', 'watch', ...words, '--json'];
    case 'env set':
      return ['env', 'set', `LOG_LEVEL=at-${now}`, '--site', domain, ...words, '--json'];
    case 'update':
      return ['site', 'update', domain, '--branch', `at-${now}`, ...words, '--json'];
    case 'delete':
      return ['site', 'delete', domain, '--confirm', domain, ...words, '--json'];
  }
}

/** The name of a kept release that is not live. */
function releaseName(platform: Platform, now: number, which: 'oldest' | 'newest'): string {
  const kept = platform.viewAt(now).releases.filter(({ site_id, active, status }) => site_id === shop.id && !active && status === 'active');
  return String((which === 'oldest' ? kept[0] : kept.at(-1))?.name ?? 'none');
}

/** What a script reads: the result on stdout, one of several results, or the error on the last line of stderr. */
export function resultOf(stdout: string, stderr: string, code: number): Pick<Ending, 'outcome' | 'release' | 'error' | 'status' | 'code'> {
  const printed = parsed(stdout);
  if (Array.isArray(printed)) return partOf(printed, code);
  const { outcome, release } = printed as Parsed;
  const { error } = parsed(stderr.trim().split('\n').at(-1) ?? '') as { error?: { code?: string; status?: number | null } };
  return { code, outcome: textOf(outcome), release: textOf(release), error: error?.code, status: error?.status ?? undefined };
}

type Parsed = Readonly<Record<string, unknown>>;

/** The result for the site of the history, as if it had been deployed alone. */
function partOf(results: readonly Parsed[], code: number) {
  const { outcome, release, error } = results.find(({ site }) => site === shop.domain) ?? {};
  const failure = (error as { code?: ErrorCode } | undefined)?.code;
  const wrong = (code === 0) !== results.every((each) => each.error === undefined);
  const own = failure === undefined ? 0 : exits[failure];
  return { code: wrong ? code : own, outcome: textOf(outcome), release: textOf(release), error: failure, status: undefined };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
