import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { abilities } from '../../src/base/abilities.ts';
import { models, type State } from '../../src/sandbox/state.ts';
import { type Bed, openBed, split } from '../support/dnx.ts';
import { prepareExample } from '../support/examples.ts';
import { leasing } from '../support/leased.ts';
import { signedOut, signIn } from '../support/sign-in.ts';
import { seedOf, volume } from '../support/volume.ts';
import { commandLine } from './words.ts';

const runs = volume(10_000, 150);
const limitMs = 900_000;
const settings = { seed: seedOf(20_261_129), numRuns: runs };

/** What a hostile program does besides the words of a line: it confirms, and tries to get at another token. */
const consent = fc.subarray(['--yes', '--confirm web-1', '--confirm shop.example.com', '--confirm shop', '--no-input', '--profile work']);
const tampering = fc.subarray(['DNX_TOKEN', 'DNX_LEASE', 'DNX_PROFILE', 'DNX_NO_HISTORY', 'DNX_STATE_DIR', 'DNX_READ_ONLY']);

/** Lines that delete, if nothing stops them. */
const deleting = [
  'server delete web-1',
  'server delete web-1 --profile work',
  'site delete shop.example.com --server web-1',
  'database delete shop --server db-1',
  'backup restore --latest --database shop --server db-1',
  'crontab delete date --server web-1',
  'daemon delete horizon --server web-1',
  'queue delete shop.example.com default',
  'redirect delete shop.example.com /sale',
  'certificate delete shop.example.com',
  'env unset shop.example.com APP_KEY',
  'env push shop.example.com --prune',
  'token revoke Sandbox',
  'auth logout',
  'undo',
  'redo',
  'apply plan.json',
  'api DELETE /servers/{server} --server web-1',
  'api DELETE /servers/{server}/sites/{site} --site shop.example.com',
  'api DELETE /%73ervers/{server}/ --server web-1',
  'api POST /servers/{server}?_method=DELETE --server web-1',
  'api DELETE /tokens/1',
  'api POST /tokens -F name=x',
  'db import shop.example.com dump.sql',
  'ssh web-1 -- rm -rf /',
];

/** These never end, or run a sandbox of their own. */
const isEndless = (words: readonly string[]) => words.some((word) => /^(sandbox|mcp|--watch|--follow|-f)$/.test(word));

const hostile = fc.record({
  words: fc.oneof(fc.constantFrom(...deleting).map(split), commandLine).filter((words) => !isEndless(words)),
  consent,
  tampering,
});

/** What a deployment changes. */
const DEPLOYED = ['sites', 'releases', 'tokens'];

/** The ids of everything, and all of what no deployment changes. */
function contentOf(state: State): Readonly<Record<string, unknown>> {
  const tables = Object.values(models).map(({ table }) => table);
  const rows = (table: (typeof tables)[number]) =>
    DEPLOYED.includes(table) ? state[table].map(({ id }) => id) : structuredClone(state[table]);
  return Object.fromEntries(tables.filter((table) => table !== 'releases').map((table) => [table, rows(table)]));
}

/** Runs hostile lines in a session, and says which one changed what it must not. */
async function attack(bed: Bed, session: string, content: () => unknown): Promise<void> {
  await prepareExample(bed, '');
  for (const line of ['login --with-token', 'login --with-token --insecure-storage --profile work'])
    await expect(signIn(bed, line)).toExit(0);
  const codes = new Set<number>();
  const work: Parameters<typeof leasing>[2] = async (inside, { env }) => {
    const before = content();
    const property = fc.asyncProperty(hostile, async ({ words, consent: more, tampering: names }) => {
      const changed = { DNX_NO_HISTORY: '1', DNX_STATE_DIR: join(bed.directory, 'elsewhere') };
      const given = Object.fromEntries(names.map((name) => [name, changed[name as keyof typeof changed]]));
      const at = words.indexOf('--');
      const line = [...words.slice(0, at < 0 ? undefined : at), ...more.flatMap(split), ...(at < 0 ? [] : words.slice(at))];
      const run = await inside(line, { ...given, DNX_HOST: env.DNX_HOST });
      codes.add(run.code);
      expect(content(), `dnx ${line.join(' ')} with ${JSON.stringify(given)}\n${run.stderr}`).toEqual(before);
    });
    await fc.assert(property, { ...settings, interruptAfterTimeLimit: limitMs - 20_000, markInterruptAsFailure: true });
  };
  const run = await leasing(bed, session, work, { ...signedOut });
  expect(run).toExit(0);
  expect([...codes]).toEqual(expect.arrayContaining([0, 2, 4]));
  const before = content();
  await expect(bed.dnx('server delete web-1 --confirm web-1')).toExit(0);
  expect(content(), 'what the same line does outside').not.toEqual(before);
}

