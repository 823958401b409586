/** The kinds of logs that `--source` selects. */
export const sourceNames = ['laravel', 'nginx', 'php', 'deploy', 'daemon'] as const;

/** One of them. */
export type Source = (typeof sourceNames)[number];

/** Alternatives: the files of a group are shown only if no group before it has any. */
interface Group {
  /** Shows every file, or only the one that was written last. */
  readonly show: 'each' | 'newest';
  /** `SITE/` is the directory of a site, `LIVE/` that of its live release. Wildcards match files, DOMAIN and PHP are replaced. */
  readonly files: readonly string[];
}

interface Place {
  readonly title: string;
  /** Undefined if there are none without a site. */
  readonly server?: readonly Group[];
  readonly site: readonly Group[];
}

const nginx: Group = { show: 'each', files: ['/var/log/nginx/error.log', '/var/log/nginx/access.log'] };
const php: readonly Group[] = [
  { show: 'each', files: ['/var/log/phpPHP-fpm.log'] },
  { show: 'each', files: ['/var/log/php*-fpm.log'] },
];
const supervisor = '/var/log/supervisor/*.log';

/**
 * Where logs are on a server. All of it is assumed: from stock Laravel and Ubuntu, the Supervisor examples of Laravel's documentation, and
 * the directories that Deploynix documents.
 */
export const places: Readonly<Record<Source, Place>> = {
  laravel: {
    title: 'Laravel log',
    site: [
      {
        show: 'newest',
        files: [
          'SITE/shared/storage/logs/laravel.log',
          'LIVE/storage/logs/laravel.log',
          'SITE/shared/storage/logs/laravel-????-??-??.log',
          'LIVE/storage/logs/laravel-????-??-??.log',
        ],
      },
    ],
  },
  nginx: {
    title: 'nginx log',
    server: [nginx],
    site: [{ show: 'each', files: ['/var/log/nginx/DOMAIN-error.log', '/var/log/nginx/DOMAIN-access.log'] }, nginx],
  },
  php: { title: 'PHP log', server: php, site: php },
  deploy: {
    title: 'deploy log',
    site: [{ show: 'newest', files: ['SITE/deploy.log', 'SITE/logs/deploy.log', 'SITE/shared/storage/logs/deploy.log'] }],
  },
  daemon: {
    title: 'daemon log',
    server: [{ show: 'each', files: [supervisor] }],
    site: [
      {
        show: 'each',
        files: [
          'SITE/worker.log',
          'SITE/horizon.log',
          'SITE/shared/storage/logs/worker*.log',
          'SITE/shared/storage/logs/horizon*.log',
          'LIVE/storage/logs/worker*.log',
          'LIVE/storage/logs/horizon*.log',
        ],
      },
      { show: 'each', files: [supervisor] },
    ],
  },
};

/** What the names in a path stand for. */
interface Names {
  readonly domain?: string | undefined;
  /** Such as `8.3`; undefined if unknown. */
  readonly php?: string | undefined;
}

/** The files of a source, as arguments of the script. */
export const candidatesOf = (source: Source, names: Names): readonly string[] => {
  const { server = [], site } = places[source];
  return (names.domain === undefined ? server : site).flatMap(({ show, files }, index) =>
    files
      .filter((file) => names.php !== undefined || !file.includes('PHP'))
      .flatMap((file) => {
        const end = file.lastIndexOf('/') + 1;
        const name = file.slice(end);
        const full = name.replace(/DOMAIN|PHP/, (word) => (word === 'PHP' ? names.php : names.domain) ?? '');
        return [`${index} ${show}`, /[?*]/.test(name) ? 'glob' : 'name', directoryOf(file.slice(0, end)), full];
      }),
  );
};

/** The files of `--path`, as arguments of the script. A relative path begins in the live release of a site, or in the home directory. */
export const candidatesAt = (paths: readonly string[], start: 'live:' | 'home:'): readonly string[] =>
  paths.flatMap((path) => ['0 each', 'path', path.startsWith('/') ? '' : start, path]);

const directoryOf = (path: string): string => path.replace(/^SITE\//, 'root:').replace(/^LIVE\//, 'live:');
