import { randomBytes } from 'node:crypto';
import { fromJson, isObject, own, toJson } from '../../base/json.ts';
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
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const kept = (count: number) => listed(last ? items.slice(items.length - count) : items.slice(0, count));
  const whole = typeof value === 'string' ? value : Array.isArray(value) ? listed(items) : toJson(value);
  if (whole.length <= MOST) return { text: whole };
  let [fits, tooMany] = [0, items.length];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (kept(middle).length <= MOST) fits = middle;
    else tooMany = middle;
  }
  if (fits > 0) return { text: kept(fits), left: `${items.length - fits} of ${items.length} items` };
  return { text: last ? whole.slice(-MOST) : whole.slice(0, MOST), left: `${whole.length - MOST} of ${whole.length} characters` };
}

/** A list with the names of its fields only once, if that is shorter. A field that none of them has a value for is left out then. */
function listed(items: readonly unknown[]): string {
  const plain = toJson(items);
  if (!items.every(isObject)) return plain;
  const fields = [...new Set(items.flatMap((item) => Object.keys(item).filter((key) => item[key] !== null)))];
  const rows = items.map((item) => fields.map((field) => own(item, field) ?? null));
  const table = toJson({ fields, rows });
  return table.length < plain.length ? table : plain;
}
