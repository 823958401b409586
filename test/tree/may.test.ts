import { describe, expect, test } from 'vitest';
import { type Holder, may, type Verdict } from '../../src/cli/run/may.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { type Answered, openAgent } from '../mcp/client.ts';
import { type Bed, openBed, type Run, split } from '../support/dnx.ts';
import { before, examples, prepareExample, prepareFiles, runExample } from '../support/examples.ts';
import { leasing } from '../support/leased.ts';
import { leaves } from '../support/tree.ts';
import { deep, sampled, seedOf } from '../support/volume.ts';

/** Who runs a line, and how dnx is started for them. */
const sessions: readonly (readonly [start: string, holder: Holder])[] = [
  ['token lease --preset read-only', { session: 'script', showValues: true }],
  ['agent run', { session: 'agent' }],
  ['agent run --show-values', { session: 'agent', showValues: true }],
  ['agent run --read-only', { session: 'agent', readOnly: true }],
];
const clients: readonly (readonly [start: string, holder: Holder & { readonly tool: string }])[] = [
  ['', { tool: 'read' }],
  ['--show-values', { tool: 'read', showValues: true }],
  ['--read-only', { tool: 'read', readOnly: true }],
  ['', { tool: 'wait' }],
  ['', { tool: 'change' }],
  ['--allow env --allow deploy', { tool: 'change', allow: ['env', 'deploy'] }],
];

/** A line of every command, and lines of what more it does with an option. */
const more = [
  'dnx env list shop.example.com --reveal',
  'dnx env diff .env.staging shop.example.com --reveal',
  "dnx db query shop.example.com 'DELETE FROM orders' --write",
  'dnx logs shop.example.com --path .env',
  'dnx logs shop.example.com -f',
  'dnx ssh web-1 --print',
  'dnx mcp --show-values',
  'dnx deploy shop.example.com --verify-cmd true',
  'dnx deploy shop.example.com --notify true --no-wait',
  'dnx deploy shop.example.com --dry-run --out plan.json',
  'dnx env set shop.example.com A=1 --deploy',
  'dnx status shop.example.com --watch',
  'dnx doctor --api --deploy shop.example.com --yes',
  'dnx why shop.example.com --url http://127.0.0.1:9',
  'dnx apply plan.json',
  'dnx api DELETE /servers/01JQ8Z4T9G00000000000WEB02 --yes',
];
const firsts = leaves.map(({ path }) => {
  const own = examples.filter(({ leaf }) => leaf.path === path).map(({ line }) => line);
  return own.find((line) => !/ (-o|<|>) /.test(line)) ?? own[0] ?? '';
});
const remote = new Set(examples.flatMap((each) => (each.remote || each.asks ? [each.line] : [])));
const lines = await Promise.all(
  [...firsts, ...more].map(async (line) => {
    const words = split(line.replace(/^dnx /, '').replace(/ [<>] .*/, ''));
    const { line: typedLine } = await parse(words, tree);
    if (!typedLine) throw new Error(`${line} is no command.`);
    return { line, words, typedLine, runs: !remote.has(line) && !more.includes(line) };
  }),
);

type Line = (typeof lines)[number];
type No = Extract<Verdict, { may: 'no' }>;
const refusedOf = (holder: Holder) =>
  lines.flatMap((each): readonly (Line & { readonly refusal: No })[] => {
    const refusal = may(each.typedLine, holder);
    return refusal.may === 'no' ? [{ ...each, refusal }] : [];
  });
/** Holders have other samples, so that together they have most lines. docs/may.test.ts has what may() says of all. */
const someRefused = (holder: Holder) => sampled(refusedOf(holder), 30, seedOf(JSON.stringify(holder).length));
const allowedOf = (holder: Holder) => lines.filter(({ typedLine, runs }) => runs && may(typedLine, holder).may === 'yes');
const REFUSED = /is refused here|This session only reads|DNX_READ_ONLY|"code":"read_only"|is for a person|is not for this tool/;

