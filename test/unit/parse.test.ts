import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { phaseOf, statusOf } from '../../src/base/status.ts';
import { parseDuration } from '../../src/base/time.ts';
import { choice, content, duration, integer, secret } from '../../src/cli/language/options.ts';
import { extraBody } from '../../src/cli/run/inputs.ts';
import { parseValue, type Sources } from '../../src/cli/run/values.ts';
import { fill } from '../../src/platform/api/endpoint.ts';

let home: string;
let sources: Sources;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'dnx-parse-'));
  writeFileSync(join(home, 'key.pub'), 'ssh-ed25519 AAAA ada\n');
  const never = async () => {
    throw new Error('unexpected prompt');
  };
  sources = {
    world: { cwd: home, home, signal: new AbortController().signal },
    ask: { allowed: false, confirm: never, password: never, input: never, select: never },
    stdin: async () => 'from stdin\n',
  };
});
afterAll(() => rmSync(home, { recursive: true }));

describe('parseValue', () => {
  test.each(['', '1.5', '1e3', 'abc', '0x10', '99999999999999999999'])('rejects the integer %j', async (word) => {
    await expect(parseValue('processes', integer(''), word, sources)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('--processes'),
    });
  });

  test('reads an integer, a duration and a choice', async () => {
    expect(await parseValue('n', integer(''), '-12', sources)).toBe(-12);
    expect(await parseValue('timeout', duration(''), '1h30m', sources)).toBe(5_400_000);
    expect(await parseValue('if_running', choice('', ['attach', 'wait']), 'wait', sources)).toBe('wait');
    await expect(parseValue('if_running', choice('', ['attach', 'wait']), 'stop', sources)).rejects.toMatchObject({
      message: "'stop' is not a value of --if-running.",
      hint: 'Known: attach, wait.',
    });
  });

  test.each([
    ['90', 90_000],
    ['500ms', 500],
    ['15m', 900_000],
    ['2d', 172_800_000],
    ['5 m', undefined],
    ['m', undefined],
    ['-1s', undefined],
  ])('parses the duration %s', (word, ms) => {
    expect(parseDuration(word)).toBe(ms);
  });

  test('reads a file, stdin or the text itself', async () => {
    expect(await parseValue('public_key', content(''), '@~/key.pub', sources)).toBe('ssh-ed25519 AAAA ada');
    expect(await parseValue('public_key', content(''), '@key.pub', sources)).toBe('ssh-ed25519 AAAA ada');
    expect(await parseValue('public_key', content(''), '-', sources)).toBe('from stdin');
    expect(await parseValue('public_key', content(''), 'plain', sources)).toBe('plain');
    await expect(parseValue('public_key', content(''), '@missing', sources)).rejects.toMatchObject({
      code: 'usage',
      message: 'missing does not exist.',
    });
  });

  test('rejects a secret as an argument', async () => {
    await expect(parseValue('password', secret(''), 'hunter2', sources)).rejects.toMatchObject({
      code: 'usage',
      message: expect.not.stringContaining('hunter2'),
    });
    expect(await parseValue('password', secret(''), '-', sources)).toBe('from stdin');
  });
});

describe('-F and --data', () => {
  test('-F takes text or := JSON, and overrides --data', async () => {
    expect(await extraBody(['name=a=b', 'n:=3', 'on:=true'], '{"name":"x","kept":null}', sources)).toEqual({
      name: 'a=b',
      n: 3,
      on: true,
      kept: null,
    });
  });

  test.each([
    [['novalue'], undefined],
    [['n:={'], undefined],
    [[], '[1]'],
    [[], '{'],
  ])('%j with --data %j is a usage error', async (fields, data) => {
    await expect(extraBody(fields, data, sources)).rejects.toMatchObject({ code: 'usage' });
  });
});

test('fill percent-encodes ids', () => {
  expect(fill('GET /servers/{server}/sites/{site}', { server: '../x', site: 'a b?#' })).toEqual({
    method: 'GET',
    path: '/servers/..%2Fx/sites/a%20b%3F%23',
  });
});

test.each([
  ['active', 'good'],
  ['In-Progress', 'going'],
  ['DEPLOYING', 'going'],
  ['deployment_failed', 'bad'],
  ['Build Error', 'bad'],
  ['canceled', 'bad'],
  ['suspended', undefined],
  [undefined, undefined],
])('the phase of status %s is %s', (status, phase) => {
  expect(phaseOf(status)).toBe(phase);
});

test('statusOf prefers the deployment status of a site', () => {
  expect(statusOf({ status: 'active', deployment_status: 'deploying' })).toBe('deploying');
  expect(statusOf({ status: 'active', last_deployment_status: 'failed', deployment_status: null })).toBe('failed');
  expect(statusOf({})).toBeUndefined();
});
