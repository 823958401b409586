import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from '../../base/errors.ts';
import type { SiteRow } from '../records.ts';
import { laravelLine, logTime, tryAppend } from './logs.ts';

/** Status and text of a response. */
export type Response = readonly [status: number, words: string];

interface Directories {
  readonly server: string;
  readonly site: string;
}

/** What a site in maintenance, without PHP-FPM, or with code that throws responds, after it has logged why; undefined for any other site. */
export function brokenResponse(site: SiteRow, directories: Directories, request: string, now: number): Response | undefined {
  if (existsSync(join(directories.site, 'shared/storage/framework/down'))) return [503, 'Be right back.'];
  if (site.type === 'static') return undefined;
  if (existsSync(join(directories.server, `stopped/php${site.php_version}-fpm`))) {
    const socket = `unix:/run/php/php${site.php_version}-fpm.sock`;
    const failure = `connect() to ${socket} failed (2: No such file or directory) while connecting to upstream`;
    const words = `client: 127.0.0.1, server: ${site.domain}, request: "${request} HTTP/1.1", upstream: "fastcgi://${socket}:", host: "${site.domain}"`;
    tryAppend(
      join(directories.server, `var/log/nginx/${site.domain}-error.log`),
      `${logTime(now).replaceAll('-', '/')} [crit] 8#8: *1 ${failure}, ${words}\n`,
    );
    return [502, 'Bad Gateway'];
  }
  const thrown = thrownIn(join(directories.site, 'current'));
  if (thrown === undefined) return undefined;
  const { type, message, file, line } = thrown;
  const path = `/home/deploynix/${site.domain}/current`;
  const exception = `[object] (${type}(code: 0): ${message} at ${path}/${file}:${line})`;
  const frames = `#0 ${path}/public/index.php(20): Illuminate\\Foundation\\Application->handleRequest()\n#1 {main}`;
  const entry = laravelLine(now, 'ERROR', `${message} {"exception":"${exception}\n[stacktrace]\n${frames}\n"}`);
  tryAppend(join(directories.site, 'shared/storage/logs/laravel.log'), `${entry}\n`);
  return [500, 'Server Error'];
}

/** The first `throw` in the code of a release: no PHP runs here, so that every request gets there. */
function thrownIn(release: string) {
  const names = attempt(() => readdirSync(join(release, 'app'), { recursive: true, encoding: 'utf8' })) ?? [];
  for (const name of names.filter((each) => each.endsWith('.php')).sort()) {
    const lines = readFileSync(join(release, 'app', name), 'utf8').split('\n');
    for (const [index, text] of lines.entries()) {
      const [, type, message] = /\bthrow new (\w+)\((?:'([^']*)')?\)/.exec(text) ?? [];
      if (type !== undefined) return { type, message: message ?? '', file: `app/${name}`, line: index + 1 };
    }
  }
  return undefined;
}
