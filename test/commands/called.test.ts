import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web1 = seeded.servers['web-1'];
const web2 = seeded.servers['web-2'];
const shop = seeded.sites['shop.example.com'];

const bed = perTest(openBed);

const terminal = (keys: string): RunOptions => ({ columns: 400, keys, env: { NO_COLOR: '1' } });

describe('a resource is found by its natural name', () => {
  test.each([
    ['queue show default --site shop.example.com --json', { queue: 'default' }],
    ['certificate show SHOP.example.com --site shop.example.com --json', { domain: 'shop.example.com' }],
    ['redirect show /sale --site shop.example.com --json', { from: '/sale' }],
    ['daemon show "node server.js" --server web-2 --json', { command: 'node server.js' }],
    ['daemon show node --server web-2 --json', { command: 'node server.js' }],
    ['crontab show /usr/local/bin --server web-2 --json', { command: '/usr/local/bin/rotate-logs' }],
    ['network-rule show HTTP --server web-1 --json', { name: 'HTTP' }],
    ['network-rule show 443 --server web-1 --json', { port: 443 }],
    ['certificate show shop.example.com --site shop.example.com --json', { domain: 'shop.example.com' }],
  ])('%s', async (line, expected) => {
    const run = await bed.dnx(line);
    expect(run).toExit(0);
    expect(run.json()).toMatchObject(expected);
  });

  test('the result names it', async () => {
    await expect(bed.dnx('queue restart mails --site shop.example.com')).toExit(0, { stdout: "✓ Restarted queue worker 'mails'\n" });
    const deleted = await bed.dnx('crontab delete /usr/local/bin --server web-2 --yes');
    expect(deleted).toExit(0, { stdout: "✓ Deleted cron job '/usr/local/bin/rotate-logs'\n" });
  });

  test('the confirmation names it, even if it is given by id', async () => {
    const run = await bed.dnx(`crontab delete 01JQ8Z4T9G0000000000CR0003 --server ${web2}`, terminal('y\r'));
    expect(run.stderr).toContain("Delete cron job '/usr/local/bin/rotate-logs' on server web-2?");
    expect(run).toExit(0, { stdout: "✓ Deleted cron job '/usr/local/bin/rotate-logs'\n" });
  });

  test('an id needs no lookup', async () => {
    const run = await bed.dnx(`queue restart 01JQ8Z4T9G0000000000QV0002 --site ${shop} --server ${web1}`);
    expect([run.code, run.calls.length]).toEqual([0, 1]);
    expect((await bed.dnx(`network-rule show 01JQ8Z4T9G0000000000NR0001 --server ${web1}`)).calls).toHaveLength(1);
  });

  test('a number that is the id of one rule and the port of another is ambiguous', async () => {
    const [one, other] = bed.sandbox.state.network_rules.filter(({ server_id }) => server_id === web1);
    if (!one || !other) throw new Error('the seed has two rules');
    one.id = String(other.port);
    const run = await bed.dnx(`network-rule delete ${other.port} --server ${web1} --yes`);
    expect([run.code, run.calls.filter((call) => call.startsWith('DELETE'))]).toEqual([6, []]);
    expect(run.stderr).toContain(`'${other.port}' matches 2 firewall rules:`);
  });
});

describe('the case of a name', () => {
  const redirects = () => bed.sandbox.state.redirects.filter(({ site_id }) => site_id === shop);

  test('matters if two names differ only in case', async () => {
    const [one] = redirects();
    if (!one) throw new Error('the seed has a redirect');
    one.from = '/about';
    const other = { ...one, id: '01JQ8Z4T9G0000000000RD0099', from: '/About' };
    bed.sandbox.state.redirects.push(other);
    await expect(bed.dnx('redirect delete /ABOUT --site shop.example.com --yes')).toExit(6, { says: "Did you mean '/about'?" });
    await expect(bed.dnx('redirect delete /About --site shop.example.com --yes')).toExit(0, { stdout: '✓ Deleted redirect /About\n' });
    expect(redirects().map(({ from }) => from)).toContain('/about');
  });

  test('matters for environment variables', async () => {
    const run = await bed.dnx('env unset app_url --site shop.example.com --yes');
    expect([run.code, run.calls.filter((call) => call.startsWith('DELETE'))]).toEqual([6, []]);
  });

  test('distinguishes servers whose names differ only in case', async () => {
    const [one, other] = bed.sandbox.state.servers;
    if (!one || !other) throw new Error('the seed has servers');
    other.name = 'WEB-1';
    expect((await bed.dnx('server show WEB-1 --json')).json()).toMatchObject({ id: other.id });
    await expect(bed.dnx('server show Web-1')).toExit(6);
  });
});

