import { DnxError, type Next } from '../../base/errors.ts';
import { version } from '../../base/version.ts';
import type { World } from '../../machine/world.ts';
import { styleFor } from './style.ts';
import { lines, json as toJson } from './text.ts';

interface Options {
  readonly json: boolean;
  readonly debug: boolean;
  readonly world: Pick<World, 'stderr' | 'env'>;
  readonly color: boolean;
  /** A command that helps, as a line for a shell. */
  readonly line: (next: Next) => string;
}

/** Says on stderr what failed, and answers with the exit code. Whatever is not a DnxError is a bug, and only that shows a stack trace. */
export async function reportError(error: unknown, { json, debug, world, color, line }: Options): Promise<number> {
  const { stderr, env } = world;
  const expected = error instanceof DnxError ? error : fileFailure(error);
  if (json) {
    const { code, message, status = null, errors = null } = expected ?? { code: 'bug' as const, message: String(error) };
    const next = expected?.next.map((each) => ({ command: line(each), why: each.why })) ?? [];
    stderr.write(`${toJson({ error: { code, message, status, errors, hint: adviceOf(expected, line) ?? null, next } })}\n`);
    if (!expected) stderr.write(`${stackOf(error)}\n`);
    return expected?.exitCode ?? 1;
  }
  const style = await styleFor(stderr, env, color);
  if (!expected) {
    stderr.write(`${style.red('✗')} This looks like a bug in dnx ${version}:\n${stackOf(error)}\n`);
    return 1;
  }
  const text = [`${style.red('✗')} ${lines(expected.message)}`];
  for (const [field, messages] of Object.entries(expected.errors ?? {}))
    text.push(...messages.map((each) => `  ${lines(field)}: ${lines(each)}`));
  const advice = adviceOf(expected, line);
  if (advice) text.push(style.dim(`  ${lines(advice).replaceAll('\n', '\n  ')}`));
  if (debug && expected.cause) text.push(style.dim(stackOf(expected.cause)));
  stderr.write(`${text.join('\n')}\n`);
  return expected.exitCode;
}

/** What to do about it: the hint, and a line for each command that helps. */
function adviceOf(error: DnxError | undefined, line: Options['line']): string | undefined {
  const advice = [error?.hint, ...(error?.next ?? []).map((each) => `${each.why}: ${line(each)}`)].filter(Boolean);
  return advice.length > 0 ? advice.join('\n') : undefined;
}

const full: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full',
  EDQUOT: 'The disk quota is used up',
  EROFS: 'The file system is read-only',
  EACCES: 'Permission denied',
};

/** A file system that refuses is the machine's trouble, not a bug. */
function fileFailure(error: unknown): DnxError | undefined {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const words = code && full[code];
  return words ? new DnxError('failed', `${words}${path ? `: ${path}` : ''}.`, { cause: error }) : undefined;
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
