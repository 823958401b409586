import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Executable, openExecutable } from '../support/executable.ts';

let executable: Executable;
beforeAll(async () => {
  executable = await openExecutable({ speed: 10 });
});
afterAll(() => executable.close());

/** Why a deployment fails, what `dnx why` says, and the command that fixes it. */
const failures = [
  ['build', 'vite_import', 'git commit --quiet --allow-empty --message "Add alpinejs" && git push --quiet'],
  ['composer', 'composer_platform', 'dnx site update shop.example.com --php-version 8.4'],
  ['disk', 'disk_full', 'dnx ssh web-1 -- rm -r /home/deploynix/backups'],
  ['migration', 'migration_table_exists', 'git commit --quiet --allow-empty --message "Create invoices once" && git push --quiet'],
  ['permission', 'permissions', 'dnx ssh shop.example.com -- sudo chown -R deploynix: storage/ bootstrap/cache'],
  ['variable', 'env_missing', 'echo whsec_1 | dnx env set STRIPE_WEBHOOK_SECRET --from-file -'],
] as const;

test.each(failures)(
  'a deployment that fails for %s is explained by dnx why, and succeeds after the fix',
  { timeout: 60_000 },
  async (name, cause, fix) => {
    const script = `cd "$DNX_SANDBOX/shop"
dnx deploy >/dev/null 2>&1
echo "failed $?"
dnx why --json --query cause
(${fix}) >/dev/null 2>&1
dnx deploy >/dev/null 2>&1
echo "fixed $?"`;
    const run = await executable.dnx(['sandbox', 'run', '--fail-deploys', name, '--', 'sh', '-c', script]);
    expect([run.stdout.trim().split('\n'), run.stderr]).toEqual([['failed 1', `"${cause}"`, 'fixed 0'], expect.any(String)]);
  },
);

/** What a script prints in a sandbox. */
async function printed(script: string, ...options: readonly string[]): Promise<readonly string[]> {
  const run = await executable.dnx(['sandbox', 'run', ...options, '--', 'sh', '-c', script]);
  return run.stdout.split('\n');
}

test('a full disk has the size of the other one', async () => {
  const script = 'for h in -h -P; do dnx ssh web-1 -- df $h; done; dnx ssh web-1 -- rm -r /home/deploynix/backups; dnx ssh web-1 -- df -h';
  expect((await printed(script, '--fail-deploys', 'disk')).filter((line) => line.startsWith('/dev'))).toEqual([
    '/dev/vda1        78G   78G     0 100% /',
    '/dev/vda1         81106868 81106868         0     100% /',
    '/dev/vda1        78G   25G   53G  32% /',
  ]);
});

test('nothing is logged to a storage directory that cannot be written, and chown fixes it', async () => {
  const script = `cd "$DNX_SANDBOX/shop"; log="$DNX_SANDBOX/web-1/home/deploynix/shop.example.com/shared/storage/logs/laravel.log"
before=$(wc -l <"$log"); dnx deploy >/dev/null 2>&1; [ "$(wc -l <"$log")" = "$before" ] && echo same
dnx ssh shop.example.com -- sudo chown -R deploynix: nowhere 2>&1; echo "$?"
dnx ssh shop.example.com -- sudo chown -R deploynix: storage/ bootstrap/cache 2>&1; echo "$?"
until [ "$(wc -l <"$log")" != "$before" ]; do dnx status >/dev/null; done; echo more`;
  const lines = await printed(script, '--fail-deploys', 'permission');
  expect(lines).toEqual(['same', expect.stringMatching(/^chown: .*nowhere.*No such file/), '1', '0', 'more', '']);
});

test('every log of a server is there under its name, or said to be empty', async () => {
  const script = `cd "$DNX_SANDBOX/shop"; dnx logs web-1 --source nginx 2>&1; dnx logs --source php
dnx why >/dev/null 2>&1; dnx logs --source nginx
dnx logs docs.example.com --source nginx 2>&1`;
  const text = (await printed(script)).join('\n');
  expect(text).toMatch(/^==> \/var\/log\/nginx\/access\.log <==$/m);
  expect(text).toMatch(/ready to handle connections/);
  expect(text).toMatch(/^==> \/var\/log\/nginx\/shop\.example\.com-access\.log <==$/m);
  expect(text).toContain('No nginx log of docs.example.com yet');
  expect(text).not.toContain('dnx-sandbox-');
});
