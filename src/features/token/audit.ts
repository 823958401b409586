import { wordOf } from '../../base/text.ts';
import { timeOf } from '../../base/time.ts';
import { abilities as all } from '../../platform/abilities.ts';
import type { Token } from './token.ts';

const UNUSED_DAYS = 90;
const DAY_MS = 86_400_000;

/** A token, and what is wrong with it. */
export type Audited = Token & { readonly audit: readonly string[] };

/** Marks what is wrong with tokens: every ability, unused for 90 days, never used, a name given twice. `now` is in epoch ms. */
export function audit(tokens: readonly Token[], now: number): Audited[] {
  return tokens.map((token) => ({ ...token, audit: [...marks(token, tokens, now)] }));
}

function* marks(token: Token, tokens: readonly Token[], now: number): Iterable<string> {
  if (hasEverything(token.abilities)) yield 'has every ability';
  if (token.last_used_at === null) yield 'never used';
  else if (token.last_used_at !== undefined) {
    const days = Math.floor((now - (timeOf(token.last_used_at) ?? now)) / DAY_MS);
    if (days >= UNUSED_DAYS) yield `unused for ${days} days`;
  }
  const twins = tokens.filter((other) => other !== token && other.name === token.name).map(({ id }) => `#${wordOf(id)}`);
  if (twins.length > 0) yield `same name as ${twins.join(', ')}`;
}

/** True for `*`, and for a list that holds all there are. */
export const hasEverything = (abilities: readonly string[] | undefined): boolean =>
  Array.isArray(abilities) && (abilities.includes('*') || all.every((each) => abilities.includes(each)));
