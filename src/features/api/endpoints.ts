import { DnxError } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import type { KnownEndpoint } from '../contract/known.ts';

/** How many paths to suggest. */
const SUGGESTIONS = 3;

const pathOf = ({ endpoint }: Pick<KnownEndpoint, 'endpoint'>): string => endpoint.slice(endpoint.indexOf(' ') + 1);
const methodOf = ({ endpoint }: Pick<KnownEndpoint, 'endpoint'>): string => endpoint.slice(0, endpoint.indexOf(' '));
const segmentsOf = (path: string): readonly string[] => path.split('/').filter(Boolean);
const isParameter = (segment: string): boolean => segment.startsWith('{');

/** The endpoints of a path, whose parameters are ids, names or `{…}`. `method`: only this one. Fails with the nearest paths. */
export function endpointsAt<E extends Pick<KnownEndpoint, 'endpoint'>>(all: readonly E[], path: string, method?: string): readonly E[] {
  const typed = segmentsOf(path);
  const found = all.filter((each) => fits(typed, segmentsOf(pathOf(each))));
  const [first] = found;
  if (!first) throw unknown(all, typed);
  const wanted = found.filter((each) => method === undefined || methodOf(each) === method);
  if (wanted.length > 0) return wanted;
  throw new DnxError('not_found', `dnx knows no ${method} ${pathOf(first)}.`, { hint: `Known: ${found.map(methodOf).join(', ')}.` });
}

const fits = (typed: readonly string[], known: readonly string[]): boolean =>
  typed.length === known.length && known.every((segment, index) => segment === typed[index] || isParameter(segment));

function unknown(all: readonly Pick<KnownEndpoint, 'endpoint'>[], typed: readonly string[]): DnxError {
  const paths = [...new Set(all.map(pathOf))];
  const ranked = paths.map((path) => [path, distance(typed, segmentsOf(path))] as const).sort(([, one], [, other]) => one - other);
  const hint = `Nearest: ${ranked
    .slice(0, SUGGESTIONS)
    .map(([path]) => path)
    .join(', ')}`;
  return new DnxError('not_found', `dnx knows no endpoint /${typed.join('/')}.`, { hint });
}

/** How far a path is from what was typed: by its segments, the last of which say most. */
function distance(typed: readonly string[], known: readonly string[]): number {
  const length = Math.max(typed.length, known.length);
  return Array.from({ length }, (_, index) => apart(typed[index], known[index])).reduce((sum, each) => sum + each, 0);
}

function apart(typed: string | undefined, known: string | undefined): number {
  if (typed === undefined || known === undefined) return 2;
  if (typed === known || (isParameter(typed) && isParameter(known))) return 0;
  // An id or a name fits a parameter, but a word that is close to another one is a typo.
  if (isParameter(known)) return 1;
  return nearest(typed, [known]) === undefined ? 4 : 1;
}
