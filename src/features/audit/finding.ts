import { createHash } from 'node:crypto';
import type { DnxError } from '../../base/errors.ts';
import { type JsonObject, toJson } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { failure, nullable, objectOf, oneOf, type Printed, type Shape, word } from '../../cli/language/shape.ts';
import type { Query } from '../../platform/api/api.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { isId, type Target } from '../../platform/names/names.ts';
import { openLists } from '../overview/lists.ts';
import { type RuleId, type Severity, severities } from './rules.ts';

/** Where something is: a site, a server, or the organization. */
export interface AuditPlace {
  readonly server?: Target;
  readonly site?: Target;
}

/** What a check found wrong. */
export interface Flaw {
  /** That of the rule if missing. */
  readonly severity?: Severity;
  /** The name of what is wrong, if it is not the server or site itself. */
  readonly resource?: string | null;
  /** Tells it from others of the same rule and place; the resource by default. No id that changes, such as that of a certificate, which is issued again. */
  readonly identity?: unknown;
  readonly message: string;
  /** The command that fixes it, without `dnx`. */
  readonly fix: readonly string[];
}

/** A flaw by rule and place. */
export interface Risk extends Flaw {
  readonly rule: RuleId;
  readonly place: AuditPlace;
}

/** Checks that could not be made. */
export interface UncheckedRule {
  readonly rule: RuleId;
  readonly places: readonly AuditPlace[];
  readonly reason: string;
  /** The command that makes it possible, without `dnx`. */
  readonly fix: readonly string[] | undefined;
  /** The error of the request that failed, if one did. */
  readonly error: DnxError | undefined;
  /** True if there is nothing to check yet. */
  readonly pending: boolean;
}

/** The names of a place. */
export interface PlaceNames {
  readonly server: string | null;
  readonly site: string | null;
}

/** A finding, as scripts get it. Its severity is `not_checked` if the check could not be made, and `fixed` if it is gone since the baseline. */
export const auditFinding = objectOf(
  {
    rule: word as Shape<RuleId>,
    severity: oneOf(...severities, 'not_checked', 'fixed'),
    server: nullable(word),
    site: nullable(word),
    resource: nullable(word),
    message: word,
    why: word,
    fix: nullable(objectOf({ command: word })),
    fingerprint: word,
  },
  { error: failure },
);
export type AuditFinding = Printed<typeof auditFinding>;

/** A rule at a place, by name. */
export type RuleAtPlace = Pick<AuditFinding, 'rule' | 'server' | 'site'>;

/** Tells one rule at a place from another. */
export const ruleKey = ({ rule, server, site }: PlaceNames & { readonly rule: string }): string => JSON.stringify([rule, server, site]);

/** The names of a place. */
export const namesIn = ({ server, site }: AuditPlace): PlaceNames => ({ server: server?.label ?? null, site: site?.label ?? null });

/** `shop.example.com on web-1`, `web-1`, or undefined for the organization. */
export const placeName = ({ server, site }: PlaceNames): string | undefined =>
  site === null ? (server ?? undefined) : server === null ? site : `${site} on ${server}`;

/** `queue-worker-stopped shop.example.com on web-1 (mails)`. */
export const findingWords = (finding: PlaceNames & { readonly rule: string; readonly resource: string | null }): string =>
  [finding.rule, placeName(finding), finding.resource === null ? undefined : `(${finding.resource})`].filter(Boolean).join(' ');

/** The fingerprint of a finding, the same in every audit until it is fixed. `turn`: counts those that are otherwise alike. */
export function findingFingerprint(
  { rule, place, resource = null, identity = resource }: Pick<Risk, 'rule' | 'place' | 'resource' | 'identity'>,
  turn: number,
): string {
  const { server, site } = namesIn(place);
  const digest = createHash('sha256').update(toJson([rule, server, site, identity, turn]));
  return digest.digest('hex').slice(0, 32);
}

/** A name that can be typed as it is, and is not taken for an id. */
const isSimple = (word: string): boolean => /^[A-Za-z_][\w.@:-]*$/.test(word) && !isId(word);

/** The word for a resource in a command: its name if that is simple and no other has it, otherwise its id. */
export const commandWord = (name: string, id: string | undefined, others: readonly string[]): string | undefined =>
  isSimple(name) && others.filter((other) => other === name).length < 2 ? name : id;

/** A server or site in a command. A label that is not simple, such as that of a duplicate, is replaced by the id. */
const placed = ({ label, id }: Target): string => (isSimple(label) || isIp(label) ? label : id);

const isIp = (word: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(word);

/** `--server web-1`. */
export const onServer = ({ server }: AuditPlace): readonly string[] => (server ? ['--server', placed(server)] : []);

/** `--site shop.example.com --server web-1`. */
export const onSite = (place: AuditPlace): readonly string[] => [...(place.site ? ['--site', placed(place.site)] : []), ...onServer(place)];

/** `shop.example.com --server web-1`. */
export const theSite = (place: AuditPlace): readonly string[] => [...(place.site ? [placed(place.site)] : []), ...onServer(place)];

/** `web-1`, or the id of a server that is called like a site. */
export const theServer = ({ server }: AuditPlace): readonly string[] =>
  server ? [server.label.includes('.') && !isIp(server.label) ? server.id : placed(server)] : [];

/** `web-1, web-2 and 4 more`. */
export function wordList(words: readonly string[], most = 3): string {
  if (words.length <= 1) return words.join('');
  const shown = words.length > most ? words.slice(0, most - 1) : words.slice(0, -1);
  const rest = words.length > most ? `${words.length - shown.length} more` : words.at(-1);
  return `${shown.join(', ')} and ${rest}`;
}

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
