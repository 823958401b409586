import { describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { changes, ensure, publicKey, shownAs } from '../support/ensured.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const site = ['--site', 'shop.example.com'];
const web2 = ['--server', 'web-2'];

/** Makes the API show every item of a list like this. */
const show = (list: string, change: (item: Record<string, unknown>) => object) =>
  bed.sandbox.faults.always({ method: 'GET', path: new RegExp(`${list}$`) }, shownAs(change));

describe('the same value in another spelling is no difference:', () => {
  const key = publicKey('spelling');
  test.each<[what: string, line: string[], again: string[], list?: string, shown?: (item: Record<string, unknown>) => object]>([
    [
      'the comment of a public key',
      ['ssh-key', 'ensure', 'ci', '--public-key', `${key} a@b`, ...web2],
      ['ssh-key', 'ensure', 'ci', '--public-key', `  ${key}   c@d\n`, ...web2],
    ],
    [
      'a public key that the API trims',
      ['ssh-key', 'ensure', 'ci', '--public-key', `${key} a@b`, ...web2],
      ['ssh-key', 'ensure', 'ci', '--public-key', key, ...web2],
      '/ssh-keys',
      (item) => ({ ...item, public_key: `${key}\n` }),
    ],
    ['a path without a slash', ['redirect', 'ensure', '/old', '/new', ...site], ['redirect', 'ensure', 'old', 'new', ...site]],
    [
      'a path that the API shows without a slash',
      ['redirect', 'ensure', '/old', '/new', ...site],
      ['redirect', 'ensure', '/old', '/new', ...site],
      '/redirects',
      ({ from, ...item }) => ({ ...item, from: String(from).slice(1) }),
    ],
    [
      'a URL',
      ['redirect', 'ensure', '/old', 'https://example.com/', ...site],
      ['redirect', 'ensure', '/old', 'https://EXAMPLE.com', ...site],
    ],
    [
      'blanks in a cron expression',
      ['crontab', 'ensure', 'date', '--frequency', '0 3 * * *', ...web2],
      ['crontab', 'ensure', ' date ', '--frequency', ' 0  3 * * * ', ...web2],
    ],
    [
      'a number as text',
      ['daemon', 'ensure', 'date', '--processes', '2', ...web2],
      ['daemon', 'ensure', 'date', '--processes', '2', ...web2],
      '/daemons',
      (item) => ({ ...item, processes: '2' }),
    ],
    [
      'a port as text',
      ['network-rule', 'ensure', '8080', ...web2],
      ['network-rule', 'ensure', '8080', ...web2],
      '/network-rules',
      (item) => ({ ...item, port: String(item.port) }),
    ],
    [
      'the case of a protocol',
      ['network-rule', 'ensure', '8080', '--protocol', 'tcp', ...web2],
      ['network-rule', 'ensure', '8080', '--protocol', 'TCP', '--action', 'Allow', ...web2],
    ],
    [
      'a range of one address',
      ['network-rule', 'ensure', '8080', '--source', '203.0.113.7', ...web2],
      ['network-rule', 'ensure', '8080', '--source', '203.0.113.7/32', ...web2],
    ],
    [
      'options before a public key',
      ['ssh-key', 'ensure', 'ci', '--public-key', `${key} a@b`, ...web2],
      ['ssh-key', 'ensure', 'ci', '--public-key', `no-pty ${key}`, ...web2],
    ],
    ['any address', ['network-rule', 'ensure', '8080', ...web2], ['network-rule', 'ensure', '8080', '--source', '0.0.0.0/0', ...web2]],
    [
      'a slash after a directory',
      ['daemon', 'ensure', 'date', '--directory', '/srv', ...web2],
      ['daemon', 'ensure', 'date', '--directory', '/srv/', ...web2],
    ],
    [
      'a flag as a number',
      ['queue', 'ensure', 'a', ...site],
      ['queue', 'ensure', 'a', '-F', 'force:=true', ...site],
      '/queues',
      (item) => ({ ...item, force: 1 }),
    ],
    ['null for an empty text', ['daemon', 'ensure', 'date', ...web2], ['daemon', 'ensure', 'date', '-F', 'directory=', ...web2]],
  ])('%s', async (_, line, again, list, shown) => {
    await ensure(bed, line);
    if (list && shown) show(list, shown);
    const run = await ensure(bed, again, '--strict', '--json');
    expect([run.json().outcome, run.json().unknown, changes(run)]).toEqual(['unchanged', [], []]);
  });
});

describe('what the API does not show', () => {
  const line = ['daemon', 'ensure', 'date', '--directory', '/srv', '--processes', '2', ...web2];

  test('is unknown, and no difference', async () => {
    await ensure(bed, line);
    show('/daemons', ({ directory: _, processes: __, ...item }) => item);
    const run = await ensure(bed, line, '--strict', '--update', '--json');
    expect(run.json()).toMatchObject({ outcome: 'unchanged', differences: [], unknown: ['directory', 'processes'] });
    expect(changes(run)).toEqual([]);
    expect(run.stderr).toBe('Not compared, because the API does not show it: directory, processes.\n');
  });

  test.each([
    ['of another type', { nested: [1] }],
    ['masked', '••••'],
  ])('or shows %s', async (_, directory) => {
    await ensure(bed, line);
    show('/daemons', (item) => ({ ...item, directory }));
    expect((await ensure(bed, line, '--json')).json()).toMatchObject({ outcome: 'unchanged', unknown: ['directory'] });
  });

  test.each([
    [
      'the name of a database',
      ['database', 'ensure', 'new', '--server', 'db-1'],
      '/databases',
      ({ id }: Record<string, unknown>) => ({ id }),
      'name',
    ],
    ['the command of a daemon', line, '/daemons', ({ command: _, ...item }: Record<string, unknown>) => item, 'command'],
    ['objects', ['crontab', 'ensure', 'date', '--frequency', '* * * * *', ...web2], '/crontabs', () => [1], 'command'],
  ] as const)('ends the command if it is %s, because creating could be wrong', async (_, words, list, change, field) => {
    show(list, change);
    const run = await bed.dnx(words);
    expect([run.code, run.stdout, changes(run)]).toEqual([1, '', []]);
    expect(run.stderr).toMatch(
      new RegExp(`does not show the ${field} of all .*, so dnx cannot tell what exists\\.\n {2}Nothing was changed\\.`),
    );
  });

  test('does not matter if the name of a key is shown', async () => {
    show('/ssh-keys', ({ public_key: _, ...item }) => item);
    const line = ['ssh-key', 'ensure', 'ci', '--public-key', publicKey('x'), ...web2];
    await ensure(bed, line);
    expect((await ensure(bed, line, '--json')).json()).toMatchObject({ changed: false, unknown: ['public_key'] });
  });
});

describe('several with the same command', () => {
  const line = (frequency: string, ...more: string[]) => ['crontab', 'ensure', 'date', '--frequency', frequency, ...more, ...web2];
  const create = (frequency: string, ...more: string[]) =>
    ensure(bed, ['crontab', 'create', 'date', '--frequency', frequency, ...more, ...web2]);

  test('are told apart by what else is given', async () => {
    await create('0 3 * * *');
    const second = (await create('0 4 * * *', '--json')).json();
    const run = await ensure(bed, line('0 4 * * *'), '--update', '--json');
    expect([run.json().id, changes(run)]).toEqual([second.id, []]);
  });

  test('are ambiguous if all of them differ', async () => {
    await create('0 3 * * *');
    await create('0 4 * * *');
    const run = await bed.dnx([...line('0 5 * * *'), '--update']);
    expect([run.code, run.stdout, changes(run)]).toEqual([6, '', []]);
    expect(run.stderr).toMatch(
      /^Error: 'date' matches 2 cron jobs:\n {2}date {2}01\w+ {2}0 3 .*\n {2}date {2}01\w+ {2}0 4 .*\n {2}All of them differ/,
    );
  });

  test('are others if they run as another user, in another directory or on another connection', async () => {
    await create('0 3 * * *', '--user', 'root');
    expect((await ensure(bed, line('0 3 * * *', '--user', 'deploynix'), '--json')).json()).toMatchObject({ outcome: 'created' });
    for (const directory of ['/srv/a', '/srv/b']) {
      const daemon = ['daemon', 'ensure', 'php artisan horizon', '--directory', directory, ...web2];
      expect(changes(await ensure(bed, daemon))).toHaveLength(1);
      expect(changes(await ensure(bed, daemon))).toEqual([]);
    }
    for (const connection of ['redis', 'database'])
      expect((await ensure(bed, ['queue', 'ensure', 'fast', '--connection', connection, ...site], '--json')).json().changed).toBe(true);
  });

  test.each([
    ['for one address', ['--source', '203.0.113.7']],
    ['that denies', ['--action', 'deny']],
    ['for UDP', ['--protocol', 'udp']],
  ])('a firewall rule %s is another one than the rule that opens the port', async (_, options) => {
    const rule = ['network-rule', 'ensure', '8080', ...web2];
    await ensure(bed, [...rule, ...options]);
    const open = await ensure(bed, rule, '--strict', '--json');
    expect(open.json()).toMatchObject({ outcome: 'created', network_rule: { protocol: 'tcp', action: 'allow', source: null } });
    for (const line of [rule, [...rule, ...options]])
      expect((await ensure(bed, line, '--strict', '--json')).json()).toMatchObject({ outcome: 'unchanged' });
  });

  test.each([
    ['daemon', ['daemon', 'ensure', 'date', ...web2], ['--directory', '/srv/a'], ['--directory', '/srv/b'], '--directory'],
    ['queue', ['queue', 'ensure', 'fast', ...site], ['--connection', 'redis'], ['--connection', 'database'], '--connection'],
    ['crontab', ['crontab', 'ensure', 'date', '--frequency', '0 3 * * *', ...web2], ['--user', 'root'], ['--user', 'app'], '--user'],
  ])('are ambiguous for %s ensure if what tells them apart is not given', async (_, line, one, other, option) => {
    await ensure(bed, [...line, ...one]);
    const { id } = (await ensure(bed, line, '--json')).json();
    await ensure(bed, [...line, ...other]);
    const run = await bed.dnx(line);
    expect([run.code, run.stdout, changes(run)]).toEqual([6, '', []]);
    expect(run.stderr).toContain(`  Use ${option} to tell them apart. Nothing was changed.`);
    expect((await ensure(bed, [...line, ...one], '--json')).json()).toMatchObject({ outcome: 'unchanged', id });
  });

  test('are one thing if nothing tells them apart', async () => {
    const ids = [(await create('0 3 * * *', '--json')).json().id, (await create('0 3 * * *', '--json')).json().id];
    expect(ids).toContain((await ensure(bed, line('0 3 * * *'), '--json')).json().id);
  });
});

test('two keys with the same options are different', async () => {
  show('/ssh-keys', (item) => ({ ...item, public_key: `no-pty ${publicKey('one')}` }));
  const line = (key: string) => ['ssh-key', 'ensure', 'ci', '--public-key', `no-pty ${publicKey(key)}`, ...web2];
  expect((await ensure(bed, line('one'), '--json')).json()).toMatchObject({ outcome: 'different', differences: [{ field: 'name' }] });
  expect(changes(await bed.dnx(line('two')))).toHaveLength(1);
});
