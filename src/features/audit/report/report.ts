import { counted } from '../../../base/text.ts';
import { printable } from '../../../cli/output/text.ts';
import type { TablePage } from '../../../cli/output/view.ts';
import type { AuditFinding, RuleAtPlace } from '../finding.ts';
import { type Severity, severities } from '../rules.ts';

/** Everything that the reports show. */
export interface AuditReport {
  /** The findings that are not in the baseline, the worst first. */
  readonly findings: readonly AuditFinding[];
  readonly gaps: readonly AuditFinding[];
  readonly covered: readonly RuleAtPlace[];
  /** The findings of the baseline, which are not shown. */
  readonly accepted: readonly AuditFinding[];
  /** What is in the baseline and was fixed. */
  readonly fixed: readonly AuditFinding[];
  readonly servers: readonly string[];
  readonly sites: number;
  /** When it ended, in epoch ms. */
  readonly at: number;
}

/** True for a finding of this severity or a worse one. */
export const isAtLeast = (severity: AuditFinding['severity'], least: Severity): boolean =>
  severities.some((each, at) => each === severity && at <= severities.indexOf(least));

/** `8 findings on 3 servers and 6 sites: 3 high, 5 low`. */
export function auditSummary({ findings, gaps, accepted, servers, sites }: AuditReport): string {
  const scope = `on ${counted(servers.length, 'server')} and ${counted(sites, 'site')}`;
  const parts = severities.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  if (findings.length > 0) return `${counted(findings.length, 'finding')} ${scope}: ${parts.join(', ')}`;
  const none = `No ${accepted.length > 0 ? 'new ' : ''}findings ${scope}`;
  return gaps.length === 0 ? none : `${none}, but not everything could be checked`;
}

type ServerFindings = readonly [server: string | null, findings: readonly AuditFinding[]];

/** Findings by server, in the order of the servers; those of the organization last. */
export const byServer = ({ findings, servers }: AuditReport): readonly ServerFindings[] =>
  [...new Set([...servers, ...findings.flatMap(({ server }) => server ?? [])]), null]
    .map((server): ServerFindings => [server, findings.filter((finding) => finding.server === server)])
    .filter(([, found]) => found.length > 0);

const tones = { high: 'red', medium: 'yellow', low: 'accent', not_checked: 'dim', fixed: 'green' } as const;
const LABEL = 'medium'.length;

/** The findings for people: by server, each with the command that fixes it. */
export function tableReport(report: AuditReport, page: TablePage): string {
  const { style, wrap } = page;
  const blocks = byServer(report).map(([server, findings]) => [
    style.bold(printable(server ?? 'Organization')),
    ...findings.flatMap((finding) => lines(finding, page)),
  ]);
  const reasons = [...new Set(report.gaps.map(({ message }) => message))].flatMap((reason) => gapLines(report.gaps, reason, page));
  const gaps = reasons.length === 0 ? [] : [[style.bold('Not checked'), ...reasons]];
  const all = [...blocks, ...gaps].map((block) => `${block.join('\n')}\n`);
  const clean = report.findings.length === 0 && report.gaps.length === 0;
  const end = clean ? [`${wrap(`${style.green('✓')} ${auditSummary(report)}`, 2)}.\n`] : [`${wrap(auditSummary(report))}\n`];
  return [...all, ...end].join('\n');
}

function lines({ severity, site, message, fix }: AuditFinding, { style, wrap }: TablePage): readonly string[] {
  const label = style[tones[severity]](severity.padEnd(LABEL));
  const what = printable(site === null ? message : `${site}: ${message}`);
  return [wrap(`  ${label}  ${what}`, LABEL + 4), ...(fix ? [fixLine(fix, LABEL + 4, style)] : [])];
}

function gapLines(gaps: readonly AuditFinding[], message: string, { style, wrap }: TablePage): readonly string[] {
  const alike = gaps.filter((gap) => gap.message === message);
  const what = printable(message.replace(/^Not checked(: | on )/, ''));
  return [
    wrap(`  ${style.yellow('!')} ${what}`, 4),
    wrap(`    checks: ${alike.map(({ rule }) => rule).join(', ')}`, 4),
    ...alike.slice(0, 1).flatMap(({ fix }) => (fix ? [fixLine(fix, 4, style)] : [])),
  ];
}

/** The command stays in one piece, to be copied: a terminal breaks a line that is too long. */
const fixLine = ({ command }: NonNullable<AuditFinding['fix']>, indent: number, { dim, accent }: TablePage['style']): string =>
  `${' '.repeat(indent)}${dim('fix:')} ${accent(printable(command))}`;
