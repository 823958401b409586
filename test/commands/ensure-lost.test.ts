import { describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { changes, ensure, groups } from '../support/ensured.ts';
import { perTest } from '../support/fixtures.ts';
import { sampled } from '../support/volume.ts';

const bed = perTest(() => openBed());

const stdin = 'a password of the tests\n';
const shown = groups.filter(({ group }) => group !== 'database-user');

describe('the response to the create is lost', () => {
  test.each(sampled(shown, 3, 10))('$group ensure finds what it created', async ({ line, list }) => {
    bed.sandbox.faults.next({ method: 'POST' }, 'drop-after');
    const run = await ensure(bed, line, '--json');
    expect([run.json().outcome, changes(run).length]).toEqual(['created', 1]);
    // Once before, which also decided to create it, and once after.
    expect(run.calls.filter((call) => call.startsWith('GET ') && call.endsWith(list))).toHaveLength(2);
    expect(run.stderr).toMatch(/^! The response was lost, but .+ was created\.$/m);
    expect(changes(await ensure(bed, line))).toEqual([]);
  });

  test.each(sampled(groups, 3, 6))('$group ensure does not send it again, and the next one does', async ({ group, line }) => {
    bed.sandbox.faults.next({ method: 'POST' }, 'drop');
    const run = await bed.dnx([...line, '--json'], { stdin });
    expect([run.code, run.stdout, changes(run).length]).toEqual([13, '', 1]);
    const [why = ''] = (JSON.parse(run.stderr.split('\n').at(-2) ?? '') as { error: { next: { why: string }[] } }).error.next.map(
      (each) => each.why,
    );
    expect(why).toBe(group === 'database-user' ? 'Check before you retry' : 'Safe to run again. See what exists');
    expect((await ensure(bed, line, '--json')).json()).toMatchObject({ outcome: 'created' });
  });

  test('database-user ensure adopts nothing, because the password is gone', async () => {
    bed.sandbox.faults.next({ method: 'POST' }, 'drop-after');
    const line = ['database-user', 'ensure', 'app', '--database', 'shop', '--server', 'db-1'];
    const run = await bed.dnx(line);
    expect([run.code, run.stdout, changes(run).length]).toEqual([13, '', 1]);
    expect(run.stderr).toContain('A new database user may be from this command (01');
    expect((await ensure(bed, line, '--json')).json()).toMatchObject({ changed: false });
  });
});

test('a lost response to an update is not sent again', async () => {
  const { line = [], other } = groups.find(({ group }) => group === 'crontab') ?? {};
  await ensure(bed, line);
  bed.sandbox.faults.next({ method: 'PUT' }, 'drop-after');
  const run = await bed.dnx([...(other?.line ?? []), '--update'], { stdin });
  expect([run.code, run.stdout, changes(run).length]).toEqual([13, '', 1]);
  expect(changes(await ensure(bed, other?.line ?? [], '--update'))).toEqual([]);
});

test.each(sampled(groups, 4, 6))('two $group ensure at once make one', async ({ line, group }) => {
  const both = await Promise.all([0, 1].map(() => ensure(bed, line, '--json')));
  const ids = both.map((run) => run.json().id);
  expect([new Set(ids).size, both.filter((run) => run.json().changed).length]).toEqual([1, 1]);
  // The API keeps a variable unique, so both try.
  if (group !== 'env') expect(bed.sandbox.calls.filter(({ method }) => method === 'POST')).toHaveLength(1);
  const again = await ensure(bed, line, '--json');
  expect([again.json().changed, again.json().id]).toEqual([false, ids[0]]);
});

describe('a password that Deploynix generates', () => {
  const line = ['database-user', 'ensure', 'app', '--database', 'shop', '--server', 'db-1'];

  test('is printed once, by the command that created the user', async () => {
    expect((await ensure(bed, line)).stdout).toMatch(/^✓ Created database user app\n {2}password {2}[\da-f]{24}\n$/);
    expect((await ensure(bed, line)).stdout).toBe('✓ Database user app already exists\n');
    const other = await ensure(bed, [...line.map((word) => (word === 'app' ? 'app2' : word)), '--json']);
    expect(other.json()).toMatchObject({ user: { username: 'app2', password: expect.stringMatching(/^[\da-f]{24}$/) } });
  });

  test.each(['create', 'ensure'])('fails %s if the format leaves it out', async (verb) => {
    const run = await bed.dnx([...line.with(1, verb), '-o', 'ids']);
    expect([run.code, run.stdout, changes(run).length]).toEqual([1, '', 1]);
    expect(run.stderr).toBe(
      'Error: The output does not contain the password.\n  The command itself succeeded. Set a new one with `dnx database-user update`.\n',
    );
  });

  test('is kept whole on a narrow terminal', async () => {
    const run = await bed.dnx(line, { columns: 20, env: { NO_COLOR: '1' } });
    expect([run.code, run.stdout.replaceAll(/\s/g, '')]).toEqual([0, expect.stringMatching(/password[\da-f]{24}$/)]);
  });

  test('never replaces one that was given, and neither is shown', async () => {
    const given = [...line, '--password', '-'];
    const first = await ensure(bed, given, '--json');
    const again = await bed.dnx([...given, '--update', '--strict', '--json'], { stdin: 'another one\n' });
    expect([again.code, changes(again), again.stderr]).toEqual([0, [], 'The password was not compared.\n']);
    expect(first.stdout + again.stdout).not.toMatch(/password of|another one|"password"/);
  });
});
