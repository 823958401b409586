import type { Described } from './described.ts';
import { basisOf, type Finding, several } from './finding.ts';
import type { KnownEndpoint } from './known.ts';

/** Differences in who may call an operation. `named`: the document names abilities somewhere, so that silence means none. */
export function accessDifferences(
  { endpoint, ability, commands }: KnownEndpoint,
  { abilities, otherScheme }: Described,
  named: boolean,
): Finding[] {
  const tell = (assumed: boolean, text: string): Finding => ({
    basis: basisOf({ assumed }),
    kind: 'ability',
    operation: endpoint,
    name: ability?.ability ?? null,
    text,
    commands,
  });
  const scheme = otherScheme === undefined ? [] : [tell(false, `the document takes ${otherScheme}; dnx sends a bearer token`)];
  if (!named || !abilities) return scheme;
  const own = ability ? [ability.ability] : [];
  if (abilities.some((needed) => needed.length === own.length && needed.every((each) => own.includes(each)))) return scheme;
  const words = abilities.map((needed) => (needed.length === 0 ? 'none' : several(needed))).join(' or ');
  return [...scheme, tell(ability?.assumed ?? false, `needs ${words} in the document, ${ability?.ability ?? 'none'} in dnx`)];
}

/** True if a document names the ability of any operation. */
export const namesAbilities = (operations: readonly Described[]): boolean =>
  operations.some(({ abilities }) => abilities?.some((needed) => needed.length > 0));
