import { beforeEach, describe, expect, test } from 'vitest';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { keys } from '../support/terminal.ts';

const bed = perTest(openBed);
beforeEach(() => {
  bed.sandbox.faults.always({ method: 'POST', path: /restart$|suspend$/ }, { status: 200, body: { message: 'Done.' } });
  bed.sandbox.faults.always({ method: 'DELETE', path: /./ }, { status: 204 });
});

const terminal = (typed: string): RunOptions => ({ keys: typed, columns: 120, env: { NO_COLOR: '1' } });
const changes = ({ calls }: Run) => calls.filter((call) => !call.startsWith('GET '));
const page = (data: readonly object[]) => ({ status: 200, body: { data, meta: { current_page: 1, last_page: 1 } } });
const lists = (path: string, ...data: readonly object[]) => bed.sandbox.faults.always({ method: 'GET', path }, page(data));
const rulesOf = (server: string) => `/servers/${server}/network-rules`;
const web1 = () => bed.sandbox.state.servers[0]?.id ?? '';

describe('what was picked is what is changed', () => {
  const ssh = { id: 80, name: 'ssh', port: 22 };
  const http = { id: 81, name: 'http', port: 80 };

  test('also if its id is the port of another', async () => {
    lists(rulesOf('{server}'), ssh, http);
    const run = await bed.dnx('network-rule delete --server web-1 --yes', terminal(keys.enter));
    expect([run.code, changes(run)], run.stderr).toEqual([0, [`DELETE ${rulesOf(web1())}/80`]]);
  });

  test('also if it is gone from the next list', async () => {
    bed.sandbox.faults.next({ method: 'GET', path: rulesOf('{server}') }, page([ssh, http]));
    lists(rulesOf('{server}'), http);
    const run = await bed.dnx('network-rule delete --server web-1 --yes', terminal(keys.enter));
    expect(changes(run)).toEqual([`DELETE ${rulesOf(web1())}/80`]);
  });

  test('also if its id is the name of another', async () => {
    lists('/servers', { id: 'b', name: 'a', status: 'active' }, { id: 'a', name: 'b', status: 'active' });
    const run = await bed.dnx('server restart --yes', terminal(keys.enter));
    expect([run.code, changes(run)], run.stderr).toEqual([0, ['POST /servers/b/restart']]);
  });

  test('whatever its id looks like', async () => {
    lists('/servers', { id: 'srv-1', name: 'alpha', status: 'active' });
    lists('/servers/{server}/sites', { id: 'site-1', domain: 'shop.test', status: 'active' });
    lists('/servers/{server}/daemons', { id: 'd-1', command: 'top', status: 'running' });
    expect(changes(await bed.dnx('server restart --yes', terminal(keys.enter)))).toEqual(['POST /servers/srv-1/restart']);
    expect(changes(await bed.dnx('site suspend --yes', terminal(keys.enter)))).toEqual(['POST /servers/srv-1/sites/site-1/suspend']);
    expect(changes(await bed.dnx('daemon delete --yes', terminal(keys.enter)))).toEqual(['DELETE /servers/srv-1/daemons/d-1']);
    expect(changes(await bed.dnx('server restart srv-1 --yes'))).toEqual(['POST /servers/srv-1/restart']);
    expect(changes(await bed.dnx('site suspend site-1 --yes'))).toEqual(['POST /servers/srv-1/sites/site-1/suspend']);
  });
});

test('a parent that was picked stands in its place in the question', async () => {
  lists('/servers/{server}/databases', { id: 1, name: 'orders' }, { id: 2, name: 'other' });
  lists('/servers/{server}/databases/{database}/users', { id: 1, username: 'bob' });
  const run = await bed.dnx('database-user delete bob --server web-1', terminal(`${keys.enter}y${keys.enter}`));
  expect(run.stderr).toContain('Delete database user bob on database orders on server web-1?');
  expect([run.code, changes(run)]).toEqual([0, [`DELETE /servers/${web1()}/databases/1/users/1`]]);
});

test('what was chosen for a field is not looked up by name', async () => {
  lists('/git-repositories', { id: 'app', name: 'acme/api' }, { id: 'acme/api', name: 'app' });
  const run = await bed.dnx(
    'site create new.example.com --type laravel --branch main --web-directory /public --php-version 8.4 --server web-1 --no-wait',
    terminal(`${keys.down}${keys.enter}y${keys.enter}${keys.interrupt}`),
  );
  expect(run.stderr).toContain('Git repository: acme/api');
  expect(bed.sandbox.calls.find(({ method }) => method === 'POST')).toMatchObject({ body: { git_repository_id: 'app' } });
});

describe('a number', () => {
  test('is the id of a firewall rule where ids are numbers, never the port of another', async () => {
    lists(rulesOf('{server}'), { id: 81, name: 'http', port: 80 });
    const run = await bed.dnx('network-rule delete 80 --server web-1 --yes');
    expect([run.code, changes(run)]).toEqual([6, []]);
    expect(run.stderr).toBe(
      "Error: Firewall rule '80' not found on server web-1.\n  Numbers are ids here. The one with port 80 has the id 81.\n",
    );
    expect(changes(await bed.dnx('network-rule delete 81 --server web-1 --yes'))).toEqual([`DELETE ${rulesOf(web1())}/81`]);
  });
});

describe('ids that are equal across kinds', () => {
  beforeEach(() => {
    lists('/servers', { id: 1, name: 'web-prod', status: 'active' });
    lists('/servers/{server}/sites', { id: 1, server_id: 1, domain: 'shop.test' }, { id: 2, server_id: 1, domain: 'two.test' });
    lists('/servers/{server}/databases', { id: 1, name: 'orders' }, { id: 2, name: 'other' });
  });

  test.each([
    ['site suspend', `${keys.enter}y${keys.enter}`, 'Suspend site shop.test on server web-prod?', 'POST /servers/1/sites/1/suspend'],
    ['site delete', `${keys.enter}shop.test${keys.enter}`, "Type 'shop.test' to continue:", 'DELETE /servers/1/sites/1'],
    [
      'database delete',
      `${keys.enter}orders${keys.enter}`,
      'Delete database orders on server web-prod (id 1).',
      'DELETE /servers/1/databases/1',
    ],
  ])('keep their names: %s', async (line, typed, words, call) => {
    const run = await bed.dnx(line, terminal(typed));
    expect(run.stderr).toContain(words);
    expect([run.code, changes(run)]).toEqual([0, [call]]);
  });

  test('keep their names in what to run next', async () => {
    const run = await bed.dnx('site suspend', terminal(`${keys.enter}y${keys.enter}`));
    expect(run.stderr).toContain('Without prompts: dnx site suspend shop.test --server web-prod');
  });

  test('keep their names in a table', async () => {
    await expect(bed.dnx('site list')).toExit(0);
    lists('/backups', { id: 9, type: 'database', status: 'completed', server_id: '1', database_id: '1' });
    lists('/servers/{server}/sites/1', { id: 1, domain: 'shop.test' });
    await expect(bed.dnx('backup list -o csv')).toExit(0, { stdout: expect.not.stringContaining('shop.test') });
  });
});
