import { attempt } from './errors.ts';
import { isObject } from './json.ts';
import { wordOf } from './text.ts';
import { timeOf } from './time.ts';

/** A record that Monolog wrote as a line of JSON. */
export interface MonologRecord {
  /** In epoch ms. */
  readonly at: number;
  /** As Monolog spells it: `ERROR`. */
  readonly level: string;
  /** The line that Monolog writes without JSON, with its time in UTC. */
  readonly text: string;
  /** The stack traces of its exceptions. */
  readonly trace: readonly string[];
}

/** Reads a line of Monolog's JsonFormatter or LogstashFormatter. Undefined for any other line. */
export function monologRecord(line: string): MonologRecord | undefined {
  const record: unknown = line.startsWith('{"') ? attempt(() => JSON.parse(line)) : undefined;
  if (!isObject(record)) return undefined;
  const at = timeOf(record.datetime ?? record['@timestamp']);
  const level = wordOf(record.level_name ?? record.level).toUpperCase();
  if (at === undefined || level === '') return undefined;
  const trace: string[] = [];
  const withoutTraces = (key: string, value: unknown) => {
    if (key !== 'trace' || !Array.isArray(value)) return value;
    trace.push(...value.map((frame) => (typeof frame === 'string' ? frame : JSON.stringify(frame))));
    return undefined;
  };
  const details = [record.context, record.extra]
    .filter((value) => isObject(value) && Object.keys(value).length > 0)
    .map((value) => JSON.stringify(value, withoutTraces));
  const time = new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  const name = `[${time}] ${wordOf(record.channel ?? record.type)}.${level}:`;
  return { at, level, text: [name, wordOf(record.message), ...details].join(' '), trace };
}
