import type { Source } from '../facts.ts';

/** A log that may be on a server. */
interface Path {
  readonly source: Source;
  /** Absolute, or relative to the directory of the site. */
  readonly path: string;
}

/** Where the logs of a site may be. Assumed: the documentation of Deploynix names no path of a log. */
export function logPaths({
  domain,
  release,
  php,
}: {
  readonly domain: string;
  readonly release: string;
  readonly php: string;
}): readonly Path[] {
  const all = (source: Source, ...paths: readonly string[]) => paths.map((path) => ({ source, path }));
  const own = release === '' ? [] : ['.log', '/deploy.log', '/deployment.log'].map((end) => `releases/${release}${end}`);
  const named = release === '' ? [] : ['logs', 'deployments', '.deploynix', 'shared/logs'].map((each) => `${each}/${release}.log`);
  return [
    ...all('deploy', ...own, ...named, 'deploy.log', 'deployment.log', 'logs/deploy.log', 'logs/deployment.log'),
    ...all(
      'deploy',
      'shared/logs/deploy.log',
      '.deploynix/deploy.log',
      `/var/log/deploynix/${domain}.log`,
      `/home/deploynix/logs/${domain}-deploy.log`,
    ),
    ...all('laravel', 'shared/storage/logs/laravel.log', 'current/storage/logs/laravel.log', 'storage/logs/laravel.log'),
    ...all('nginx', 'logs/nginx-error.log', 'logs/error.log', `/var/log/nginx/${domain}-error.log`, `/var/log/nginx/${domain}.error.log`),
    ...all('nginx', `/var/log/nginx/${domain}_error.log`, '/var/log/nginx/error.log'),
    ...all('php', 'logs/php-fpm.log', ...(php === '' ? [] : [`/var/log/php${php}-fpm.log`]), '/var/log/php-fpm.log'),
    ...all('worker', 'logs/worker.log', 'shared/storage/logs/worker.log', 'current/storage/logs/worker.log', 'storage/logs/worker.log'),
  ];
}
