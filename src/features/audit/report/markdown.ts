import { type AuditFinding, placeName } from '../finding.ts';
import { type AuditReport, auditSummary, printable } from './report.ts';

/** A text of the API as HTML entities wherever Markdown could read more than text: no link, mention, image, table or tag. */
const escaped = (text: string): string =>
  printable(text).replace(/[\\`*_[\]<>|~@#&$]|:(?=\/\/|[\w+-]+:)|(?<=www)\./gi, (each) => `&#${each.codePointAt(0)};`);

const marks = { high: '🔴 high', medium: '🟠 medium', low: '🔵 low', not_checked: 'not checked' } as const;

/** Markdown for the summary of a CI job or a comment. */
export function markdownReport(report: AuditReport): string {
  const { findings, gaps, accepted, fixed } = report;
  const parts = [
    `## ${findings.length + gaps.length === 0 ? '✅' : '⚠️'} dnx audit`,
    `${escaped(auditSummary(report))}.`,
    ...(findings.length > 0 ? [tableOf(findings)] : []),
    ...(gaps.length > 0 ? [`### Not checked\n\n${gaps.map(gap).join('\n')}`] : []),
    ...(fixed.length > 0 ? [`### Fixed since the baseline\n\n${fixed.map((each) => `- ${escaped(each)}`).join('\n')}`] : []),
    ...(accepted.length > 0 ? [`${accepted.length} more in the baseline.`] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

const tableOf = (findings: readonly AuditFinding[]): string =>
  ['| Severity | Where | Finding | Fix |', '|---|---|---|---|', ...findings.map(row)].join('\n');

function row({ severity, server, site, message, why, fix }: AuditFinding): string {
  const cells = [
    marks[severity],
    escaped(placeName({ server, site }) ?? 'Organization'),
    `${escaped(message)}. ${escaped(why)}`,
    fix ? `<code>${escaped(fix.command)}</code>` : '',
  ];
  return `| ${cells.join(' | ')} |`;
}

const gap = ({ rule, message, fix }: AuditFinding): string =>
  `- <code>${rule}</code> ${escaped(message)}${fix ? ` <code>${escaped(fix.command)}</code>` : ''}`;
