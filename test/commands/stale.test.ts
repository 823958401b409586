import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web1 = seeded.servers['web-1'];
const web2 = seeded.servers['web-2'];
const shop = seeded.sites['shop.example.com'];
const SITE = `GET /servers/${web1}/sites/${shop}`;
const SERVERS = 'GET /servers';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const bed = perTest(openBed);

const callsOf = async (line: string) => {
  const run = await bed.dnx(line);
  expect(run).toExit(0);
  return run.calls;
};

describe('what only reads', () => {
  test('trusts names that are less than an hour old', async () => {
    for (const line of ['server list', 'daemon list --server web-1']) await callsOf(line);
    const [daemon] = bed.sandbox.state.daemons;
    const line = `daemon show "${daemon?.command}" --server web-1`;
    expect(await callsOf(line)).toEqual([`GET /servers/${web1}/daemons/${daemon?.id}`]);
    await bed.clock.sleep(HOUR + MINUTE);
    expect(await callsOf(line)).toEqual([SERVERS, `GET /servers/${web1}/daemons`, `GET /servers/${web1}/daemons/${daemon?.id}`]);
  });

  test('checks a site that was seen more than an hour ago', async () => {
    await callsOf('site list');
    await bed.clock.sleep(HOUR + MINUTE);
    expect(await callsOf('env list --site shop.example.com')).toEqual([SITE, `${SITE}/environment-variables`]);
  });

  test.each([
    ['daemon', 'daemon show "%" --server web-1'],
    ['server', 'daemon list --server web-1'],
  ])('looks up again what is not found any more: %s', async (noun, line) => {
    await callsOf('daemon list --server web-1');
    const [daemon] = bed.sandbox.state.daemons;
    if (!daemon) throw new Error('the seed has daemons');
    const { command } = daemon;
    if (noun === 'daemon') daemon.id = '01JQ8Z4T9G0000000000DM0999';
    else bed.sandbox.faults.next({ path: '/servers/{server}/daemons' }, { status: 404, body: { message: 'Gone.' } });
    const run = await bed.dnx(line.replace('%', command));
    expect(run).toExit(0, { stderr: '' });
    expect(run.calls.filter((call) => call === SERVERS)).toHaveLength(1);
  });

  test('never shows a site that has another name by now, and finds it by that name', async () => {
    await callsOf('site list');
    Object.assign(bed.sandbox.state.sites.find(({ id }) => id === shop) ?? {}, { domain: 'store.example.com' });
    await expect(bed.dnx('site show shop.example.com')).toExit(6, { stdout: '' });
    await expect(bed.dnx('site show store.example.com')).toExit(0);
  });

  test('never shows a daemon that has another command by now', async () => {
    await callsOf('daemon list --server web-1');
    const [daemon] = bed.sandbox.state.daemons;
    const line = `daemon show "${daemon?.command}" --server web-1`;
    Object.assign(daemon ?? {}, { command: 'top' });
    await expect(bed.dnx(line)).toExit(6, { stdout: '' });
  });

  test('accepts a response that leaves out the name that was given', async () => {
    const [server] = bed.sandbox.state.servers;
    await callsOf('server list');
    bed.sandbox.faults.always({ path: '/servers/{server}' }, { status: 200, body: { data: { id: server?.id, name: 'web-1' } } });
    expect(await callsOf(`server show ${server?.ip_address}`)).not.toContain(SERVERS);
  });

  test('shows what has the name by now', async () => {
    await callsOf('site list');
    const { sites } = bed.sandbox.state;
    const old = sites.find(({ id }) => id === shop);
    if (!old) throw new Error('the seed has the shop');
    sites.push({ ...old, id: '01JQ8Z4T9G00000000000SHOP2' });
    old.domain = 'old-shop.example.com';
    expect((await bed.dnx('site show shop.example.com -o text --fields id')).stdout).toBe('01JQ8Z4T9G00000000000SHOP2\n');
  });

  test('checks a known site before it searches all servers for what is not found on it', async () => {
    await callsOf('site list');
    await expect(bed.dnx(`certificate show ${shop} --site shop.example.com`)).toExit(6, { calls: [`${SITE}/certificates/${shop}`, SITE] });
    await callsOf('queue list --site shop.example.com');
    const [queue] = bed.sandbox.state.queues.filter(({ site_id }) => site_id === shop);
    Object.assign(queue ?? {}, { id: '01JQ8Z4T9G0000000000QE0999' });
    const found = await bed.dnx(`queue show ${queue?.queue} --site shop.example.com`);
    expect([found.code, found.calls.slice(1)]).toEqual([0, [SITE, `${SITE}/queues`, `${SITE}/queues/01JQ8Z4T9G0000000000QE0999`]]);
  });

  test('takes a name that is unknown from the list', async () => {
    await callsOf('daemon list --server web-1');
    const [daemon] = bed.sandbox.state.daemons;
    if (!daemon) throw new Error('the seed has daemons');
    bed.sandbox.state.daemons.push({ ...daemon, id: '01JQ8Z4T9G0000000000DM0999', command: 'top' });
    expect(await callsOf('daemon show top --server web-1')).toHaveLength(2);
  });
});

