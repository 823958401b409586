import { DnxError, isError } from '../../base/errors.ts';
import { capitalized } from '../../base/text.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import type { Targets } from '../../platform/names/names.ts';
import { brokenSetting } from '../../platform/names/unresolved.ts';
import type { Context } from '../language/command.ts';
import { type Candidate, candidatesFor, choicesOf, wordsFor } from './candidates.ts';
import type { Invocation } from './invocation.ts';
import { verbOf } from './pick.ts';

/** Prompts for a site or a server. Returns the command line that names it, and a scope that knows it. */
export async function pickDestination(
  invocation: Invocation,
  scope: Scope,
  { ask, clock, world }: Pick<Context, 'ask' | 'clock' | 'world'>,
): Promise<{ readonly typed: Invocation; readonly unpicked: Scope }> {
  const broken = brokenSetting('site', scope.settings) ?? brokenSetting('server', scope.settings);
  if (broken) throw broken;
  const offered: Readonly<Record<'site' | 'server', readonly Candidate[]>> = {
    site: await candidatesFor('site', ['server', 'site'], {}, scope).catch(noneIfForbidden),
    server: await candidatesFor('server', ['server'], {}, scope),
  };
  if (offered.server.length === 0) throw new DnxError('not_found', 'No servers or sites to choose from.');
  const columns = world.stderr.columns || 80;
  const choices = (['site', 'server'] as const).flatMap((name) => choicesOf(name, offered[name], clock.now(), columns));
  const picked: Targets = await ask.select(capitalized(`${verbOf(invocation)} which site or server?`.trim()), choices, { filter: true });
  const name = picked.site ? 'site' : 'server';
  const words = Object.entries(wordsFor(name, picked, offered[name])).map(([key, word]) => [key, [word]]);
  return {
    typed: { ...invocation, targets: { ...invocation.targets, ...Object.fromEntries(words) } },
    unpicked: { ...scope, picked },
  };
}

/** A token that cannot read sites may still reach a server. */
function noneIfForbidden(error: unknown): readonly Candidate[] {
  if (!isError(error, 'forbidden')) throw error;
  return [];
}
