import { releasesOf } from '../../../src/features/deploy/release.ts';
import type { Facts, Source } from '../../../src/features/why/facts.ts';
import { type CauseVerdict, chooseCause } from '../../../src/features/why/judge.ts';
import { logOfText } from '../../../src/features/why/server/read.ts';
import { serverStateIn } from '../../../src/features/why/server/state.ts';
import { facts, incident } from './facts.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const ROOT = '/home/deploynix/shop.example.com';

/** A site with its logs, as dnx finds it: all services run, unless `down` names one. */
interface Site {
  readonly status: number;
  readonly logs: Partial<Record<Source, string>>;
  readonly down?: string;
}

/** What `dnx why` says of it. */
export function verdictOnSite({ status, logs, down }: Site): CauseVerdict | undefined {
  const names = ['nginx', 'php8.4-fpm', 'mysql', 'redis-server'];
  const running = { detail: 'running', since: NOW - 86_400_000, memory: null, atBoot: 'enabled' };
  const services = names.map((name) => ({ ...running, name, state: name === down ? 'failed' : 'active', line: '' }));
  const site: Facts = {
    ...facts,
    now: NOW,
    releases: releasesOf([{ id: 1, name: '20261124_031005', active: true, created_at: '2026-11-24T03:10:05Z' }]),
    machine: { ...serverStateIn([]), root: ROOT, services },
    answer: { url: 'https://shop.example.com/', status, error: null, reason: null, duration_ms: 90 },
    logs: Object.entries(logs).map(([source, text]) => ({
      ...logOfText(source as Source, text, { zone: 'Z', now: NOW }),
      modified: NOW,
    })),
  };
  return chooseCause(site, { ...incident, kind: 'site', from: NOW - 3_600_000, to: NOW });
}

/** `2026-11-25 11:59:00`, so many seconds ago. */
const stamp = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');

const entry = (seconds: number, message: string): string => `[${stamp(seconds)}] production.ERROR: ${message}\n`;
const thrown = (seconds: number, type: string, message: string): string =>
  entry(
    seconds,
    `${message} {"exception":"[object] (${type}(code: 0): ${message} at ${ROOT}/releases/20261124_031005/app/Cart.php:42)\n[stacktrace]\n#0 {main}\n"}`,
  );
/** What the request of dnx caused. */
const flux = thrown(5, 'App\\\\NotCharged', 'The flux capacitor is not charged');
const nginx = (seconds: number, words: string, path: string): string =>
  `${stamp(seconds).replaceAll('-', '/')} [error] 8#8: *5 ${words}, client: 198.51.100.7, server: shop.example.com, request: "GET ${path} HTTP/2.0", host: "shop.example.com"\n`;
const fpm = (seconds: number, words: string): string => `[25-Nov-2026 ${stamp(seconds).slice(11)}] WARNING: [pool www] ${words}\n`;
const stderr = (path: string, words: string): string => fpm(10, `child 812 said into stderr: "PHP Fatal error:  ${words} in ${path}:7"`);
const oom = '[Wed Nov 25 11:10:00 2026] Out of memory: Killed process 51423 (mariadbd) total-vm:11918752kB, anon-rss:1483560kB\n';
const unreadable = (path: string): string => `open() "${ROOT}/current/public${path}" failed (13: Permission denied)`;
const indexless = (path: string): string => `directory index of "${ROOT}/current/public${path}" is forbidden`;

