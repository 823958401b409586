import { wordOf } from '../../base/text.ts';
import { timeOf } from '../../base/time.ts';
import { abilities as all } from '../../platform/abilities.ts';
import type { Token } from './token.ts';

const UNUSED_DAYS = 90;
const DAY_MS = 86_400_000;

/** A token and its audit flags. */
export type Audited = Token & { readonly audit: readonly string[] };

/** `now` in epoch ms, and the id of the token in use. */
interface Standard {
  readonly now: number;
  readonly own: string | undefined;
}

/** Flags tokens that have every ability (except the one in use), are unused for 90 days, were never used, or share a name. */
export function audit(tokens: readonly Token[], standard: Standard): Audited[] {
  return tokens.map((token) => ({ ...token, audit: [...flags(token, tokens, standard)] }));
}

function* flags(token: Token, tokens: readonly Token[], { now, own }: Standard): Iterable<string> {
  if (hasEverything(token.abilities) && wordOf(token.id) !== own) yield 'has every ability';
  if (token.last_used_at === null) yield 'never used';
  else if (token.last_used_at !== undefined) {
    const days = Math.floor((now - (timeOf(token.last_used_at) ?? now)) / DAY_MS);
    if (days >= UNUSED_DAYS) yield `unused for ${days} days`;
  }
  const twins = tokens.filter((other) => other !== token && other.name === token.name).map(({ id }) => `#${wordOf(id)}`);
  if (twins.length > 0) yield `same name as ${twins.join(', ')}`;
}

/** True for `*`, and for a list of all abilities. */
export const hasEverything = (abilities: unknown): boolean =>
  Array.isArray(abilities) && (abilities.includes('*') || all.every((each) => abilities.includes(each)));
