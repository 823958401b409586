/** The kinds of logs that `dnx logs --source` selects. */
export const sourceNames = ['laravel', 'nginx', 'php', 'deploy', 'worker', 'scheduler', 'horizon', 'daemon'] as const;

/** One of them. */
export type LogSource = (typeof sourceNames)[number];

/** The levels of `--level`, from the least to the worst. */
export const levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;

/** One of them. */
export type Level = (typeof levels)[number];

/** Alternatives: the files of a group are shown only if no group before it has any. */
interface Group {
  /** Shows every file, or only the one that was written last. */
  readonly show: 'each' | 'newest';
  /**
   * `SITE/` is the directory of a site, `LIVE/` that of its live release, `RELEASE/` that of the release in question. Wildcards in names
   * match files; DOMAIN, PHP and RELEASE are replaced.
   */
  readonly files: readonly string[];
}

interface LogPlace {
  readonly title: string;
  /** Undefined if there are none without a site. */
  readonly server?: readonly Group[];
  readonly site: readonly Group[];
}

const eachFile = (...files: readonly string[]): Group => ({ show: 'each', files });
const newest = (...files: readonly string[]): Group => ({ show: 'newest', files });

const nginx = eachFile('/var/log/nginx/error.log', '/var/log/nginx/access.log');
const php = [eachFile('/var/log/phpPHP-fpm.log'), eachFile('/var/log/php*-fpm.log')];

const named = (directories: readonly string[], ...names: readonly string[]): readonly string[] =>
  directories.flatMap((directory) => names.map((name) => `${directory}/${name}`));

function programNamed(title: string, names: readonly string[], supervised = names.map((name) => `*${name}*.log`)): LogPlace {
  const supervisor = eachFile(...named(['/var/log/supervisor'], ...supervised));
  const directories = ['SITE/logs', 'SITE/shared/storage/logs', 'LIVE/storage/logs'];
  const files = [...named(['SITE'], ...names.map((name) => `${name}.log`)), ...named(directories, ...names.map((name) => `${name}*.log`))];
  return { title: `${title} log`, server: [supervisor], site: [eachFile(...files), supervisor] };
}

/**
 * Where logs are on a server. All of it is assumed: from stock Laravel and Ubuntu, the Supervisor examples of Laravel's documentation, and
 * the directories that Deploynix documents.
 */
export const places: Readonly<Record<LogSource, LogPlace>> = {
  laravel: {
    title: 'Laravel log',
    site: [newest(...named(['SITE/shared/storage/logs', 'LIVE/storage/logs'], 'laravel.log', 'laravel-????-??-??.log'))],
  },
  nginx: {
    title: 'nginx log',
    server: [nginx],
    site: [
      eachFile(
        ...['error', 'access'].flatMap((kind) => [
          ...named(['SITE/logs'], `nginx-${kind}.log`, `${kind}.log`),
          ...named(['/var/log/nginx'], `DOMAIN-${kind}.log`, `DOMAIN.${kind}.log`, `DOMAIN_${kind}.log`),
        ]),
      ),
      nginx,
    ],
  },
  php: { title: 'PHP log', server: php, site: [eachFile('SITE/logs/php-fpm.log'), ...php] },
  deploy: {
    title: 'deploy log',
    site: [
      newest(
        'SITE/releases/RELEASE.log',
        ...named(['RELEASE'], 'deploy.log', 'deployment.log'),
        ...named(['SITE/logs', 'SITE/deployments', 'SITE/.deploynix', 'SITE/shared/logs'], 'RELEASE.log'),
        ...named(['SITE', 'SITE/logs'], 'deploy.log', 'deployment.log'),
        ...named(['SITE/shared/logs', 'SITE/shared/storage/logs', 'SITE/.deploynix'], 'deploy.log'),
        '/var/log/deploynix/DOMAIN.log',
        '/home/deploynix/logs/DOMAIN-deploy.log',
      ),
    ],
  },
  worker: programNamed('worker', ['worker', 'queue']),
  scheduler: programNamed('scheduler', ['scheduler', 'schedule', 'cron']),
  horizon: programNamed('Horizon', ['horizon']),
  daemon: programNamed('daemon', ['worker', 'horizon'], ['*.log']),
};
