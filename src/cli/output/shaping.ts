import { usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { type Format, isReportFormat } from '../../machine/settings/settings.ts';
import type { Line } from '../run/line.ts';

/** Rejects output options that can never work, before the command runs. */
export async function checkShape({ command, options, globals, settings: { format } }: Line): Promise<void> {
  const { limit, fields, query, sort } = globals;
  const isOn = (option: string) => Boolean(command.options?.[option] && options[option]);
  if (isOn('watch') && format !== 'table' && format !== 'ndjson')
    throw usage(`--watch cannot print ${format}.`, 'Use -o ndjson, which prints a line of JSON per change.');
  if (limit !== undefined && !/^[1-9]\d{0,14}$/.test(limit)) throw usage(`--limit must be a positive whole number, not '${limit}'.`);
  const shaping = { fields, query, sort, limit };
  const [refused] = isReportFormat(format)
    ? (['fields', 'query', 'sort', 'limit'] as const).filter((key) => shaping[key] !== undefined)
    : [];
  if (refused) throw usage(`--${refused} cannot be combined with -o ${format}, which has a fixed shape.`);
  if (fields?.includes('')) throw usage('--fields contains an empty name.');
  if (isOn('follow')) checkLogShape({ format, ...shaping }, true);
  if (query !== undefined) await checkQuery(query);
  else if (format === 'ids' && fields && !fields.includes('id')) throw usage('-o ids needs the field id. Add it to --fields.');
}

/** True for a log that is printed as its text. */
export const isLogText = ({ format, fields, query, sort, limit }: LogOptions): boolean =>
  (format === 'table' || format === 'text') && [fields, query, sort, limit].every((each) => each === undefined);

type LogOptions = { readonly format: Format } & { readonly [key in 'fields' | 'query' | 'sort' | 'limit']?: unknown };

/** Rejects what a log cannot be printed as. `endless`: it is followed, so what needs its end is rejected, too. */
export function checkLogShape(options: LogOptions, endless: boolean): void {
  const { format, query, sort, limit } = options;
  if (format === 'ids') throw usage('-o ids needs ids, which the entries of a log do not have.');
  if (!endless || isLogText(options)) return;
  if (sort !== undefined || limit !== undefined) throw usage('-f cannot be combined with --sort or --limit.', 'Use --lines.');
  if (format.endsWith('json') || ((format === 'csv' || format === 'tsv') && query === undefined)) return;
  throw usage(
    format === 'yaml' ? '-f cannot be combined with -o yaml.' : `-f with --query or --fields needs -o ndjson or -o json.`,
    'Use -o ndjson.',
  );
}

const library = () => import('@jmespath-community/jmespath');

/** Applies a JMESPath expression. */
export async function queried(data: unknown, query: string): Promise<unknown> {
  const { search } = await library();
  try {
    return search(data as Parameters<typeof search>[0], query);
  } catch (cause) {
    throw usage(`Cannot apply --query to the response: ${(cause as Error).message}`);
  }
}

/** Rejects invalid JMESPath before anything is sent. The library knows its functions only when it runs them. */
export async function checkQuery(query: string): Promise<void> {
  const { compile, search } = await library();
  try {
    for (const { name, children } of functionsIn(compile(query))) {
      try {
        search(null, `${name}(${children.map(() => '`null`').join(', ')})`);
      } catch (cause) {
        if (/^(Unknown function|Invalid arity)/.test((cause as Error).message)) throw cause;
      }
    }
  } catch (cause) {
    throw usage(`--query is not valid JMESPath: ${(cause as Error).message}`, 'See https://jmespath.org');
  }
}

function functionsIn(node: unknown): readonly { readonly name: string; readonly children: readonly unknown[] }[] {
  if (typeof node !== 'object' || node === null) return [];
  const inside = Object.values(node).flatMap(functionsIn);
  return 'type' in node && node.type === 'Function' ? [node as unknown as (typeof inside)[number], ...inside] : inside;
}

/** The ids in the result of a query: strings, numbers and the `id` of objects. Throws on anything else. */
export function queriedIds(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((each: unknown) => (each === null ? [] : [idOf(each)]));
}

function idOf(value: unknown): string {
  const id = isObject(value) ? value.id : value;
  const known = typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint';
  // Each line is one id.
  if (!known || /[\r\n]/.test(String(id)))
    throw usage('-o ids needs ids, but --query returns something else.', 'Return ids or objects with an id, such as --query "[].id".');
  return String(id);
}
