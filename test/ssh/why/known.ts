import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AGO, FAILED, type Plant, slashed, stamp } from '../../support/why-bed.ts';

/** A planted cause, and what the diagnosis must say. */
export interface Known {
  /** What it is read from. */
  readonly name: string;
  readonly state: Plant;
  readonly cause: string;
  /** Part of the line that shows it. */
  readonly line: string;
  /** Part of the title or the first fix. */
  readonly said: string;
  /** Part of why it no longer holds. */
  readonly resolved?: string;
}

/** A failed deployment with this deploy log. */
export const logged = (log: string | (() => string), more: Plant = {}): Plant => ({
  ...more,
  files: { 'logs/deploy.log': log, ...more.files },
});

const df = `Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/vda1         81106868 81090484         0    100% /
tmpfs              2010564        0   2010564       0% /tmp
`;

const full = `Deploying release ${FAILED}\n\nIn Filesystem.php line 312:\n\n  file_put_contents(/srv/vendor/installed.json): Failed to write 8192 bytes, errno=28 No space left on device\n\n`;

const upstream = (domain: string, reason: string): string =>
  `${slashed()} [crit] 8#8: *1 connect() to unix:/run/php/php8.3-fpm.sock failed (${reason}) while connecting to upstream, client: 198.51.100.7, server: ${domain}, request: "GET / HTTP/2.0", upstream: "fastcgi://unix:/run/php/php8.3-fpm.sock:", host: "${domain}"\n`;

/** The log of nginx names the domain, which is not known before the site is planted. */
function nginxLog(root: string): void {
  const domain = root.split('/').at(-1) ?? '';
  const file = join(root, 'logs/nginx-error.log');
  mkdirSync(join(root, 'logs'), { recursive: true });
  writeFileSync(file, upstream('elsewhere.example.com', '13: Permission denied') + upstream(domain, '2: No such file or directory'));
  utimesSync(file, new Date(), new Date());
}

/** A log of Laravel with a failure so long ago, by its own clock. */
const denied = (ago?: number) => ({
  content: () =>
    `[${stamp(ago)}] production.ERROR: SQLSTATE[HY000] [1045] Access denied for user 'shop'@'localhost' (using password: YES) (Connection: mysql, SQL: select 1)\n[stacktrace]\n`,
  ago: AGO - 30_000,
});
const ran = `Deploying release ${FAILED}\nRunning the deploy script\n`;
const laravel = { cause: 'database_denied', line: '[1045] Access denied for user', said: 'dnx env list' };

