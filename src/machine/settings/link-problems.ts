import { type DnxError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { environmentsProblem, isUsableId, placeKeys } from './link.ts';
import type { Source } from './sources.ts';

/** The first problem in a link file. */
export function linkProblem(source: Source): DnxError | undefined {
  const places = [[], ...Object.keys(source.object('environments')).map((name) => ['environments', name])];
  return [
    ...['host', 'profile', 'default'].map((key) => source.problem('text', key)),
    environmentsProblem(source),
    ...places.flatMap((keys) => [
      ...(keys.length > 0 ? [source.problem('object', ...keys)] : []),
      ...(['server', 'site'] as const).map((key) => placeProblem(source, key, keys)),
      source.problem('flag', ...keys, 'confirm'),
    ]),
  ].find(Boolean);
}

/** The problem with the server or site at these keys: a name, or an object with an id and a name. */
export function placeProblem(source: Source, key: 'server' | 'site', keys: readonly string[] = []): DnxError | undefined {
  const path = [...keys, key];
  if (!isObject(source.object(...keys)[key])) return source.problem('text', ...path);
  const wrong = placeKeys.map((each) => source.problem('text', ...path, each)).find(Boolean);
  const id = source.text(...path, 'id');
  const unusable = id !== undefined && !isUsableId(id);
  return wrong ?? (unusable ? usage(`${path.join('.')}.id in ${source.file} is not an id.`, 'Fix it with: dnx link') : undefined);
}
