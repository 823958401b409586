import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EnvSite, openEnvSite } from '../support/env-site.ts';

let site: EnvSite;
beforeEach(async () => {
  site = await openEnvSite();
  site.setAll({ APP_ENV: 'production', APP_KEY: 'a secret' });
  await site.succeed('pull');
});
afterEach(() => site.close());

const push = (...words: readonly string[]) => site.env(['push', ...words]);
const sent = (calls: readonly string[]) => calls.filter((call) => !call.startsWith('GET ')).map((call) => call.split(' ')[0]);
const terminal = (keys: string) => ({ columns: 100, keys, env: { NO_COLOR: '1' } });
const later = 'Takes effect on the next deployment. Run: dnx deploy blog.example.com\n';
const again = '--site blog.example.com --server web-1\n';

test('env push sends only what changed in the file', async () => {
  site.write(`${site.read()}NEW=1\n`.replace('production', 'local'));
  site.set('OTHER', 'by somebody else');
  const run = await push('--yes');
  expect([run.code, run.stdout, run.stderr]).toEqual([
    0,
    '✓ Pushed 2 variables to blog.example.com\n  added    NEW\n  changed  APP_ENV\n  kept     OTHER (only at Deploynix)\n',
    `Get what changed at Deploynix with: dnx env pull ${again}${later}`,
  ]);
  expect(sent(run.calls)).toEqual(['PUT', 'POST']);
  expect(site.values()).toEqual({ APP_ENV: 'local', APP_KEY: 'a secret', OTHER: 'by somebody else', NEW: '1' });
  const nothing = await push('--yes');
  expect([nothing.code, nothing.stdout, sent(nothing.calls)]).toEqual([0, 'Nothing to push to blog.example.com.\n', []]);
});

test('env push --json lists keys, never values', async () => {
  site.write('APP_ENV=local\nAPP_KEY="a secret"\n');
  const run = await push('--yes', '--json');
  expect(run.json()).toEqual({
    site: 'blog.example.com',
    file: '.env',
    added: [],
    changed: ['APP_ENV'],
    removed: [],
    kept: [],
    conflicts: [],
  });
});

test('a variable that was removed here is removed there only with --prune', async () => {
  site.write('APP_ENV=production\n');
  const kept = await push('--yes');
  expect([kept.code, kept.stdout, kept.stderr]).toEqual([
    0,
    'Nothing to push to blog.example.com.\n',
    `  kept  APP_KEY (removed here only)\nRemove at Deploynix what was removed here with: dnx env push ${again.trim()} --prune\n`,
  ]);
  const run = await push('--yes', '--prune', '--json');
  expect([run.json(), sent(run.calls)]).toEqual([expect.objectContaining({ removed: ['APP_KEY'] }), ['DELETE']]);
  expect(site.values()).toEqual({ APP_ENV: 'production' });
});

test('--prune leaves alone what was never here', async () => {
  site.set('OTHER', '1');
  expect((await push('--yes', '--prune')).stdout).toBe('Nothing to push to blog.example.com.\n');
  expect(site.values()).toHaveProperty('OTHER');
});

describe('a variable that changed on both sides', () => {
  beforeEach(() => {
    site.write('APP_ENV=local\nAPP_KEY="a secret"\nNEW=1\n');
    site.set('APP_ENV', 'staging');
  });

  test('is a conflict: nothing is sent', async () => {
    const run = await push('--yes');
    expect([run.code, run.stdout, sent(run.calls)]).toEqual([10, '', []]);
    expect(run.stderr).toBe(
      [
        'Error: 1 variable changed here and at Deploynix. Nothing was sent.',
        '  conflict  APP_ENV (changed on both sides)',
        '  Use --ours KEY for the value of the file, or --theirs KEY to leave it as it is at Deploynix.',
        '',
      ].join('\n'),
    );
    const json = await push('--yes', '--json');
    expect([json.code, json.json()]).toEqual([10, expect.objectContaining({ conflicts: ['APP_ENV'], added: ['NEW'] })]);
    const terminalRun = await site.env(['push'], terminal(''));
    expect([terminalRun.code, sent(terminalRun.calls)]).toEqual([10, []]);
  });

  test.each([
    [['--ours', 'APP_ENV'], 'local'],
    [['--ours', '*'], 'local'],
    [['--theirs', 'APP_ENV'], 'staging'],
    [['--theirs', '*'], 'staging'],
  ])('is decided by %j', async (words, value) => {
    expect((await push('--yes', ...words)).code).toBe(0);
    expect(site.values()).toMatchObject({ APP_ENV: value, NEW: '1' });
  });
});

test('env push --dry-run shows the plan without values, needs no consent and sends nothing', async () => {
  site.write('APP_ENV=local\nLONG=1\n');
  const run = await push('--dry-run', '--prune');
  expect([run.code, run.stdout, sent(run.calls)]).toEqual([
    0,
    'Would push 3 variables to blog.example.com.\n  add       LONG\n  change    APP_ENV\n  remove    APP_KEY\n',
    [],
  ]);
});

