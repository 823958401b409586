import { isInProgress, isOlder, type Release } from './release.ts';

/** The possible targets of a rollback: not live, failed or in progress. */
export const usable = (releases: readonly Release[], live: Release | undefined): readonly Release[] =>
  releases.filter((each) => each !== live && each.phase !== 'bad' && !isInProgress(each));

/** The newest usable release before the live one, or `doubt` if that is uncertain. Neither if there is none. */
export function previousOf(
  releases: readonly Release[],
  live: Release | undefined,
): { readonly release?: Release | undefined; readonly doubt?: string } {
  const others = usable(releases, live);
  if (others.length === 0 || (!live && others.length === 1)) return {};
  if (!live) return { doubt: 'The API does not say which release is live' };
  const [newest, second] = others.filter((each) => isOlder(each, live));
  const tied = others.some(({ at }) => at === live.at) || (newest && newest.at === second?.at);
  return tied ? { doubt: 'It is unclear which release came before the live one' } : { release: newest };
}
