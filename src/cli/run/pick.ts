import { DnxError } from '../../base/errors.ts';
import { capitalized, plural, title } from '../../base/text.ts';
import { type Endpoint, isRead } from '../../platform/api/endpoint.ts';
import { lookupsFor, type Scope } from '../../platform/names/lookups.ts';
import { called, type Targets } from '../../platform/names/names.ts';
import { namings } from '../../platform/names/namings.ts';
import { brokenSetting } from '../../platform/names/unresolved.ts';
import { type Context, nounOf } from '../language/command.ts';
import type { Candidate } from './candidates.ts';
import type { Invocation } from './invocation.ts';
import { firstWords } from './targets.ts';

type Needs = Pick<Context, 'ask' | 'clock' | 'progress' | 'world'>;

/** What was picked, by path parameter, and the words that name it on a command line. */
interface Picked {
  readonly targets: Targets;
  readonly words: Readonly<Record<string, string>>;
}

const NOTHING: Picked = { targets: {}, words: {} };

/** Prompts for missing path parameters. */
export async function pickMissing(
  invocation: Invocation,
  names: readonly string[],
  endpoint: Endpoint | undefined,
  scope: Scope,
  ctx: Needs,
): Promise<Picked> {
  if (!ctx.ask.allowed) return NOTHING;
  const words = firstWords(invocation);
  const missing = lookupsFor(names, words, scope.settings)
    .filter(({ how }) => how === 'missing')
    .map(({ name }) => name);
  // A picked site includes its server.
  const wanted = missing.includes('site') ? ['site', ...missing.filter((name) => name !== 'site' && name !== 'server')] : missing;
  let picked = NOTHING;
  for (const name of wanted) {
    const broken = brokenSetting(name, scope.settings);
    if (broken) throw broken;
    if (!namings[name]) continue;
    const { candidatesFor, wordsFor } = await import('./candidates.ts');
    const candidates = await candidatesFor(name, names, words, { ...scope, picked: picked.targets });
    const targets = await pickOne(name, candidates, invocation, endpoint, ctx);
    picked = { targets: { ...picked.targets, ...targets }, words: { ...picked.words, ...wordsFor(name, targets, candidates) } };
  }
  return picked;
}

/** Picks one. A single candidate is taken without a prompt, unless it would be changed. */
async function pickOne(
  name: string,
  candidates: readonly Candidate[],
  invocation: Invocation,
  endpoint: Endpoint | undefined,
  ctx: Needs,
): Promise<Targets> {
  const [only] = candidates;
  if (!only) throw new DnxError('not_found', `No ${plural(title(name))} to choose from.`);
  const own = name === nounOf(invocation.group);
  const { choicesOf, labelIn } = await import('./candidates.ts');
  if (candidates.length === 1 && (!own || (endpoint && isRead(endpoint)))) {
    ctx.progress.note(`Using ${called(name, labelIn(only, name))}, the only one.`);
    return only.targets;
  }
  const question = `${own ? verbOf(invocation) : ''} which ${title(name)}?`.trim();
  return ctx.ask.select(capitalized(question), choicesOf(name, candidates, ctx.clock.now(), ctx.world.stderr.columns || 80), {
    filter: true,
  });
}

/** `Deploy`, if the summary starts with the name of the command; otherwise empty. */
export function verbOf({ command }: Invocation): string {
  const { consent, name, summary } = command;
  if (typeof consent === 'object' && consent.verb) return consent.verb;
  const [first = ''] = summary.split(' ');
  return first.toLowerCase() === name ? first : '';
}
