import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { widthOf } from '../../src/cli/output/wrap.ts';
import { computed } from '../support/computed.ts';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import type { Failure } from '../support/failures/failure.ts';
import { refusedFailures } from '../support/failures/refused.ts';
import { unreachedFailures } from '../support/failures/unreached.ts';
import { usageFailures } from '../support/failures/usage.ts';
import { perTest } from '../support/fixtures.ts';
import { leading, sampled } from '../support/volume.ts';

type Told = Pick<Failure, 'name' | 'line' | 'given'>;

/** Messages that are no failures, and failures that only some commands have. */
const others: readonly Told[] = [
  {
    name: 'a deployment that fails',
    line: 'deploy shop.example.com',
    given: (on) => void Object.assign(on.sandbox.state, { fail_deploys: true }),
  },
  { name: 'several deployments of which one is refused', line: 'deploy docs.example.com shop.example.com' },
  { name: 'several deployments that are not followed', line: 'deploy blog.example.com shop.example.com --no-wait' },
  { name: 'a deployment with a way back', line: 'deploy shop.example.com' },
  { name: 'a deployment that is not verified', line: 'deploy shop.example.com --verify /up --expect banana' },
  {
    name: 'a warning',
    line: 'deploy shop.example.com',
    given: (on) => ({ env: { DNX_TOKEN: on.sandbox.mint(['site:deploy', 'server:read']) } }),
  },
  { name: 'a rollback with a note', line: 'rollback shop.example.com --yes' },
  { name: 'a plan', line: 'deploy --server web-1 --all --dry-run' },
  { name: 'an empty list', line: 'site releases docs.example.com', given: (on) => void on.sandbox.state.releases.splice(0) },
  { name: 'a list that is empty', line: 'daemon list --server web-1', given: (on) => void on.sandbox.state.daemons.splice(0) },
  { name: 'a schedule', line: 'site schedule shop.example.com --at 2026-12-01T02:00 --tz Europe/Berlin' },
];

async function told({ line, given }: Told, more: RunOptions): Promise<Run> {
  const own = await openBed();
  try {
    const options = (await given?.(own)) ?? {};
    return await own.dnx(line, { ...options, ...more, env: { ...options.env, ...more.env } });
  } finally {
    await own.close();
  }
}

const words = (text: string) => text.split(/\s+/).filter(Boolean);
/** What differs between two sandboxes. */
const same = (text: string) => text.replace(/127\.0\.0\.1:\d+|\/\S*dnx-test-\S*/g, 'HERE').replace(/\d+ columns? hidden; use --wide\n/, '');
const isCommand = (line: string) => /^ *dnx \S/.test(line);
const isWord = (line: string) => words(line).length === 1;

const failures: readonly Told[] = [...usageFailures, ...refusedFailures, ...unreachedFailures];

// Most break at 40 columns.
describe.each([
  [40, [...others, ...sampled(failures, 9, 40)]],
  [60, sampled([...others, ...failures], 3, 60)],
  [80, sampled([...others, ...failures], 3, 80)],
] as const)('a message on a terminal of %i columns', (columns, all) => {
  test.each(all)('is broken between words: $name', async (each) => {
    const piped = await told(each, {});
    const run = await told(each, { columns, env: { NO_COLOR: '1', TERM: 'dumb' } });
    const text = stripVTControlCharacters(run.stderr);
    const wide = text.split('\n').filter((line) => widthOf(line) > columns && !isCommand(line));
    // The label of a detail stands before its only word.
    expect(wide.filter((line) => !isWord(line) && !/^ {2}\S+ {2,}\S+$/.test(line))).toEqual([]);
    if (!text.includes('\n    at ')) expect(words(same(text))).toEqual(words(same(piped.stderr)));
    expect(run).toExit(piped.code);
    const error = text.slice(text.indexOf('Error: ')).trimEnd().split('\n').slice(1);
    if (text.includes('Error: ')) expect(error.filter((line) => !line.startsWith('  '))).toEqual([]);
  });
});

describe('on a terminal of 40 columns', () => {
  const bed = perTest(openBed);

  const narrow = (line: string) => bed.dnx(line, { columns: 40, env: { NO_COLOR: '1', TERM: 'dumb' } });

  test('details hang under their column', async () => {
    bed.sandbox.state.fail_deploys = true;
    const run = await narrow('deploy shop.example.com');
    expect(run.stderr.slice(run.stderr.indexOf('Error:'))).toMatch(
      /^Error: Deployment of shop\.example\.com\n {2}failed after 16s\n {2}failed {2}\d{8}_\d{6}.*\n( {10}\S.*\n)+ {2}live {4}\d{8}_\d{6}.*\n( {10}\S.*\n)+ {2}why\n {4}dnx why shop\.example\.com --server web-1\n$/,
    );
  });

  test('a command stays in one piece, on a line of its own', async () => {
    expect((await narrow('deploy shop.example.com')).stdout).toMatch(/\n {2}undo\n {4}dnx rollback shop\.example\.com --server web-1\n$/);
    const started = await narrow('deploy blog.example.com --no-wait');
    expect(started.stderr).toBe('Watch it with:\n  dnx watch blog.example.com --server web-1\n');
  });

  test.each(leading([' ', 'x ', ': dnx', ':', '漢', '漢 '], 2))('a message of 200,000 times %j takes no time', async (text) => {
    const message = `  ${text.repeat(200_000)}. `;
    bed.sandbox.faults.always({ method: 'GET' }, { status: 400, body: { message } });
    const ms = await computed(async () => expect((await narrow('server show web-1')).code).toBe(1));
    expect(ms).toBeLessThan(2_000);
  });

  test('a warning hangs under its text', async () => {
    const DNX_TOKEN = bed.sandbox.mint(['site:deploy', 'server:read', 'site:read']);
    const run = await bed.dnx('deploy docs.example.com shop.example.com', { columns: 40, env: { DNX_TOKEN, NO_COLOR: '1', TERM: 'dumb' } });
    expect(run.stderr).toMatch(/docs\.example\.com: This site is\n {2}suspended\. Resume it before you\n {2}deploy\.\n/);
  });
});
