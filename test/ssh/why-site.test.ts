import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Diagnosis } from '../../src/features/why/diagnosis.ts';
import { NetworkFault, type Transport } from '../../src/machine/world.ts';
import { idsOf } from '../support/databases.ts';
import { find, need } from '../support/programs.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';
import { LIVE, openWhyBed, type Plant, slashed, stamp, type WhyBed } from '../support/why-bed.ts';

const reason = reasonAgainstSsh('dnx why of a site');

let bed: WhyBed;
/** Configurations of Supervisor, which no supervisord reads. */
const configurations: string[] = [];
const made = existsSync('/etc/supervisor/conf.d') ? undefined : '/etc/supervisor';
beforeAll(async () => {
  if (reason === undefined) bed = await openWhyBed();
});
afterAll(async () => {
  for (const each of configurations) rmSync(each, { force: true });
  if (made !== undefined) rmSync(made, { recursive: true, force: true });
  await bed?.close();
});

const missing = "SQLSTATE[42S02]: Base table or view not found: 1146 Table 'shop.orders' doesn't exist (Connection: mysql, SQL: select 1)";
const entry = (message: string, ago: number): string => `[${stamp(ago)}] production.ERROR: ${message}\n`;

/** A log of Laravel that was written so long ago. */
const logged = (message: string, ago = 20_000): NonNullable<Plant['files']> => ({
  'shared/storage/logs/laravel.log': { content: () => entry(message, ago), ago },
});

/** Gives a program of Supervisor this directory. */
function configure(program: string, directory: string): void {
  mkdirSync('/etc/supervisor/conf.d', { recursive: true });
  const file = `/etc/supervisor/conf.d/${program}.conf`;
  configurations.push(file);
  writeFileSync(file, `[program:${program}]\ncommand=php artisan horizon\ndirectory = ${directory}\nnumprocs=2\n`, { mode: 0o644 });
}

const fatal = (program: string): NonNullable<Plant['prints']> => ({
  supervisorctl: `queues:${program}_00   FATAL     Exited too quickly (process log may have details)\n`,
});

