import { createHash } from 'node:crypto';
import { toJson } from '../../base/json.ts';
import type { Target } from '../../platform/names/names.ts';
import type { RuleId, Severity } from './rules.ts';

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
  readonly resource?: string | null;
  /** Tells it from others of the same rule and place; the resource by default. No id that changes, such as that of a certificate, which is issued again. */
  readonly identity?: unknown;
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
export const findingFingerprint = (
  { rule, place, resource = null, identity = resource }: Pick<Risk, 'rule' | 'place' | 'resource' | 'identity'>,
  turn: number,
): string => {
  const { server, site } = namesIn(place);
  return createHash('sha256')
    .update(toJson([rule, server, site, identity, turn]))
    .digest('hex')
    .slice(0, 32);
};
