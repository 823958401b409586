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
  ['permission', 'permissions', 'dnx ssh shop.example.com -- sudo chown -R deploynix: storage/'],
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