describe.skipIf(reason !== undefined)('of a site, dnx why', () => {
  test.each([
    [403, 'directory index of "/home/deploynix/shop/current/" is forbidden', 'web_directory'],
    [403, 'directory index of "/home/deploynix/shop/current/public/" is forbidden', 'web_index'],
    [403, '"/home/deploynix/shop/current/public/index.php" is forbidden (13: Permission denied)', 'web_permission'],
    [404, 'stat() "/home/deploynix/shop/current/public/404" failed (13: Permission denied)', 'web_permission'],
    [404, 'FastCGI sent in stderr: "Primary script unknown" while reading response header from upstream', 'web_directory'],
    [403, 'access forbidden by rule', null],
  ])('explains a response of %i by what nginx says of that request: %s', async (status, words, cause) => {
    const log = (path: string) => (root: string) => {
      const domain = root.split('/').at(-1);
      mkdirSync(join(root, 'logs'), { recursive: true });
      writeFileSync(
        join(root, 'logs/nginx-error.log'),
        `${slashed(0)} [error] 8#8: *5 ${words}, client: 127.0.0.1, server: ${domain}, request: "GET ${path} HTTP/2.0", host: "${domain}"\n`,
      );
    };
    const own = await bed.diagnose({ failed: false, status, prepare: log(`/${status}`) });
    expect([own.cause, own.outcome]).toEqual([cause, cause === null ? 'healthy' : 'known']);
    // Another request of someone else.
    const other = await bed.diagnose({ failed: false, status, prepare: log('/uploads/') });
    expect([other.cause, other.outcome]).toEqual([null, 'healthy']);
  });

  test('blames no log of Laravel for a refused connection', async () => {
    const { cause, evidence } = await bed.diagnose({ failed: false, files: logged(missing) }, ['--url', 'http://127.0.0.1:9/']);
    expect([cause, evidence.map(({ line }) => line)]).toEqual(['web_refused', ['GET http://127.0.0.1:9/: connection refused']]);
  });

  test('blames nginx for it, if nginx does not run, and not another service', async () => {
    const state: Plant = { failed: false, prints: { 'systemctl-nginx': 'failed enabled\n', 'systemctl-mysql': 'failed enabled\n' } };
    const { cause, evidence } = await bed.diagnose(state, ['--url', 'http://127.0.0.1:9/']);
    expect([cause, evidence[0]?.line]).toEqual(['service_down', 'nginx: failed']);
  });

  test.each([
    ['it was started since', 10, 502, [], 'migration_missing_table'],
    ['it was started before', 60, 502, [], 'fpm_down'],
    ['it responds', 60, 500, [], 'migration_missing_table'],
    ['the past counts', 10, 502, ['--since', '1h'], 'fpm_down'],
  ])('knows whether an error of nginx is about a PHP-FPM that runs: %s', async (_, started, status, words, cause) => {
    const since = new Date(Date.now() - started * 1000)
      .toUTCString()
      .replace(/^(\w+), (\d+) (\w+) (\d+)/, (_all, day) => `${day} ${stamp(started * 1000).slice(0, 10)}`);
    const refused = `${slashed(30_000)} [crit] 8#8: *1 connect() to unix:/run/php/php8.3-fpm.sock failed (2: No such file or directory) while connecting to upstream, client: 127.0.0.1\n`;
    const found = await bed.diagnose(
      {
        failed: false,
        status,
        files: { ...logged(missing, 5000), 'logs/nginx-error.log': { content: refused, ago: 30_000 } },
        prints: { 'systemctl-php8.3-fpm': `active enabled ${since.replace('GMT', 'UTC')}\n` },
      },
      words,
    );
    expect(found.cause).toBe(cause);
  });

  test('blames no configuration of nginx that a test refused, while nginx runs', async () => {
    const log = {
      content: () => `${slashed(20_000)} [emerg] 8#8: unknown directive "nonsense" in /etc/nginx/sites-enabled/shop:2\n`,
      ago: 20_000,
    };
    const files = { ...logged(missing, 5000), 'logs/nginx-error.log': log };
    expect((await bed.diagnose({ failed: false, status: 500, files })).cause).toBe('migration_missing_table');
    expect((await bed.diagnose({ failed: false, status: 500, files, prints: { 'systemctl-nginx': 'failed enabled\n' } })).cause).toBe(
      'nginx_config',
    );
  });

  test('blames no log of Laravel for a connection that times out', async () => {
    const through = (network: Transport): Transport => ({
      ...network,
      request: async (request) => {
        if (request.url.startsWith(bed.sandbox.url)) return network.request(request);
        throw new NetworkFault('connection timed out', { sent: false, reason: 'ETIMEDOUT' });
      },
    });
    const { stdout } = await bed.why(bed.plant({ failed: false, files: logged(missing) }), ['--json'], { through });
    expect((JSON.parse(stdout) as Diagnosis).cause).toBe('web_refused');
  });

  test('knows a program of Supervisor by its directory', async () => {
    const site = bed.plant({ failed: false, prints: fatal(`own-${process.pid}`) });
    configure(`own-${process.pid}`, `/home/deploynix/${site.domain}/current`);
    const own = JSON.parse((await bed.why(site, ['--json'])).stdout) as Diagnosis;
    expect([own.cause, own.evidence[0]?.line]).toEqual([
      'supervisor_stopped',
      `queues:own-${process.pid}_00 FATAL Exited too quickly (process log may have details)`,
    ]);
  });

  test('leaves out a program that works in the directory of another site', async () => {
    configure(`other-${process.pid}`, '/home/deploynix/blog.example.com/current');
    const { outcome, checks } = await bed.diagnose({ failed: false, prints: fatal(`other-${process.pid}`) });
    expect([outcome, checks.given_up]).toEqual(['healthy', []]);
  });

  test('never says that nothing is wrong beside a program that may be its own', async () => {
    const site = bed.plant({ failed: false, prints: fatal('horizon') });
    const { stdout } = await bed.why(site);
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      `✗ ${site.domain}: Supervisor gave up a program, which may belong to the site`,
      '  because  queues:horizon_00 FATAL Exited too quickly (process log may have details) (server)',
    ]);
    const failing = bed.plant({ failed: false, status: 500, prints: fatal('horizon') });
    expect((await bed.why(failing)).stdout).toContain('  supervisor  queues:horizon_00 FATAL\n');
  });

  test('names an uncaught exception once, with its class, message, file and line', async () => {
    const root = '/home/deploynix/shop/current';
    const traced = (type: string, message: string, file: string, trace: readonly string[]) =>
      `${message} {"userId":7,"exception":"[object] (${type}(code: 0): ${message} at ${file}:42)\n[stacktrace]\n${trace.map((frame, at) => `#${at} ${frame}`).join('\n')}\n"} `;
    const flux = traced('App\\\\Exceptions\\\\NotCharged', 'The flux capacitor is not charged', `${root}/app/Flux.php`, [
      `${root}/app/Http/Controllers/CarController.php(12): App\\\\Flux->jump()`,
    ]);
    const known = await bed.diagnose({ failed: false, status: 500, files: logged(flux) });
    expect([known.outcome, known.cause, known.title, known.quoted]).toEqual([
      'known',
      'exception',
      'Uncaught App\\Exceptions\\NotCharged',
      true,
    ]);
    expect(known.evidence.map(({ line }) => line)).toEqual([`The flux capacitor is not charged at ${root}/app/Flux.php:42`]);
    const inPackage = traced('ErrorException', 'Undefined array key 1', `${root}/vendor/laravel/framework/Str.php`, [
      `${root}/vendor/laravel/framework/Pipeline.php(7): {closure}()`,
      `${root}/app/Cart.php(12): Illuminate\\\\Str->of()`,
    ]);
    const { stdout } = await bed.why(bed.plant({ failed: false, status: 500, files: logged(inPackage) }));
    expect(stdout.split('\n').slice(0, 3).join('\n')).toMatch(
      /returns 500: Uncaught ErrorException\n {2}because {2}Undefined array key 1 at vendor\/\S+:42 \(Laravel log, line 1\)\n {11}app\/Cart\.php\(12\) \(Laravel log, line 4\)$/,
    );
    const led = await bed.diagnose({ failed: false, status: 500, files: logged(inPackage) });
    expect(led.evidence.map(({ line, line_number }) => `${line_number} ${line}`)).toEqual([
      `1 Undefined array key 1 at ${root}/vendor/laravel/framework/Str.php:42`,
      `4 ${root}/app/Cart.php(12)`,
    ]);
  });

  test('finds a storage that Laravel cannot write to, which leaves no log', async () => {
    const site = bed.plant({ failed: false, status: 500, files: { 'current/storage/logs/.gitignore': '*\n' } });
    const logs = join('/home/deploynix', site.domain, 'current/storage/logs');
    chownSync(logs, 0, 0);
    chmodSync(logs, 0o755);
    const found = JSON.parse((await bed.why(site, ['--json'])).stdout) as Diagnosis;
    expect([found.cause, found.evidence[0]?.line]).toEqual([
      'storage_unwritable',
      expect.stringMatching(/^drwxr-xr-x .* root +root .* storage\/logs$/),
    ]);
    expect(found.fixes.map(({ command }) => command)).toContain(
      `dnx ssh web-1/${site.domain} -- sudo chown -R deploynix: storage/ bootstrap/cache`,
    );
    chownSync(logs, ...(idsOf('deploynix') as [number, number]));
    const { outcome } = JSON.parse((await bed.why(site, ['--json'])).stdout) as Diagnosis;
    expect(outcome).toBe('unknown');
  });

  test.each([
    ['an earlier release', '20261101_031005', 20_000, 'code_stale'],
    ['an earlier release, before the live one', '20261101_031005', 25 * 3_600_000, null],
    ['the live release', LIVE, 20_000, 'class_missing'],
  ])('judges an exception in the code of %s', async (_, release, ago, cause) => {
    const words = 'Class \\"App\\\\Cart\\" not found';
    const thrown = `Class "App\\Cart" not found {"exception":"[object] (Error(code: 0): ${words} at /home/deploynix/shop/releases/${release}/app/Order.php:7)\n[stacktrace]\n#0 {main}\n"}`;
    const found = await bed.diagnose({ failed: false, status: 500, files: logged(thrown, ago) });
    expect([found.cause, found.quoted]).toEqual([cause, true]);
    if (cause === 'code_stale') expect(found.fixes[0]?.command).toBe('dnx service reload php8.3-fpm --server web-1');
  });

  test('names a worker that began in an earlier release, and none that began in the live one', async () => {
    need('php');
    const [uid, gid] = idsOf('deploynix');
    const work = async (release: string, directory: (root: string) => string, program = 'artisan') => {
      const artisan = `releases/${release}/artisan`;
      let worker: ChildProcess | undefined;
      const prepare = (root: string) => {
        const options = { cwd: directory(root), uid, gid, stdio: 'ignore' } as const;
        worker = spawn(find('php') ?? '', [program, 'queue:work', '--queue=mails'], options);
        onTestFinished(() => void worker?.kill());
      };
      return bed.diagnose({ failed: false, files: { [artisan]: '<?php sleep(60);' }, prepare });
    };
    const old = await work('20261101_031005', (root) => join(root, 'releases/20261101_031005'));
    expect([old.cause, old.evidence[0]?.line, old.fixes[0]?.command]).toEqual([
      'worker_stale',
      expect.stringMatching(/^artisan queue:work --queue=mails: started \S+ ago in \S+\/releases\/20261101_031005$/),
      expect.stringMatching(/^dnx artisan --site \S+ --server web-1 queue:restart$/),
    ]);
    expect((await work(LIVE, (root) => join(root, 'current'))).outcome).toBe('healthy');
    // Its directory tells nothing of its release.
    expect((await work(LIVE, (root) => root, 'current/artisan')).outcome).toBe('healthy');
  });

  test('looks further back with --since, and says that the site answers by now', async () => {
    const files = logged(missing, 3 * 3_600_000);
    expect((await bed.diagnose({ failed: false, files })).outcome).toBe('healthy');
    expect((await bed.diagnose({ failed: false, files }, ['--since', '2h'])).outcome).toBe('healthy');
    const { outcome, cause, resolved, subject } = await bed.diagnose({ failed: false, files }, [
      '--since',
      new Date(Date.now() - 4 * 3_600_000).toISOString(),
    ]);
    expect([outcome, cause, resolved, subject]).toEqual(['known', 'migration_missing_table', 'the site responds with 200 now', 'site']);
    const failed = await bed.diagnose({ files: { 'logs/deploy.log': 'You are not currently on a branch.\n' } }, ['--since', '1h']);
    expect([failed.cause, failed.subject]).toEqual(['git_detached', 'deployment']);
    const since = await bed.diagnose({ files: { 'logs/deploy.log': 'You are not currently on a branch.\n' } }, ['--since', '2m']);
    expect([since.outcome, since.subject]).toEqual(['healthy', 'site']);
  });
});