/** Sites whose logs have the words of a cause that is not theirs, and the one that is; none if undefined. */
export const sites: readonly (readonly [name: string, cause: string | undefined, site: Site])[] = [
  ['Redis that answers again', 'exception', { status: 500, logs: { laravel: thrown(240, 'RedisException', 'Connection refused') + flux } }],
  [
    'a database that answers again',
    'exception',
    { status: 500, logs: { laravel: entry(120, 'SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select 1)') + flux } },
  ],
  [
    'a worker that lost Redis before',
    'exception',
    { status: 500, logs: { laravel: flux, worker: `[${stamp(3_000)}] RedisException: read error on connection to 127.0.0.1:6379\n` } },
  ],
  ['a database that was killed, and started again', 'exception', { status: 500, logs: { laravel: flux, kernel: oom } }],
  ['a database that was killed, and does not run', 'memory_killed', { status: 500, logs: { laravel: flux, kernel: oom }, down: 'mysql' }],
  [
    'PHP-FPM that was busy before',
    'exception',
    { status: 500, logs: { laravel: flux, php: fpm(2_400, 'server reached pm.max_children setting (5), consider raising it') } },
  ],
  [
    'PHP-FPM that crashed before',
    'exception',
    {
      status: 500,
      logs: { laravel: flux, php: fpm(2_400, 'child 812 exited on signal 11 (SIGSEGV - core dumped) after 3.1 seconds from start') },
    },
  ],
  [
    'another page that is slow',
    'exception',
    {
      status: 500,
      logs: {
        laravel: flux,
        nginx: nginx(20, 'upstream timed out (110: Connection timed out) while reading response header from upstream', '/export'),
      },
    },
  ],
  [
    'PHP-FPM that was restarted a moment ago',
    'exception',
    {
      status: 500,
      logs: {
        laravel: flux,
        nginx: nginx(20, 'connect() to unix:/run/php/php8.4-fpm.sock failed (111: Connection refused) while connecting to upstream', '/'),
      },
    },
  ],
  ['a bot that asks for .env', 'exception', { status: 500, logs: { laravel: flux, nginx: nginx(20, unreadable('/.env'), '/.env') } }],
  [
    'a bot that asks for a directory',
    'exception',
    { status: 500, logs: { laravel: flux, nginx: nginx(20, indexless('/uploads/'), '/uploads/') } },
  ],
  [
    'a bot that asks for WordPress',
    'exception',
    {
      status: 500,
      logs: {
        laravel: flux,
        nginx: nginx(20, 'FastCGI sent in stderr: "Primary script unknown" while reading response header from upstream', '/wp-login.php'),
      },
    },
  ],
  ['permissions that are right by now', undefined, { status: 404, logs: { nginx: nginx(3_000, unreadable('/'), '/') } }],
  ['an index that is there by now', undefined, { status: 403, logs: { nginx: nginx(3_000, indexless('/'), '/') } }],
  [
    'another site in the log of PHP-FPM',
    'exception',
    {
      status: 500,
      logs: { laravel: flux, php: stderr('/home/deploynix/blog.example.com/current/app/X.php', 'Uncaught Error: Class "Redis" not found') },
    },
  ],
  [
    'an earlier release of another site',
    undefined,
    {
      status: 500,
      logs: { php: stderr('/home/deploynix/blog.example.com/releases/20261101_031005/app/X.php', 'Uncaught Exception: boom') },
    },
  ],
  [
    'an earlier release of its own',
    'code_stale',
    { status: 500, logs: { php: stderr(`${ROOT}/releases/20261101_031005/app/X.php`, 'Uncaught Exception: boom') } },
  ],
  [
    'a file of an earlier release',
    'exception',
    {
      status: 500,
      logs: {
        laravel: thrown(5, 'ErrorException', `fopen(${ROOT}/releases/20261101_031005/prices.csv): Failed to open stream: No such file`),
      },
    },
  ],
  [
    'a migration that failed before',
    'exception',
    {
      status: 500,
      logs: {
        laravel:
          entry(1_800, "SQLSTATE[42000]: Syntax error: 1061 Duplicate key name 'a_index' (Connection: mysql, SQL: alter table `a` …)") +
          flux,
      },
    },
  ],
  [
    'an insert of a value that is there',
    'exception',
    {
      status: 500,
      logs: {
        laravel:
          entry(
            8,
            "SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'a' for key 'x' (Connection: mysql, SQL: insert into `x` …)",
          ) + flux,
      },
    },
  ],
  [
    'all of it, while the site answers',
    undefined,
    {
      status: 200,
      logs: {
        laravel: thrown(240, 'RedisException', 'Connection refused') + flux,
        nginx: nginx(20, unreadable('/.env'), '/.env'),
        php: fpm(60, 'server reached pm.max_children setting (5), consider raising it'),
        kernel: oom,
      },
    },
  ],
];
