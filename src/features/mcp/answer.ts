import { randomBytes } from 'node:crypto';
import { fromJson, toJson } from '../../base/json.ts';
import type { RunResult } from './runner.ts';

/** What a tool answers. */
export interface Answer {
  readonly text: string;
  readonly isError?: true;
}

/** The most characters of an answer: about 6,000 tokens. */
const MOST = 20_000;

const NARROW = 'Ask for less: --fields a,b, --limit n, or --query with a JMESPath expression';

interface ResultOptions {
  /** Of what is too long, keep the end. */
  readonly last?: boolean;
  /** With what the command said besides. True by default. */
  readonly notes?: boolean;
}

/** The result of a command, or its error, as data. */
export function resultAnswer(
  { code, stdout, stderr, hidden }: RunResult,
  { last = false, notes: isNoted = true }: ResultOptions = {},
): Answer {
  const result = stdout.trim() === '' ? undefined : capped(parsed(stdout), last);
  const { error, notes } = saidIn(stderr);
  const parts = [result?.text, isNoted ? notes : undefined, code === 0 ? undefined : (error ?? `Failed with exit code ${code}.`)].filter(
    (part) => part !== undefined,
  );
  const after = [
    ...(result?.left === undefined ? [] : [`Left out ${result.left}. ${NARROW}.`]),
    ...(hidden ? ['Values of variables are hidden. A person can start dnx mcp with --show-values.'] : []),
  ];
  return { text: [asData(parts.join('\n')), ...after].join('\n'), ...(code !== 0 && { isError: true }) };
}

/** Text of dnx itself, such as help. */
export const helpAnswer = (text: string): Answer =>
  text.length <= MOST ? { text } : { text: `${text.slice(0, MOST)}\nCut after ${MOST} of ${text.length} characters.` };

/** Marks text that servers or people wrote: it cannot name its own end. */
export function asData(text: string): string {
  const mark = `data-${randomBytes(4).toString('hex')}`;
  return `<${mark}>\n${text}\n</${mark}>`;
}

function saidIn(stderr: string): { readonly error: string | undefined; readonly notes: string | undefined } {
  const lines = stderr.trimEnd().split('\n');
  const at = lines.findLastIndex((line) => line.startsWith('{"error":'));
  const notes = lines.filter((line, index) => index !== at && line !== '').join('\n');
  return { error: at < 0 ? undefined : withoutEmpty(lines[at] ?? ''), notes: notes === '' ? undefined : notes.slice(-MOST / 10) };
}

const withoutEmpty = (line: string): string =>
  JSON.stringify(JSON.parse(line), (_, value: unknown) =>
    value === null || (Array.isArray(value) && value.length === 0) ? undefined : value,
  );

function parsed(text: string): unknown {
  try {
    return fromJson(text);
  } catch {
    return text.trimEnd();
  }
}

/** A value as text that is not too long, and what of it was left out. */
function capped(value: unknown, last: boolean): { readonly text: string; readonly left?: string } {
  const whole = typeof value === 'string' ? value : toJson(value);
  if (whole.length <= MOST) return { text: whole };
  const items = Array.isArray(value) ? value.map((item) => toJson(item)) : [];
  let size = 0;
  const fits = (last ? items.toReversed() : items).findIndex((item) => {
    size += item.length + 1;
    return size > MOST;
  });
  if (fits > 0) {
    const kept = last ? items.slice(-fits) : items.slice(0, fits);
    return { text: `[${kept.join(',')}]`, left: `${items.length - fits} of ${items.length} items` };
  }
  return { text: last ? whole.slice(-MOST) : whole.slice(0, MOST), left: `${whole.length - MOST} of ${whole.length} characters` };
}
