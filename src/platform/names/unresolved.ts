import { DnxError, type Next, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { nearest } from '../../base/nearest.ts';
import { capitalized, flagName, plural, title, wordOf } from '../../base/text.ts';
import type { Located } from './all-sites.ts';
import type { Settled } from './lookups.ts';
import { called, nameOf, type Target, type Targets } from './names.ts';
import { namings } from './namings.ts';

/** A name that a word could have meant, and where it is. */
export interface Known {
  readonly name: string;
  readonly place?: string;
}

/** `Site 'shop.exmaple.com' not found. Did you mean 'shop.example.com' (web-1)?`; if no name is near, the command that lists them. */
export function notFound(noun: string, word: string, known: readonly Known[], parents: Targets = {}): DnxError {
  const near = nearMiss(
    word,
    known.map(({ name }) => name),
  );
  const place = known.find(({ name }) => name === near)?.place;
  const missing = `${capitalized(title(noun))} '${word}' not found${placeIn(parents)}.`;
  if (near !== undefined)
    return new DnxError('not_found', `${missing} Did you mean '${oneLine(near)}'${place ? ` (${oneLine(place)})` : ''}?`);
  const group = namings[noun]?.group ?? noun.replaceAll('_', '-');
  const flags = Object.entries(parents).flatMap(([parent, { label }]) => [flagName(parent), label]);
  const next: Next = { command: [group, 'list', ...flags], why: 'Run' };
  return new DnxError('not_found', missing, { next: [next] });
}

/** The nearest name, else the only one that contains the word: `shop` for `shop.example.com`. */
function nearMiss(word: string, names: readonly string[]): string | undefined {
  const containing = word.length > 2 ? names.filter((name) => name.toLowerCase().includes(word.toLowerCase())) : [];
  return nearest(word, names) ?? (containing.length === 1 ? containing[0] : undefined);
}

/** Several resources of one name, each with its id and what tells it apart. */
export function ambiguous(noun: string, word: string, found: readonly JsonObject[]): DnxError {
  const tells = (namings[noun]?.tells ?? []).filter((key) => !key.endsWith('_at'));
  const rows = found.map((each) => [nameOf(each, noun), each.id, ...tells.map((key) => each[key])].map(oneLine).filter(Boolean).join('  '));
  return several(noun, word, rows, 'Use the id.');
}

/** A domain on several servers. */
export function ambiguousSite(word: string, found: readonly Located[]): DnxError {
  const paths = found.map(({ server, site }) => oneLine(`${server.label}/${site.label}`));
  const rows = found.map(({ site }, index) => `${paths[index]}  ${site.id}`);
  return several('site', word, rows, `Use --server, or ${paths[0]}.`);
}

/** A value of the API on a line of its own. */
export const oneLine = (value: unknown): string => wordOf(value).replaceAll(/\s+/g, ' ').trim();

const several = (noun: string, word: string, rows: readonly string[], hint: string): DnxError =>
  new DnxError('ambiguous', `'${word}' matches ${rows.length} ${plural(title(noun))}:\n${rows.map((row) => `  ${row}`).join('\n')}`, {
    hint,
  });

/** Nothing says which server, site or other resource. `own`: it is the command's positional, not a parent. */
export function notGiven(noun: string, settled: Settled, own = false): DnxError {
  const lost = lostIn(noun, settled);
  if (lost) return lost;
  const place = noun === 'server' || noun === 'site';
  const ways = [
    own ? (place ? `a ${noun} name` : `its ${waysToName(noun)}`) : flagName(noun),
    ...(place ? [`set a default with \`dnx config set ${noun}\``] : []),
    ...(namings[noun] ? ['or run in a terminal to pick one'] : []),
  ];
  return usage(`No ${title(noun)} given.`, `Use ${ways.join(', ')}.`);
}

/** `command or id`: how a resource may be given. */
export const waysToName = (noun: string): string => `${(namings[noun]?.keys.length ?? 0) > 0 ? `${namings[noun]?.by} or ` : ''}id`;

/** A server or site that a settings or link file would have named, were it readable. */
export function lostIn(name: string, { lost }: Settled): DnxError | undefined {
  const file = name === 'server' || name === 'site' ? lost?.[name] : undefined;
  return file === undefined
    ? undefined
    : usage(`The ${name} is not known, because ${file} cannot be used.`, `Fix or remove it, or pass --${name}.`);
}

/** ` on site shop.example.com`: the nearest of the parents. */
function placeIn(parents: Targets): string {
  const [nearestParent] = Object.entries<Target>(parents).reverse();
  return nearestParent ? ` on ${called(...nearestParent)}` : '';
}
