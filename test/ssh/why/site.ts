import { rmSync } from 'node:fs';
import { slashed, stamp } from '../../support/why-bed.ts';
import type { Known } from './known.ts';

const upstream = (domain: string, reason: string): string =>
  `${slashed()} [crit] 812#812: *1044 connect() to unix:/run/php/php8.3-fpm.sock failed (${reason}) while connecting to upstream, client: 198.51.100.7, server: ${domain}, request: "GET / HTTP/2.0", upstream: "fastcgi://unix:/run/php/php8.3-fpm.sock:", host: "${domain}"\n`;

/** The domain of the site is not known before it is planted. */
const own = (text: (domain: string) => string) => (root: string) => text(root.split('/').at(-1) ?? '');

/** Sites that do not answer, or whose workers do not run. */
export const site: readonly (Known & { readonly log?: (root: string) => string })[] = [
  {
    name: 'PHP-FPM that does not run',
    state: { failed: false, status: 502 },
    log: own((domain) => upstream('elsewhere.example.com', '13: Permission denied') + upstream(domain, '2: No such file or directory')),
    cause: 'fpm_down',
    title: 'PHP-FPM does not run',
    line: 'failed (2: No such file or directory) while connecting to upstream',
    fix: 'sudo systemctl restart php8.3-fpm',
  },
  {
    name: 'a socket of PHP-FPM that nginx may not use',
    state: { failed: false, status: 502 },
    log: own((domain) => upstream(domain, '13: Permission denied')),
    cause: 'fpm_socket',
    title: 'nginx may not connect to PHP-FPM',
    line: 'failed (13: Permission denied) while connecting to upstream',
    fix: 'listen.owner',
  },
  {
    name: 'PHP-FPM that crashes',
    state: { failed: false, status: 502 },
    log: own(
      (domain) =>
        `${slashed()} [error] 812#812: *9 recv() failed (104: Connection reset by peer) while reading response header from upstream, client: 198.51.100.7, server: ${domain}, request: "GET / HTTP/2.0", upstream: "fastcgi://unix:/run/php/php8.3-fpm.sock", host: "${domain}"\n`,
    ),
    cause: 'fpm_crashed',
    title: 'PHP-FPM crashes',
    line: 'recv() failed (104: Connection reset by peer)',
    fix: 'OPcache',
  },
  {
    name: 'headers that are too large',
    state: { failed: false, status: 502 },
    log: own(
      (domain) =>
        `${slashed()} [error] 812#812: *9 upstream sent too big header while reading response header from upstream, client: 198.51.100.7, server: ${domain}, request: "GET / HTTP/2.0", upstream: "fastcgi://unix:/run/php/php8.3-fpm.sock:", host: "${domain}"\n`,
    ),
    cause: 'nginx_header',
    title: 'too large for nginx',
    line: 'upstream sent too big header',
    fix: 'fastcgi_buffer_size',
  },
  {
    name: 'PHP-FPM that takes too long',
    state: { failed: false, status: 504 },
    log: own(
      (domain) =>
        `${slashed()} [error] 812#812: *9 upstream timed out (110: Connection timed out) while reading response header from upstream, client: 198.51.100.7, server: ${domain}, request: "GET / HTTP/2.0", upstream: "fastcgi://unix:/run/php/php8.3-fpm.sock", host: "${domain}"\n`,
    ),
    cause: 'upstream_timeout',
    title: 'too long to answer',
    line: 'upstream timed out (110: Connection timed out)',
    fix: '--source laravel',
  },
  {
    name: 'a web directory that does not exist',
    state: { failed: false, status: 500 },
    log: own(
      (domain) =>
        `${slashed()} [error] 812#812: *9 rewrite or internal redirection cycle while internally redirecting to "/index.php", client: 198.51.100.7, server: ${domain}, request: "GET / HTTP/2.0", host: "${domain}"\n`,
    ),
    cause: 'web_directory',
    title: 'does not find the web directory',
    line: 'internally redirecting to "/index.php"',
    fix: '--web-directory /public',
  },
  {
    name: 'PHP-FPM that is busy',
    state: {
      failed: false,
      status: 502,
      files: {
        'logs/php-fpm.log': {
          content: `[${new Date().toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1-$2-$3 $4')}] WARNING: [pool www] server reached pm.max_children setting (5), consider raising it\n`,
          ago: 0,
        },
      },
    },
    cause: 'fpm_children',
    title: 'processes of PHP-FPM are busy',
    line: 'server reached pm.max_children setting (5)',
    fix: 'pm.max_children',
  },
  {
    name: 'PHP-FPM that systemd reports as failed',
    state: { failed: false, status: 503, prints: { 'systemctl-php8.3-fpm': 'failed\n' } },
    cause: 'service_down',
    title: 'The service php8.3-fpm does not run',
    line: 'php8.3-fpm: failed',
    fix: 'systemctl status php8.3-fpm',
  },
  {
    name: 'maintenance mode',
    state: { failed: false, status: 503, files: { 'shared/storage/framework/down': '{"except":[],"status":503}' } },
    cause: 'maintenance',
    title: 'maintenance mode',
    line: 'storage/framework/down exists',
    fix: 'dnx artisan',
  },
  {
    name: 'missing assets',
    state: {
      failed: false,
      status: 500,
      files: {
        'shared/storage/logs/laravel.log': {
          content: `[${stamp(20_000)}] production.ERROR: Vite manifest not found at: /home/deploynix/shop/public/build/manifest.json {"exception":"[object] (Illuminate\\\\Foundation\\\\ViteManifestNotFoundException(code: 0)"}\n`,
          ago: 20_000,
        },
      },
    },
    cause: 'vite_manifest',
    title: 'built assets are missing',
    line: 'Vite manifest not found',
    fix: 'npm run build',
  },
  {
    name: 'a live release that is gone',
    state: { failed: false, status: 500, prepare: (root) => rmSync(`${root}/releases`, { recursive: true }) },
    cause: 'release_missing',
    title: 'The live release is missing',
    line: 'current -> releases/',
    fix: 'releases',
  },
  {
    name: 'a suspended site',
    state: { failed: false, status: 403, site: { status: 'suspended' } },
    cause: 'site_suspended',
    title: 'The site is suspended',
    line: 'suspended',
    fix: 'site resume',
  },
  {
    name: 'a process of Supervisor that exits',
    state: {
      failed: false,
      site: { domain: 'supervised.example.com' },
      prints: {
        supervisorctl: 'supervised-example-com:supervised-example-com_00   FATAL     Exited too quickly (process log may have details)\n',
      },
    },
    cause: 'supervisor_stopped',
    title: 'process of Supervisor',
    line: 'FATAL Exited too quickly',
    fix: 'queue list',
  },
];