/** What a run of a refused line says. */
function expectRefused({ code, stdout, stderr, calls }: Run, { line, refusal }: Line & { readonly refusal: No }): void {
  expect([code, stdout, calls], `${line}: ${stderr}`).toEqual([refusal.readOnly ? 5 : 2, '', []]);
  expect(stderr, line).toContain(refusal.what);
  expect(stderr, line).toContain(refusal.readOnly ? 'was not sent' : refusal.why);
}

async function inBed(work: (bed: Bed) => Promise<void>): Promise<void> {
  const bed = await openBed();
  try {
    prepareFiles(bed.directory);
    await work(bed);
  } finally {
    await bed.close();
  }
}

test('every command is here, and every holder is refused some and allowed others', () => {
  expect(new Set(lines.map(({ typedLine }) => typedLine.command)).size).toBe(leaves.length);
  for (const [, holder] of [...sessions, ...clients]) {
    expect(refusedOf(holder).length).toBeGreaterThan(10);
    expect(allowedOf(holder).length).toBeGreaterThan(2);
  }
  expect(refusedOf({})).toEqual([]);
});

describe.each(sessions)('in dnx %s', (start, holder) => {
  test('what may() refuses runs nothing, and says why', async () => {
    await inBed(async (bed) => {
      const run = await leasing(bed, start, async (inside) => {
        for (const each of someRefused(holder)) expectRefused(await inside(each.words), each);
      });
      expect([run.code, bed.children.map(({ file }) => file)], run.stderr).toEqual([0, ['work']]);
    });
  });

  test.each(sampled(allowedOf(holder), deep ? 200 : 6, seedOf(3)))('$line is not refused', async ({ line, typedLine }) => {
    await inBed(async (bed) => {
      await prepareExample(bed, line);
      await expect(
        leasing(bed, start, async (_, { env }) => {
          const inside = await runExample(bed, line, env as Record<string, string>);
          // It compares, and is refused what it would then create.
          const late = holder.readOnly && typedLine.command.name === 'ensure';
          expect(inside.stderr, before[line]).not.toMatch(late ? /is refused here/ : REFUSED);
        }),
      ).toExit(0);
    });
  });
});

test('with DNX_READ_ONLY, what may() refuses runs nothing, and says why', async () => {
  const env = { DNX_READ_ONLY: '1' };
  await inBed(async (bed) => {
    for (const each of refusedOf({ readOnly: true })) {
      const run = await bed.dnx(each.words, { env });
      expectRefused(run, each);
      expect(run.stderr).toContain('DNX_READ_ONLY');
    }
    expect(bed.children).toEqual([]);
  });
});

describe.each(clients)('a client of dnx mcp %s with the tool %j', (start, holder) => {
  const run = async (work: (call: (words: readonly string[]) => Promise<Answered>, bed: Bed) => Promise<void>) =>
    inBed(async (bed) => {
      const agent = await openAgent(bed, start);
      await work((words) => agent.call(holder.tool, { words }), bed);
      await expect(agent.end()).toExit(0);
    });

  test('what may() refuses runs nothing, and says why', async () => {
    await run(async (call, bed) => {
      for (const { words, line, refusal } of someRefused(holder)) {
        const { isError, text } = await call(words);
        expect([isError, text], line).toEqual([true, expect.stringContaining(refusal.why)]);
      }
      expect([bed.sandbox.calls, bed.children]).toEqual([[], []]);
    });
  });

  test('what it allows is not refused', async () => {
    await run(async (call, bed) => {
      const changed = JSON.stringify(bed.sandbox.state.sites);
      for (const { words, line } of sampled(allowedOf(holder), deep ? 200 : 6, seedOf(5)))
        expect((await call(words)).text, line).not.toMatch(REFUSED);
      expect(JSON.stringify(bed.sandbox.state.sites)).toBe(changed);
      expect(bed.sandbox.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
    });
  });
});
