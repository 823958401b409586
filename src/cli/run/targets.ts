import { isError, usage } from '../../base/errors.ts';
import { capitalized, plural, title } from '../../base/text.ts';
import { isRead, parameters } from '../../platform/api/endpoint.ts';
import { type LinkedChange, refuseMislinked } from '../../platform/names/linked.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import { namings, type Targets, TRUST_MS, targetIds, targetOf } from '../../platform/names/names.ts';
import { resolveTargets, verified } from '../../platform/names/resolve.ts';
import { everySite, isServerName, noServerOrSite } from '../../platform/names/site-search.ts';
import { brokenSetting } from '../../platform/names/unresolved.ts';
import { endpointsIn } from '../language/calls.ts';
import { nounOf } from '../language/command.ts';
import { consentLevel } from '../language/tree.ts';
import { callsOf, firstWords, isForAll, isForEveryServer, type Line, namesNeeded, ownWords, type Ready } from './line.ts';

type NamedTargets = Pick<Ready, 'line' | 'targets'>;

/** Looks up what a line names. A destination may turn out to be a server or a site. */
export const find = (line: Line, scope: Scope): Promise<NamedTargets> =>
  line.destination ? findDestination(line, scope) : findNamed(line, scope);

const findNamed = async (line: Line, scope: Scope): Promise<NamedTargets> => ({ line, targets: await lookedUp(line, scope) });

/** A word with a dot is a site, or else a server; a word without one is a server. */
async function findDestination(line: Line, scope: Scope): Promise<NamedTargets> {
  const word = wordIn(line);
  if (word === undefined || line.destination?.certain) return findNamed(line, scope);
  const { site: _, ...others } = line.targets;
  const asServer = { ...line, targets: { ...others, server: [word] } };
  if (line.destination?.parent === 'site' && (await isServerName(word, scope))) return findNamed(asServer, scope);
  try {
    return await findNamed(line, scope);
  } catch (error) {
    if (!isError(error, 'not_found', 'forbidden')) throw error;
    if (line.destination?.parent === 'server') throw isError(error, 'not_found') ? await noServerOrSite(word, scope) : error;
    return findNamed(asServer, scope).catch(async (again: unknown) => {
      if (!isError(again, 'not_found', 'forbidden')) throw again;
      throw isError(error, 'not_found') && isError(again, 'not_found') ? await noServerOrSite(word, scope) : error;
    });
  }
}

/** The targets. A single GET, and what checks them itself, trust recent names; anything else checks a remembered site. */
async function lookedUp(line: Line, unchecked: Scope): Promise<readonly Targets[]> {
  const [endpoint, ...others] = new Set(endpointsIn(callsOf(line)));
  const reads = endpoint !== undefined && others.length === 0 && isRead(endpoint);
  const trusting = reads || line.command.checks ? { trust: TRUST_MS } : {};
  const scope = { ...unchecked, ...trusting, optional: line.options.if_exists === true ? nounOf(line.group) : undefined };
  const change = changeOf(line);
  const checked: Targets[] = [];
  for (const [index, targets] of (await targetsOf(line, scope)).entries()) {
    const linked = await refuseMislinked(targets, change, scope);
    checked.push(await verified(linked, () => lookedUpAgain(line, targets, index, scope), scope));
  }
  return checked;
}

/** The targets of a command: each named resource, or every one for `--all`. May be empty if optional. */
async function targetsOf(line: Line, scope: Scope): Promise<readonly Targets[]> {
  const noun = nounOf(line.group);
  const words = ownWords(line);
  const first = firstWords(line);
  if (isForAll(line)) {
    if (words.length > 0) throw usage(`--all cannot be combined with ${plural(title(noun))}.`, 'Use only one of them.');
    if (isForEveryServer(line)) return everySiteOf(scope);
    const found: Targets[] = [];
    const [, second] = line.targets.server ?? [];
    for (const server of line.targets.server ?? [undefined]) {
      const words = { ...first, ...(server !== undefined && { server }) };
      const ofServer = everyOne(noun, words, scope);
      found.push(...(await (second === undefined ? ofServer : ofServer.catch((error: unknown) => failFor(server ?? '', error)))));
    }
    return [...new Map(found.map((targets) => [targets[noun]?.id, targets])).values()];
  }
  if (noun !== 'server' && (line.targets.server?.length ?? 0) > 1)
    throw usage('Several servers need --all.', 'Or name sites as SERVER/SITE.');
  const settled = noun === 'server' || noun === 'site' ? scope.settings[noun] : undefined;
  if (line.command.targets === 'optional' && words.length === 0 && settled === undefined) {
    const broken = brokenSetting(noun, scope.settings);
    if (broken) throw broken;
    return [];
  }
  const names = namesNeeded(line);
  const found: Targets[] = [];
  // Sequential, because each lookup can use the results of the previous one.
  for (const word of words.length > 0 ? words : [undefined]) {
    const targets = await resolveTargets(names, { ...first, [noun]: word }, scope);
    if (found.some((earlier) => earlier[noun] && !earlier[noun].missing && earlier[noun].id === targets[noun]?.id))
      throw usage(`${capitalized(title(noun))} '${word}' is given twice.`);
    found.push(targets);
  }
  return found;
}

/** The sites of every server. Fails if those of one cannot be read. */
async function everySiteOf(scope: Scope): Promise<readonly Targets[]> {
  const { listed, unread } = await everySite(scope);
  if (unread[0]) failFor(unread[0].server.label, unread[0].error);
  return listed.map(({ server, site }) => ({ server, site: targetOf(site, 'site') }));
}

/** Throws an error about one of several servers, with its name. */
function failFor(server: string, error: unknown): never {
  throw isError(error) ? error.with({ details: [['server', server]] }) : error;
}

async function everyOne(noun: string, words: Readonly<Record<string, string | undefined>>, scope: Scope): Promise<readonly Targets[]> {
  const naming = namings[noun];
  if (!naming) throw new Error(`Nothing lists every ${noun}.`);
  const parents = await resolveTargets(parameters(naming.list), words, scope);
  const things = await scope.api.list<Record<string, unknown>>(naming.list, targetIds(parents));
  return things.map((thing) => ({ ...parents, [noun]: targetOf(thing, noun) }));
}

/** Looks up one of all targets again, by the words given for it. */
export function lookedUpAgain(line: Line, targets: Targets, index: number, scope: Scope): Promise<Targets> {
  const noun = nounOf(line.group);
  const { [noun]: target, site } = targets;
  const words = {
    ...firstWords(line),
    ...(target && { [noun]: ownWords(line)[index] ?? target.id }),
    ...(site && { site: scope.names.trusted.get(`site ${site.id}`)?.word ?? site.id }),
  };
  return resolveTargets(namesNeeded(line), words, scope);
}

/** What a command line changes, and whether it asks. */
export function changeOf(line: Line): LinkedChange {
  const { command, consent } = line;
  const asks = command.consent !== undefined && !consent.yes && consent.confirm === undefined;
  return { calls: endpointsIn(callsOf(line)), asks, severe: consentLevel(command) === 'severe' };
}

const wordIn = ({ destination, targets }: Line): string | undefined => destination && targets[destination.parent]?.[0];
