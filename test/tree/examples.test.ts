import { beforeAll, describe, expect, test } from 'vitest';
import { effectOf } from '../../src/cli/language/effect.ts';
import { isPlannable, operationsOf } from '../../src/cli/language/tree.ts';
import { wordsIn } from '../../src/cli/run/line.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { endpointsOf } from '../../src/features/schema/endpoints.ts';
import { isRead } from '../../src/platform/api/endpoint.ts';
import { PAGE_SIZE } from '../../src/platform/api/pages.ts';
import { changes, operations } from '../../src/platform/operations.ts';
import { type Bed, openBed, type Run, split } from '../support/dnx.ts';
import { examples, needsClone, prepareExample, runExample, withOptions } from '../support/examples.ts';
import { find } from '../support/programs.ts';
import { routeOf, withEveryField } from '../support/sent.ts';
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
  /** The same, as the changes alone, with the ids of a new site and database left out. */
  readonly changes: readonly unknown[];
}

const MASK = '••••••••';

const changing = leaves.filter(({ command }) => isPlannable(command));
/** The result of a query is not a plan. */
const lines = examples.filter(({ leaf, nested, line }) => changing.includes(leaf) && !nested && !line.includes('--query'));

/** Runs an example; `work` goes on in the same bed. */
async function inBed<T>(prepared: string, work: (bed: Bed, received: () => Omit<Example, 'run'>) => Promise<T>): Promise<T> {
  const bed = await openBed();
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
  const { sites, databases } = sandbox.state;
  const made = [
    ...sites.filter(({ domain }) => /^new\.|\.preview\./.test(domain)),
    ...databases.filter(({ name }) => name.startsWith('pv_')),
  ].map(({ id }) => id);
  const withoutIds = (path: string) => made.reduce((left, id) => left.replace(id, 'NEW'), path);
  const sent = received.filter(({ method }) => method !== 'GET');
  return { received, changes: sent.map(({ method, path, body }) => [`${method} ${withoutIds(path)}`, body]) };
}

const real = new Map<string, Promise<Example>>();

/** Runs a line, once for all tests. */
function ran(line: string): Promise<Example> {
  const found = real.get(line) ?? run(line);
  real.set(line, found);
  return found;
}

const run = (line: string): Promise<Example> =>
  inBed(line, async (bed, received) => {
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
  const { line: typedLine } = await parse(split(line.replace(/^dnx /, '')), tree);
  return typedLine && effectOf(typedLine.command, wordsIn(typedLine));
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
  const others = leaves.filter(({ command }) => !isPlannable(command) && operationsOf(command).some((each) => !isRead(each)));
  expect(others.map(({ path }) => path)).toEqual([
    ...['auth login', 'auth logout', 'config delete-profile'],
    // They have a dry run of their own.
    ...['preview down', 'preview sweep'],
    'doctor',
  ]);
  expect(changing.length).toBeGreaterThan(70);
  expect(lines.length).toBeGreaterThan(100);
});

/** What a plan cannot hold. */
const unsaved = /cannot be saved/;

describe('--dry-run plans what the command then sends, reads no more than it and what an id names, and can be applied', () => {
  test.each(oneOfEach(lines, ({ leaf }) => leaf.path))('$line', async ({ line }) => {
    const bare = executed(line);
    const done = await ran(bare);
    const saved = await inBed(bare, async (bed, received) => {
      const dry = await runExample(bed, planned(line, '--dry-run --json --out plan.json'));
      if (unsaved.test(dry.stderr)) {
        expect(dry).toExit(2, { stdout: '' });
        return false;
      }
      const plan = expectPlanOf(done, dry, received());
      if (plan.changes.length === 0) return true;
      const consent = plan.consent.confirm === null ? '--yes' : `--confirm ${plan.consent.confirm}`;
      await expect(runExample(bed, `dnx apply plan.json ${consent}`)).toExit(0);
      expect(received().changes).toEqual(done.changes);
      return true;
    });
    if (!saved)
      await inBed(bare, async (bed, received) => expectPlanOf(done, await runExample(bed, planned(line, '--dry-run --json')), received()));
  });
});

