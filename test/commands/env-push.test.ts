import { beforeEach, describe, expect, test } from 'vitest';
import { editor, set } from '../support/editing.ts';
import { openEnvSite } from '../support/env-site.ts';
import { perTest } from '../support/fixtures.ts';

const site = perTest(openEnvSite);
beforeEach(async () => {
  site.setAll({ APP_NAME: 'production', API_KEY: 'a secret' });
  await site.succeed('pull');
});

const push = (...words: readonly string[]) => site.env(['push', ...words]);
const sent = (calls: readonly string[]) => calls.filter((call) => !call.startsWith('GET ')).map((call) => call.split(' ')[0]);
const terminal = (keys: string) => ({ columns: 100, keys, env: { NO_COLOR: '1' } });
const later = 'Takes effect on the next deployment. Run: dnx deploy blog.example.com\n';
const again = '--site blog.example.com --server web-1\n';

test('env push sends only what changed in the file', async () => {
  site.write(`${site.read()}NEW=1\n`.replace('production', 'local'));
  site.set('OTHER', 'by somebody else');
  const run = await push('--yes');
  expect(run).toExit(0, {
    stdout: '✓ Pushed 2 variables to blog.example.com\n  added    NEW\n  changed  APP_NAME\n  kept     OTHER (only at Deploynix)\n',
    stderr: `Get what changed at Deploynix with: dnx env pull ${again}${later}`,
  });
  expect(sent(run.calls)).toEqual(['PUT', 'POST']);
  expect(site.values()).toEqual({ APP_NAME: 'local', API_KEY: 'a secret', OTHER: 'by somebody else', NEW: '1' });
  const nothing = await push('--yes');
  expect([nothing.code, nothing.stdout, sent(nothing.calls)]).toEqual([0, 'Nothing to push to blog.example.com.\n', []]);
});

test('env push --json lists keys, never values', async () => {
  site.write('APP_NAME=local\nAPI_KEY="a secret"\n');
  expect((await push('--yes', '--json')).json()).toEqual({
    site: 'blog.example.com',
    file: '.env.production',
    added: [],
    changed: ['APP_NAME'],
    removed: [],
    kept: [],
    conflicts: [],
  });
});

test('a variable that was removed here is removed there only with --prune', async () => {
  site.write('APP_NAME=production\n');
  await expect(push('--yes')).toExit(0, {
    stdout: 'Nothing to push to blog.example.com.\n',
    stderr: `  kept  API_KEY (removed here only)\nRemove at Deploynix what was removed here with: dnx env push ${again.trim()} --prune\n`,
  });
  const run = await push('--yes', '--prune', '--json');
  expect([run.json(), sent(run.calls)]).toEqual([expect.objectContaining({ removed: ['API_KEY'] }), ['DELETE']]);
  expect(site.values()).toEqual({ APP_NAME: 'production' });
});

test('--prune leaves alone what was never here', async () => {
  site.set('OTHER', '1');
  expect((await push('--yes', '--prune')).stdout).toBe('Nothing to push to blog.example.com.\n');
  expect(site.values()).toHaveProperty('OTHER');
});

describe('a variable that changed on both sides', () => {
  beforeEach(() => {
    site.write('APP_NAME=local\nAPI_KEY="a secret"\nNEW=1\n');
    site.set('APP_NAME', 'staging');
  });

  test('is a conflict: nothing is sent', async () => {
    const run = await push('--yes');
    expect([run.code, run.stdout, sent(run.calls)]).toEqual([10, '', []]);
    expect(run.stderr).toBe(
      [
        'Error: 1 variable changed here and at Deploynix. Nothing was sent.',
        '  conflict  APP_NAME (changed on both sides)',
        '  Use --ours KEY for the value of the file, or --theirs KEY to leave it as it is at Deploynix.',
        '',
      ].join('\n'),
    );
    const json = await push('--yes', '--json');
    expect([json.code, json.json()]).toEqual([10, expect.objectContaining({ conflicts: ['APP_NAME'], added: ['NEW'] })]);
  });

  test('is asked about on a terminal, also with --yes', async () => {
    const cancelled = await site.env(['push', '--yes'], terminal('\u001b[B\u001b[B\r'));
    expect([cancelled.code, sent(cancelled.calls)]).toEqual([1, []]);
    expect(cancelled.stderr).toContain('  ! APP_NAME (changed on both sides)\n');
    expect(cancelled.stderr).toContain('1 variable changed here and at Deploynix. Use:');
    const theirs = await site.env(['push', '--yes'], terminal('\u001b[B\r'));
    expect([theirs.code, site.values()]).toEqual([0, { APP_NAME: 'staging', API_KEY: 'a secret', NEW: '1' }]);
    const ours = await site.env(['push', '--yes'], terminal('\r'));
    expect([ours.code, site.values()]).toEqual([0, { APP_NAME: 'local', API_KEY: 'a secret', NEW: '1' }]);
  });

  test.each([
    [['--ours', 'APP_NAME'], 'local'],
    [['--ours', '*'], 'local'],
    [['--theirs', 'APP_NAME'], 'staging'],
    [['--theirs', '*'], 'staging'],
  ])('is decided by %j', async (words, value) => {
    await expect(push('--yes', ...words)).toExit(0);
    expect(site.values()).toMatchObject({ APP_NAME: value, NEW: '1' });
  });
});