describe('what changes something', () => {
  test('looks a name up by its list', async () => {
    await callsOf('daemon list --server web-1');
    const [daemon] = bed.sandbox.state.daemons;
    expect(await callsOf(`daemon restart "${daemon?.command}" --server web-1`)).toEqual([
      SERVERS,
      `GET /servers/${web1}/daemons`,
      `POST /servers/${web1}/daemons/${daemon?.id}/restart`,
    ]);
  });

  test('reads the list of a name once for several targets', async () => {
    const daemons = bed.sandbox.state.daemons.filter(({ server_id }) => server_id === web1);
    const calls = await callsOf(`daemon restart ${daemons.map(({ command }) => `"${command}"`).join(' ')} --server web-1`);
    expect([daemons.length > 1, calls.filter((call) => call.startsWith('GET '))]).toEqual([
      true,
      [SERVERS, `GET /servers/${web1}/daemons`],
    ]);
  });

  test('checks a remembered site', async () => {
    await callsOf('site list');
    expect(await callsOf('deploy shop.example.com --no-wait')).toEqual([SITE, `POST /servers/${web1}/sites/${shop}/deploy`]);
    expect(await callsOf('deploy blog.example.com --no-wait')).toHaveLength(2);
  });
});

describe('a change by dnx', () => {
  const lists = (calls: readonly string[]) => calls.filter((call) => /^GET \/servers(\/\w+\/\w+)?$/.test(call));

  test.each([
    ['a new site', 'site create new.example.com --server web-1 --type laravel', [`GET /servers/${web1}/sites`]],
    ['a new domain', `site update ${shop} --server ${web1} --domain neu.example.com`, [`GET /servers/${web1}/sites`]],
    [
      'a deleted site',
      `site delete ${seeded.sites['blog.example.com']} --server ${web1} --confirm blog.example.com`,
      [`GET /servers/${web1}/sites`],
    ],
    ['a renamed server', `server update ${web2} --name web-9`, [SERVERS]],
    ['a deleted server', `server delete ${web2} --confirm web-2`, [SERVERS]],
    ['a deployment', `deploy ${shop} --server ${web1} --no-wait`, []],
    [
      'a request with dnx api',
      `api POST /servers/${web1}/sites -F domain=a.example.com -F type=laravel -q`,
      [`GET /servers/${web1}/sites`],
    ],
  ])('makes only its own list stale: %s', async (_, line, read) => {
    await callsOf('site list');
    await expect(bed.dnx(line)).toExit(0);
    const known = line.includes('neu') ? 'neu.example.com' : 'shop.example.com';
    expect(lists(await callsOf(`site show ${known}`))).toEqual(read);
  });

  test('that was rejected makes nothing stale, and one whose response was lost does', async () => {
    await callsOf('site list');
    bed.sandbox.faults.next({ method: 'POST' }, { status: 422, body: { message: 'Not now.' } });
    await expect(bed.dnx('site create new.example.com --server web-1 --type laravel')).toExit(7);
    expect(lists(await callsOf('site show shop.example.com'))).toEqual([]);
    bed.sandbox.faults.next({ method: 'PUT' }, 'drop');
    await expect(bed.dnx('site update shop.example.com --branch next')).toExit(13);
    expect(lists(await callsOf('site show shop.example.com'))).toEqual([`GET /servers/${web1}/sites`]);
  });
});

describe('two sites of one domain', () => {
  test('are ambiguous from memory only after another search', async () => {
    await callsOf('site list');
    const run = await bed.dnx('site show staging.example.com');
    expect([run.code, run.calls.length]).toEqual([6, 4]);
    expect(run.stderr).toContain("'staging.example.com' matches 2 sites");
  });

  test('are no longer ambiguous once one is gone', async () => {
    await callsOf('site list');
    const { sites } = bed.sandbox.state;
    sites.splice(
      sites.findIndex(({ domain }) => domain === 'staging.example.com'),
      1,
    );
    await expect(bed.dnx('site show staging.example.com')).toExit(0);
  });

  test('are never one because a server is missing in memory', async () => {
    await callsOf('site list --server web-1');
    await expect(bed.dnx('site suspend staging.example.com --yes')).toExit(6, { changes: [] });
  });
});
