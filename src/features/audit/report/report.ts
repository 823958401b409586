import { counted } from '../../../base/text.ts';
import { printable } from '../../../cli/output/text.ts';
import type { TablePage } from '../../../cli/output/view.ts';
import { asMarkdown } from '../../overview/markdown.ts';
import { type AuditFinding, findingWords, placeName, type RuleAtPlace, ruleKey } from '../finding.ts';
import { type Rule, ruleIds, rules, type Severity, severities } from '../rules.ts';
import { sarifOf } from './sarif.ts';

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
const byServer = ({ findings, servers }: AuditReport): readonly ServerFindings[] =>
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

/** Characters that XML 1.0 does not allow, even asXml. */
const ILLEGAL = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** `##[` is a command in a GitHub Actions log. */
const asXml = (text: string): string =>
  printable(text)
    .replace(ILLEGAL, '')
    .replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
    .replaceAll('##[', '##&#91;');

/** A test case of a server, or of the organization. */
interface Case {
  readonly server: string | null;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly xml: string;
}

/** JUnit XML for Jenkins, GitLab and others: a suite for each server, a test case for each check and finding. */
export function junitReport(report: AuditReport): string {
  const cases = [...byServer(report).flatMap(([, findings]) => findings.map(failed)), ...report.gaps.map(skipped), ...passed(report)];
  const servers = [...new Set([...report.servers, ...cases.map(({ server }) => server)])].sort(
    (a, b) => Number(a === null) - Number(b === null),
  );
  const suites = servers.flatMap((server) => suite(server, cases, report.at));
  const head = `<testsuites name="dnx audit" tests="${cases.length}" failures="${countOf('failed', cases)}" errors="0" time="0">`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<!-- ${auditSummary(report)} -->`, head, ...suites, '</testsuites>', ''].join('\n');
}

const countOf = (wanted: Case['outcome'], cases: readonly Case[]): number => cases.filter(({ outcome }) => outcome === wanted).length;

function suite(server: string | null, all: readonly Case[], at: number): readonly string[] {
  const cases = all.filter((testCase) => testCase.server === server);
  if (cases.length === 0) return [];
  const name = asXml(server ?? 'Organization');
  const time = new Date(at).toISOString().slice(0, 19);
  return [
    `  <testsuite name="${name}" tests="${cases.length}" failures="${countOf('failed', cases)}" errors="0" skipped="${countOf('skipped', cases)}" time="0" timestamp="${time}">`,
    ...cases.map(({ xml }) => xml),
    '  </testsuite>',
  ];
}

function caseOf(outcome: Case['outcome'], { rule, server, site }: RuleAtPlace, resource: string | null, body?: string): Case {
  const name = [rule, [placeName({ server, site }), resource].filter(Boolean).join(', ')].filter(Boolean).join(': ');
  const start = `    <testcase classname="dnx.audit.${rule}" name="${asXml(name)}" time="0"`;
  return { server, outcome, xml: body === undefined ? `${start}/>` : `${start}>\n      ${body}\n    </testcase>` };
}

function failed(finding: AuditFinding): Case {
  const { resource, severity, message, why, fix } = finding;
  const text = [message, `Why: ${why}`, ...(fix ? [`Fix: ${fix.command}`] : [])].map(asXml).join('\n');
  return caseOf('failed', finding, resource, `<failure type="${severity}" message="${asXml(message)}">${text}</failure>`);
}

const skipped = (gap: AuditFinding): Case => caseOf('skipped', gap, null, `<skipped>${asXml(withFix(gap))}</skipped>`);

const withFix = ({ message, fix }: AuditFinding): string => (fix ? `${message} Fix: ${fix.command}` : message);

/** The checks that found nothing. Those whose findings are in the baseline are left out: they neither pass nor fail. */
function passed({ findings, accepted, covered }: AuditReport): readonly Case[] {
  const found = new Set([...findings, ...accepted].map(ruleKey));
  return covered.filter((check) => !found.has(ruleKey(check))).map((check) => caseOf('passed', check, null));
}

const marks = { high: '🔴 high', medium: '🟠 medium', low: '🔵 low', not_checked: 'not checked', fixed: '🟢 fixed' } as const;

/** Markdown for the summary of a CI job or a comment. */
export function markdownReport(report: AuditReport): string {
  const { findings, gaps, accepted, fixed } = report;
  const parts = [
    `## ${findings.length + gaps.length === 0 ? '✅' : '⚠️'} dnx audit`,
    `${asMarkdown(auditSummary(report))}.`,
    ...(findings.length > 0 ? [['| Severity | Where | Finding | Fix |', '|---|---|---|---|', ...findings.map(row)].join('\n')] : []),
    ...(gaps.length > 0 ? [`### Not checked\n\n${gaps.map(gap).join('\n')}`] : []),
    ...(fixed.length > 0
      ? [`### Fixed since the baseline\n\n${fixed.map((finding) => `- ${asMarkdown(findingWords(finding))}`).join('\n')}`]
      : []),
    ...(accepted.length > 0 ? [`${accepted.length} more in the baseline.`] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

function row({ severity, server, site, message, why, fix }: AuditFinding): string {
  const cells = [
    marks[severity],
    asMarkdown(placeName({ server, site }) ?? 'Organization'),
    `${asMarkdown(message)}. ${asMarkdown(why)}`,
    fix ? `<code>${asMarkdown(fix.command)}</code>` : '',
  ];
  return `| ${cells.join(' | ')} |`;
}

const gap = ({ rule, message, fix }: AuditFinding): string =>
  `- <code>${rule}</code> ${asMarkdown(message)}${fix ? ` <code>${asMarkdown(fix.command)}</code>` : ''}`;

const levels = { high: 'error', medium: 'warning', low: 'note' } as const satisfies Record<Severity, string>;

/** A finding is about a server, but code scanning shows only what is in a file: the one that links a repository to its site. */
const ARTIFACT = '.deploynix.json';

/** SARIF for code scanning. */
export const sarifReport = ({ findings, gaps, at }: AuditReport): string =>
  sarifOf({
    tool: 'dnx audit',
    rules: ruleIds.map((id) => {
      const { title, why, severity, security }: Rule = rules[id];
      return { id, title, why, help: `${why} Each result names the command that fixes it.`, level: levels[severity], security };
    }),
    results: findings.map(resultOf),
    notifications: gaps.map((gap) => ({ rule: gap.rule, text: withFix(gap) })),
    at,
  });

function resultOf({ rule, severity, server, site, resource, message, why, fix, fingerprint }: AuditFinding) {
  const place = placeName({ server, site });
  return {
    rule,
    level: severity === 'not_checked' || severity === 'fixed' ? ('none' as const) : levels[severity],
    text: `${place === undefined ? '' : `${place}: `}${message}. ${why}${fix ? ` Fix: ${fix.command}` : ''}`,
    file: ARTIFACT,
    place: [server, site].filter((name) => name !== null),
    fingerprints: { 'dnxAudit/v1': fingerprint },
    properties: { severity, server, site, resource, ...(fix && { fix: fix.command }) },
  };
}