test('blanks around a command are optional', async () => {
  const [daemon] = bed.sandbox.state.daemons.filter(({ server_id }) => server_id === web1);
  if (!daemon) throw new Error('the seed has a daemon');
  daemon.command = '  spaced  out ';
  const run = await bed.dnx(['daemon', 'show', 'spaced out', '--server', 'web-1', '--json']);
  expect([run.code, run.json()]).toEqual([0, expect.objectContaining({ id: daemon.id })]);
});

describe('an ambiguous name lists its candidates, one per line', () => {
  test('if it is the beginning of several commands', async () => {
    const run = await bed.dnx('daemon restart php8.3 --server web-1');
    expect([run.code, run.calls.filter((call) => call.startsWith('POST'))]).toEqual([6, []]);
    expect(run.stderr).toBe(
      [
        "Error: 'php8.3' matches 2 daemons:",
        '  php8.3 /home/deploynix/shop.example.com/current/artisan reverb:start  01JQ8Z4T9G0000000000DM0001  deploynix  running',
        '  php8.3 /home/deploynix/shop.example.com/current/artisan pulse:check  01JQ8Z4T9G0000000000DM0002  deploynix  stopped',
        '  Use the id.',
        '',
      ].join('\n'),
    );
  });

  test('if it is a domain on two servers', async () => {
    const run = await bed.dnx('deploy staging.example.com');
    expect(run).toExit(6);
    expect(run.stderr).toMatch(
      /^Error: 'staging\.example\.com' matches 2 sites:\n {2}web-1\/staging\.example\.com {2}01J\w+\n {2}web-2\/staging\.example\.com {2}01J\w+\n {2}Use --server, or web-1\/staging\.example\.com\.\n$/,
    );
  });
});

describe('a name that does not exist', () => {
  test.each([
    ['deploy shop.exmaple.com', "Site 'shop.exmaple.com' not found. Did you mean 'shop.example.com' (web-1)?"],
    ['deploy blog', "Site 'blog' not found. Did you mean 'blog.example.com' (web-1)?"],
    ['server show wbe-1', "Server 'wbe-1' not found. Did you mean 'web-1'?"],
    ['queue restart mail --site shop.example.com', "Queue worker 'mail' not found on site shop.example.com. Did you mean 'mails'?"],
    [
      'daemon show pulse:check --server web-1',
      "Daemon 'pulse:check' not found on server web-1. Did you mean 'php8.3 /home/deploynix/shop.example.com/current/artisan pulse:check'?",
    ],
  ])('suggests the nearest one: %s', async (line, message) => {
    await expect(bed.dnx(line)).toExit(6, { stdout: '', stderr: `Error: ${message}\n` });
  });

  test('names the command that lists them if none is similar', async () => {
    expect((await bed.dnx('deploy nothing-like-it')).stderr).toBe("Error: Site 'nothing-like-it' not found.\n  Run: dnx site list\n");
    await expect(bed.dnx('site list')).toExit(0);
  });
});

describe('missing consent without a terminal names the option to pass', () => {
  test.each([
    ['server delete web-1', 'Use --confirm web-1, or --dry-run to see what would happen.'],
    ['server delete web-1 --yes', 'Use --confirm web-1; --yes is not enough.'],
    ['site delete web-1/shop.example.com', 'Use --confirm shop.example.com, or --dry-run to see what would happen.'],
    [`server delete ${web1}`, 'Use --confirm with the name of the server, or --dry-run to see what would happen.'],
    [
      'backup restore 01JQ8Z4T9G000000000000BK06',
      'Use --confirm with the name of the database or site, or --dry-run to see what would happen.',
    ],
  ])('%s', async (line, hint) => {
    await expect(bed.dnx(line)).toExit(2, { calls: [], stderr: `Error: This cannot be undone and requires confirmation.\n  ${hint}\n` });
  });

  test('a wrong name deletes nothing', async () => {
    const run = await bed.dnx('server delete web-1 --confirm web-2');
    expect(run.stderr).toBe("Error: 'web-2' does not match. Nothing was deleted.\n  Expected 'web-1'.\n");
    expect([run.code, run.calls.filter((call) => call.startsWith('DELETE'))]).toEqual([2, []]);
  });
});

test('answering no exits 1 without a ✗', async () => {
  const run = await bed.dnx('crontab delete /usr/local/bin --server web-2', terminal('n\r'));
  expect([run.code, run.stderr.endsWith('Cancelled; nothing was changed.\n'), run.stderr.includes('✗')]).toEqual([1, true, false]);
});
