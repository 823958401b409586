import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { changes, ensure } from '../support/ensured.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const site = ['--site', 'shop.example.com'];
const web2 = ['--server', 'web-2'];

test('every page of the list is read once', async () => {
  const [one] = bed.sandbox.state.databases;
  if (!one) throw new Error('the seed has a database');
  for (let number = 1; number <= 250; number++)
    bed.sandbox.state.databases.push({
      ...one,
      id: `01JQ8Z4T9G0000000000DB1${String(number).padStart(3, '0')}`,
      name: `tenant_${number}`,
      server_id: seeded.servers['db-1'],
    });
  const run = await ensure(bed, ['database', 'ensure', 'tenant_250', '--server', 'db-1'], '--json');
  expect([run.json().changed, changes(run), run.calls.filter((call) => call.endsWith('/databases')).length]).toEqual([false, [], 3]);
});

test.each([
  ['queue ensure --site shop.example.com', 'Missing --queue.'],
  ['crontab ensure date --server web-2', 'Missing --frequency.'],
  ['ssh-key ensure ci --server web-2', 'Missing --public-key.'],
])('%s is a usage error', async (line, message) => {
  const run = await bed.dnx(line);
  expect([run.code, run.stdout, changes(run)]).toEqual([2, '', []]);
  expect(run.stderr).toContain(message);
});

test('-F and --data give the natural key, too', async () => {
  const line = ['queue', 'ensure', '--data', '{"queue":"reports","tries":2}', '-F', 'tries=3', ...site];
  expect((await ensure(bed, line, '--json')).json()).toMatchObject({ outcome: 'created', queue: { queue: 'reports', tries: 3 } });
  expect((await ensure(bed, line, '--json')).json()).toMatchObject({ outcome: 'unchanged' });
});

test('an update that the API ignores is a warning, and exits 10 with --strict', async () => {
  const line = ['daemon', 'ensure', 'node server.js', '-F', 'stop_signal=INT', ...web2];
  bed.sandbox.faults.always({ path: /\/daemons/ }, (answer) => {
    const { data } = JSON.parse(JSON.stringify(answer.body)) as { data: object };
    const shown = (item: object) => ({ ...item, stop_signal: 'TERM' });
    return { ...answer, body: { data: Array.isArray(data) ? data.map(shown) : shown(data) } };
  });
  const run = await ensure(bed, line, '--update');
  expect(run.stderr).toBe("! Daemon 'node server.js' still differs after the update: stop signal is TERM, not INT\n");
  await expect(bed.dnx([...line, '--update', '--strict'])).toExit(10);
});

describe('an API that stores another value than the one that was sent', () => {
  const line = ['daemon', 'ensure', 'date', '--directory', '/srv/../srv', ...web2];
  const stored = () =>
    bed.sandbox.faults.always({ method: 'POST' }, (answer) => ({
      ...answer,
      body: { data: { ...(answer.body as { data: object }).data, directory: '/srv' } },
    }));

  test('is a warning, because the next one would not find it', async () => {
    stored();
    const run = await ensure(bed, line, '--json');
    expect(run.stderr).toBe("! Daemon 'date' was created, but differs: directory is /srv, not /srv/../srv\n");
    expect(run.json()).toMatchObject({ changed: true, outcome: 'created', differences: [{ field: 'directory', is: '/srv' }] });
  });

  test('exits 10 with --strict', async () => {
    stored();
    const run = await bed.dnx([...line, '--strict']);
    expect([run.code, run.stdout, changes(run).length]).toEqual([10, '', 1]);
  });

  test('does not hide a new password', async () => {
    bed.sandbox.faults.always({ method: 'POST' }, (answer) => ({
      ...answer,
      body: { data: { ...(answer.body as { data: object }).data, username: 'APP' } },
    }));
    const run = await ensure(bed, ['database-user', 'ensure', 'app', '--database', 'shop', '--server', 'db-1', '--strict']);
    expect(run.stdout).toMatch(/^✓ Created database user APP\n {2}password {2}[\da-f]{24}\n$/);
    expect(run.stderr).toBe('! Database user APP was created, but differs: username is APP, not app\n');
  });
});
