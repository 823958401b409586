import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { exits } from '../../src/base/errors.ts';
import { operationsOf } from '../../src/cli/language/tree.ts';
import type { ApiResponse, FaultReply, Match } from '../../src/sandbox/index.ts';
import { type Bed, openBed, type Run } from '../support/dnx.ts';
import { examples, prepareExample, runExample } from '../support/examples.ts';
import { sampled, turn } from '../support/volume.ts';

type Json = unknown;
const isObject = (value: Json): value is Record<string, Json> => typeof value === 'object' && value !== null && !Array.isArray(value);
const dataOf = ({ body }: ApiResponse): Json => (isObject(body) && 'data' in body ? body.data : body);
/** Changes the body of a success; errors and files stay unchanged. */
const reshaped =
  (change: (answer: ApiResponse) => Json): ((answer: ApiResponse) => ApiResponse) =>
  (answer) =>
    answer.status >= 300 || answer.body instanceof Uint8Array ? answer : { ...answer, body: change(answer) };
/** Changes every object of a response. */
const each = (value: Json, change: (item: Record<string, Json>) => Record<string, Json>): Json =>
  Array.isArray(value) ? value.map((item) => each(item, change)) : isObject(value) ? change(value) : value;
const eachOf = (change: (item: Record<string, Json>) => Record<string, Json>) =>
  reshaped(({ body }) => (isObject(body) && 'data' in body ? { ...body, data: each(body.data, change) } : body));
const mapped = (item: Record<string, Json>, change: (key: string, value: Json) => Json) =>
  Object.fromEntries(Object.entries(item).map(([key, value]) => [key, change(key, value)]));

/** JavaScript throws if it converts this to text or a number. */
const odd = { toString: 'x', valueOf: 1 };

/** Other shapes in which the API may report success. */
const successes: Readonly<Record<string, FaultReply>> = {
  'a 204 without a body': (answer) => (answer.status >= 300 ? answer : { status: 204, headers: {}, body: undefined }),
  'a message alone': reshaped(() => ({ message: 'All is well.' })),
  'a bare object': reshaped(dataOf),
  'a bare array': reshaped((answer) => [dataOf(answer)].flat()),
  'a list without meta': reshaped((answer) => ({ data: dataOf(answer) })),
  'null data': reshaped(() => ({ data: null })),
  'an empty list': reshaped(() => ({ data: [] })),
  'a list that contains null': reshaped((answer) => ({
    data: Array.isArray(dataOf(answer)) ? [null, dataOf(answer)].flat() : dataOf(answer),
  })),
  'whole numbers for ids': eachOf((item) => mapped(item, (key, value) => (/(^|_)id$/.test(key) && value !== null ? 17 : value))),
  'unknown fields and statuses': eachOf((item) => ({
    ...item,
    brand_new: { of: [1, { x: null }] },
    ...('status' in item && { status: 'hibernating' }),
  })),
  'nothing but ids': eachOf(({ id }) => ({ id })),
  'null fields': eachOf((item) => mapped(item, (key, value) => (key === 'id' ? value : null))),
  'fields of another type': eachOf((item) => mapped(item, (key, value) => (key === 'id' ? value : { nested: [value ?? ''] }))),
  'fields that cannot be converted to text': eachOf((item) => mapped(item, (key, value) => (key === 'id' ? value : odd))),
  'ids that cannot be converted to text': eachOf((item) => ({ ...item, id: odd })),
  'text as data': reshaped(() => ({ data: 'All is well.' })),
  'a number as data': reshaped(() => ({ data: 5 })),
  'true as data': reshaped(() => ({ data: true })),
  'bare text': reshaped(() => '"All is well."'),
  'a list of text and numbers': reshaped(() => ({ data: ['web-1', 7, true, ''] })),
  'a list of lists': reshaped(() => ({ data: [[{ id: 1 }], []] })),
  'an object of objects': reshaped(() => ({ data: { items: { of: [1, {}] } } })),
  'objects as ids': eachOf((item) => ({ ...item, id: {} })),
  'null ids': eachOf((item) => ({ ...item, id: null })),
  'numbers instead of text': eachOf((item) =>
    mapped(item, (key, value) => (typeof value === 'string' && key !== 'id' ? 1_775_000_000 : value)),
  ),
  'text instead of numbers': eachOf((item) => mapped(item, (_, value) => (typeof value === 'number' ? String(value) : value))),
  'empty strings': eachOf((item) => mapped(item, (key, value) => (key === 'id' ? value : ''))),
  'fields named like properties of every object': eachOf((item) => ({ ...item, constructor: null, toString: 1, hasOwnProperty: 'x' })),
  'a slow trickle': 'trickle',
};

