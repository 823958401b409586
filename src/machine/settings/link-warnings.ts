import { didYouMean } from '../../base/nearest.ts';
import { environmentKeys, LINK_FILE, linkKeys, placeKeys } from './link.ts';
import type { Source } from './sources.ts';

/** The most unknown keys that are named. */
const MOST_KEYS = 5;

/** A warning for each unknown key. Keys such as `$schema` are for other programs. */
export function unknownKeys(source: Source): readonly string[] {
  const environments = Object.keys(source.object('environments'));
  const places = (keys: readonly string[]) => ['server', 'site'].flatMap((key) => unknownIn(source, [...keys, key], placeKeys));
  const unknown = [
    ...unknownIn(source, [], linkKeys),
    ...places([]),
    ...environments.flatMap((name) => [...unknownIn(source, ['environments', name], environmentKeys), ...places(['environments', name])]),
    ...(environments.length > 0 ? ignoredBeside(source) : []),
  ];
  const more = unknown.length - MOST_KEYS;
  return more > 0 ? [...unknown.slice(0, MOST_KEYS), `${LINK_FILE} has ${more} more keys that are not settings.`] : unknown;
}

function unknownIn(source: Source, keys: readonly string[], known: readonly string[]): readonly string[] {
  return Object.keys(source.object(...keys))
    .filter((key) => !key.startsWith('$') && !known.includes(key))
    .map((key) => `'${[...keys, key].join('.')}' in ${LINK_FILE} is not a setting.${didYouMean(key, known)}`);
}

/** A site at the top level of a file with environments belongs to none of them. */
const ignoredBeside = (source: Source): readonly string[] =>
  ['server', 'site']
    .filter((key) => Object.hasOwn(source.object(), key))
    .map((key) => `'${key}' in ${LINK_FILE} is ignored, because the file has environments.`);