test('env push --dry-run shows the plan without values, needs no consent and sends nothing', async () => {
  site.write('APP_NAME=local\nLONG=1\n');
  const run = await push('--dry-run', '--prune');
  expect([run.code, run.stdout, sent(run.calls)]).toEqual([
    0,
    [
      '~ update variable APP_NAME on blog.example.com (web-1)',
      '  value  •••••••• → ••••••••',
      '+ create variable LONG on blog.example.com (web-1)',
      '  value  ••••••••',
      '- delete variable API_KEY on blog.example.com (web-1)',
      '3 changes',
      '  needs    site:update',
      '  undo     in part, with dnx undo. Hidden values are not kept: DNX_TOKEN is set.',
      '  consent  --yes',
      '',
    ].join('\n'),
    [],
  ]);
});

test('env push shows the plan and asks', async () => {
  site.write('APP_NAME=local\nAPI_KEY="a secret"\n');
  const refused = await site.env(['push'], terminal('n\r'));
  expect([refused.code, sent(refused.calls)]).toEqual([1, []]);
  expect(refused.stderr).toContain('  ~ APP_NAME\n');
  expect(refused.stderr).toContain('Push 1 variable to blog.example.com (web-1)?');
  expect(refused.stderr).not.toContain('local');
  const run = await site.env(['push'], terminal('y\rn\r'));
  expect([run.code, sent(run.calls)]).toEqual([0, ['PUT']]);
  expect(run.stderr).toContain('Pushed 1 variable to blog.example.com. Deploy now?');
});

test('a change at Deploynix during the question is not overwritten', async () => {
  site.write('APP_NAME=local\nAPI_KEY="a secret"\n');
  let lists = 0;
  site.bed.sandbox.faults.always({ method: 'GET', path: /environment-variables$/ }, (response) => {
    lists += 1;
    // After the first list was sent.
    if (lists === 1) queueMicrotask(() => site.set('APP_NAME', 'staging'));
    return response;
  });
  const run = await site.env(['push'], terminal('y\r'));
  expect([run.code, sent(run.calls)]).toEqual([10, []]);
  expect(run.stderr).toContain('Variables were changed at Deploynix meanwhile. Nothing was sent.');
  expect(site.values().APP_NAME).toBe('staging');
});

describe('a change at Deploynix since the variables were read', () => {
  /** Changes a variable right after the nth list was sent. */
  const changeAfter = (nth: number, key: string, value: string | undefined) => {
    let lists = 0;
    site.bed.sandbox.faults.always({ method: 'GET', path: /environment-variables$/ }, (response) => {
      lists += 1;
      if (lists === nth) queueMicrotask(() => site.set(key, value));
      return response;
    });
  };

  test.each([
    ['a changed variable', 'APP_NAME=local\nAPI_KEY="a secret"\n', 'APP_NAME'],
    ['a removed variable', 'APP_NAME=production\n', 'API_KEY'],
  ])('is not overwritten: %s', async (_, text, key) => {
    site.write(text);
    changeAfter(1, key, 'by a colleague');
    const run = await push('--yes', '--prune');
    expect([run.code, sent(run.calls), site.values()[key]]).toEqual([10, [], 'by a colleague']);
    expect(run.stderr).toContain('It was changed at Deploynix meanwhile.');
  });

  test('between two changes is not overwritten either', async () => {
    site.write('APP_NAME=local\nAPI_KEY=mine\nNEW=1\n');
    changeAfter(2, 'API_KEY', 'by a colleague');
    const run = await push('--yes');
    expect([run.code, site.values()]).toEqual([12, { APP_NAME: 'local', API_KEY: 'by a colleague', NEW: '1' }]);
    expect(run.stderr).toContain('  API_KEY  It was changed at Deploynix meanwhile.\n');
  });

  test('is not overwritten by env edit --yes', async () => {
    changeAfter(2, 'APP_NAME', 'by a colleague');
    const run = await site.env(['edit', '--yes'], editor([set('APP_NAME', 'mine')]));
    expect([run.code, sent(run.calls), site.values().APP_NAME]).toEqual([10, [], 'by a colleague']);
  });
});

