import type { SourceMap } from 'node:module';
import { isAbsolute } from 'node:path';
import {
  adviceOf,
  type Detail,
  DnxError,
  errorObject,
  isError,
  type Next,
  type NextFormat,
  REJECTED,
  reasonOf,
  withoutTokens,
} from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { capitalized } from '../../base/text.ts';
import { version } from '../../base/version.ts';
import { packageRoot, packageText } from '../../machine/runtime.ts';
import type { World } from '../../machine/world.ts';
import { detailLines, failureMark, forLog, painted, type Style, safeLines, styleFor, json as toJson, type Wrap, wrapFor } from './text.ts';

interface PrintErrorOptions {
  readonly json: boolean;
  readonly debug: boolean;
  readonly world: Pick<World, 'stderr' | 'env' | 'node' | 'platform'>;
  readonly color: boolean;
  readonly line: NextFormat;
}

/** The indent of lines after the first: the width of the mark and a space. */
const HANG = 2;

/** Prints an error on stderr and returns the exit code. An error that is not a DnxError is a bug, and shows its stack. */
export async function reportError(error: unknown, options: PrintErrorOptions): Promise<number> {
  const expected = error instanceof DnxError ? error : fileFailure(error);
  const { stderr, env } = options.world;
  if (options.json) {
    const object = expected ? errorObject(expected, options.line) : await bugInJson(error, options);
    stderr.write(`${withoutTokens(toJson({ error: object }))}\n`);
  } else {
    const style = await styleFor(stderr, env, options.color);
    const wrap = await wrapFor(stderr);
    const words = expected ? await failureInWords(expected, style, wrap, options) : await bugInWords(error, style, wrap, options.world);
    stderr.write(`${forLog(withoutTokens(words), env)}\n`);
  }
  return expected?.exitCode ?? 1;
}

/** The error of `--json` as data. A bug has no stack in it. */
export function errorInJson(error: unknown, line: NextFormat): unknown {
  const expected = error instanceof DnxError ? error : fileFailure(error);
  return expected ? errorObject(expected, line) : { code: 'bug', reason: 'bug', human: true, message: withoutTokens(String(error)) };
}

async function failureInWords(failure: DnxError, style: Style, wrap: Wrap, { debug, line }: PrintErrorOptions): Promise<string> {
  // What the user ended is no failure.
  const mark = isError(failure, 'cancelled', 'interrupted') ? '' : `${failureMark(style)} `;
  const text = [
    wrap(`${mark}${painted(safeLines(headline(failure)), style)}`, mark === '' ? 0 : HANG),
    ...detailLines([...failure.details, ...labeled(failure.next, line)], style, wrap),
    ...fieldLines(failure, style).map((each) => wrap(each, 2 * HANG)),
  ];
  const advice = adviceOf({ ...failure, next: failure.next.filter(({ label }) => label === undefined) }, line);
  if (advice) text.push(wrap(painted(`  ${safeLines(advice).replaceAll('\n', '\n  ')}`, style, style.dim), HANG));
  if (debug && failure.cause) text.push(style.dim(inWords(await traceOf(failure.cause))));
  return text.join('\n');
}

/** The message, or a generic one if it only repeats the fields, as Laravel's does: `The name field is required. (and 1 more error)`. */
function headline({ message, errors = {} }: DnxError): string {
  const texts = Object.values(errors).flat();
  const repeated = texts.includes(message.replace(/ \(and \d+ more errors?\)$/, '')) || message === 'The given data was invalid.';
  return texts.length > 0 && repeated ? REJECTED : message;
}

/** A line for each field that the API rejected: `--php-version: The selected php version is invalid.   (known: 8.3, 8.4)`. */
const fieldLines = ({ errors = {}, labels }: DnxError, style: Style): readonly string[] =>
  Object.entries(errors).flatMap(([field, messages]) => {
    const { name, known = [], example } = own(labels, field) ?? { name: field };
    const values = known.length > 0 ? `known: ${known.join(', ')}` : example && `for example: '${example}'`;
    const after = values ? style.dim(`   (${values})`) : '';
    return messages.map((each) => `  ${safeLines(name)}: ${safeLines(each)}${after}`);
  });