/** Each source of logs once, and each state of a server. What lines mean is tested in `test/commands/why-causes.test.ts`. */
export const known: readonly Known[] = [
  {
    name: 'the deploy log, and a disk',
    state: logged(full, { prints: { df } }),
    cause: 'disk_full',
    line: 'errno=28 No space left on device',
    said: 'df -h',
  },
  {
    name: 'the deploy log, and a disk that has room again',
    state: logged(full),
    cause: 'disk_full',
    line: 'errno=28',
    said: 'dnx deploy',
    resolved: '32% full now',
  },
  { name: 'a disk alone', state: { prints: { df } }, cause: 'disk_full', line: '100% /', said: 'df -h' },
  {
    name: 'inodes',
    state: {
      prints: { 'df-i': 'Filesystem      Inodes  IUsed   IFree IUse% Mounted on\n/dev/vda1      5160960 5160960      0  100% /\n' },
    },
    cause: 'inodes_full',
    line: '5160960 5160960 0 100% /',
    said: 'df -h',
  },
  {
    name: 'the log of Laravel',
    state: { files: { 'logs/deploy.log': ran, 'shared/storage/logs/laravel.log': denied() } },
    ...laravel,
  },
  {
    name: 'the log of Laravel, in the time zone of the application',
    state: { files: { 'logs/deploy.log': ran, 'shared/storage/logs/laravel.log': denied(AGO - 30_000 - 9.5 * 3_600_000) } },
    ...laravel,
  },
  {
    name: 'a daily log of Laravel, from shortly before midnight',
    state: {
      files: {
        'logs/deploy.log': ran,
        'shared/storage/logs/laravel-2026-11-24.log': denied(),
        'shared/storage/logs/laravel-2026-11-25.log': { content: () => `[${stamp(10_000)}] production.INFO: Sent 3 mails\n`, ago: 10_000 },
      },
    },
    ...laravel,
  },
  {
    name: 'the log of nginx',
    state: { failed: false, status: 502, prepare: nginxLog },
    cause: 'fpm_down',
    line: 'failed (2: No such file or directory) while connecting to upstream',
    said: 'service restart php8.3-fpm',
  },
  {
    name: 'the log of PHP-FPM',
    state: {
      failed: false,
      status: 502,
      files: {
        'logs/php-fpm.log': {
          content: () =>
            `[${new Date().toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1-$2-$3 $4')}] WARNING: [pool www] server reached pm.max_children setting (5), consider raising it\n`,
          ago: 0,
        },
      },
    },
    cause: 'fpm_children',
    line: 'server reached pm.max_children setting (5)',
    said: 'pm.max_children',
  },
  {
    name: 'the log of a worker',
    state: {
      failed: false,
      status: 500,
      files: { 'logs/worker.log': { content: () => `[${stamp(20_000)}] RedisException: Connection refused\n`, ago: 20_000 } },
    },
    cause: 'redis_refused',
    line: 'RedisException: Connection refused',
    said: 'redis-server',
  },
  {
    name: 'the log of the kernel',
    state: logged(`Deploying release ${FAILED}\nbash: line 9: 51423 Killed                  npm run build\n`, {
      prints: { dmesg: () => `[${stamp()}] Out of memory: Killed process 51423 (node) total-vm:11918752kB, anon-rss:1483560kB\n` },
    }),
    cause: 'memory_killed',
    line: 'Out of memory: Killed process 51423 (node)',
    said: 'killed node',
  },
  {
    name: 'systemd',
    state: { failed: false, status: 503, prints: { 'systemctl-php8.3-fpm': 'failed\n' } },
    cause: 'service_down',
    line: 'php8.3-fpm: failed',
    said: 'systemctl status php8.3-fpm',
  },
  {
    name: 'Supervisor',
    state: {
      failed: false,
      site: { domain: 'supervised.example.com' },
      prints: {
        supervisorctl: 'supervised-example-com:supervised-example-com_00   FATAL     Exited too quickly (process log may have details)\n',
      },
    },
    cause: 'supervisor_stopped',
    line: 'FATAL Exited too quickly',
    said: 'queue list',
  },
  {
    name: 'the file of the maintenance mode',
    state: { failed: false, status: 503, files: { 'shared/storage/framework/down': '{"except":[],"status":503}' } },
    cause: 'maintenance',
    line: 'storage/framework/down exists',
    said: 'dnx artisan',
  },
  {
    name: 'the link of the live release',
    state: { failed: false, status: 500, prepare: (root) => rmSync(`${root}/releases`, { recursive: true }) },
    cause: 'release_missing',
    line: 'current -> releases/',
    said: 'releases',
  },
  {
    name: '.env and .env.example',
    state: logged(
      `Deploying release ${FAILED}\n\n   RuntimeException\n\n  Config value services.stripe.secret is null, check STRIPE_SECRET.\n`,
      { files: { [`releases/${FAILED}/.env.example`]: 'APP_NAME=Laravel\nSTRIPE_SECRET=\n', 'shared/.env': 'APP_NAME=Shop\n' } },
    ),
    cause: 'env_missing',
    line: 'check STRIPE_SECRET',
    said: 'env set STRIPE_SECRET',
  },
  {
    name: 'composer.json',
    state: { site: { php_version: '8.2' }, files: { [`releases/${FAILED}/composer.json`]: '{"require":{"php":"^8.4"}}' } },
    cause: 'php_constraint',
    line: '"php": "^8.4"',
    said: '--php-version 8.4',
  },
];
