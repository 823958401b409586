import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const env = { DNX_READ_ONLY: '1' };

const bed = perTest(openBed);

describe('DNX_READ_ONLY', () => {
  test('refuses a change before any request, and names the variable', async () => {
    const run = await bed.dnx('daemon restart 01J --server web-1', { env });
    expect(run).toExit(5, { stdout: '', calls: [] });
    expect(run.stderr).toContain('DNX_READ_ONLY allows only GET requests. POST /servers/{server}/daemons/{daemon}/restart was not sent.');
    expect(run.stderr).toContain('Unset DNX_READ_ONLY to allow changes.');
    const json = await bed.dnx('site deploy shop.example.com --json', { env });
    expect([json.code, JSON.parse(json.stderr)]).toMatchObject([5, { error: { code: 'read_only', status: null } }]);
  });

  test.each(['1', 'true', 'yes', 'on'])('is on with %s', async (value) => {
    await expect(bed.dnx('api POST /tokens', { env: { DNX_READ_ONLY: value } })).toExit(5);
  });

  test.each(['', '0', 'false', 'no'])("is off with '%s'", async (value) => {
    await expect(bed.dnx('token create ci --ability site:read', { env: { DNX_READ_ONLY: value } })).toExit(0);
  });

  test('refuses before prompts, the name to type, and files', async () => {
    const typing = { env, columns: 100, typed: 'web-1\n' };
    const remove = await bed.dnx('server delete web-1', typing);
    expect(remove).toExit(5, { calls: [] });
    expect(remove.stderr).not.toContain('Type');
    await expect(bed.dnx('server create', typing)).toExit(5, { calls: [], stderr: expect.not.stringContaining('?') });
    await expect(bed.dnx('ssh-key create laptop --public-key @nothing.pub --server web-1', { env })).toExit(5, { calls: [] });
    writeFileSync(join(bed.directory, '.env'), 'A=1\n');
    const edit = await bed.dnx('env edit --site shop.example.com', { ...typing, child: () => 0 });
    expect([edit.code, edit.calls, bed.children]).toEqual([5, [], []]);
  });

  test('refuses dnx api with any other method, in every spelling', async () => {
    for (const line of ['post /tokens', 'PUT /servers/1', 'PATCH /servers/1', 'DELETE /tokens/1 --yes', 'POST /logout', 'POST /login'])
      await expect(bed.dnx(`api ${line}`, { env })).toExit(5, { calls: [], stdout: '' });
    await expect(bed.dnx('api /user', { env })).toExit(0, { calls: ['GET /user'] });
    await expect(bed.dnx('api --rate', { env })).toExit(0, { calls: [] });
  });

  test('lets a dry run read', async () => {
    const deploy = await bed.dnx('deploy shop.example.com --dry-run', { env });
    expect(deploy).toExit(0, { changes: [] });
    expect(deploy.calls.length).toBeGreaterThan(0);
  });

  test('lets ensure compare, and refuses what it would create or update', async () => {
    const line = 'crontab ensure "php artisan backup" --server web-1 --frequency';
    await expect(bed.dnx(`${line} "0 3 * * *"`)).toExit(0);
    await expect(bed.dnx(`${line} "0 3 * * *"`, { env })).toExit(0, { changes: [] });
    const other = await bed.dnx(`${line} "0 4 * * *" --update`, { env });
    expect(other).toExit(5, { changes: [], stdout: '', stderr: expect.stringMatching(/PUT \/servers\/\w+\/crontabs\/\w+ was not sent/) });
    await expect(bed.dnx('crontab ensure "php artisan other" --server web-1 --frequency "* * * * *"', { env })).toExit(5, { changes: [] });
  });

  test('lets you sign in and out', async () => {
    const signedOut = { ...env, DNX_TOKEN: '' };
    const login = await bed.dnx('login --with-token', { env: signedOut, stdin: bed.sandbox.mint(['server:read']) });
    expect(login).toExit(0, { stderr: expect.any(String) });
    await expect(bed.dnx('server list', { env: signedOut })).toExit(0);
    await expect(bed.dnx('auth refresh --ability site:read', { env: signedOut })).toExit(5, { calls: [] });
    await expect(bed.dnx('logout', { env: signedOut })).toExit(0, { calls: ['POST /logout'] });
  });

  test('is shown by doctor and config list', async () => {
    expect((await bed.dnx('doctor --json', { env })).json<{ check: string; detail: string }[]>()).toContainEqual(
      expect.objectContaining({ check: 'read-only', verdict: 'ok', detail: expect.stringContaining('DNX_READ_ONLY') }),
    );
    const without = await bed.dnx('doctor --json');
    expect(without.stdout).not.toContain('read-only');
    const list = await bed.dnx('config list --json', { env });
    expect(list.json<unknown[]>()).toContainEqual({ key: 'read_only', value: 'true', origin: 'environment' });
    expect((await bed.dnx('config list')).stdout).not.toContain('read_only');
  });
});
