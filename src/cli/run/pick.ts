import { cancelled, DnxError, isError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { capitalized, plural, title, wordOf } from '../../base/text.ts';
import { ago } from '../../base/time.ts';
import { type Endpoint, isRead, parameters } from '../../platform/api/endpoint.ts';
import { lookupsFor, type Scope } from '../../platform/names/lookups.ts';
import { matching } from '../../platform/names/match.ts';
import { called, idIn, isIdOf, listUnder, namings, type Target, type Targets, targetIds, targetOf } from '../../platform/names/names.ts';
import { resolveTargets } from '../../platform/names/resolve.ts';
import { everySite } from '../../platform/names/site-search.ts';
import { brokenSetting } from '../../platform/names/unresolved.ts';
import { onlyReads } from '../language/calls.ts';
import { type Context, nounOf } from '../language/command.ts';
import { safeLine } from '../output/text.ts';
import { cutInPieces, cutText, widthOf } from '../output/wrap.ts';
import type { PromptChoice } from '../prompt/questions.ts';
import { callsOf, firstWords, type Line, lacksDestination, namesWanted } from './line.ts';

type Needs = Pick<Context, 'ask' | 'clock' | 'progress' | 'world'>;

interface Choices {
  readonly targets: Targets;
  readonly words: Readonly<Record<string, string>>;
}

/** Prompts for the targets that a command line lacks. Returns what it then names, a scope that knows it, and the words that were picked. */
export async function pickTargets(line: Line, ctx: Needs & { readonly scope: Scope }) {
  const named = lacksDestination(line) ? await pickDestination(line, ctx) : { line, scope: ctx.scope };
  const { targets, words } = await pickMissing(named.line, namesWanted(named.line), callsOf(named.line).endpoint, named.scope, ctx);
  return { line: named.line, scope: { ...named.scope, picked: { ...named.scope.picked, ...targets } }, words };
}

/** Prompts for missing path parameters. */
export async function pickMissing(
  line: Line,
  names: readonly string[],
  endpoint: Endpoint | undefined,
  scope: Scope,
  ctx: Needs,
): Promise<Choices> {
  const words = firstWords(line);
  const missing = lookupsFor(names, words, scope.settings)
    .filter(({ how }) => how === 'missing')
    .map(({ name }) => name);
  // A picked site includes its server.
  const wanted = missing.includes('site') ? ['site', ...missing.filter((name) => name !== 'site' && name !== 'server')] : missing;
  let picked: Choices = { targets: {}, words: {} };
  for (const name of wanted) {
    const broken = brokenSetting(name, scope.settings);
    if (broken) throw broken;
    if (!namings[name]) continue;
    const candidates = await candidatesFor(name, names, words, { ...scope, picked: picked.targets });
    const targets = await pickOne(name, candidates, line, endpoint, ctx);
    picked = { targets: { ...picked.targets, ...targets }, words: { ...picked.words, ...wordsFor(name, targets, candidates) } };
  }
  return picked;
}

/** Picks one. A single candidate is taken without a prompt, unless it would be changed. */
async function pickOne(
  name: string,
  candidates: readonly Candidate[],
  line: Line,
  endpoint: Endpoint | undefined,
  ctx: Needs,
): Promise<Targets> {
  const [only] = candidates;
  if (!only) throw new DnxError('not_found', `No ${plural(title(name))} to choose from.`);
  const isTarget = name === nounOf(line.group);
  if (candidates.length === 1 && (!isTarget || (endpoint && isRead(endpoint)))) {
    ctx.progress.note(`Using ${called(name, labelIn(only, name))}, the only one.`);
    return only.targets;
  }
  const question = `${isTarget ? verbOf(line) : ''} which ${title(name)}?`.trim();
  return ctx.ask.select(capitalized(question), choicesOf(name, candidates, ctx.clock.now(), ctx.world.stderr.columns || 80), {
    filter: true,
  });
}

/** `Deploy`, if the summary starts with the name of the command; otherwise empty. */
export function verbOf({ command }: Pick<Line, 'command'>): string {
  const { consent, name, summary } = command;
  if (typeof consent === 'object' && consent.verb) return consent.verb;
  const [first = ''] = summary.split(' ');
  return first.toLowerCase() === name ? first : '';
}

/** Prompts for a site or a server. Returns the command line that names it, and a scope that knows it. */
async function pickDestination(
  line: Line,
  { ask, clock, world, scope }: Pick<Needs, 'ask' | 'clock' | 'world'> & { readonly scope: Scope },
): Promise<{ readonly line: Line; readonly scope: Scope }> {
  const broken = brokenSetting('site', scope.settings) ?? brokenSetting('server', scope.settings);
  if (broken) throw broken;
  const offered: Readonly<Record<'site' | 'server', readonly Candidate[]>> = {
    site: await candidatesFor('site', ['server', 'site'], {}, scope).catch(noneIfForbidden),
    server: await candidatesFor('server', ['server'], {}, scope),
  };
  if (offered.server.length === 0) throw new DnxError('not_found', 'No servers or sites to choose from.');
  const columns = world.stderr.columns || 80;
  const choices = (['site', 'server'] as const).flatMap((name) => choicesOf(name, offered[name], clock.now(), columns));
  const picked: Targets = await ask.select(capitalized(`${verbOf(line)} which site or server?`.trim()), choices, { filter: true });
  const name = picked.site ? 'site' : 'server';
  const words = Object.entries(wordsFor(name, picked, offered[name])).map(([key, word]) => [key, [word]]);
  return {
    line: { ...line, targets: { ...line.targets, ...Object.fromEntries(words) } },
    scope: { ...scope, picked },
  };
}

/** A token that cannot read sites may still reach a server. */
function noneIfForbidden(error: unknown): readonly Candidate[] {
  if (!isError(error, 'forbidden')) throw error;
  return [];
}

/**
 * Asks what a word meant that names nothing, or several things: `Did you mean 'shop.example.com'?`. Returns the command line and the scope
 * that name it. For a command that changes something, just enter is no.
 */
export async function corrected<S extends Scope>(
  error: unknown,
  line: Line,
  scope: S,
  { ask, progress }: Pick<Context, 'ask' | 'progress'>,
) {
  if (!isError(error, 'not_found', 'ambiguous') || !error.meant) throw error;
  const { noun, word, choices } = error.meant;
  // The word may have come from the settings.
  const parameter = line.destination?.parent ?? noun;
  const words = line.targets[parameter] ?? [];
  const [near] = choices;
  if (!near || !words.includes(word)) throw error;
  const isAmbiguous = error.code === 'ambiguous';
  if (!isAmbiguous) {
    const [missing = '', question = ''] = error.message.split(/ (?=Did you mean )/);
    progress.warn(missing);
    if (!(await ask.confirm(question, onlyReads(callsOf(line))))) throw cancelled();
  }
  const chosen = isAmbiguous
    ? await ask.select(
        capitalized(`${verbOf(line)} which ${title(noun)}?`.trim()),
        choices.map((choice) => ({ name: choice.name, value: choice })),
        { filter: true },
      )
    : near;
  const { [parameter]: _, ...others } = line.targets;
  return {
    line: {
      ...line,
      targets: { ...others, [noun]: words.map((name) => (name === word ? chosen.word : name)) },
      ...(line.destination && { destination: { parent: noun as 'server' | 'site', certain: true } }),
    },
    // Of several, each is looked up by its word.
    scope: words.length === 1 && chosen.targets ? { ...scope, picked: { ...scope.picked, ...chosen.targets } } : scope,
  };
}

/** An item to pick: its targets and the resource. */
export interface Candidate {
  readonly targets: Targets;
  readonly thing: JsonObject;
}

/** Reads the items to pick from. Sites are read from all servers unless one is given. */
async function candidatesFor(
  name: string,
  names: readonly string[],
  words: Readonly<Record<string, string | undefined>>,
  scope: Scope,
): Promise<readonly Candidate[]> {
  if (name === 'site' && words.server === undefined) {
    const { listed } = await everySite(scope);
    return listed.map(({ server, site }) => ({ targets: { server, site: targetOf(site, 'site') }, thing: site }));
  }
  const naming = namings[name];
  if (!naming) return [];
  const list = listUnder(naming, names);
  const parents = await resolveTargets(parameters(list), words, scope);
  const things = await scope.api.list<JsonObject>(list, targetIds(parents));
  return things.map((thing) => ({ targets: { [name]: targetOf(thing, name) }, thing }));
}

/** The words for what was picked on a command line: its name, or its id if the name is ambiguous. */
export function wordsFor(name: string, picked: Targets, candidates: readonly Candidate[]): Readonly<Record<string, string>> {
  const near = candidates.filter(({ targets }) => targets.server?.id === picked.server?.id);
  const servers = candidates.flatMap(({ targets: { server } }) => (server ? [{ id: server.id, name: server.label }] : []));
  const distinct = [...new Map(servers.map((each) => [each.id, each])).values()];
  const among = (noun: string) => (noun === name ? near.map(({ thing }) => thing) : distinct);
  const words = Object.entries(picked).map(([noun, target]) => [noun, wordFor(noun, target, among(noun))]);
  return Object.fromEntries(words);
}

function wordFor(noun: string, { id, label }: Target, things: readonly JsonObject[]): string {
  const naming = namings[noun];
  if (!naming || isIdOf(noun, label) || safeLine(label) !== label) return id;
  const [only, ...others] = matching(things, label, naming);
  return only && others.length === 0 && idIn(only.id) === id ? label : id;
}

const labelIn = ({ targets }: Candidate, name: string): Target => targets[name] ?? { id: '', label: '' };

/** The choices of what has a name: its server, details and, for equal names, the id stand beside it. */
export function choicesOf(name: string, candidates: readonly Candidate[], now: number, columns: number): readonly PromptChoice<Targets>[] {
  const named = (each: Candidate) => `${labelIn(each, name).label}\n${placeOf(name, each)}`;
  const seen = new Set<string>();
  const twins = new Set(candidates.map(named).filter((each) => seen.size === seen.add(each).size));
  const rows = candidates.map((each) => ({
    label: labelIn(each, name).label,
    place: placeOf(name, each),
    details: detailsOf(name, each, now),
    id: twins.has(named(each)) ? `id ${labelIn(each, name).id}` : '',
    value: each.targets,
  }));
  return alignedChoices(rows, columns);
}

/** Aligned rows that fit `columns`. A shortened label gets the whole one as the description. */
export function alignedChoices<T>(rows: readonly Row<T>[], columns: number): readonly PromptChoice<T>[] {
  const labels = rows.map(({ label }) => safeLine(label));
  const least = Math.min(NARROWEST, Math.max(0, ...labels.map(widthOf)));
  const { others, left } = fitting(rows, columns - CURSOR, least);
  const room = Math.max(NARROWEST, left);
  const shown = padded(labels.map((label) => [shortened(label, room)]));
  return rows.map(({ place, value }, index) => ({
    name: `${shown[index]?.join('')}  ${others[index]}`.trimEnd(),
    short: [labels[index], ...place.map((word) => `(${word})`)].join(' '),
    value,
    ...(widthOf(labels[index] ?? '') > room && { description: labels[index] ?? '' }),
  }));
}

/** The minimum width of a name, and the width of the cursor. */
const NARROWEST = 24;
const CURSOR = 3;
const START = 8;

/** Cuts out the middle: the end of a command line says more than its path. */
function shortened(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  const start = cutText(text, START + 1);
  const characters = [...cutInPieces(text, 1)];
  let end = '';
  for (let next = characters.pop(); next !== undefined && widthOf(start + next + end) <= room; next = characters.pop()) end = next + end;
  return start + end;
}

interface Row<T> {
  readonly label: string;
  readonly place: readonly string[];
  readonly details: readonly string[];
  readonly id: string;
  readonly value: T;
}

/** What stands after the name, without the last details if they leave it less than `least`, and the room left for the name. */
function fitting(
  rows: readonly Row<unknown>[],
  columns: number,
  least: number,
): { readonly others: readonly string[]; readonly left: number } {
  for (let kept = Math.max(0, ...rows.map(({ details }) => details.length)); ; kept -= 1) {
    const others = padded(rows.map(({ place, details, id }) => [...place, ...details.slice(0, kept), id])).map((row) => row.join('  '));
    const left = columns - Math.max(0, ...others.map((row) => (row === '' ? 0 : widthOf(row) + 2)));
    if (left >= least || kept <= 0) return { others, left };
  }
}

/** Pads rows to columns, without empty columns. */
function padded(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows.map((row) =>
    row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell))).filter((cell) => cell !== ''),
  );
}

const placeOf = (name: string, { targets }: Candidate): readonly string[] =>
  name === 'site' && targets.server ? [targets.server.label] : [];

function detailsOf(name: string, { thing }: Candidate, now: number): readonly string[] {
  return (namings[name]?.details ?? []).map((key) =>
    key.endsWith('_at') && thing[key] ? ago(wordOf(thing[key]), now) : wordOf(thing[key]),
  );
}
