import type { JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Query } from '../../platform/api/api.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { openLists } from '../overview/lists.ts';
import { type AuditPlace, type Flaw, namesIn, type Risk, type RuleAtPlace, ruleKey, type UncheckedRule } from './finding.ts';
import type { RuleId } from './rules.ts';

type Obstacle = Pick<UncheckedRule, 'reason'> & Partial<Pick<UncheckedRule, 'fix' | 'error' | 'pending'>>;

/** Collects what the checks find, and what they covered. */
export type Ledger = ReturnType<typeof openLedger>;

/** A new ledger. */
export function openLedger() {
  const risks: Risk[] = [];
  const spared: Risk[] = [];
  const covered = new Map<string, RuleAtPlace>();
  const gaps = new Map<string, UncheckedRule>();
  const checked = (place: AuditPlace, ...rules: readonly RuleId[]): void => {
    for (const entry of rules.map((rule) => ({ rule, ...namesIn(place) }))) covered.set(ruleKey(entry), entry);
  };
  const add = (rule: RuleId, place: AuditPlace, flaws: Iterable<Flaw>): void => {
    for (const flaw of flaws) risks.push({ ...flaw, rule, place });
  };
  return {
    risks: risks as readonly Risk[],
    spared: spared as readonly Risk[],
    /** Rules were checked at a place, whatever was found. */
    checked,
    /** This was found, whether or not everything could be checked. */
    add,
    /** What is a finding for every token but the one in use: that token itself. */
    spare: (risk: Risk): void => void spared.push(risk),
    found(rule: RuleId, place: AuditPlace, flaws: Iterable<Flaw>): void {
      checked(place, rule);
      add(rule, place, flaws);
    },
    unchecked(place: AuditPlace, rules: readonly RuleId[], { reason, fix, error, pending = false }: Obstacle): void {
      for (const rule of rules) {
        const key = JSON.stringify([rule, reason]);
        const before = gaps.get(key);
        gaps.set(key, { rule, reason, fix, error, pending, places: [...(before?.places ?? []), place] });
      }
    },
    covered: (): readonly RuleAtPlace[] => [...covered.values()],
    /** The checks that could not be made, one for each rule and reason. */
    gaps: (): readonly UncheckedRule[] => [...gaps.values()],
  };
}

/** Reads a list for checks. Undefined, and noted for these rules, if it cannot be read. */
export type ListReader = ReturnType<typeof openReader>;

/** Notes in the ledger what cannot be read. */
export function openReader(ctx: Context, ledger: Ledger) {
  const read = openLists(ctx, 'audit');
  return async (endpoint: Endpoint, place: AuditPlace, rules: readonly RuleId[], query?: Query) => {
    const { items, error, fix } = await read(endpoint, { server: place.server?.id, site: place.site?.id }, query && { query });
    if (error) ledger.unchecked(place, rules, { reason: error.message, fix, error });
    return items;
  };
}

/** Reads the list that a rule needs, and notes what is wrong with it. */
export async function inspect(
  endpoint: Endpoint,
  place: AuditPlace,
  rule: RuleId,
  { reader, ledger }: { readonly reader: ListReader; readonly ledger: Ledger },
  flawsIn: (records: readonly JsonObject[]) => Iterable<Flaw>,
): Promise<void> {
  const records = await reader(endpoint, place, [rule]);
  if (records) ledger.found(rule, place, flawsIn(records));
}
