import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { effectOf } from '../../src/cli/language/effect.ts';
import { mayChange, operationsOf } from '../../src/cli/language/tree.ts';
import { wordsIn } from '../../src/cli/run/line.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { isRead } from '../../src/platform/api/endpoint.ts';
import { changes, operations } from '../../src/platform/operations.ts';
import { type Bed, openBed, type Run, split } from '../support/dnx.ts';
import { examples, prepareExample, runExample, withOptions } from '../support/examples.ts';
import { leaves } from '../support/tree.ts';
import { oneOfEach } from '../support/volume.ts';

interface Target {
  readonly id: string | null;
  readonly created_by?: number;
}

interface Plan {
  readonly changes: readonly { readonly call: string; readonly targets: Readonly<Record<string, Target>>; readonly body: unknown }[];
  readonly about: readonly { readonly because?: unknown }[];
  readonly consent: { readonly confirm: string | null };
}

/** A run of an example in a bed of its own, and what the API received. */
interface Example {
  readonly run: Run;
  readonly received: Bed['sandbox']['calls'];
  /** The same, as the changes alone, with the id of a new site left out. */
  readonly changes: readonly unknown[];
}

const MASK = '••••••••';

const changing = leaves.filter(({ command }) => mayChange(command));
/** The result of a query is not a plan. */
const lines = examples.filter(({ leaf, nested, line }) => changing.includes(leaf) && !nested && !line.includes('--query'));

/** Runs an example; `work` goes on in the same bed. */
async function inBed<T>(prepared: string, work: (bed: Bed, received: () => Omit<Example, 'run'>) => Promise<T>): Promise<T> {
  const bed = await openBed({ rateLimit: 0 });
  try {
    await prepareExample(bed, prepared);
    const before = bed.sandbox.calls.length;
    return await work(bed, () => receivedIn(bed, before));
  } finally {
    await bed.close();
  }
}

function receivedIn({ sandbox }: Bed, since: number): Omit<Example, 'run'> {
  const received = sandbox.calls.slice(since);
  const fresh = sandbox.state.sites.find(({ domain }) => domain === 'new.example.com')?.id ?? '-';
  const sent = received.filter(({ method }) => method !== 'GET');
  return { received, changes: sent.map(({ method, path, body }) => [`${method} ${path.replace(fresh, 'NEW')}`, body]) };
}

const real = new Map<string, Promise<Example>>();

/** Runs a line, once for all tests. */
function ran(line: string): Promise<Example> {
  const found = real.get(line) ?? run(line, line);
  real.set(line, found);
  return found;
}

const run = (prepared: string, line: string): Promise<Example> =>
  inBed(prepared, async (bed, received) => {
    const ended = await runExample(bed, line);
    expect(ended).toExit(0);
    return { run: ended, ...received() };
  });

/** An example that changes something instead of planning it, and its words with options of a plan. */
const executed = (line: string): string => line.replace(' --dry-run', ' --yes');

function planned(line: string, options: string): string {
  const [words, from] = executed(line)
    .replace(/ (--json|-o ndjson)\b/, '')
    .split(' < ');
  return `${withOptions(words, options)}${from ? ` < ${from}` : ''}`;
}

/** What an example does, by its words. */
async function effectOfLine(line: string) {
  const { invocation } = await parse(split(line.replace(/^dnx /, '')), tree);
  return invocation && effectOf(invocation.command, wordsIn(invocation));
}

describe('an example works, and does what its words say', () => {
  test.each(examples.flatMap(({ line, nested }) => (nested ? [] : [line])))('%s', async (line) => {
    const { run: ended } = await ran(line);
    expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/undefined|\[object|NaN/);
    // Nothing connects early that then sends nothing.
    if (ended.calls.length === 0) expect(ended.early).toBe(0);
    const effect = await effectOfLine(line);
    const sent = ended.changes;
    if (effect === 'read' || effect === 'local') expect(sent).toEqual([]);
    if (sent.some((call) => call.startsWith('DELETE '))) expect(effect).toBeOneOf(['destroy', 'program']);
  });
});

test('the operations that may be planned are those that commands send', () => {
  const sent = leaves.flatMap(({ command }) => operationsOf(command)).filter((each) => !isRead(each));
  expect([...changes].sort()).toEqual([...new Set(sent)].sort());
});

