import { createHash } from 'node:crypto';
import { toJson } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { commandLine } from '../../cli/run/command-line.ts';
import type { Target } from '../../platform/names/names.ts';
import type { Ledger } from './ledger.ts';
import { type RuleId, ruleIds, rules, type Severity, severities } from './rules.ts';
import { wordList } from './words.ts';

/** Where something is: a site, a server, or the organization. */
export interface AuditPlace {
  readonly server?: Target;
  readonly site?: Target;
}

/** What a check found. */
export interface Risk {
  readonly rule: RuleId;
  /** That of the rule if missing. */
  readonly severity?: Severity;
  readonly place: AuditPlace;
  /** The name of what is wrong, if it is not the server or site itself. */
  readonly resource: string | null;
  /** Tells it from others of the same rule and place. No id that changes, such as that of a certificate, which is issued again. */
  readonly identity: unknown;
  readonly message: string;
  /** The command that fixes it, without `dnx`. */
  readonly fix: readonly string[];
}

/** Checks that could not be made. */
export interface Unchecked {
  readonly rule: RuleId;
  readonly places: readonly AuditPlace[];
  readonly reason: string;
  /** The command that makes it possible, without `dnx`. */
  readonly fix: readonly string[] | undefined;
  /** True if there is nothing to check yet. */
  readonly pending: boolean;
}

/** A finding, as scripts get it. Its severity is `not_checked` if the check could not be made. */
export interface AuditFinding {
  readonly rule: RuleId;
  readonly severity: Severity | 'not_checked';
  readonly server: string | null;
  readonly site: string | null;
  readonly resource: string | null;
  readonly message: string;
  readonly why: string;
  readonly fix: { readonly command: string } | null;
  readonly fingerprint: string;
}

/** The names of a place. */
export const namesIn = ({ server, site }: AuditPlace) => ({ server: server?.label ?? null, site: site?.label ?? null });

/** `shop.example.com on web-1`, `web-1`, or undefined for the organization. */
export const placeName = ({ server, site }: { readonly server: string | null; readonly site: string | null }): string | undefined =>
  site === null ? (server ?? undefined) : server === null ? site : `${site} on ${server}`;

/** The fingerprint of a finding, the same in every audit until it is fixed. `turn`: counts those that are otherwise alike. */
export const findingFingerprint = ({ rule, place, identity }: Pick<Risk, 'rule' | 'place' | 'identity'>, turn: number): string => {
  const { server, site } = namesIn(place);
  return createHash('sha256')
    .update(toJson([rule, server, site, identity, turn]))
    .digest('hex')
    .slice(0, 32);
};

type Where = Context['settings'];

/** The findings of an audit, the worst first, in the order of these servers. Each has a fingerprint of its own. */
export function findingsOf({ risks }: Ledger, servers: readonly string[], where: Where): readonly AuditFinding[] {
  const seen = new Map<string, number>();
  return risks
    .toSorted((one, other) => compare(sortKey(one, servers), sortKey(other, servers)))
    .map(({ rule, severity = rules[rule].severity, place, resource, identity, message, fix }): AuditFinding => {
      const first = findingFingerprint({ rule, place, identity }, 0);
      const turn = seen.get(first) ?? 0;
      seen.set(first, turn + 1);
      const fingerprint = turn === 0 ? first : findingFingerprint({ rule, place, identity }, turn);
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
export const gapsOf = ({ gaps }: Ledger, where: Where): readonly AuditFinding[] =>
  gaps()
    .toSorted((one, other) => ruleIds.indexOf(one.rule) - ruleIds.indexOf(other.rule))
    .map(({ rule, places, reason, fix }): AuditFinding => {
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
        fingerprint: findingFingerprint({ rule, place: {}, identity: ['not_checked', at, reason] }, 0),
      };
    });

const wherever = (places: Unchecked['places']): string => wordList(places.flatMap((place) => placeName(namesIn(place)) ?? []));
