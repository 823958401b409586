import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { type FoundCause, valueFor } from '../../src/features/why/causes/cause.ts';
import { causes } from '../../src/features/why/causes/index.ts';
import type { Facts } from '../../src/features/why/facts.ts';
import type { Incident } from '../../src/features/why/incident.ts';
import { masked } from '../../src/features/why/logs/mask.ts';
import { computed } from '../support/computed.ts';

const facts: Facts = {
  now: 0,
  of: { server: { id: '1', label: 'web-1' }, site: { id: '2', label: 'shop.example.com' } },
  site: { id: '2', php_version: '8.2', git_repository_id: '3', branch: 'main' },
  server: null,
  releases: null,
  certificates: null,
  queues: null,
  variables: null,
  answer: null,
  machine: null,
  logs: [],
  secrets: [],
  unknown: [],
};
const match = /(.*) (.*)/.exec('^8.3 8.2.1');
const incident: Incident = { kind: 'deployment', release: undefined, previous: undefined, at: 0, from: 0, to: 0, past: false };
const line = { source: 'deploy', file: null, number: null, text: '', at: undefined } as const;
const found: FoundCause = { match: match ?? undefined, line, all: match ? [match] : [], facts, incident };

/** Every command that a cause suggests, once. */
const commands = new Map(
  causes
    .flatMap(({ fixes }) => valueFor(fixes, found).map((fix) => fix(facts.of).command))
    .flatMap((command) => (command ? [[command.join(' '), command] as const] : [])),
);

test.each([...commands])('dnx %s is a command line that dnx accepts', async (_, words) => {
  const { invocation } = await parse(words, tree);
  expect(invocation?.path.split(' ').at(-1)).toBe(words[['deploy', 'watch', 'ssh', 'artisan', 'logs'].includes(words[0] ?? '') ? 0 : 1]);
  const named = Object.values(invocation?.targets ?? {}).flat();
  expect(named.join(' ')).toMatch(words[0] === 'git-repository' ? /^3$/ : /shop\.example\.com|web-1/);
});

test('every cause has its own name, a fix, and something that shows it', () => {
  const ids = causes.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !/^[a-z]+(_[a-z]+)*$/.test(id))).toEqual([]);
  expect(causes.filter(({ patterns = [], state }) => patterns.length === 0 && !state)).toEqual([]);
  expect(causes.filter(({ fixes }) => valueFor(fixes, found).length === 0)).toEqual([]);
});

test('docs/troubleshooting.md lists every cause', () => {
  const listed = [...(readFileSync('docs/troubleshooting.md', 'utf8').split('## Causes')[1] ?? '').matchAll(/`([a-z_]+)`/g)].map(
    ([, id]) => id,
  );
  expect(listed.sort()).toEqual(causes.map(({ id }) => id).sort());
});

test('no pattern takes long for a long line', async () => {
  const pieces = [
    'a',
    ' ',
    '.',
    '(',
    '/',
    "'",
    '"',
    '[',
    '1',
    'requires php ',
    'SQLSTATE[HY000] ',
    'error: ',
    'npm error ',
    'fork mmap() ',
    'fatal: ',
  ];
  const slow = causes.flatMap(({ id, patterns = [] }) =>
    patterns
      .filter((pattern) => {
        const start = process.cpuUsage();
        for (const piece of pieces) pattern.exec(piece.repeat(2_000 / piece.length));
        return process.cpuUsage(start).user / 1_000 > 250;
      })
      .map((pattern) => `${id}: ${pattern}`),
  );
  expect(slow).toEqual([]);
  const ms = await computed(() => {
    for (const piece of [...pieces, '://', '@', 'a=', 'TOKEN=', 'token: ', 'SQL: ', 'mysql -p '])
      masked(piece.repeat(2_000 / piece.length), []);
  });
  expect(ms).toBeLessThan(2_000);
});