async function withBed(work: (bed: Bed) => Promise<void>): Promise<void> {
  const bed = await openBed();
  await work(bed).finally(() => bed.close());
}

test(
  'hostile command lines in a session of agent run delete nothing, and change nothing but by a deployment',
  () => withBed((bed) => attack(bed, 'agent run', () => contentOf(bed.sandbox.state))),
  limitMs,
);

test(
  'hostile command lines with a token that may do everything delete no server, site, database or token',
  () =>
    withBed((bed) => {
      const { state } = bed.sandbox;
      const all = () => [state.servers, state.sites, state.databases, state.tokens].flatMap((rows) => rows.map(({ id }) => id));
      const known = all();
      const left = () => all().filter((id) => known.includes(id));
      return attack(bed, `agent run ${abilities.map((each) => `--ability ${each}`).join(' ')}`, left);
    }),
  limitMs,
);

/** Every operation that changes something, but those about tokens, for which the API reference names no ability. */
const operations = readFileSync('test/operations.txt', 'utf8')
  .split('\n')
  .filter((line) => /^(POST|PUT|PATCH|DELETE) /.test(line) && !/ \/(tokens|login|logout)|\/deploy$|deploy$/.test(line));

test(
  'raw requests with the token of an agent change nothing',
  () =>
    withBed(async (bed) => {
      const idsOf = (noun: string) => Object.entries(models).find(([name]) => name === noun)?.[1].table;
      const raw = fc.record({
        operation: fc.constantFrom(...operations),
        pick: fc.nat(99),
        method: fc.constantFrom(undefined, 'POST', 'GET'),
        spelling: fc.constantFrom(
          (path: string) => path,
          (path: string) => `${path}/`,
          (path: string) => `${path}?_method=DELETE`,
          (path: string) => `/.${path}`,
        ),
      });
      const work: Parameters<typeof leasing>[2] = async (_, { env }) => {
        const before = contentOf(bed.sandbox.state);
        const statuses = new Set<number>();
        const property = fc.asyncProperty(raw, async ({ operation, pick, method: instead, spelling }) => {
          const [method = '', pattern = ''] = operation.split(' ');
          const path = pattern.replace(/\{(\w+)\}/g, (_, noun: string) => {
            const table = idsOf(noun);
            const rows = table ? bed.sandbox.state[table] : [];
            return String(rows[pick % Math.max(1, rows.length)]?.id ?? 'x');
          });
          const { status } = await fetch(`${env.DNX_HOST}/api/v1${spelling(path)}`, {
            method: instead ?? method,
            headers: { authorization: `Bearer ${env.DNX_TOKEN}`, 'content-type': 'application/json', 'x-http-method-override': method },
            ...(instead !== 'GET' && { body: JSON.stringify({ _method: method, name: 'x', status: 'x' }) }),
          });
          statuses.add(status);
          expect(contentOf(bed.sandbox.state), `${method} ${path}`).toEqual(before);
        });
        await fc.assert(property, settings);
        expect([...statuses]).toContain(403);
      };
      await expect(leasing(bed, 'agent run', work)).toExit(0);
    }),
  limitMs,
);