/** Responses of an API, or of a proxy before it, that fails. */
const failures: Readonly<Record<string, FaultReply>> = {
  'a 502 with an HTML page': {
    status: 502,
    body: '<html><body><h1>502 Bad Gateway</h1></body></html>',
    headers: { 'Content-Type': 'text/html' },
  },
  'a 429 with plain text': { status: 429, body: 'Too Many Attempts.', headers: { 'Content-Type': 'text/plain' } },
  'an empty 500': { status: 500 },
  'a JSON error without a message': { status: 400, body: { error: { code: 7 } } },
  'a 422 of another shape': { status: 422, body: { errors: { name: 'It is taken.', port: [null, { min: 1 }] } } },
  'a 403 without a message': { status: 403, body: {} },
  'a truncated response': 'cut',
  'a dropped connection': 'drop',
};

/** Shapes that name lookups receive too. */
const everywhere = [
  'a 204 without a body',
  'a message alone',
  'a bare array',
  'null data',
  'whole numbers for ids',
  'fields of another type',
  'a 502 with an HTML page',
  'a 429 with plain text',
  'a truncated response',
] as const;

/** Commands that print the response unchanged, or send a request only for a client on standard input, as `test/mcp` has. */
const aside = ['api', 'doctor', 'mcp'];
const silent = /^dnx (completion|sandbox|config)|^dnx (token abilities|auth switch)/;
const candidates = examples.filter(({ line, leaf, asks }) => !asks && !silent.test(line) && !aside.includes(leaf.path));
const firsts = candidates.filter(({ leaf }, at) => candidates.findIndex((other) => other.leaf === leaf) === at);

const codes = new Set<number>(Object.values(exits));

/** Text that only a bug prints. */
const unclear = /This looks like a bug|\n {4}at |undefined|\[object |NaN|\bnull\b|Infinity|Invalid Date/;

/** A create whose response was lost may find what it created. */
const adopted = /^! The response was lost, but .* was created\.$/m;

/** Why a run ended in neither a clear result nor a clear error. */
function complaint({ code, stdout, stderr }: Run): string | undefined {
  const screen = stripVTControlCharacters(`${stdout}${stderr}`);
  if (unclear.test(screen)) return `shows ${unclear.exec(screen)?.[0]}:\n${screen}`;
  if (code !== 0 && !codes.has(code)) return `exits ${code}`;
  if (code !== 0 && !/Error: .{8,}/.test(screen)) return `fails without a message:\n${screen}`;
  return undefined;
}

describe.each(
  // As many as there are shapes, so that each gets its turn.
  sampled(firsts, Object.keys(successes).length, 3).map(({ line, leaf }, row) => [line, leaf.command, row] as const),
)('%s', (line, command, row) => {
  const called = operationsOf(command);
  const own = called.length > 0 ? { method: called[0]?.split(' ')[0] ?? '', path: pathOf(called) } : {};
  /** A command that only reads can use the same sandbox again. */
  const reads = own.method === 'GET';

  async function complaints(replies: Readonly<Record<string, FaultReply>>, match: Match, judge = complaint): Promise<string[]> {
    const found: string[] = [];
    let bed: Bed | undefined;
    for (const [shape, reply] of turn(Object.entries(replies), row)) {
      bed ??= await prepared(line);
      const stop = bed.sandbox.faults.always(match, reply);
      const wrong = judge(await runExample(bed, line));
      stop();
      if (wrong) found.push(`with ${shape}, it ${wrong}`);
      if (reads || typeof reply === 'object') continue;
      await bed.close();
      bed = undefined;
    }
    await bed?.close();
    return found;
  }

  test('accepts every shape of a success', async () => {
    expect(await complaints(successes, own)).toEqual([]);
  });

  test('explains every failure', async () => {
    const asked = ({ calls }: Run) => calls.some((call) => call.startsWith(`${own.method} `) && own.path?.test(call.split(' ')[1] ?? ''));
    const judge = (run: Run) =>
      complaint(run) ??
      (run.code === 0 && asked(run) && !adopted.test(run.stderr) ? `calls it a success:\n${run.stdout}${run.stderr}` : undefined);
    expect(await complaints(failures, own, judge)).toEqual([]);
  });

  test('does not crash if every response has such a shape', async () => {
    expect(
      await complaints(Object.fromEntries(everywhere.map((shape) => [shape, { ...successes, ...failures }[shape] ?? 'drop'])), {}),
    ).toEqual([]);
  });
});

/** The command's endpoint, and the one that replaces it under another parent. */
const pathOf = (endpoints: readonly string[]): RegExp =>
  new RegExp(
    `^(${endpoints
      .filter((each) => each.startsWith(`${endpoints[0]?.split(' ')[0]} `))
      .map((each) => (each.split(' ')[1] ?? '').replaceAll(/\{\w+\}/g, '[^/]+'))
      .join('|')})$`,
  );

async function prepared(line: string): Promise<Bed> {
  const bed = await openBed();
  await prepareExample(bed, line);
  return bed;
}
