import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DnxError, systemCode } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import type { Source } from './sources.ts';

const LINK_FILE = '.deploynix.json';
/** A link file comes from a repository, so its size is not trusted. */
export const LINK_LIMIT_MB = 1;
/** The most unknown keys that are named. */
const MOST_KEYS = 5;
const linkKeys = ['host', 'profile', 'server', 'site'] as const;

/** The nearest link file in a directory or its parents. */
export function findLink(from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const file = join(directory, LINK_FILE);
    if (exists(file)) return file;
    if (directory === dirname(directory)) return undefined;
  }
}

/** True also for a file that cannot be read, such as a circular link: that is reported, not skipped. */
function exists(file: string): boolean {
  try {
    // Ten times faster than catching ENOENT in every parent directory.
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return !['ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '');
  }
}

/** The first problem in a link file. */
export const linkProblem = (source: Source): DnxError | undefined => linkKeys.map((key) => source.problem('text', key)).find(Boolean);

/** A warning for each unknown key. Keys such as `$schema` are for other programs. */
export function unknownKeys(source: Source): readonly string[] {
  const unknown = Object.keys(source.object()).filter((key) => !key.startsWith('$') && !linkKeys.some((known) => known === key));
  const named = unknown.slice(0, MOST_KEYS).map((key) => `'${key}' in ${LINK_FILE} is not a setting.${didYouMean(key, linkKeys)}`);
  const more = unknown.length - named.length;
  return more > 0 ? [...named, `${LINK_FILE} has ${more} more keys that are not settings.`] : named;
}