const circumstances = ({ node = 'executable', platform }: PrintErrorOptions['world']) => ({ dnx: version, node, platform });

async function bugInJson(error: unknown, { line, world }: PrintErrorOptions) {
  const { stack } = await traceOf(error);
  return { ...errorObject(new DnxError('bug', String(error)), line), human: true, stack, ...circumstances(world) };
}

async function bugInWords(error: unknown, style: Style, wrap: Wrap, world: PrintErrorOptions['world']): Promise<string> {
  const around = Object.entries(circumstances(world)).map(([name, value]) => `${name} ${value}`);
  return [
    wrap(`${failureMark(style)} This looks like a bug in dnx ${version}. Please report it with the lines below.`, HANG),
    inWords(await traceOf(error)),
    ...around,
  ].join('\n');
}

const inWords = ({ message, stack }: Trace): string => [safeLines(message), ...stack.map((call) => `    ${call}`)].join('\n');

/** The next commands that stand among the details. */
const labeled = (next: readonly Next[], line: NextFormat): readonly Detail[] =>
  next.flatMap((each): Detail[] => (each.label === undefined ? [] : [[each.label, line(each)]]));

/** A full disk or a missing permission is an expected failure, not a bug. */
function fileFailure(error: unknown): DnxError | undefined {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const words = reasonOf(code);
  return words ? new DnxError('failed', `${capitalized(words)}${path ? `: ${path}` : ''}.`, { cause: error }) : undefined;
}

interface Trace {
  readonly message: string;
  /** Calls, innermost first: `at deploy (src/features/deploy/deploy.ts:120)`. */
  readonly stack: readonly string[];
}

/** Prepares an error for a bug report: maps calls to TypeScript sources, and removes absolute paths. */
async function traceOf(error: unknown): Promise<Trace> {
  if (!(error instanceof Error)) return { message: String(error), stack: [] };
  const lines = (error.stack ?? String(error)).split('\n');
  const first = lines.findIndex((line) => /^ +at /.test(line));
  const calls = first === -1 ? [] : lines.slice(first);
  const locate = await openMaps();
  return {
    message: first === -1 ? lines.join('\n') : lines.slice(0, first).join('\n'),
    stack: calls.map((call) =>
      call
        .trim()
        .replace(/eval at .*\), /, '')
        .replace(PLACE, locate),
    ),
  };
}

/** `file:line:column` at the end of a call, except for Node's own files. In an executable, those of dnx are relative. */
const PLACE = /(?<=[ (])(?:file:\/\/)?((?:[A-Za-z]:)?[\\/].*|[\w-]+[\w./-]*\.js):(\d+):(\d+)(?=\)?$)/;

async function openMaps(): Promise<(place: string, file: string, line: string, column: string) => string> {
  const { SourceMap } = await import('node:module');
  const root = packageRoot();
  const maps = new Map<string, SourceMap | undefined>();
  const read = (file: string): SourceMap | undefined => {
    const map = packageText(`${file}.map`);
    // Chunks of libraries have none.
    return map === undefined ? undefined : new SourceMap(JSON.parse(map));
  };
  return (_, path, line, column) => {
    // Code outside the package: only the file name.
    if (isAbsolute(path) && !path.startsWith(root)) return `${path.split(/[\\/]/).at(-1)}:${line}:${column}`;
    const file = (isAbsolute(path) ? path.slice(root.length) : path).replaceAll('\\', '/');
    if (!maps.has(file)) maps.set(file, read(file));
    const entry = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    // The maps have no columns.
    if (entry && 'originalSource' in entry && entry.originalSource) return `${entry.originalSource}:${entry.originalLine + 1}`;
    return `${file}:${line}:${column}`;
  };
}