test('almost every command that changes something has a dry run, and most examples can be saved as a plan', () => {
  const others = leaves.filter(({ command }) => !mayChange(command) && operationsOf(command).some((each) => !isRead(each)));
  expect(others.map(({ path }) => path)).toEqual(['auth login', 'auth logout', 'config delete-profile']);
  expect(changing.length).toBeGreaterThan(70);
  expect(lines.length).toBeGreaterThan(100);
});

describe('--dry-run plans what the command then sends, and reads no more than it and what an id names', () => {
  test.each(oneOfEach(lines, ({ leaf }) => leaf.path))('$line', async ({ line }) => {
    const bare = executed(line);
    const dry = await run(bare, planned(line, '--dry-run --json'));
    const done = await ran(bare);
    expect(dry.changes).toEqual([]);
    const plan = dry.run.json<Plan>();
    // What is there already is left out.
    const isThere = plan.about.some(({ because }) => Array.isArray(because));
    const sent = isThere ? [] : done.received.filter(({ method }) => method !== 'GET');
    expect(dry.run.stderr.includes('Nothing was changed.\n')).toBe(sent.length > 0);
    for (const { call, body } of plan.changes) for (const field of maskedIn(body)) expect(operations[call]?.secrets).toContain(field);
    const shown = sent.map(({ method, path, body }, at) => {
      const change = plan.changes[at];
      const [, made] = (change && /\/(sites|tokens)\/\*/.exec(pathOf(change))) ?? [];
      return [`${method} ${made ? path.replace(new RegExp(`/${made}/[^/]+`), `/${made}/*`) : path}`, like(change?.body, body)];
    });
    expect(shown).toEqual(plan.changes.map((each) => [pathOf(each), each.body]));
    const left = mayRead(plan, done);
    for (const path of readsOf(dry)) {
      expect(left).toContain(path);
      left.splice(left.indexOf(path), 1);
    }
  });
});

const readsOf = ({ received }: Pick<Example, 'received'>) => received.filter(({ method }) => method === 'GET').map(({ path }) => path);

/** What a dry run may read: what the command does, and what it changes, with its list. */
function mayRead(plan: Plan, done: Example): string[] {
  const targets = plan.changes.map((each) => pathOf(each).replace(/^\w+ /, ''));
  return [...readsOf(done), ...targets, ...targets.map((path) => path.slice(0, path.lastIndexOf('/')))];
}

/** The path that a planned change names, where `*` is the id of what an earlier one creates. */
function pathOf({ call, targets }: Plan['changes'][number]): string {
  return call.replaceAll(/\{(\w+)\}/g, (_, name: string) => targets[name]?.id ?? '*');
}

/** The fields whose values a plan hides. */
const maskedIn = (body: unknown): readonly string[] =>
  Object.entries(body ?? {}).flatMap(([field, value]) => (value === MASK ? [field] : []));

/** A body, with the same values masked as in the plan. */
function like(plan: unknown, sent: unknown): unknown {
  if (plan === MASK) return typeof sent === 'string' && sent !== '' ? MASK : sent;
  if (Array.isArray(plan) && Array.isArray(sent)) return sent.map((each, at) => like(plan[at], each));
  if (typeof sent !== 'object' || sent === null) return sent ?? null;
  return Object.fromEntries(Object.entries(sent).map(([key, each]) => [key, like((plan as Record<string, unknown> | null)?.[key], each)]));
}

/** What a plan cannot hold. */
const unsaved = /cannot be saved/;

describe('a saved plan, applied, sends what the line sends', () => {
  test.each(oneOfEach(lines, ({ leaf }) => leaf.path))('$line', async ({ line }) => {
    const bare = executed(line);
    const prepared = bare.replace(/ (--json|-o ndjson)\b/, '');
    await inBed(prepared, async (bed, received) => {
      const saved = await runExample(bed, planned(line, '--dry-run --out plan.json'));
      if (unsaved.test(saved.stderr)) return expect(saved).toExit(2, { stdout: '' });
      expect(saved).toExit(0);
      // The line sends what is there already.
      const isThere = / is already /.test(saved.stdout);
      if (/^Nothing would change/.test(saved.stdout)) return expect(isThere ? [] : (await ran(bare)).changes).toEqual([]);
      const { consent }: Plan = JSON.parse(readFileSync(join(bed.directory, 'plan.json'), 'utf8'));
      const consented = consent.confirm === null ? '--yes' : `--confirm ${consent.confirm}`;
      await expect(runExample(bed, `dnx apply plan.json ${consented}`)).toExit(0);
      return expect(received().changes).toEqual((await ran(bare)).changes);
    });
  });
});
