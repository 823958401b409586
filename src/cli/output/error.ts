import { DnxError, type Next, reasonOf } from '../../base/errors.ts';
import { capitalized } from '../../base/text.ts';
import { version } from '../../base/version.ts';
import type { World } from '../../machine/world.ts';
import { detailLines } from './details.ts';
import type { Trace } from './stack.ts';
import { failureMark, type Style, styleFor } from './style.ts';
import { forLog, lines, json as toJson } from './text.ts';

interface Options {
  readonly json: boolean;
  readonly debug: boolean;
  readonly world: Pick<World, 'stderr' | 'env' | 'node' | 'platform'>;
  readonly color: boolean;
  /** A command that helps, as a line for a shell. */
  readonly line: (next: Next) => string;
}

/** Says on stderr what failed, and answers with the exit code. Whatever is not a DnxError is a bug, and only that shows a stack trace. */
export async function reportError(error: unknown, options: Options): Promise<number> {
  const expected = error instanceof DnxError ? error : fileFailure(error);
  const { stderr, env } = options.world;
  if (options.json) {
    stderr.write(`${toJson({ error: expected ? failureInJson(expected, options.line) : await bugInJson(error, options.world) })}\n`);
  } else {
    const style = await styleFor(stderr, env, options.color);
    const words = expected ? await failureInWords(expected, style, options) : await bugInWords(error, style, options.world);
    stderr.write(`${forLog(words, env)}\n`);
  }
  return expected?.exitCode ?? 1;
}

const failureInJson = (failure: DnxError, line: Options['line']) => ({
  code: failure.code,
  message: failure.message,
  status: failure.status ?? null,
  errors: failure.errors ?? null,
  hint: adviceOf(failure, line) ?? null,
  next: failure.next.map((each) => ({ command: line(each), why: each.why })),
});

async function failureInWords(failure: DnxError, style: Style, { debug, line }: Options): Promise<string> {
  const fields = Object.entries(failure.errors ?? {}).flatMap(([field, messages]) =>
    messages.map((each) => `  ${lines(field)}: ${lines(each)}`),
  );
  const mark = failure.code === 'cancelled' ? '' : `${failureMark(style)} `;
  const text = [`${mark}${lines(failure.message)}`, ...fields, ...detailLines(failure.details, style)];
  const advice = adviceOf(failure, line);
  if (advice) text.push(style.dim(`  ${lines(advice).replaceAll('\n', '\n  ')}`));
  if (debug && failure.cause) text.push(style.dim(inWords(await traceOf(failure.cause))));
  return text.join('\n');
}

/** What a bug report needs besides the stack. */
const circumstances = ({ node, platform }: Options['world']) => ({ dnx: version, node, platform });

async function bugInJson(error: unknown, world: Options['world']) {
  const { stack } = await traceOf(error);
  return { code: 'bug', message: String(error), status: null, errors: null, hint: null, next: [], stack, ...circumstances(world) };
}

async function bugInWords(error: unknown, style: Style, world: Options['world']): Promise<string> {
  const around = Object.entries(circumstances(world)).map(([name, value]) => `${name} ${value}`);
  return [`${failureMark(style)} This looks like a bug in dnx ${version}:`, inWords(await traceOf(error)), ...around].join('\n');
}

/** Loaded for a bug alone. */
const traceOf = async (error: unknown): Promise<Trace> => (await import('./stack.ts')).traceOf(error);

const inWords = ({ message, stack }: Trace): string => [lines(message), ...stack.map((call) => `    ${call}`)].join('\n');

/** What to do about it: the hint, and a line for each command that helps. */
function adviceOf(error: DnxError | undefined, line: Options['line']): string | undefined {
  const advice = [error?.hint, ...(error?.next ?? []).map((each) => `${each.why}: ${line(each)}`)].filter(Boolean);
  return advice.length > 0 ? advice.join('\n') : undefined;
}

/** A file system that refuses is the machine's trouble, not a bug. */
function fileFailure(error: unknown): DnxError | undefined {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const words = reasonOf(code);
  return words ? new DnxError('failed', `${capitalized(words)}${path ? `: ${path}` : ''}.`, { cause: error }) : undefined;
}
