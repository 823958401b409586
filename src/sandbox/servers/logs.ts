import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from '../../base/errors.ts';
import { failures } from '../failures.ts';
import type { ReleaseRow, SiteRow } from '../records.ts';
import { timings } from '../time.ts';

/** What the deployment of a release has written to its log so far, `elapsed` ms after it began. */
export function deployLog(site: SiteRow, release: ReleaseRow, elapsed: number): string {
  const failure = release.failure && failures[release.failure];
  const ends = failure?.step ?? timings.deployRuns;
  const isOver = release.status !== 'deploying';
  const until = isOver ? Number.POSITIVE_INFINITY : elapsed;
  const steps = stepsOf(site, release).filter(([at]) => at < ends && at <= until);
  const end = failure
    ? [failure.log(site, release.name), 'Deployment failed.']
    : release.status === 'active'
      ? ['Deployment finished.']
      : [];
  return [...steps.map(([, text]) => text), ...(isOver ? end : []), ''].join('\n');
}

/** The steps of a deployment, each with the ms after which it is written. */
const stepsOf = (
  { type, domain, php_version }: SiteRow,
  { name, commit_hash, commit_message }: ReleaseRow,
): readonly (readonly [number, string])[] => [
  [0, `Deploying release ${name}`],
  [0, `Cloning into '/home/deploynix/${domain}/releases/${name}'...`],
  [700, `HEAD is now at ${commit_hash.slice(0, 7)} ${commit_message}`],
  [1_000, 'Linking shared/.env'],
  ...(type === 'static' ? [] : composerSteps),
  [4_100, '> npm ci'],
  [4_600, 'added 214 packages, and audited 215 packages in 1s'],
  [4_700, '> vite build'],
  [4_800, 'vite v7.1.12 building for production...'],
  [5_400, '✓ 61 modules transformed.'],
  [5_500, '✓ built in 612ms'],
  ...(type === 'static' ? [] : artisanSteps),
  [7_200, `Activating release ${name}`],
  ...(php_version === null ? [] : [[7_600, `Reloading php${php_version}-fpm`] as const]),
];

const composerSteps = [
  [1_400, 'Installing dependencies from lock file'],
  [1_800, 'Verifying lock file contents can be installed on current platform.'],
  [2_300, 'Package operations: 112 installs, 0 updates, 0 removals'],
  [2_900, '  - Installing laravel/framework (v12.38.1): Extracting archive'],
  [3_500, 'Generating optimized autoload files'],
] as const;

const artisanSteps = [
  [5_900, '   INFO  Running migrations.'],
  [6_300, '   INFO  Configuration cached successfully.'],
  [6_700, '   INFO  Routes cached successfully.'],
] as const;

/** `2026-11-25 12:00:00`, as Laravel and PHP-FPM log it. */
export const logTime = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');

/** An entry of Laravel's log. */
export const laravelLine = (at: number, level: string, message: string): string => `[${logTime(at)}] production.${level}: ${message}`;

/** Appends to a log, unless a user has taken the file away. */
export const tryAppend = (file: string, text: string): void => attempt(() => appendFileSync(file, text));

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
