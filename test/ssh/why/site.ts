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
    fix: 'systemctl --failed',
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
    name: 'nginx that systemd reports as failed',
    state: { failed: false, status: 503, prints: { 'systemctl-php8.3-fpm': 'failed\n' } },
    cause: 'service_down',
    title: 'A service of the server does not run',
    line: 'php8.3-fpm: failed',
    fix: 'systemctl --failed',
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
        supervisorctl: 'supervised-worker:supervised-worker_00            FATAL     Exited too quickly (process log may have details)\n',
      },
    },
    cause: 'supervisor_stopped',
    title: 'process of Supervisor',
    line: 'FATAL Exited too quickly',
    fix: 'queue list',
  },
];