test('env push shows the plan and asks', async () => {
  site.write('APP_ENV=local\nAPP_KEY="a secret"\n');
  const refused = await site.env(['push'], terminal('n\r'));
  expect([refused.code, sent(refused.calls)]).toEqual([1, []]);
  expect(refused.stderr).toContain('  change    APP_ENV\n');
  expect(refused.stderr).toContain('Push 1 variable to blog.example.com (web-1)?');
  expect(refused.stderr).not.toContain('local');
  const run = await site.env(['push'], terminal('y\r'));
  expect([run.code, sent(run.calls)]).toEqual([0, ['PUT']]);
});

test('a change at Deploynix during the question is not overwritten', async () => {
  site.write('APP_ENV=local\nAPP_KEY="a secret"\n');
  let lists = 0;
  site.bed.sandbox.faults.always({ method: 'GET', path: /environment-variables$/ }, (response) => {
    lists += 1;
    // After the first list was sent.
    if (lists === 1) queueMicrotask(() => site.set('APP_ENV', 'staging'));
    return response;
  });
  const run = await site.env(['push'], terminal('y\r'));
  expect([run.code, sent(run.calls)]).toEqual([10, []]);
  expect(run.stderr).toContain('Variables were changed at Deploynix meanwhile. Nothing was sent.');
  expect(site.values().APP_ENV).toBe('staging');
});

describe('without a record of the last pull', () => {
  beforeEach(() => {
    site.setAll({ APP_ENV: 'production', OTHER: '1' });
    site.write('APP_ENV=local\nNEW=1\n', 'other.env');
  });

  test('different values are a conflict', async () => {
    const run = await push('other.env', '--yes');
    expect([run.code, run.stderr]).toEqual([10, expect.stringContaining('1 variable differs, and there is no record of the last pull.')]);
  });

  test('a user on a terminal is asked', async () => {
    const run = await site.env(['push', 'other.env'], terminal('\ry\r'));
    expect(run.stderr).toContain('1 variable differs, and there is no record of the last pull. Use:');
    expect([run.code, site.values()]).toEqual([0, { APP_ENV: 'local', OTHER: '1', NEW: '1' }]);
  });
});

describe('references', () => {
  beforeEach(() => site.write('APP_ENV=env://STAGE\nAPP_KEY=file://key.txt\n'));

  test('are resolved before they are compared and sent', async () => {
    site.write('another secret\n', 'key.txt');
    const run = await site.env(['push', '--yes', '--json'], { env: { STAGE: 'production' } });
    expect([run.code, run.json()]).toEqual([0, expect.objectContaining({ changed: ['APP_KEY'] })]);
    expect(site.values()).toEqual({ APP_ENV: 'production', APP_KEY: 'another secret' });
    const pulled = await site.env(['pull', '--json']);
    expect([pulled.code, pulled.json()]).toEqual([0, expect.objectContaining({ changed: [], kept: ['APP_ENV', 'APP_KEY'] })]);
    expect(site.read()).toBe('APP_ENV=env://STAGE\nAPP_KEY=file://key.txt\n');
  });

  test('that cannot be resolved stop the push before anything is sent', async () => {
    const run = await site.env(['push', '--yes'], { env: { STAGE: 'production' } });
    expect([run.code, run.stdout, sent(run.calls)]).toEqual([2, '', []]);
    expect(site.values()).toEqual({ APP_ENV: 'production', APP_KEY: 'a secret' });
  });

  test('to a mask are refused', async () => {
    site.write('********\n', 'key.txt');
    const run = await site.env(['push', '--yes'], { env: { STAGE: 'production' } });
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('The value of APP_KEY is a mask')]);
  });
});

describe('hidden values', () => {
  test('are never compared, and never sent back', async () => {
    site.setAll({ APP_ENV: 'production', APP_KEY: '••••••••' });
    expect((await push('--yes')).stdout).toBe('Nothing to push to blog.example.com.\n');
    site.write('APP_ENV=production\nAPP_KEY=changed\n');
    const run = await push('--yes');
    expect([run.code, run.stderr]).toEqual([10, expect.stringContaining('  conflict  APP_KEY (hidden at Deploynix)\n')]);
    expect((await push('--yes', '--ours', 'APP_KEY')).code).toBe(0);
    expect(site.values().APP_KEY).toBe('changed');
  });

  test.each(['••••', '********', '[hidden]'])('are refused in the file: %s', async (mask) => {
    site.write(`APP_ENV=production\nAPP_KEY="${mask}"\n`);
    const run = await push('--yes');
    expect([run.code, sent(run.calls)]).toEqual([2, []]);
    expect(run.stderr).toContain('The value of APP_KEY is a mask, not a value. Nothing was sent.');
  });
});

test('env push needs a file', async () => {
  const run = await push('missing.env', '--yes');
  expect(run).toMatchObject({ code: 2, calls: [expect.stringMatching('^GET')], stdout: '' });
  expect(run.stderr).toBe(`Error: missing.env does not exist.\n  Create it with: dnx env pull missing.env ${again}`);
});

test('the first push of a file that holds the variables of another site warns', async () => {
  await site.succeed('pull');
  const push = () => site.env(['push', '--site', 'staging.example.com', '--server', 'web-1', '--yes']);
  const first = await push();
  expect([first.code, first.stderr]).toEqual([
    0,
    expect.stringContaining('! .env was last synced with blog.example.com, not with staging.example.com.\n'),
  ]);
  site.write(`${site.read()}MORE=1\n`);
  const second = await push();
  expect([second.code, second.stderr]).toEqual([0, expect.not.stringContaining('last synced')]);
});
