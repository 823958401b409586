import { type Bound, boundOf, type Check, compare, isBranch, NUMBERS, next, padded, type Release, VERSION } from './bound.ts';

/** A longer constraint is refused: it comes from a repository that may be anyone's. */
const LONGEST = 1_000;

/**
 * Parses a version constraint of composer.json, as Composer's own parser does. The result says whether a stable release satisfies it.
 * Undefined if the constraint is invalid.
 */
export function parseConstraint(constraint: string): Check | undefined {
  const text = constraint.trim();
  if (text.length > LONGEST || !/^[ -~]*$/.test(text)) return undefined;
  const groups = text.split(/ *\|\|? */).map((group) => group.split(AND).map(single));
  if (groups.flat().some((each) => each === undefined)) return undefined;
  return (release) => groups.some((group) => group.every((each) => each?.(release)));
}

/** A comma or blanks between two constraints, but not after an operator, in `a - b` or in `a as b`. */
const AND = /(?<!^|as|[=>< ,]) *(?<!-)[, ](?!-) *(?!,|as|$)/;

const TILDE = new RegExp(`^~${VERSION}$`, 'i');
const CARET = new RegExp(`^\\^${VERSION}$`, 'i');
const WILDCARD = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.[xX*])+$/;
const HYPHEN = new RegExp(`^(${VERSION}) +- +(${VERSION})$`, 'i');
const OPERATOR = /^(<>|!=|>=?|<=?|==?)?\s*(.*)/;

/** One constraint between commas, blanks and pipes. */
function single(given: string): Check | undefined {
  const aliased = /^([^,\s]+) +as +([^,\s]+)$/.exec(given)?.[1] ?? given;
  const [, before, stability] = /^([^,\s]*?)@(stable|RC|beta|alpha|dev)$/i.exec(aliased) ?? [];
  const text = stability === undefined ? aliased : before || '*';
  if (/^v?[x*](\.[x*])*$/i.test(text)) return () => true;
  return tilde(text) ?? caret(text) ?? wildcard(text) ?? hyphen(text) ?? compared(text, stability);
}

/** `~8.1` allows the last number to grow: up to 9. */
function tilde(text: string): Check | undefined {
  const found = TILDE.exec(text);
  if (!found) return undefined;
  const count = found.slice(1, 5).filter((each) => each !== undefined).length + (found[8] ? 1 : 0);
  return between(text.slice(1), found.slice(1, 5), Math.max(1, count - 1));
}

/** `^8.1` allows everything below the next first number that is not zero: up to 9. */
function caret(text: string): Check | undefined {
  const found = CARET.exec(text);
  if (!found) return undefined;
  const [, major, minor, patch] = found;
  const place = major !== '0' || minor === undefined ? 1 : minor !== '0' || patch === undefined ? 2 : 3;
  return between(text.slice(1), found.slice(1, 5), place);
}

/** `8.*` */
function wildcard(text: string): Check | undefined {
  const found = WILDCARD.exec(text);
  if (!found) return undefined;
  const given = found.slice(1, 4);
  return between(given.filter((each) => each !== undefined).join('.'), given, given.filter((each) => each !== undefined).length);
}

/** `8.1 - 8.3` includes all of 8.3. */
function hyphen(text: string): Check | undefined {
  const found = HYPHEN.exec(text);
  if (!found) return undefined;
  const [, low = '', ...rest] = found;
  const [high = '', ...parts] = rest.slice(8);
  const [, minor, patch] = parts;
  const exact = (minor && patch) || parts[4] || parts[6] || parts[7];
  if (!exact) return between(low, parts.slice(0, 4), minor ? 2 : 1);
  const [from, to] = [boundOf(low), boundOf(high)];
  return from && to && ((release) => compare(release, from) >= 0 && compare(release, to) <= 0);
}

/** From a version up to, but not including, the next one at a place: 1 is the major version. */
function between(low: string, parts: readonly (string | undefined)[], place: number): Check | undefined {
  const from = boundOf(low);
  const to = next(padded(parts), place);
  return from && ((release) => compare(release, from) >= 0 && compare(release, to) < 0);
}

/** `>=8.1`, `!=8.2.3` or `8.3.6`. A stability flag makes a bound include unstable versions. */
function compared(text: string, stability: string | undefined): Check | undefined {
  const [, operator = '=', version = ''] = OPERATOR.exec(text) ?? [];
  const differs = operator === '!=' || operator === '<>';
  const bound = boundOf(version);
  // A branch is no release, so none equals it or is ordered by it.
  if (!bound) return isBranch(version) ? () => differs : undefined;
  const loose = stability !== undefined && stability !== 'stable' && !operator.startsWith('==') && operator !== '=' && bound.suffix === 0;
  const limit: Bound = loose ? { ...bound, suffix: -1 } : bound;
  return (release) => holds(operator, compare(release, limit));
}

function holds(operator: string, order: number): boolean {
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '!=':
    case '<>':
      return order !== 0;
    default:
      return order === 0;
  }
}

/**
 * True if a constraint allows a PHP version: `8.3` if it allows any 8.3 release, `8.3.6` only that one. Undefined if either cannot
 * be parsed.
 */
export function allows(constraint: string, version: string): boolean | undefined {
  const check = parseConstraint(constraint);
  const [, major, minor, patch] = new RegExp(`^${NUMBERS}$`).exec(version.trim()) ?? [];
  if (!check || major === undefined || minor === undefined) return undefined;
  const release = (last: number): Release => [Number(major), Number(minor), last, 0];
  if (patch !== undefined) return check(release(Number(patch)));
  // The answer can change only next to a number of the constraint.
  const edges = [...constraint.matchAll(/\d+/g)].map(([digits]) => Number(digits)).flatMap((each) => [each - 1, each, each + 1]);
  return [0, 999_999, ...edges.filter((each) => each >= 0)].some((last) => check(release(last)));
}
