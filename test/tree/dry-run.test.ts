import { describe, expect, test } from 'vitest';
import { mayChange, operationsOf } from '../../src/cli/language/tree.ts';
import { isRead } from '../../src/platform/api/endpoint.ts';
import { changes } from '../../src/platform/operations.ts';
import { type Bed, openBed, type Run } from '../support/dnx.ts';
import { examples, prepareExample, runExample, withOptions } from '../support/examples.ts';
import { leaves } from '../support/tree.ts';

interface Target {
  readonly id: string | null;
  readonly created_by?: number;
}

interface Plan {
  readonly changes: readonly { readonly call: string; readonly targets: Readonly<Record<string, Target>>; readonly body: unknown }[];
  readonly about: readonly { readonly because?: unknown }[];
}

const MASK = '••••••••';

const changing = leaves.filter(({ command }) => mayChange(command));
/** The result of a query is not a plan. */
const lines = examples.filter(({ leaf, nested, line }) => changing.includes(leaf) && !nested && !line.includes('--query'));

/** A line and what the API received, with bodies. */
async function run(line: string): Promise<{ readonly run: Run; readonly received: Bed['sandbox']['calls'] }> {
  const bed = await openBed({ rateLimit: 0 });
  try {
    await prepareExample(bed, line.replace(' --dry-run --json', ''));
    const before = bed.sandbox.calls.length;
    return { run: await runExample(bed, line), received: bed.sandbox.calls.slice(before) };
  } finally {
    await bed.close();
  }
}

/** The path that a planned change names, where `*` is the id of what an earlier one creates. */
function pathOf({ call, targets }: Plan['changes'][number]): string {
  return call.replaceAll(/\{(\w+)\}/g, (_, name: string) => targets[name]?.id ?? '*');
}

/** A body, with the same values masked as in the plan. */
function like(planned: unknown, sent: unknown): unknown {
  if (planned === MASK) return typeof sent === 'string' && sent !== '' ? MASK : sent;
  if (Array.isArray(planned) && Array.isArray(sent)) return sent.map((each, at) => like(planned[at], each));
  if (typeof sent !== 'object' || sent === null) return sent ?? null;
  return Object.fromEntries(
    Object.entries(sent).map(([key, each]) => [key, like((planned as Record<string, unknown> | null)?.[key], each)]),
  );
}

test('the operations that may be planned are those that commands send', () => {
  const sent = leaves.flatMap(({ command }) => operationsOf(command)).filter((each) => !isRead(each));
  expect([...changes].sort()).toEqual([...new Set(sent)].sort());
});

test('almost every command that changes something has a dry run', () => {
  const others = leaves.filter(({ command }) => !mayChange(command) && operationsOf(command).some((each) => !isRead(each)));
  expect(others.map(({ path }) => path)).toEqual(['auth login', 'auth logout', 'config delete-profile']);
  expect(changing.length).toBeGreaterThan(70);
});

describe('--dry-run plans what the command then sends, and reads no more than it and what an id names', () => {
  test.each(lines)('$line', async ({ line }) => {
    const bare = line.replace(' --dry-run', ' --yes');
    const [words, from] = bare.replace(/ (--json|-o ndjson)\b/, '').split(' < ');
    const dry = await run(`${withOptions(words, '--dry-run --json')}${from ? ` < ${from}` : ''}`);
    const real = await run(bare);
    expect(real.run.code, real.run.stderr).toBe(0);
    expect(dry.received.filter(({ method }) => method !== 'GET')).toEqual([]);
    const { changes: planned, about } = dry.run.json<Plan>();
    const isThere = about.some(({ because }) => Array.isArray(because));
    // What is there already is left out.
    const sent = isThere ? [] : real.received.filter(({ method }) => method !== 'GET');
    expect(dry.run.code, dry.run.stderr).toBe(0);
    expect(dry.run.stderr.includes('Nothing was changed.\n')).toBe(sent.length > 0);
    const shown = sent.map(({ method, path, body }, at) => {
      const [, made] = (planned[at] && /\/(sites|tokens)\/\*/.exec(pathOf(planned[at]))) ?? [];
      return [`${method} ${made ? path.replace(new RegExp(`/${made}/[^/]+`), `/${made}/*`) : path}`, like(planned[at]?.body, body)];
    });
    expect(shown).toEqual(planned.map((each) => [pathOf(each), each.body]));
    const reads = ({ received }: typeof dry) => received.filter(({ method }) => method === 'GET').map(({ path }) => path);
    const targets = planned.map((each) => pathOf(each).replace(/^\w+ /, ''));
    const left = [...reads(real), ...targets, ...targets.map((path) => path.slice(0, path.lastIndexOf('/')))];
    for (const path of reads(dry)) {
      expect(left).toContain(path);
      left.splice(left.indexOf(path), 1);
    }
  });
});
