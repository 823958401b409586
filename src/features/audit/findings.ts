import type { Context } from '../../cli/language/command.ts';
import { commandLine } from '../../cli/run/command-line.ts';
import { type Finding, fingerprintOf, namesIn, placeName, type Risk, type Unchecked } from './finding.ts';
import type { Ledger } from './ledger.ts';
import { ruleIds, rules, severities } from './rules.ts';
import { listed } from './words.ts';

type Where = Context['settings'];

/** The findings of an audit, the worst first, in the order of these servers. Each has a fingerprint of its own. */
export function findingsOf({ risks }: Ledger, servers: readonly string[], where: Where): readonly Finding[] {
  const seen = new Map<string, number>();
  return risks
    .toSorted((one, other) => compare(sortKey(one, servers), sortKey(other, servers)))
    .map(({ rule, severity = rules[rule].severity, place, resource, identity, message, fix }): Finding => {
      const first = fingerprintOf({ rule, place, identity }, 0);
      const turn = seen.get(first) ?? 0;
      seen.set(first, turn + 1);
      const fingerprint = turn === 0 ? first : fingerprintOf({ rule, place, identity }, turn);
      const { why } = rules[rule];
      return { rule, severity, ...namesIn(place), resource, message, why, fix: { command: commandLine(fix, where) }, fingerprint };
    });
}

type SortKey = readonly (number | string)[];

/** By severity, rule and place. Risks are found in the order of the responses, which differs. */
const sortKey = (
  { rule, severity = rules[rule].severity, place: { server, site }, resource, message }: Risk,
  servers: readonly string[],
): SortKey => [
  severities.indexOf(severity),
  ruleIds.indexOf(rule),
  servers.indexOf(server?.label ?? ''),
  site?.label ?? '',
  resource ?? '',
  message,
];

function compare(one: SortKey, other: SortKey): number {
  const at = one.findIndex((each, index) => each !== other[index]);
  return at < 0 ? 0 : (one[at] ?? 0) < (other[at] ?? 0) ? -1 : 1;
}

/** What could not be checked, in the shape of findings. */
export const gapsOf = ({ gaps }: Ledger, where: Where): readonly Finding[] =>
  gaps()
    .toSorted((one, other) => ruleIds.indexOf(one.rule) - ruleIds.indexOf(other.rule))
    .map(({ rule, places, reason, fix }): Finding => {
      const [place = {}, ...others] = places;
      const names = others.length === 0 ? namesIn(place) : { server: null, site: null };
      const at = wherever(places);
      return {
        rule,
        severity: 'not_checked',
        ...names,
        resource: null,
        message: `Not checked${at === '' ? '' : ` on ${at}`}: ${reason}`,
        why: rules[rule].why,
        fix: fix ? { command: commandLine(fix, where) } : null,
        fingerprint: fingerprintOf({ rule, place: {}, identity: ['not_checked', at, reason] }, 0),
      };
    });

const wherever = (places: Unchecked['places']): string => listed(places.flatMap((place) => placeName(namesIn(place)) ?? []));