/** Compares a plan, and what it read, with what the command did. */
function expectPlanOf(done: Example, run: Run, dry: Omit<Example, 'run'>): Plan {
  expect(run).toExit(0);
  expect(dry.changes).toEqual([]);
  const plan = run.json<Plan>();
  // What is there already is left out.
  const isThere = plan.about.some(({ because }) => Array.isArray(because));
  const sent = isThere ? [] : done.received.filter(({ method }) => method !== 'GET');
  expect(run.stderr.includes('Nothing was changed.\n')).toBe(sent.length > 0);
  for (const { call, body } of plan.changes) for (const field of maskedIn(body)) expect(operations[call]?.secrets).toContain(field);
  const shown = sent.map(({ method, path, body }, at) => {
    const change = plan.changes[at];
    const [, made] = (change && /\/(databases|sites|tokens)\/\*/.exec(pathOf(change))) ?? [];
    return [`${method} ${made ? path.replace(new RegExp(`/${made}/[^/]+`), `/${made}/*`) : path}`, like(change?.body, body)];
  });
  expect(shown).toEqual(plan.changes.map((each) => [pathOf(each), each.body]));
  const left = mayRead(plan, done);
  for (const path of readsOf(dry)) {
    expect(left).toContain(path);
    left.splice(left.indexOf(path), 1);
  }
  return plan;
}

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

describe('dnx knows what its commands send', async () => {
  const known = await endpointsOf(tree);
  let sent: readonly Sent[] = [];
  beforeAll(async () => {
    const hasGit = find('git') !== undefined;
    // `doctor --api` also asks for what the API does not have.
    const isOrdinary = (line: string) => !line.includes(' --api') && (hasGit || !needsClone(line));
    const runs = examples.filter(({ nested, leaf, line }) => !nested && leaf.group.name !== 'sandbox' && isOrdinary(line));
    const calls: Example['received'][number][] = [];
    for (const { line } of runs) calls.push(...(await ran(line)).received);
    for (const leaf of leaves) {
      const example = runs.find((each) => each.leaf.path === leaf.path);
      if (!example || !leaf.command.fields) continue;
      await inBed(example.line, async (bed, received) => {
        // The sandbox may reject the values, which does not matter.
        expect((await runExample(bed, withEveryField(leaf, example.line))).stderr).not.toContain('looks like a bug');
        calls.push(...received().received);
      });
    }
    sent = calls.map(({ method, path, body, query }) => ({ route: routeOf(method, path), body: Object(body), query }));
  });

  const sentTo = (endpoint: string) => sent.filter(({ route }) => route === endpoint);

  test('to which endpoints', () => {
    expect(sorted(sent.map(({ route }) => route))).toEqual(sorted(known.map(({ operation }) => operation)));
  });

  test.each(known)('to $operation', ({ operation: endpoint, body: fields, query }) => {
    const body = fields.filter(({ option }) => option);
    const bodies = sentTo(endpoint).map((each) => each.body);
    expect(sorted(bodies.flatMap(Object.keys))).toEqual(sorted(body.map(({ name }) => name)));
    for (const { name, required, type } of body) {
      const having = bodies.filter((each) => each[name] !== undefined);
      if (required) expect([name, having.length]).toEqual([name, bodies.length]);
      expect([name, sorted(having.map((each) => typeOf(each[name])))]).toEqual([
        name,
        [['id', 'date-time'].includes(type) ? 'string' : type],
      ]);
    }
    const queries = sentTo(endpoint).map((each) => each.query);
    expect(sorted(queries.flatMap(Object.keys))).toEqual(sorted(query.map(({ name }) => name)));
  });

  test('in pages of the largest size', () => {
    expect(Math.max(...sent.map(({ query }) => Number(query.per_page ?? 0)))).toBe(PAGE_SIZE);
  });
});

interface Sent {
  /** As the API reference writes it: `GET /servers/{server}`. */
  readonly route: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

const sorted = (names: Iterable<string>) => [...new Set(names)].sort();
const typeOf = (value: unknown) => (Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value);
