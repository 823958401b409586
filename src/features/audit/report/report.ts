import { safeLine } from '../../../cli/output/text.ts';
import type { AuditFinding } from '../finding.ts';
import { type Severity, severities } from '../rules.ts';

/** Everything that the reports show. */
export interface AuditReport {
  /** The findings that are not in the baseline, the worst first. */
  readonly findings: readonly AuditFinding[];
  /** What could not be checked. */
  readonly gaps: readonly AuditFinding[];
  /** The checks that were made, by place. */
  readonly covered: readonly { readonly rule: AuditFinding['rule']; readonly server: string | null; readonly site: string | null }[];
  /** The findings of the baseline, which are not shown. */
  readonly accepted: readonly AuditFinding[];
  /** What is in the baseline and was fixed, in words. */
  readonly fixed: readonly string[];
  readonly servers: readonly string[];
  readonly sites: number;
  /** When it ended, in epoch ms. */
  readonly at: number;
}

/** `3 servers`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** True for a finding of this severity or a worse one. */
export const isAtLeast = (severity: AuditFinding['severity'], least: Severity): boolean =>
  severity !== 'not_checked' && severities.indexOf(severity) <= severities.indexOf(least);

/** `8 findings on 3 servers and 6 sites: 3 high, 5 low`. */
export function auditSummary({ findings, gaps, accepted, servers, sites }: AuditReport): string {
  const scope = `on ${counted(servers.length, 'server')} and ${counted(sites, 'site')}`;
  const parts = severities.flatMap((severity) => {
    const count = findings.filter((each) => each.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  if (findings.length > 0) return `${counted(findings.length, 'finding')} ${scope}: ${parts.join(', ')}`;
  const none = `No ${accepted.length > 0 ? 'new ' : ''}findings ${scope}`;
  return gaps.length === 0 ? none : `${none}, but not everything could be checked`;
}

/** Findings by server, in the order of the servers; those of the organization last. */
export function byServer({
  findings,
  servers,
}: AuditReport): readonly (readonly [server: string | null, findings: readonly AuditFinding[]])[] {
  const order: readonly (string | null)[] = [...new Set([...servers, ...findings.flatMap(({ server }) => server ?? [])]), null];
  return order.flatMap((server): (readonly [string | null, readonly AuditFinding[]])[] => {
    const own = findings.filter((each) => each.server === server);
    return own.length === 0 ? [] : [[server, own]];
  });
}

/** A text of the API in one line, without control characters, direction marks and halves of characters. */
export const printable = (text: string): string => safeLine(text.replace(/\p{Cs}/gu, '\ufffd'));
