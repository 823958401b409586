import { places, type Source as Selected } from '../../remote/log-paths.ts';
import type { Source } from '../facts.ts';

/** A log that may be on a server. */
interface Path {
  readonly source: Source;
  /** Absolute, or relative to the directory of the site. */
  readonly path: string;
}

/** What the names in a path stand for. A release or version is empty if it is unknown. */
interface Names {
  readonly domain: string;
  readonly release: string;
  readonly php: string;
}

/** The source of each kind of log. The deployment log comes first. */
const sources = { deploy: 'deploy', laravel: 'laravel', nginx: 'nginx', php: 'php', daemon: 'worker' } satisfies Record<Selected, Source>;

/** Where the logs of a site may be: the same files as in `dnx logs`, but those that tell no cause, and those with an unknown name. */
export function logPaths(names: Names): readonly Path[] {
  return Object.entries(sources).flatMap(([kind, source]) =>
    places[kind as Selected].site.flatMap(({ files }) => files.flatMap((file) => pathsOf(file, names).map((path) => ({ source, path })))),
  );
}

/** The paths of a file in the list. A wildcard stands for nothing, as the script looks for no names. */
function pathsOf(file: string, { domain, release, php }: Names): readonly string[] {
  if (/access\.log$|\?|\/\*/.test(file)) return [];
  if ((file.includes('RELEASE') && release === '') || (file.includes('PHP') && php === '')) return [];
  const path = file
    .replace('*', '')
    .replace(/^SITE\//, '')
    .replace(/^RELEASE\//, `releases/RELEASE/`)
    .replace('RELEASE', () => release)
    .replace('PHP', () => php)
    .replace('DOMAIN', () => domain);
  return path.startsWith('LIVE/') ? ['current/', ''].map((live) => path.replace('LIVE/', live)) : [path];
}
