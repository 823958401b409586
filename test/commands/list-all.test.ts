import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leaves } from '../support/tree.ts';

const bed = perTest(() => openBed());

// Services are those of systemd, not of Deploynix.
const lists = leaves
  .map(({ command, path }) => (command.options?.all ? path : ''))
  .filter((path) => / list$/.test(path) && path !== 'service list');

test('every list of a server or a site has --all', () => {
  const names = ['certificate', 'crontab', 'daemon', 'database', 'network-rule', 'queue', 'redirect', 'ssh-key'];
  expect(lists.toSorted()).toEqual(names.map((name) => `${name} list`));
});

test.each(lists)('%s --all has what the servers and sites have, with their names', async (path) => {
  const run = await bed.dnx(`${path} --all --json`);
  expect(run).toExit(0, { stderr: '' });
  const listed = run.json() as readonly { readonly id: string; readonly server: string; readonly site?: string }[];
  const one: string[] = [];
  for (const name of [...new Set(listed.map(({ server, site }) => (site ? `--site ${server}/${site}` : `--server ${server}`)))])
    one.push(...((await bed.dnx(`${path} ${name} --json`)).json() as readonly { readonly id: string }[]).map(({ id }) => id));
  expect(listed.map(({ id }) => id)).toEqual(one);
  expect(one.length).toBeGreaterThan(0);
});

test('the server of a site is shown where another has the same domain', async () => {
  const { sites, queues } = bed.sandbox.state;
  const shown = async () => ((await bed.dnx('queue list --all', { columns: 80 })).stdout.split('\n')[0] ?? '').split(/ {2,}/).slice(0, 2);
  expect(await shown()).toEqual(['SITE', 'SERVER']);
  const twins = sites.filter(({ domain }) => domain === 'staging.example.com');
  sites.splice(sites.indexOf(twins[0] as (typeof sites)[number]), 1);
  expect([twins.length, queues.length > 0, await shown()]).toEqual([2, true, ['SITE', 'QUEUE']]);
});

test('a server that cannot be read is named, and the others are listed', async () => {
  const [, web2] = bed.sandbox.state.servers;
  const all = ((await bed.dnx('crontab list --all --json')).json() as { readonly server: string }[]).map(({ server }) => server);
  bed.sandbox.faults.always({ path: `/servers/${web2?.id}/crontabs` }, { status: 403, body: { message: 'No.' } });
  const run = await bed.dnx('crontab list --all -o csv --fields server --no-header');
  expect(run).toExit(12, {
    stdout: all
      .filter((server) => server !== web2?.name)
      .map((server) => `${server}\n`)
      .join(''),
    says: `Cron jobs of ${web2?.name} are not listed. `,
  });
  expect(run.stderr).toMatch(/Error: 1 of \d servers could not be read\.\n$/);
  bed.sandbox.faults.always({ path: /crontabs$/ }, { status: 403, body: { message: 'No.' } });
  const refused = await bed.dnx('crontab list --all');
  expect(refused).toExit(5, { stdout: '' });
  expect(refused.stderr).toMatch(/^Error: Forbidden.*\n.*\n$/);
});

test('what is read is counted on a terminal, and named if there is none', async () => {
  bed.sandbox.state.ssh_keys.length = 0;
  const run = await bed.dnx('ssh-key list --all', { columns: 80 });
  expect(run).toExit(0, { stdout: '', says: 'Reading the SSH keys of 3 servers  0/3' });
  expect(run.stderr).toContain('No SSH keys.\n');
});

test.each(['crontab list --all --server web-1', 'queue list shop.example.com --all'])('%s is a usage error', async (line) => {
  await expect(bed.dnx(line)).toExit(2, { calls: [], says: '--all cannot be combined with another name.' });
});
