import { type DnxError, isError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Query } from '../../platform/api/api.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { idIn, resourceName, sameName, type Target } from '../../platform/names/names.ts';
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

/** Requests a list that the token cannot read only once, not for every server. */
export function openReader({ api, tokens }: Context, ledger: Ledger) {
  const refused = new Map<Endpoint, Obstacle>();
  const answered = new Set<Endpoint>();
  return async (endpoint: Endpoint, place: AuditPlace, rules: readonly RuleId[], query?: Query) => {
    const known = refused.get(endpoint);
    if (known) return void ledger.unchecked(place, rules, known);
    try {
      const items = await api.list<unknown>(endpoint, { server: place.server?.id, site: place.site?.id }, query && { query });
      answered.add(endpoint);
      return distinct(items.filter(isObject));
    } catch (error) {
      if (!isAboutList(error)) throw error;
      const fix = error.lacks === undefined ? error.next[0]?.command : await forAudit(tokens);
      const obstacle = { reason: error.message, fix, error };
      // Abilities belong to the token, and a role may be another on each server.
      if (error.lacks !== undefined && !answered.has(endpoint)) refused.set(endpoint, obstacle);
      return void ledger.unchecked(place, rules, obstacle);
    }
  };
}

/** False for what stops every request: no network, no valid token, Ctrl-C, or a bug. */
const isAboutList = (error: unknown): error is DnxError => isError(error, 'forbidden', 'not_found', 'invalid', 'differences', 'failed');

const forAudit = async (tokens: Context['tokens']): Promise<readonly string[]> =>
  (await tokens.find())?.source === 'variable' ? ['token', 'create', 'audit', '--for', 'audit'] : ['auth', 'refresh', '--for', 'audit'];

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

/** Records without those that a list repeats, as one does that changed while its pages were read. */
export const distinct = (records: readonly JsonObject[]): readonly JsonObject[] => [
  ...new Map(records.map((record) => [idIn(record.id) ?? record, record])).values(),
];

/** Servers or sites, each with a label that no other has. `unusable` is called with the name of one that has no id. */
export function withLabels(records: readonly JsonObject[], noun: 'server' | 'site', unusable: (what: string, name: string) => void) {
  const names = records.map((record) => resourceName(record, noun) ?? wordOf(record.id));
  return records.flatMap((record, index): (readonly [Target, JsonObject])[] => {
    const id = idIn(record.id);
    const name = names[index] ?? '';
    if (id === undefined) {
      unusable(`Deploynix lists a ${[noun, name].filter(Boolean).join(' ')} without a usable id.`, name);
      return [];
    }
    const isShared = names.filter((other) => sameName(noun, other, name)).length > 1;
    return [[{ id, label: isShared ? `${name} (${id})` : name }, record]];
  });
}
