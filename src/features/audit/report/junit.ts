import { type AuditFinding, placeName } from '../finding.ts';
import { type AuditReport, auditSummary, byServer, printable } from './report.ts';

/** Characters that XML 1.0 does not allow, even escaped. */
const ILLEGAL = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** `##[` is a command in a GitHub Actions log. */
const escaped = (text: string): string =>
  printable(text)
    .replace(ILLEGAL, '')
    .replace(/[&<>"']/g, (each) => ESCAPES[each] ?? each)
    .replaceAll('##[', '##&#91;');

/** One test case. */
interface Case {
  readonly rule: AuditFinding['rule'];
  readonly server: string | null;
  readonly name: string;
  readonly body?: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
}

/** JUnit XML for Jenkins, GitLab and others: a suite for each server, a test case for each check and finding. */
export function junitReport(report: AuditReport): string {
  const cases = [...byServer(report).flatMap(([, findings]) => findings.map(failed)), ...report.gaps.map(skipped), ...passed(report)];
  const servers = [...new Set([...report.servers, ...cases.map(({ server }) => server)])].sort(
    (a, b) => Number(a === null) - Number(b === null),
  );
  const suites = servers.flatMap((server) =>
    suite(
      server,
      cases.filter((each) => each.server === server),
      report.at,
    ),
  );
  const failures = cases.filter(({ outcome }) => outcome === 'failed').length;
  const head = `<testsuites name="dnx audit" tests="${cases.length}" failures="${failures}" errors="0" time="0">`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<!-- ${auditSummary(report)} -->`, head, ...suites, '</testsuites>', ''].join('\n');
}

function suite(server: string | null, cases: readonly Case[], at: number): readonly string[] {
  if (cases.length === 0) return [];
  const count = (outcome: Case['outcome']) => cases.filter((each) => each.outcome === outcome).length;
  const name = escaped(server ?? 'Organization');
  const time = new Date(at).toISOString().slice(0, 19);
  return [
    `  <testsuite name="${name}" tests="${cases.length}" failures="${count('failed')}" errors="0" skipped="${count('skipped')}" time="0" timestamp="${time}">`,
    ...cases.map(({ rule, name: of, body }) => {
      const start = `    <testcase classname="dnx.audit.${rule}" name="${escaped(of)}" time="0"`;
      return body === undefined ? `${start}/>` : `${start}>\n      ${body}\n    </testcase>`;
    }),
    '  </testsuite>',
  ];
}

/** `certificate-missing: shop.example.com on web-1`. */
const caseName = (rule: string, of: { readonly server: string | null; readonly site: string | null }, resource?: string | null): string =>
  [rule, [placeName(of), resource].filter(Boolean).join(', ')].filter(Boolean).join(': ');

function failed({ rule, server, site, resource, severity, message, why, fix }: AuditFinding): Case {
  const text = [message, `Why: ${why}`, ...(fix ? [`Fix: ${fix.command}`] : [])].map(escaped).join('\n');
  const body = `<failure type="${severity}" message="${escaped(message)}">${text}</failure>`;
  return { rule, server, name: caseName(rule, { server, site }, resource), body, outcome: 'failed' };
}

const skipped = ({ rule, server, site, message, fix }: AuditFinding): Case => ({
  rule,
  server,
  name: caseName(rule, { server, site }),
  body: `<skipped>${escaped(fix ? `${message} Fix: ${fix.command}` : message)}</skipped>`,
  outcome: 'skipped',
});

/** The checks that found nothing. Those whose findings are in the baseline are left out: they neither pass nor fail. */
function passed({ findings, accepted, covered }: AuditReport): readonly Case[] {
  const keyOf = ({ rule, server, site }: Pick<AuditFinding, 'rule' | 'server' | 'site'>) => JSON.stringify([rule, server, site]);
  const found = new Set([...findings, ...accepted].map(keyOf));
  return covered
    .filter((each) => !found.has(keyOf(each)))
    .map(({ rule, server, site }): Case => ({ rule, server, name: caseName(rule, { server, site }), outcome: 'passed' }));
}
