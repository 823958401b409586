import { printable } from '../../../cli/output/text.ts';
import { asMarkdown } from '../../overview/markdown.ts';
import { type AuditFinding, findingWords, placeName, type RuleAtPlace, ruleKey } from '../finding.ts';
import { type Rule, ruleIds, rules, type Severity } from '../rules.ts';
import { type AuditReport, auditSummary, byServer } from './report.ts';
import { sarifOf } from './sarif.ts';

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
