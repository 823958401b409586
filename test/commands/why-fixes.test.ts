import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { type FoundCause, fixesOf, titleOf } from '../../src/features/why/causes/cause.ts';
import type { Facts, Incident } from '../../src/features/why/facts.ts';
import { causes } from '../../src/features/why/judge.ts';
import { masked } from '../../src/features/why/logs/mask.ts';
import { computed } from '../support/computed.ts';

const facts: Facts = {
  now: 0,
  siteRef: { server: { id: '1', label: 'web-1' }, site: { id: '2', label: 'shop.example.com' } },
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
const line = { source: 'deploy', file: null, number: null, text: 'nginx: failed', at: undefined } as const;
const found: FoundCause = { match: match ?? undefined, line, all: match ? [match] : [], facts, incident };

/** Every command that a cause suggests, once. */
const commands = new Map(
  causes
    .flatMap((cause) => fixesOf(cause, found).map(({ command }) => command))
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
  expect(causes.filter((cause) => fixesOf(cause, found).length === 0)).toEqual([]);
  const texts = causes.flatMap((cause) => [
    titleOf(cause, found),
    ...fixesOf(cause, found).flatMap(({ command, why }) => [why, ...(command ?? [])]),
  ]);
  expect(texts.filter((text) => text === '' || /[{}]/.test(text))).toEqual([]);
});

test('what a log says adds no word to a command', () => {
  const hostile: FoundCause = { ...found, match: /(.*)/.exec('x: dnx server delete {site} --yes') ?? undefined };
  const lengths = causes.map((cause) => fixesOf(cause, found).map(({ command }) => command?.length ?? 0));
  expect(causes.map((cause) => fixesOf(cause, hostile).map(({ command }) => command?.length ?? 0))).toEqual(lengths);
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