describe('without a record of the last pull', () => {
  beforeEach(() => {
    site.setAll({ APP_NAME: 'production', OTHER: '1' });
    site.write('APP_NAME=local\nNEW=1\n', 'other.env');
  });

  test('different values are a conflict', async () => {
    await expect(push('other.env', '--yes')).toExit(10, { says: '1 variable differs, and there is no record of the last pull.' });
  });

  test('a user on a terminal is asked', async () => {
    const run = await site.env(['push', 'other.env'], terminal('\ry\rn\r'));
    expect(run.stderr).toContain('1 variable differs, and there is no record of the last pull. Use:');
    expect([run.code, site.values()]).toEqual([0, { APP_NAME: 'local', OTHER: '1', NEW: '1' }]);
  });
});

describe('references', () => {
  beforeEach(() => site.write('APP_NAME=env://STAGE\nAPI_KEY=file://key.txt\n'));

  test('are resolved before they are compared and sent', async () => {
    site.write('another secret\n', 'key.txt');
    const run = await site.env(['push', '--yes', '--json'], { env: { STAGE: 'production' } });
    expect([run.code, run.json()]).toEqual([0, expect.objectContaining({ changed: ['API_KEY'] })]);
    expect(site.values()).toEqual({ APP_NAME: 'production', API_KEY: 'another secret' });
    const pulled = await site.env(['pull', '--json']);
    expect([pulled.code, pulled.json()]).toEqual([0, expect.objectContaining({ changed: [], kept: ['APP_NAME', 'API_KEY'] })]);
    expect(site.read()).toBe('APP_NAME=env://STAGE\nAPI_KEY=file://key.txt\n');
  });

  test('that cannot be resolved stop the push before anything is sent', async () => {
    const run = await site.env(['push', '--yes'], { env: { STAGE: 'production' } });
    expect([run.code, run.stdout, sent(run.calls)]).toEqual([2, '', []]);
    expect(site.values()).toEqual({ APP_NAME: 'production', API_KEY: 'a secret' });
  });

  test('to a mask are refused', async () => {
    site.write('********\n', 'key.txt');
    await expect(site.env(['push', '--yes'], { env: { STAGE: 'production' } })).toExit(2, { says: 'The value of API_KEY is a mask' });
  });
});

describe('hidden values', () => {
  test('are never compared, and never sent back', async () => {
    site.setAll({ APP_NAME: 'production', API_KEY: '••••••••' });
    expect((await push('--yes')).stdout).toBe('Nothing to push to blog.example.com.\n');
    site.write('APP_NAME=production\nAPI_KEY=changed\n');
    await expect(push('--yes')).toExit(10, { says: '  conflict  API_KEY (hidden at Deploynix)\n' });
    await expect(push('--yes', '--ours', 'API_KEY')).toExit(0);
    expect(site.values().API_KEY).toBe('changed');
  });

  test.each(['••••', '********', '[hidden]'])('are refused in the file: %s', async (mask) => {
    site.write(`APP_NAME=production\nAPI_KEY="${mask}"\n`);
    const run = await push('--yes');
    expect([run.code, sent(run.calls)]).toEqual([2, []]);
    expect(run.stderr).toContain('The value of API_KEY is a mask, not a value. Nothing was sent.');
  });
});

test('env push needs a file', async () => {
  const run = await push('missing.env', '--yes');
  expect(run).toExit(2, { calls: [expect.stringMatching('^GET')], stdout: '' });
  expect(run.stderr).toBe(`Error: missing.env does not exist.\n  Create it with: dnx env pull missing.env ${again}`);
});

test('the first push of a file that holds the variables of another site warns', async () => {
  await site.succeed('pull');
  const push = () => site.env(['push', '.env.production', '--site', 'staging.example.com', '--server', 'web-1', '--yes']);
  await expect(push()).toExit(0, {
    says: '! .env.production was last synced with blog.example.com, not with staging.example.com.\n',
  });
  site.write(`${site.read()}MORE=1\n`);
  await expect(push()).toExit(0, { stderr: expect.not.stringContaining('last synced') });
});
