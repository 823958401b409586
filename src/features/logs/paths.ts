import { places, type Source } from '../remote/log-paths.ts';

/** What the names in a path stand for. */
interface Names {
  readonly domain?: string | undefined;
  /** Such as `8.3`; undefined if unknown. */
  readonly php?: string | undefined;
}

/** The name of any release, which is assumed to begin with a date. */
const ANY_RELEASE = `${'[0-9]'.repeat(8)}*`;

/** The files of a source, as arguments of the script. The release in question is the live one, or any in the name of a file. */
export const candidatesOf = (source: Source, names: Names): readonly string[] => {
  const { server = [], site } = places[source];
  return (names.domain === undefined ? server : site).flatMap(({ show, files }, index) =>
    files
      .filter((file) => names.php !== undefined || !file.includes('PHP'))
      .flatMap((file) => {
        const end = file.lastIndexOf('/') + 1;
        const name = file.slice(end).replace('RELEASE', ANY_RELEASE);
        const full = name.replace(/DOMAIN|PHP/, (word) => (word === 'PHP' ? names.php : names.domain) ?? '');
        return [`${index} ${show}`, /[?*]/.test(name) ? 'glob' : 'name', startOf(file.slice(0, end)), full];
      }),
  );
};

/** The files of `--path`, as arguments of the script. A relative path begins in the live release of a site, or in the home directory. */
export const candidatesAt = (paths: readonly string[], start: 'live:' | 'home:'): readonly string[] =>
  paths.flatMap((path) => ['0 each', 'path', path.startsWith('/') ? '' : start, path]);

const startOf = (path: string): string => path.replace(/^SITE\//, 'root:').replace(/^(LIVE|RELEASE)\//, 'live:');
