import { DnxError, type Meant, type Next, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { nearest } from '../../base/nearest.ts';
import { quoted } from '../../base/shell.ts';
import { capitalized, flagName, oneLine, plural, title, wordOf } from '../../base/text.ts';
import type { Defaults } from './lookups.ts';
import { called, domainKey, type Located, namings, resourceName, type Target, type Targets, targetOf, waysToName } from './names.ts';

/** An existing name to suggest, and its server. */
export interface KnownName {
  readonly name: string;
  readonly place?: string;
}

/** `Site 'shop.exmaple.com' not found. Did you mean 'shop.example.com' (web-1)?`, or the list command if no name is close. */
export function notFound(noun: string, word: string, known: readonly KnownName[], parents: Targets = {}): DnxError {
  const missing = `${capitalized(title(noun))} '${word}' not found${placeIn(parents)}.`;
  const near = nearMiss(word, known, namings[noun]?.domains === true);
  if (near) return misspelled(missing, noun, word, near);
  const group = namings[noun]?.group ?? noun.replaceAll('_', '-');
  const flags = Object.entries(parents).flatMap(([parent, { label }]) => [flagName(parent), label]);
  const next: Next = { command: [group, 'list', ...flags], why: 'Run' };
  return new DnxError('not_found', missing, { next: [next], reason: 'name_unknown' });
}

/** `Server or site 'web.9' not found. Did you mean 'web.1'?`, or the commands that list both. */
export function notFoundAtAll(word: string, known: readonly KnownName[]): DnxError {
  const missing = `Server or site '${word}' not found.`;
  const near = nearMiss(word, known, true);
  if (near) return misspelled(missing, near.place === undefined ? 'server' : 'site', word, near);
  const next = ['server', 'site'].map((group) => ({ command: [group, 'list'], why: 'Run' }));
  return new DnxError('not_found', missing, { next, reason: 'name_unknown' });
}

function misspelled(missing: string, noun: string, word: string, { name, place }: KnownName): DnxError {
  const near = oneLine(name);
  return new DnxError('not_found', `${missing} Did you mean '${near}'${place ? ` (${oneLine(place)})` : ''}?`, {
    meant: { noun, word, choices: [{ name: near, word: name }] },
    reason: 'name_unknown',
  });
}

/** The closest name, or the only one that contains the word: `shop.example.com` for `shop`. */
function nearMiss(typed: string, known: readonly KnownName[], domains: boolean): KnownName | undefined {
  const key = (name: string) => (domains ? domainKey(name) : name);
  const word = key(typed);
  const names = known.map(({ name }) => key(name));
  const containing = word.length > 2 ? names.filter((name) => name.toLowerCase().includes(word.toLowerCase())) : [];
  const near = nearest(word, names) ?? (containing.length === 1 ? containing[0] : undefined);
  return known.find(({ name }) => key(name) === near);
}

/** The error for several resources of one name, listed with ids and details. */
export function ambiguous(noun: string, word: string, found: readonly JsonObject[]): DnxError {
  const details = (namings[noun]?.details ?? []).filter((key) => !key.endsWith('_at'));
  const rows = found.map((each) =>
    [resourceName(each, noun), each.id, ...details.map((key) => each[key])].map(oneLine).filter(Boolean).join('  '),
  );
  const choices = found.map((each, index) => ({
    name: rows[index] ?? '',
    word: wordOf(each.id),
    targets: { [noun]: targetOf(each, noun) },
  }));
  return several({ noun, word, choices }, 'Use the id.');
}

/** The error for a domain on several servers. */
export function ambiguousSite(word: string, found: readonly Located[]): DnxError {
  const paths = found.map(({ server, site }) => oneLine(`${server.label}/${site.label}`));
  const choices = found.map((targets, index) => ({
    name: `${paths[index]}  ${targets.site.id}`,
    word: `${targets.server.label}/${targets.site.label}`,
    targets,
  }));
  return several({ noun: 'site', word, choices }, `Use --server, or ${quoted(paths[0] ?? '')}.`);
}

function several(meant: Meant, hint: string): DnxError {
  const { noun, word, choices } = meant;
  const rows = choices.map(({ name }) => `  ${name}`).join('\n');
  return new DnxError('ambiguous', `'${word}' matches ${choices.length} ${plural(title(noun))}:\n${rows}`, {
    hint,
    meant,
    reason: 'name_ambiguous',
  });
}

/** The error for a resource that was not given. `isPositional`: it is no parent. `standIns`: options that stand for it. */
export function notGiven(noun: string, settled: Defaults, isPositional = false, standIns: readonly string[] = []): DnxError {
  const broken = brokenSetting(noun, settled);
  if (broken) return broken;
  const place = noun === 'server' || noun === 'site';
  const ways = [
    isPositional && !place ? `its ${waysToName(noun)}` : flagName(noun),
    ...standIns.map(flagName),
    ...(place ? ['set a default with `dnx link`'] : []),
    ...(namings[noun] ? ['or run in a terminal to pick one'] : []),
  ];
  return usage(`No ${title(noun)} given.`, `Use ${ways.join(', ')}.`).with({ reason: 'target_missing' });
}

/** The error for a command that reaches a server or a site, if neither was given. */
export const nowhere = (settled: Defaults): DnxError =>
  brokenSetting('site', settled) ??
  brokenSetting('server', settled) ??
  usage('No server or site given.', 'Name one, set a default with `dnx link`, or run in a terminal to pick one.').with({
    reason: 'target_missing',
  });

/** The error if a broken settings or link file may have set the server or site, or a missing environment should have. */
export function brokenSetting(name: string, { broken, unplaced }: Defaults): DnxError | undefined {
  if (name !== 'server' && name !== 'site') return undefined;
  if (unplaced) return unplaced;
  const file = broken?.[name];
  return file === undefined ? undefined : usage(`The ${name} is unknown because ${file} is broken.`, `Fix or remove it, or use --${name}.`);
}

/** The innermost parent: ` on site shop.example.com`. */
function placeIn(parents: Targets): string {
  const [nearestParent] = Object.entries<Target>(parents).reverse();
  return nearestParent ? ` on ${called(...nearestParent)}` : '';
}
