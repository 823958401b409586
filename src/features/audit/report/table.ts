import type { Reports } from '../../../cli/output/view.ts';
import type { AuditFinding } from '../finding.ts';
import { type AuditReport, auditSummary, byServer, printable } from './report.ts';

type Page = Parameters<Reports['table']>[0];

const tones = { high: 'red', medium: 'yellow', low: 'accent', not_checked: 'dim' } as const;
const LABEL = 'medium'.length;

/** The findings for people: by server, each with the command that fixes it. */
export function tableReport(report: AuditReport, page: Page): string {
  const { style, wrap } = page;
  const blocks = byServer(report).map(([server, findings]) => [
    style.bold(printable(server ?? 'Organization')),
    ...findings.flatMap((each) => lines(each, page)),
  ]);
  const reasons = [...new Set(report.gaps.map(({ message }) => message))].flatMap((each) => gapLines(report.gaps, each, page));
  const gaps = reasons.length === 0 ? [] : [[style.bold('Not checked'), ...reasons]];
  const all = [...blocks, ...gaps].map((block) => `${block.join('\n')}\n`);
  const clean = report.findings.length === 0 && report.gaps.length === 0;
  const end = clean ? [`${wrap(`${style.green('✓')} ${auditSummary(report)}`, 2)}.\n`] : [`${wrap(auditSummary(report))}\n`];
  return [...all, ...end].join('\n');
}

function lines({ severity, site, message, fix }: AuditFinding, { style, wrap }: Page): readonly string[] {
  const label = style[tones[severity]](severity.padEnd(LABEL));
  const what = printable(site === null ? message : `${site}: ${message}`);
  return [wrap(`  ${label}  ${what}`, LABEL + 4), ...(fix ? [fixLine(fix, LABEL + 4, style)] : [])];
}

/** The checks that could not be made for one reason. */
function gapLines(gaps: readonly AuditFinding[], message: string, { style, wrap }: Page): readonly string[] {
  const own = gaps.filter((each) => each.message === message);
  const what = printable(message.replace(/^Not checked(: | on )/, ''));
  return [
    wrap(`  ${style.yellow('!')} ${what}`, 4),
    wrap(`    checks: ${own.map(({ rule }) => rule).join(', ')}`, 4),
    ...own.slice(0, 1).flatMap(({ fix }) => (fix ? [fixLine(fix, 4, style)] : [])),
  ];
}

/** The command stays in one piece, to be copied: a terminal breaks a line that is too long. */
const fixLine = ({ command }: NonNullable<AuditFinding['fix']>, indent: number, { dim, accent }: Page['style']): string =>
  `${' '.repeat(indent)}${dim('fix:')} ${accent(printable(command))}`;
