import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Child } from '../../src/machine/world.ts';
import { openSurroundings, type SandboxOptions } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { need } from '../support/programs.ts';

/** A bed with the servers and the repository of `dnx sandbox run`. */
async function openSandbox(failDeploys?: SandboxOptions['failDeploys']) {
  need('git');
  const bed = await openBed({ rateLimit: 0, ...(failDeploys && { failDeploys }) });
  const { directory, sandbox } = bed;
  mkdirSync(join(directory, 'bin'));
  const around = await openSurroundings(sandbox, directory, { program: 'dnx', authorities: undefined });
  onTestFinished(async () => {
    await around.close();
    await bed.close();
  });
  const env = { ...around.env, PATH: `${join(directory, 'bin')}:${process.env.PATH}` };
  const shop = join(directory, 'shop');
  let printed = '';
  /** Runs a program, and keeps what it prints. */
  const run = ({ file, args, env: given }: Child): number => {
    const { status, stdout, stderr } = spawnSync(file, args, { cwd: shop, env: given, encoding: 'utf8' });
    printed += stdout + stderr;
    return status ?? 1;
  };
  return {
    directory,
    /** Runs dnx in the clone of the repository. The programs that it starts are real; the websites cannot be reached. */
    dnx: (line: string) => bed.dnx(line, { cwd: shop, env, elsewhere: () => {}, child: run }),
    push(message: string): void {
      for (const args of [
        ['commit', '--quiet', '--allow-empty', '--message', message],
        ['push', '--quiet'],
      ])
        execFileSync('git', args, { cwd: shop, env, stdio: 'pipe' });
    },
    /** What the programs have printed since the last time. */
    printed() {
      const text = printed;
      printed = '';
      return text;
    },
  };
}

type Opened = Awaited<ReturnType<typeof openSandbox>>;

/** Why a deployment fails, what `dnx why` says, and what fixes it: a command, or a commit. */
const failures = [
  ['build', 'vite_import', ({ push }: Opened) => push('Add alpinejs')],
  ['composer', 'composer_platform', 'site update shop.example.com --php-version 8.4'],
  ['disk', 'disk_full', 'ssh web-1 -- rm -r /home/deploynix/backups'],
  ['migration', 'migration_table_exists', ({ push }: Opened) => push('Create invoices once')],
  ['permission', 'permissions', 'ssh shop.example.com -- sudo chown -R deploynix: storage/ bootstrap/cache'],
  ['variable', 'env_missing', 'env set STRIPE_WEBHOOK_SECRET=whsec_1'],
] as const;

test.each(failures)('a deployment that fails for %s is explained by dnx why, and succeeds after the fix', async (name, cause, fix) => {
  const sandbox = await openSandbox(name);
  await expect(sandbox.dnx('deploy')).toExit(1, { stdout: '' });
  const why = await sandbox.dnx('why --json --query cause');
  expect([why.stdout, why.stderr]).toEqual([`"${cause}"\n`, expect.any(String)]);
  if (typeof fix === 'string') await expect(sandbox.dnx(fix)).toExit(0);
  else fix(sandbox);
  await expect(sandbox.dnx('deploy')).toExit(0);
});

test('a full disk has the size of the other one', async () => {
  const { dnx, printed } = await openSandbox('disk');
  const codes: number[] = [];
  for (const words of ['df -h', 'df -P', 'rm -r /home/deploynix/backups', 'df -h']) codes.push((await dnx(`ssh web-1 -- ${words}`)).code);
  expect(codes).toEqual([0, 0, 0, 0]);
  const lines = printed().split('\n');
  expect(lines.filter((line) => line.startsWith('/dev'))).toEqual([
    '/dev/vda1        78G   78G     0 100% /',
    '/dev/vda1         81106868 81106868         0     100% /',
    '/dev/vda1        78G   25G   53G  32% /',
  ]);
});

test('a disk that fills up later fails deployments, too', async () => {
  const { dnx } = await openSandbox();
  await expect(dnx('ssh web-1 -- mkdir backups')).toExit(0);
  await expect(dnx('deploy')).toExit(1);
  await expect(dnx('why --json --query cause')).toExit(0, { stdout: '"disk_full"\n' });
  await expect(dnx('ssh web-1 -- rmdir backups')).toExit(0);
  await expect(dnx('deploy')).toExit(0);
});

test('only root stops a service', async () => {
  const { dnx, printed } = await openSandbox();
  const stop = 'systemctl stop php8.3-fpm';
  await expect(dnx(`ssh web-1 -- ${stop}`)).toExit(4);
  expect(printed()).toBe('Failed to stop php8.3-fpm.service: Interactive authentication required.\n');
  for (const [words, status] of [
    [`ssh web-1 -- sudo ${stop}`, 'inactive'],
    ['service restart php-fpm web-1 --yes', 'active'],
  ] as const) {
    await expect(dnx(words)).toExit(0);
    const { stdout } = await dnx('service list web-1 --json');
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ name: 'php8.3-fpm', status }));
  }
});

test('nothing is logged to a storage directory that cannot be written, and chown fixes it', async () => {
  const { directory, dnx, printed } = await openSandbox('permission');
  const logged = () => readFileSync(join(directory, 'web-1/home/deploynix/shop.example.com/shared/storage/logs/laravel.log'), 'utf8');
  const before = logged();
  expect([(await dnx('deploy')).code, logged()]).toEqual([1, before]);
  await expect(dnx('ssh shop.example.com -- sudo chown -R deploynix: nowhere')).toExit(1);
  expect(printed()).toMatch(/^chown: .*nowhere.*No such file/m);
  await expect(dnx('ssh shop.example.com -- sudo chown -R deploynix: storage/ bootstrap/cache')).toExit(0);
  await expect(dnx('deploy')).toExit(0);
  expect(logged()).toContain(before);
  expect(logged().length).toBeGreaterThan(before.length);
});
