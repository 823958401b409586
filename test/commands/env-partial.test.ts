import { beforeEach, describe, expect, test } from 'vitest';
import { openEnvSite } from '../support/env-site.ts';
import { perTest } from '../support/fixtures.ts';

const site = perTest(openEnvSite);
beforeEach(async () => {
  site.setAll({ APP_NAME: 'production', API_KEY: 'a secret' });
  await site.succeed('pull');
});

const push = (...words: readonly string[]) => site.env(['push', ...words]);
const sent = (calls: readonly string[]) => calls.filter((call) => !call.startsWith('GET ')).map((call) => call.split(' ')[0]);
const again = '--site blog.example.com --server web-1\n';

describe('a failure in the middle', () => {
  const variables = /environment-variables(\/|$)/;

  beforeEach(() => site.write('APP_NAME=local\nAPI_KEY="a secret"\nB=2\nC=3\nD=4\n'));

  test('says what was done and what was not, and a second push finishes it', async () => {
    site.bed.sandbox.faults.next({ method: 'POST', path: variables }, (response) => response);
    site.bed.sandbox.faults.next({ method: 'POST', path: variables }, { status: 500, body: { message: 'Server Error' } });
    const run = await push('--yes');
    expect([run.code, run.stdout, sent(run.calls)]).toEqual([12, '', ['PUT', 'POST', 'POST']]);
    expect(run.stderr).toContain('Error: 2 of 4 variables were not sent\n  added     B\n  changed   APP_NAME\n  C         ');
    expect(run.stderr).toContain(`\n  not sent  D\n  Send the rest with: dnx env push ${again}`);
    const second = await push('--yes', '--json');
    expect([second.json(), sent(second.calls)]).toEqual([expect.objectContaining({ added: ['C', 'D'], changed: [] }), ['POST', 'POST']]);
  });

  test('records what was sent, so a later change at Deploynix is not a conflict', async () => {
    site.bed.sandbox.faults.always({ method: 'POST', path: variables }, { status: 500, body: { message: 'Server Error' } });
    await expect(push('--yes')).toExit(12);
    site.set('APP_NAME', 'theirs');
    const pulled = await site.env(['pull', '--json']);
    expect([pulled.code, pulled.json()]).toEqual([0, expect.objectContaining({ changed: ['APP_NAME'], conflicts: [] })]);
  });

  test('goes on after a variable that the API rejects', async () => {
    site.bed.sandbox.faults.next(
      { method: 'POST', path: variables },
      { status: 422, body: { message: 'No.', errors: { value: ['No.'] } } },
    );
    const run = await push('--yes', '--json');
    expect([run.code, run.json()]).toEqual([
      12,
      expect.objectContaining({
        added: ['C', 'D'],
        changed: ['APP_NAME'],
        failed: [expect.objectContaining({ name: 'B', outcome: 'failed' })],
      }),
    ]);
  });

  test('if nothing was sent, is the error of the request', async () => {
    site.bed.sandbox.faults.always({ method: 'PUT', path: variables }, { status: 403, body: { message: 'Forbidden' } });
    const run = await push('--yes');
    expect([run.code, run.stdout, sent(run.calls)]).toEqual([5, '', ['PUT']]);
  });

  test('Ctrl-C says what was done', async () => {
    site.bed.sandbox.faults.always({ method: 'POST', path: variables }, 'hang');
    const run = await site.env(['push', '--yes', '--debug'], { interruptOn: '> POST' });
    expect(run).toExit(130, { stdout: '', says: ['\n  changed   APP_NAME\n', '\n  not sent  C, D\n'] });
    site.bed.sandbox.faults.clear();
    await expect(push('--yes')).toExit(0);
    expect(site.values()).toEqual({ APP_NAME: 'local', API_KEY: 'a secret', B: '2', C: '3', D: '4' });
  });

  test('what sends the rest has the same options', async () => {
    site.set('APP_NAME', 'staging');
    site.write('APP_NAME=local\nB=2\n');
    site.bed.sandbox.faults.next({ method: 'POST', path: variables }, { status: 422, body: { message: 'No.' } });
    const run = await push('--yes', '--prune', '--ours', 'APP_NAME', '--deploy');
    expect([run.code, run.stdout, sent(run.calls)]).toEqual([12, '', ['PUT', 'POST', 'DELETE']]);
    expect(run.stderr).toContain(`Send the rest with: dnx env push ${again.trim()} --ours APP_NAME --prune --deploy\n`);
  });

  test('adopts a variable whose response was lost', async () => {
    site.bed.sandbox.faults.next({ method: 'POST', path: variables }, 'drop-after');
    const run = await push('--yes');
    expect([run.code, sent(run.calls)]).toEqual([0, ['PUT', 'POST', 'POST', 'POST']]);
    expect(site.values()).toMatchObject({ B: '2', C: '3', D: '4' });
  });
});

test('a change at Deploynix while the rate limit makes the push wait is not overwritten', async () => {
  site.write('APP_NAME=local\nAPI_KEY=another\nNEW=1\n');
  site.bed.sandbox.faults.next({ method: 'PUT' }, (response) => {
    site.set('API_KEY', 'by somebody else');
    return { ...response, status: 429, headers: { ...response.headers, 'retry-after': '20' }, body: { message: 'Too Many Attempts.' } };
  });
  const run = await push('--yes', '--json');
  expect([run.code, run.json()]).toEqual([
    12,
    expect.objectContaining({ changed: ['APP_NAME'], added: ['NEW'], failed: [expect.objectContaining({ name: 'API_KEY' })] }),
  ]);
  expect(site.values()).toEqual({ APP_NAME: 'local', API_KEY: 'by somebody else', NEW: '1' });
  await expect(push('--yes')).toExit(10, { says: '1 variable changed here and at Deploynix.' });
});

test('two pushes at once send every change, and neither undoes the other', async () => {
  site.write('APP_NAME=local\nAPI_KEY="a secret"\nA=1\n');
  site.write('APP_NAME=production\nAPI_KEY=another\nB=1\nA=1\n', 'second/.env.production');
  const options = { cwd: site.path('second'), env: { DNX_STATE_DIR: site.path('second/state') } };
  const runs = await Promise.all([push('--yes'), site.env(['push', '--yes', '--ours', 'API_KEY', '--theirs', 'APP_NAME'], options)]);
  for (const { code, stderr } of runs) expect([0, 12], stderr).toContain(code);
  await expect(push('--yes')).toExit(0);
  expect(site.values()).toEqual({ APP_NAME: 'local', API_KEY: 'another', A: '1', B: '1' });
});
