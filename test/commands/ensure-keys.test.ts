import { describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { changes, ensure, shownAs } from '../support/ensured.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(() => openBed());

const site = ['--site', 'shop.example.com'];
const web2 = ['--server', 'web-2'];
const db1 = ['--server', 'db-1'];

/** Creates something by one line, and accepts it by another. */
async function accepts(line: readonly string[], again: readonly string[] = line): Promise<void> {
  expect(changes(await ensure(bed, line, '--json'))).toHaveLength(1);
  const run = await ensure(bed, again, '--json', '--strict');
  expect([run.json().outcome, changes(run)]).toEqual(['unchanged', []]);
}

describe('a natural key', () => {
  test.each([
    '42',
    '0042',
    '1e3',
    'true',
    'null',
    '01JQ8Z4T9G0000000000DB1000',
    'café',
    'データ',
    'it\'s "quoted"',
    'a b',
    '__proto__',
    'constructor',
  ])('may be %s', async (name) => {
    await accepts(['crontab', 'ensure', name, '--frequency', '0 3 * * *', ...web2]);
  });

  test('that is the id of another is a new one', async () => {
    const cron = (command: string) => ['crontab', 'ensure', command, '--frequency', '0 3 * * *', ...web2];
    const { id } = (await ensure(bed, cron('date'), '--json')).json();
    expect((await ensure(bed, cron(String(id)), '--json')).json()).toMatchObject({ outcome: 'created' });
  });

  test('is compared with its case', async () => {
    await ensure(bed, ['database', 'ensure', 'Reports', ...db1]);
    expect((await ensure(bed, ['database', 'ensure', 'reports', ...db1], '--json')).json().outcome).toBe('created');
  });

  test('may be a number in the response', async () => {
    await ensure(bed, ['database', 'ensure', 'reports', ...db1]);
    bed.sandbox.faults.always(
      { method: 'GET', path: /databases$/ },
      shownAs((item) => ({ ...item, name: item.name === 'reports' ? 42 : item.name })),
    );
    expect((await ensure(bed, ['database', 'ensure', '42', ...db1], '--json')).json().outcome).toBe('unchanged');
  });

  test.each([
    ['database', 'ensure', '', ...db1],
    ['database', 'ensure', '-F', 'name=', ...db1],
    ['database', 'ensure', '--data', '{"name":null}', ...db1],
    ['crontab', 'ensure', '', '--frequency', '* * * * *', ...web2],
    ['redirect', 'ensure', '', '/new', ...site],
    ['queue', 'ensure', '', ...site],
    ['network-rule', 'ensure', '-F', 'port=', ...web2],
    ['ssh-key', 'ensure', 'ci', '--public-key', '', ...web2],
  ])('that is empty is not that of another without one: %s %s %s %s', async (...line) => {
    const bare = { name: null, command: null, from: null, queue: null, port: null, public_key: null };
    bed.sandbox.faults.always(
      { method: 'GET', path: /\/(databases|crontabs|queues|redirects|network-rules|ssh-keys)$/ },
      shownAs((item) => ({ ...item, ...bare })),
    );
    await expect(bed.dnx(line)).toExit(7, { stdout: '' });
  });
});

describe('-F and --data', () => {
  test('override the key', async () => {
    await accepts(
      ['crontab', 'ensure', 'date', '-F', 'command=uptime', '--frequency', '* * * * *', ...web2],
      ['crontab', 'ensure', 'uptime', '--frequency', '* * * * *', ...web2],
    );
  });

  test('a number as a key', async () => {
    await accepts(['network-rule', 'ensure', '8080', '-F', 'port:=8081', ...web2], ['network-rule', 'ensure', '8081', ...web2]);
  });
});

describe('the source of a firewall rule', () => {
  test.each([
    ['2001:db8::1', '2001:DB8:0:0:0:0:0:1'],
    ['2001:db8::1', '2001:0db8::0001/128'],
    ['2001:db8::/32', '2001:db8:0::0/32'],
    ['203.0.113.7', ' 203.0.113.7/32'],
    ['203.0.113.0/24', '203.0.113.7/24'],
    ['2001:db8::/32', '2001:db8:1:2::3/32'],
    ['10.0.0.0/8', '10.255.0.1/8'],
  ])('%s is also %s', async (one, other) => {
    await accepts(
      ['network-rule', 'ensure', '5432', '--source', one, ...web2],
      ['network-rule', 'ensure', '5432', '--source', other, ...web2],
    );
  });

  test.each([
    ['203.0.113.0/24', '203.0.113.0/25'],
    ['203.0.113.0/24', '203.0.113.0'],
    ['2001:db8::/32', '2001:db8::/33'],
    ['0.0.0.0/0', '::/0'],
    ['10.0.0.1', '10.0.0.1/33'],
    ['10.0.0.1', 'web-1'],
  ])('%s is not %s', async (one, other) => {
    await ensure(bed, ['network-rule', 'ensure', '5432', '--source', one, ...web2]);
    expect(changes(await ensure(bed, ['network-rule', 'ensure', '5432', '--source', other, ...web2]))).toHaveLength(1);
  });
});

test('a conflict is no failure if someone else has created it since', async () => {
  const line = ['database', 'ensure', 'reports', ...db1];
  const { id } = (await ensure(bed, line, '--json')).json();
  bed.sandbox.faults.next(
    { method: 'GET', path: /databases$/ },
    shownAs(({ id: other }) => ({ id: other, name: 'shop' })),
  );
  bed.sandbox.faults.next({ method: 'POST' }, (answer) => ({ ...answer, status: 409, body: { message: 'Conflict.' } }));
  expect((await ensure(bed, line, '--json')).json()).toMatchObject({ outcome: 'unchanged', id });
});

test('what two pages show is one thing', async () => {
  const line = (frequency: string) => ['crontab', 'ensure', 'date', '--frequency', frequency, ...web2];
  await ensure(bed, line('0 3 * * *'));
  bed.sandbox.faults.always({ method: 'GET', path: /crontabs$/ }, (answer) => {
    const { data } = answer.body as { data: readonly object[] };
    return { ...answer, body: { data: [...data, ...data] } };
  });
  expect((await ensure(bed, line('0 4 * * *'), '--json')).json().outcome).toBe('different');
});

test('what exists but failed is a warning', async () => {
  const line = ['database', 'ensure', 'reports', ...db1];
  await ensure(bed, line);
  for (const each of bed.sandbox.state.databases) Object.assign(each, { status: 'failed' });
  const run = await ensure(bed, line, '--json');
  expect([run.json().outcome, run.stderr]).toEqual(['unchanged', 'Its status is failed.\n']);
});
