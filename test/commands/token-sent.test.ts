import { describe, expect, test } from 'vitest';
import type { HttpRequest } from '../../src/machine/world.ts';
import { SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { signedOut } from '../support/sign-in.ts';

const bed = perTest(openBed);

describe('plain HTTP to another machine', () => {
  const far = 'http://far.example';
  const sent: HttpRequest[] = [];
  const elsewhere = (request: HttpRequest) => void sent.push(request);
  const ways: readonly [string, string, Record<string, string>][] = [
    ['--host', `--host ${far}`, {}],
    ['DNX_HOST', '', { DNX_HOST: far }],
  ];

  test.each(ways)('receives no token: %s', async (_, option, env) => {
    for (const line of ['server list', 'whoami', 'api GET /user', 'deploy 5 --server 5', 'doctor']) {
      const run = await bed.dnx(`${line} ${option}`, { env, elsewhere });
      expect([line, run.code === 0, run.calls, sent]).toEqual([line, false, [], []]);
      expect(run.stdout + run.stderr).toContain(`Refusing to send the token unencrypted to ${far}.`);
    }
  });

  test.each(ways)('receives no email and no password: %s', async (_, option, env) => {
    const typed: RunOptions = { keys: `ada@example.com\r${SEED_PASSWORD}\r\r`, columns: 100 };
    const run = await bed.dnx(`login ${option}`, { ...typed, env: { ...signedOut.env, ...env }, elsewhere });
    expect([run.code, run.calls, sent]).toEqual([2, [], []]);
    expect(run.stderr).not.toContain('Password');
  });
});

test.each(['1|ab\ncd', '1|ab cd', '1|äöü', '1|ab\r\nX-Evil: 1'])(
  'a token that is no header value is neither sent nor printed: %j',
  async (token) => {
    const run = await bed.dnx('server list --debug', { env: { DNX_TOKEN: token } });
    expect(run).toExit(4, { stdout: '', calls: [] });
    expect(run.stderr).not.toContain(token);
    expect(run.stderr).not.toContain(token.slice(2, 4));
  },
);

test.each([
  'login --with-token TOKEN',
  'login TOKEN',
  'whoami TOKEN',
  'TOKEN',
  'server TOKEN',
  'server show TOKEN',
  'config set host TOKEN',
])('a token that was typed as an argument is not repeated in the error: dnx %s', async (line) => {
  for (const option of ['', '--json', '--debug']) {
    const run = await bed.dnx(`${line.replace('TOKEN', bed.sandbox.token)} ${option}`);
    expect([run.code > 0, run.stdout]).toEqual([true, '']);
    expect(run.stderr).not.toContain(bed.sandbox.token.slice(2));
  }
});
