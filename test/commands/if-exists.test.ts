import { describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { shownAs } from '../support/ensured.ts';
import { perTest } from '../support/fixtures.ts';
import { leaves } from '../support/tree.ts';

const bed = perTest(() => openBed());

/** What deletes: a line for something that exists, and for something that does not, and how that is said. */
const lines: Readonly<Record<string, readonly [there: string, gone: string, says: string]>> = {
  'server delete': ['web-2 --confirm web-2', 'web-9 --confirm web-9', 'No server web-9.'],
  'site delete': [
    'shop.example.com --server web-1 --confirm shop.example.com',
    'old.example.com --server web-1 --confirm old.example.com',
    'No site old.example.com on server web-1.',
  ],
  'database delete': ['shop --server db-1 --confirm shop', 'old --server db-1 --confirm old', 'No database old on server db-1.'],
  'database-user delete': [
    'shop --database shop --server db-1 --yes',
    'old --database shop --server db-1 --yes',
    'No database user old on database shop on server db-1.',
  ],
  'crontab delete': ['/usr/local/bin/rotate-logs --server web-2 --yes', 'date --server web-2 --yes', "No cron job 'date' on server web-2."],
  'daemon delete': ["'node server.js' --server web-2 --yes", 'date --server web-1 --yes', "No daemon 'date' on server web-1."],
  'queue delete': [
    'default --site shop.example.com --yes',
    'old --site shop.example.com --yes',
    "No queue worker 'old' on shop.example.com (web-1).",
  ],
  'redirect delete': [
    '/sale --site shop.example.com --yes',
    '/gone --site shop.example.com --yes',
    'No redirect /gone on shop.example.com (web-1).',
  ],
  'ssh-key delete': ['ada@laptop --server web-1 --yes', 'old --server web-1 --yes', 'No SSH key old on server web-1.'],
  'network-rule delete': ['HTTP --server web-1 --yes', 'old --server web-1 --yes', 'No firewall rule old on server web-1.'],
  'certificate delete': [
    'shop.example.com --site shop.example.com --yes',
    'old.example.com --site shop.example.com --yes',
    'No certificate old.example.com on shop.example.com (web-1).',
  ],
  'env unset': [
    'REDIS_HOST --site shop.example.com --yes',
    'OLD --site shop.example.com --yes',
    'No variable OLD on shop.example.com (web-1).',
  ],
  'token revoke': ['Grafana --yes', 'old --yes', 'No token old.'],
  'credential delete': ['DigitalOcean --yes', 'old --yes', 'No credential old.'],
  'git-provider delete': ['GitHub --yes', 'old --yes', 'No Git provider old.'],
  'git-repository delete': ['example/blog --yes', 'old --yes', 'No repository old.'],
};

test('every command that deletes one thing has --if-exists', () => {
  const deletes = leaves.filter(({ command }) => [command.name, ...(command.aliases ?? [])].includes('delete'));
  expect(deletes.map(({ path }) => path).sort()).toEqual(Object.keys(lines).sort());
  expect(deletes.filter(({ command }) => !command.options?.if_exists).map(({ path }) => path)).toEqual([]);
});

describe.each(Object.entries(lines))('%s --if-exists', (path, [there, gone, says]) => {
  test('deletes what is there, and accepts what is not', async () => {
    const first = await bed.dnx(`${path} ${there} --if-exists --json`);
    expect([first.code, first.changes.length, first.json()]).toEqual([0, 1, { id: expect.any(String), deleted: true }]);
    await expect(bed.dnx(`${path} ${gone} --if-exists`)).toExit(0, { stdout: `${says} Nothing to delete.\n`, stderr: '' });
    const [name] = gone.split(' ');
    const again = await bed.dnx(`${path} ${gone} --if-exists --json`);
    expect([again.code, again.changes, again.json()]).toEqual([0, [], { id: null, deleted: false, name }]);
  });
});

const NO_ID = '01JQ8Z4T9G00000000000ZZZZZ';

describe('--if-exists', () => {
  test('accepts an id of nothing, and asks its list only then', async () => {
    const run = await bed.dnx(`crontab delete ${NO_ID} --server web-2 --yes --if-exists --json`);
    expect([run.code, run.json(), run.stderr]).toEqual([0, { id: null, deleted: false, name: NO_ID }, '']);
    expect(run.calls.map((call) => call.split(' ')[0])).toEqual(['GET', 'DELETE', 'GET']);
    await expect(bed.dnx(`site delete ${NO_ID} --server web-1 --confirm shop.example.com --if-exists`)).toExit(0, { changes: [] });
  });

  test('fails where the list still has what answered 404', async () => {
    bed.sandbox.faults.next({ method: 'DELETE' }, { status: 404, body: { message: 'Not found.' } });
    await expect(bed.dnx('crontab delete /usr/local/bin/rotate-logs --server web-2 --yes --if-exists')).toExit(6, { stdout: '' });
  });

  test.each([
    ['a server that does not exist', 'crontab delete date --server web-9 --yes', 'name_unknown'],
    ['the id of one', `crontab delete ${NO_ID} --server ${NO_ID} --yes`, 'not_found'],
    ['a site that does not exist', 'queue delete default --site old.example.com --yes', 'name_unknown'],
    ['several of a name', 'site delete staging.example.com --confirm staging.example.com', 'name_ambiguous'],
  ])('fails for %s', async (_, line, reason) => {
    const run = await bed.dnx(`${line} --if-exists --json`);
    expect([run.code, run.stdout, run.changes.filter((call) => !call.startsWith('DELETE /servers/01JQ8Z4T9G00000000000ZZZZZ'))]).toEqual([
      6,
      '',
      [],
    ]);
    expect(JSON.parse(run.stderr.split('\n').at(-2) ?? '')).toMatchObject({ error: { reason } });
  });

  test('fails for a port where an id belongs', async () => {
    bed.sandbox.faults.always(
      { method: 'GET', path: /network-rules$/ },
      shownAs((item) => ({ ...item, id: Number(item.port) + 1 })),
    );
    await expect(bed.dnx('network-rule delete 443 --server web-1 --yes --if-exists')).toExit(6, {
      changes: [],
      says: 'Numbers are ids here.',
    });
  });

  test('fails if the list cannot be read', async () => {
    bed.sandbox.faults.always({ method: 'GET', path: /crontabs$/ }, { status: 403, body: { message: 'Invalid ability provided.' } });
    await expect(bed.dnx('crontab delete date --server web-2 --yes --if-exists')).toExit(5, { stdout: '', changes: [] });
  });

  test('asks nothing for what is not there, and finds a site that was just created elsewhere', async () => {
    const line = 'site delete new.example.com --if-exists --confirm new.example.com';
    await expect(bed.dnx(line)).toExit(0, { stdout: 'No site new.example.com. Nothing to delete.\n' });
    const [row] = bed.sandbox.state.sites;
    bed.sandbox.state.sites.push({ ...row, id: '01JQ8Z4T9G00000000000NEW00', domain: 'new.example.com' } as never);
    await expect(bed.dnx(line)).toExit(0, { stdout: '✓ Deleted site new.example.com\n' });
  });

  test('says which of several are not there', async () => {
    const line = 'crontab delete date /usr/local/bin/rotate-logs uptime --server web-2 --yes --if-exists';
    const run = await bed.dnx(`${line} --json`);
    const gone = (name: string) => ({ id: null, deleted: false, name });
    expect([run.code, run.json()]).toEqual([0, [gone('date'), { id: expect.any(String), deleted: true }, gone('uptime')]]);
    const again = await bed.dnx(line);
    expect(again.stdout.match(/not there/g)).toHaveLength(3);
  });

  test('still needs consent, and a dry run of nothing has no change', async () => {
    await expect(bed.dnx('crontab delete date --server web-2 --if-exists')).toExit(2, { calls: [] });
    const run = await bed.dnx('crontab delete date --server web-2 --if-exists --dry-run --exit-code --json');
    expect([run.code, run.changes, run.json()]).toEqual([
      0,
      [],
      expect.objectContaining({ changes: [], about: [{ id: null, deleted: false, name: 'date' }] }),
    ]);
  });

  test('deletes what is there of several variables, and names only that in its question', async () => {
    const line = 'env unset REDIS_HOST OLD --site shop.example.com --if-exists';
    const run = await bed.dnx(line, { columns: 100, keys: 'y\r', env: { NO_COLOR: '1' } });
    expect(run.stderr).toContain('Remove variable REDIS_HOST from shop.example.com (web-1)?');
    expect([run.code, run.changes.length]).toEqual([0, 1]);
  });
});
