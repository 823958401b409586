import { isError } from '../../base/errors.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import { isId, type Targets } from '../../platform/names/names.ts';
import { isServerName, noServerOrSite, siteWithId } from '../../platform/names/site-search.ts';
import type { Invocation } from './invocation.ts';

/** A command line and what it names. */
export interface Found {
  readonly invocation: Invocation;
  readonly found: readonly Targets[];
}

/**
 * Looks up a destination. A word with a dot is a site, or else a server; a word without one is a server. `lookUp` looks up what a
 * command line names.
 */
export async function foundAt(
  invocation: Invocation,
  scope: Scope,
  lookUp: (each: Invocation) => Promise<readonly Targets[]>,
): Promise<Found> {
  const word = wordIn(invocation);
  const find = async (each: Invocation): Promise<Found> => ({ invocation: each, found: await lookUp(each) });
  if (word === undefined || invocation.destination?.certain) return find(invocation);
  const { site: _, ...others } = invocation.targets;
  const asServer = { ...invocation, targets: { ...others, server: [word] } };
  if (invocation.destination?.parent === 'site' && (await isServerName(word, scope))) return find(asServer);
  try {
    return await find(invocation);
  } catch (error) {
    if (!isError(error, 'not_found', 'forbidden')) throw error;
    if (invocation.destination?.parent === 'server') throw isError(error, 'not_found') ? await noServerOrSite(word, scope) : error;
    return find(asServer).catch(async (again: unknown) => {
      if (!isError(again, 'not_found', 'forbidden')) throw again;
      throw isError(error, 'not_found') && isError(again, 'not_found') ? await noServerOrSite(word, scope) : error;
    });
  }
}

/** The error of a command, or that the id of its server is that of a site. */
export async function withDestination(error: unknown, invocation: Invocation, scope: Scope): Promise<unknown> {
  const word = wordIn(invocation);
  const { parent, certain } = invocation.destination ?? {};
  if (!isError(error, 'not_found') || parent !== 'server' || certain || word === undefined || !isId(word)) return error;
  const found = await siteWithId(word, scope);
  return found ? error.withHint(`'${word}' is the id of site ${found.site.label}. Use --site ${word}.`) : error;
}

const wordIn = ({ destination, targets }: Invocation): string | undefined => destination && targets[destination.parent]?.[0];
